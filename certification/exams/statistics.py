"""How a certification's attempts went: counts, distribution of scores, results by domain, and the candidates."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tortoise.expressions import Q

from certification.exams.models import Attempt, AttemptStatus, Result
from certification.exams.queries import results_of
from core.database import fetch, fetchrow, fetchval
from core.pages import decode_cursor, encode_cursor

BAND = 10
"""Width of a column of the score distribution, in percentage points."""

_LATEST = """SELECT DISTINCT ON (r.attempt_id) r.* FROM result r JOIN attempt a ON a.id = r.attempt_id
             WHERE a.certification_id = $1 AND a.status = 'graded' ORDER BY r.attempt_id, r.version DESC"""


@dataclass(frozen=True, slots=True)
class DomainResult:
    """What all graded attempts earned in a domain, as a percentage of what was possible."""

    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Statistics:
    """Attempts by status; of the graded ones the passes, the mean score, and how many fall in each band of ten points.

    Only results in force count, and no voided attempt. `bands` has ten entries; 100 % belongs to the last.
    """

    attempts: int
    running: int
    waiting: int
    graded: int
    passed: int
    mean: Decimal | None
    bands: list[int]
    domains: list[DomainResult]

    @property
    def pass_rate(self) -> int | None:
        """Whole per cent of the graded attempts that passed, or None before the first result."""
        return round(100 * self.passed / self.graded) if self.graded else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt with its person and the result in force."""

    attempt: Attempt
    result: Result | None


async def of_certification(certification_id: UUID) -> Statistics:
    """The statistics of all attempts so far."""
    counted = await fetchrow(
        """SELECT count(*) FILTER (WHERE status <> 'voided') AS attempts,
                  count(*) FILTER (WHERE status = 'in_progress') AS running,
                  count(*) FILTER (WHERE status = 'submitted') AS waiting
           FROM attempt WHERE certification_id = $1""",
        certification_id,
    )
    graded = await fetchrow(
        f"""SELECT count(*) AS graded, count(*) FILTER (WHERE is_passed) AS passed, round(avg(score), 1) AS mean
            FROM ({_LATEST}) latest""",
        certification_id,
    )
    assert counted is not None  # an aggregate always answers with one row
    assert graded is not None
    return Statistics(
        **dict(counted),
        **dict(graded),
        bands=await _bands(certification_id),
        domains=await _domains(certification_id),
    )


async def candidates(
    certification_id: UUID, *, q: str, status: AttemptStatus | None, cursor: str | None, limit: int
) -> tuple[list[Candidate], str | None]:
    """A page of the attempts with their people, the latest start in front, by name or address and by status."""
    rows = Attempt.filter(certification_id=certification_id)
    if q:
        rows = rows.filter(
            Q(person__display_name__icontains=q) | Q(person__email__icontains=q) | Q(certificate_name__icontains=q)
        )
    if status is not None:
        rows = rows.filter(status=status)
    if cursor:
        started_at, row_id = decode_cursor(cursor, datetime, UUID)
        rows = rows.filter(Q(started_at__lt=started_at) | Q(started_at=started_at, id__lt=row_id))
    found = await rows.order_by("-started_at", "-id").limit(limit + 1).select_related("person", "policy")
    shown = found[:limit]
    results = await results_of([attempt.id for attempt in shown])
    more = encode_cursor(shown[-1].started_at, shown[-1].id) if len(found) > limit else None
    return [Candidate(attempt, results.get(attempt.id)) for attempt in shown], more


async def waiting_for_grader(certification_id: UUID, *, grader_id: UUID) -> int:
    """How many responses this grader could mark now; nobody marks their own."""
    found: int = await fetchval(
        """SELECT count(*) FROM response r JOIN attempt a ON a.id = r.attempt_id
           WHERE a.certification_id = $1 AND a.status = 'submitted' AND r.score IS NULL AND a.person_id <> $2""",
        certification_id,
        grader_id,
    )
    return found


async def _bands(certification_id: UUID) -> list[int]:
    found = await fetch(
        f"SELECT least(floor(score / {BAND})::int, 9) AS band, count(*) AS number FROM ({_LATEST}) latest GROUP BY 1",
        certification_id,
    )
    numbers = {record["band"]: record["number"] for record in found}
    return [numbers.get(band, 0) for band in range(100 // BAND)]


async def _domains(certification_id: UUID) -> list[DomainResult]:
    found = await fetch(
        f"""SELECT part->>'name' AS name,
                   round(100 * sum((part->>'earned')::numeric) / sum((part->>'possible')::numeric), 1) AS percent
            FROM ({_LATEST}) latest, jsonb_array_elements(latest.domains) part
            GROUP BY 1 ORDER BY 2 DESC, 1""",
        certification_id,
    )
    return [DomainResult(record["name"], record["percent"]) for record in found]
