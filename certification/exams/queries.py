"""Reads of attempts used more than once: what a learner sees, what may be started, and when a retake is possible."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Person, Role
from certification.bank.content import public_view
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.exams.contents import contents_of
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.programs.impartiality import role_that_reads
from certification.programs.models import Certification, CertificationAccess, CertificationPolicy, Entitlement
from certification.programs.queries import current_policy
from core.database import fetchval
from core.pages import decode_cursor


@dataclass(frozen=True, slots=True)
class Question:
    """One position of a form as the learner may see it, with the answer that is stored."""

    position: int
    view: dict[str, Any]  # Any: JSON values of `bank.content.public_view`
    sequence: int
    response: Any  # Any: the shape depends on the item's type


@dataclass(frozen=True, slots=True)
class Retake:
    """Whether and when a person may sit again: from when, until when, and how many attempts are left."""

    attempts_left: int
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a learner is told before the start. `reads_as` is the role by which they can read the items: no start."""

    policy: CertificationPolicy
    form_length: int
    running: Attempt | None
    is_result_pending: bool
    is_entitled: bool
    retake: Retake
    reads_as: Role | None

    def is_open_at(self, now: datetime) -> bool:
        """Whether an attempt may be started at `now`, as far as roles, earlier attempts and entitlements say."""
        blocked = self.running is not None or self.is_result_pending or self.reads_as is not None
        return not blocked and self.retake.opens_at is not None and self.retake.opens_at <= now


async def questions_of(attempt: Attempt) -> list[Question]:
    """The frozen form in its order, never with a key, and the answers saved so far."""
    rows = await Response.filter(attempt_id=attempt.id).order_by("position")
    contents = await contents_of(row.item_version_id for row in rows)
    return [
        Question(
            row.position,
            public_view(contents[row.item_version_id], row.option_order, row.right_order),
            row.sequence,
            row.response,
        )
        for row in rows
    ]


async def result_of(attempt_id: UUID) -> Result | None:
    """The result in force: the highest version."""
    return await Result.filter(attempt_id=attempt_id).order_by("-version").first()


async def results_of(attempt_ids: list[UUID]) -> dict[UUID, Result]:
    """The result in force of each attempt that has one."""
    rows = await Result.filter(attempt_id__in=attempt_ids).order_by("version")
    return {row.attempt_id: row for row in rows}


async def attempts_of(person_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int) -> list[Attempt]:
    """The person's attempts, the latest start in front; `before` is the sort key of the page before."""
    rows = Attempt.filter(person_id=person_id)
    if before is not None:
        rows = rows.filter(started_at__lte=before[0]).exclude(started_at=before[0], id__gte=before[1])
    return (
        await rows.order_by("-started_at", "-id").limit(limit).select_related("certification__organization", "policy")
    )


def sort_key(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The (moment, id) after which a page begins; None begins at the first. Raises `InvalidInput`."""
    if cursor is None:
        return None
    moment, row_id = decode_cursor(cursor, datetime, UUID)
    if not isinstance(moment, datetime) or not isinstance(row_id, UUID):
        raise TypeError("decode_cursor answers with the kinds that it was asked for")
    return moment, row_id


async def certificate_of(attempt_id: UUID) -> tuple[Certificate | None, IssueRequest | None]:
    """The certificate that passing has led to, and the request for it; the request comes first."""
    wanted = await IssueRequest.get_or_none(source_kind=SourceKind.attempt, source_id=attempt_id)
    if wanted is None:
        return None, None
    return await Certificate.get_or_none(issue_request_id=wanted.id), wanted


async def running_attempt(certification_id: UUID, person_id: UUID) -> Attempt | None:
    """The person's attempt in progress; a constraint allows one."""
    return await Attempt.get_or_none(
        certification_id=certification_id, person_id=person_id, status=AttemptStatus.in_progress
    )


async def last_attempt(certification_id: UUID, person_id: UUID) -> Attempt | None:
    """The person's latest attempt that counts."""
    rows = Attempt.filter(certification_id=certification_id, person_id=person_id)
    return await rows.exclude(status=AttemptStatus.voided).order_by("-started_at").select_related("policy").first()


async def waits_until(last: Attempt | None) -> datetime | None:
    """The end of the wait that a failed attempt imposes, or None: from the submission, by the attempt's own policy."""
    if last is None or last.status is not AttemptStatus.graded or last.submitted_at is None:
        return None
    result = await result_of(last.id)
    if result is None or result.is_passed:
        return None
    return last.submitted_at + timedelta(days=last.policy.retake_wait_days)


async def retake_of(
    certification: Certification, person_id: UUID, policy: CertificationPolicy, last: Attempt | None, *, now: datetime
) -> Retake:
    """When the person may sit (again): after the wait, inside an entitlement.

    An open certification grants a new entitlement when the present one has ended; otherwise only an entitlement that
    is held counts.
    """
    waiting = await waits_until(last)
    earliest = max(now, waiting) if waiting else now
    held = await Entitlement.filter(
        person_id=person_id, certification_id=certification.id, valid_until__gt=now
    ).order_by("valid_until", "id")
    usable = [row for row in held if row.attempts_left > 0]
    left = sum(row.attempts_left for row in usable)
    fitting = [row for row in usable if row.valid_until > earliest]
    if fitting:
        return Retake(left, waiting or now, fitting[-1].valid_until)
    if certification.access is not CertificationAccess.open:
        return Retake(left, None, None)
    if not held:
        return Retake(policy.attempts_allowed, waiting or now, None)
    return Retake(left, max(earliest, held[-1].valid_until), None)


async def readiness(certification: Certification, person: Person, *, now: datetime) -> Readiness:
    """The rules of the certification and where the person stands with them."""
    policy = await current_policy(certification.id)
    items = await fetchval(
        "SELECT count(*) FROM item WHERE certification_id = $1 AND retired_at IS NULL", certification.id
    )
    last = await last_attempt(certification.id, person.id)
    held = Entitlement.filter(certification_id=certification.id, person_id=person.id, valid_until__gt=now)
    return Readiness(
        policy=policy,
        form_length=min(items, policy.form_length or items),
        running=last if last is not None and last.status is AttemptStatus.in_progress else None,
        is_result_pending=last is not None and last.status is AttemptStatus.submitted,
        is_entitled=await held.exists(),
        retake=await retake_of(certification, person.id, policy, last, now=now),
        reads_as=await role_that_reads(person.id, certification),
    )
