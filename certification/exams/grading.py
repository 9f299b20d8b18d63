"""Grading: at once what needs no human, by a grader what does, and superseding a result by a regrade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.bank.content import Essay
from certification.certificates import issuing
from certification.certificates.models import SourceKind
from certification.exams import emails, queries
from certification.exams.contents import contents_of
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.exams.permissions import OwnAttempt
from certification.exams.scoring import AttemptScore, ItemScore, score_attempt, score_response
from certification.programs import entitlements
from core.announce import announce
from core.database import execute, fetch, transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _


class NotWaiting(Conflict):
    """The response does not wait for a grader."""

    code, message = (
        "not_waiting",
        N_("This response does not wait for a grader: it is graded, or its attempt is closed."),
    )


class NotGraded(Conflict):
    """Only an attempt with a result can be regraded."""

    code, message = "not_graded", N_("This attempt has no result yet.")


@dataclass(frozen=True, slots=True)
class WaitingResponse:
    """A response for a grader to mark; whose it is stays unknown."""

    id: UUID
    position: int
    domain: str
    submitted_at: datetime
    content: Essay
    response: str


async def mark(attempt: Attempt, *, now: datetime) -> Result | None:
    """Score what needs no grader; where nothing waits, the attempt is graded and its result returned.

    For an attempt that the caller has locked and submitted, in the caller's transaction.
    """
    rows = await Response.filter(attempt_id=attempt.id).order_by("position")
    contents = await contents_of(row.item_version_id for row in rows)
    for row in rows:
        row.score = score_response(contents[row.item_version_id], row.response)
    scored = [row for row in rows if row.score is not None]
    await execute(
        """UPDATE response SET score = given.score, graded_at = $3
           FROM unnest($1::uuid[], $2::numeric[]) AS given (id, score) WHERE response.id = given.id""",
        [row.id for row in scored],
        [row.score for row in scored],
        now,
    )
    return None if len(scored) < len(rows) else await _finish(attempt, rows, now=now)


async def grade_response(
    response: Response, *, score: Decimal, comment: str = "", by: Person, now: datetime
) -> Attempt:
    """Mark a response that waits, from 0 to 1; the last one of an attempt brings its result.

    Returns the attempt as it is then. Raises `OwnAttempt`, `NotWaiting`, `InvalidInput`.
    """
    if not 0 <= score <= 1:
        raise InvalidInput({"score": _("Give a score from 0 to 1.")})
    async with transaction():
        attempt = await lock(response.attempt_id)
        if attempt.person_id == by.id:
            raise OwnAttempt()
        row = await Response.get(id=response.id)
        if attempt.status is not AttemptStatus.submitted or row.score is not None:
            raise NotWaiting()
        row.score, row.graded_by_id, row.graded_at, row.comment = score, by.id, now, comment
        await row.save(update_fields=["score", "graded_by_id", "graded_at", "comment"])
        await _record("response.graded", attempt, by, kind="response", object_id=row.id)
        rows = await Response.filter(attempt_id=attempt.id).order_by("position")
        if all(one.score is not None for one in rows):
            await _finish(attempt, rows, now=now)
    return attempt


async def regrade(
    attempt: Attempt, *, corrections: Mapping[int, Decimal], reason: str, by: Person, now: datetime
) -> Result:
    """Supersede the result: `corrections` maps positions to scores from 0 to 1; everything else keeps its score.

    The old result stays, and a certificate is never changed: officers are told and decide. A failure that becomes a
    pass gets its certificate. Raises `OwnAttempt`, `NotGraded`, `InvalidInput`.
    """
    async with transaction():
        locked = await lock(attempt.id)
        old = await queries.result_of(attempt.id)
        if locked.person_id == by.id:
            raise OwnAttempt()
        if locked.status is not AttemptStatus.graded or old is None:
            raise NotGraded()
        rows = await Response.filter(attempt_id=attempt.id).order_by("position")
        await _correct(rows, corrections, by=by, now=now)
        new = await _write_result(locked, _score(locked, rows), version=old.version + 1)
        locked.regraded_reason = reason
        await locked.save(update_fields=["regraded_reason"])
        before = {"version": old.version, "score": str(old.score), "is_passed": old.is_passed}
        after = {"version": new.version, "score": str(new.score), "is_passed": new.is_passed}
        await _record("attempt.regraded", locked, by, before=before, after=after)
        if new.is_passed:
            await _request_certificate(locked, new)
        await announce("result.superseded", locked.id, version=new.version)
        await emails.tell_result(locked, new, now=now)
    return new


async def waiting(
    certification_id: UUID, *, grader: Person, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[WaitingResponse]:
    """Responses that wait for a grader, the longest waiting first, but for the grader's own.

    `after` is the (submitted_at, id) of the last one on the page before.
    """
    rows = await fetch(
        """SELECT r.id, r.position, r.domain_name, r.item_version_id, r.response #>> '{}' AS text, a.submitted_at
           FROM response r JOIN attempt a ON a.id = r.attempt_id
           WHERE a.certification_id = $1 AND a.status = 'submitted' AND r.score IS NULL AND a.person_id <> $2
             AND ($3::timestamptz IS NULL OR (a.submitted_at, r.id) > ($3, $4::uuid))
           ORDER BY a.submitted_at, r.id LIMIT $5""",
        certification_id,
        grader.id,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    contents = await contents_of(row["item_version_id"] for row in rows)
    found = []
    for row in rows:
        content = contents[row["item_version_id"]]
        if isinstance(content, Essay):
            found.append(
                WaitingResponse(
                    row["id"], row["position"], row["domain_name"], row["submitted_at"], content, row["text"]
                )
            )
    return found


async def lock(attempt_id: UUID) -> Attempt:
    """The attempt, held until the caller's transaction ends, with its certification, policy and person."""
    attempt = await Attempt.select_for_update().get(id=attempt_id)
    await attempt.fetch_related("certification__organization", "policy", "person")
    return attempt


def _score(attempt: Attempt, rows: Sequence[Response]) -> AttemptScore:
    return score_attempt([ItemScore(row.domain_name, row.score) for row in rows], attempt.policy.cut_score)


async def _finish(attempt: Attempt, rows: Sequence[Response], *, now: datetime) -> Result:
    result = await _write_result(attempt, _score(attempt, rows), version=1)
    attempt.status, attempt.graded_at = AttemptStatus.graded, now
    await attempt.save(update_fields=["status", "graded_at"])
    await _record("attempt.graded", attempt, None, after={"is_passed": result.is_passed})
    if result.is_passed:
        await _request_certificate(attempt, result)
    await emails.tell_result(attempt, result, now=now)
    return result


async def _write_result(attempt: Attempt, score: AttemptScore, *, version: int) -> Result:
    domains = [
        {"name": name, "earned": str(one.earned), "possible": one.possible, "percent": str(one.percent)}
        for name, one in score.domains.items()
    ]
    return await Result.create(
        attempt=attempt,
        version=version,
        score=score.percent,
        cut_score=attempt.policy.cut_score,
        is_passed=score.passed,
        domains=domains,
    )


async def _request_certificate(attempt: Attempt, result: Result) -> None:
    await entitlements.fulfil(attempt.entitlement_id)
    await issuing.request(
        SourceKind.attempt,
        attempt.id,
        certification=attempt.certification,
        policy=attempt.policy,
        person=attempt.person,
        holder_name=attempt.certificate_name,
        achieved_at=attempt.submitted_at or result.created_at,
        score=result.score,
        locale=attempt.locale,
    )


async def _correct(rows: Sequence[Response], corrections: Mapping[int, Decimal], *, by: Person, now: datetime) -> None:
    by_position = {row.position: row for row in rows}
    for position, score in corrections.items():
        if position not in by_position:
            raise InvalidInput({"corrections": _("The attempt has no position {number}.").format(number=position)})
        if not 0 <= score <= 1:
            raise InvalidInput({"corrections": _("Give scores from 0 to 1.")})
        row = by_position[position]
        row.score, row.graded_by_id, row.graded_at = score, by.id, now
        await row.save(update_fields=["score", "graded_by_id", "graded_at"])


async def _record(
    action: str,
    attempt: Attempt,
    by: Person | None,
    *,
    kind: str = "attempt",
    object_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind=kind,
        object_id=object_id or attempt.id,
        organization_id=attempt.certification.organization_id,
        before=before,
        after=after,
    )
