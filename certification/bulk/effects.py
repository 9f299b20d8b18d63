"""What a run does with one line. Each effect may be begun twice, and happens once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.invitations import count_by_run, invite
from accounts.models import Person
from certification.bulk import emails
from certification.bulk.models import BulkLine, BulkRun, RunKind
from certification.certificates import issuing, statuses
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, SourceKind
from certification.programs.models import Certification, CertificationPolicy
from certification.programs.queries import current_policy
from core.database import execute, fetchrow, transaction
from core.errors import Conflict
from core.i18n import gettext as _


class LineFailed(Conflict):
    """This line cannot be carried out as things are; the message says why."""

    code = "line_failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a line: whom and which certificate it concerned, and a remark where there is something to say."""

    person_id: UUID | None = None
    certificate_id: UUID | None = None
    remark: str = ""


CarryOut = Callable[[BulkLine, Any, datetime], Awaitable[Outcome]]
Prepare = Callable[[BulkRun], Awaitable[Any]]
"""Loads what the lines of a run share, once for each few of them. (Any: what only the effect itself reads.)"""


@dataclass(frozen=True, slots=True)
class Effect:
    """How the lines of one kind of run are carried out.

    With `in_one_transaction` the effect and the note that it is done are committed together. Issuing cannot be: it
    renders and signs before it commits, and is known by its source instead.
    """

    carry_out: CarryOut
    prepare: Prepare
    in_one_transaction: bool


EFFECTS: dict[RunKind, Effect] = {}


def effect(kind: RunKind, *, prepare: Prepare, in_one_transaction: bool) -> Callable[[CarryOut], CarryOut]:
    """Register how the lines of `kind` are carried out; a higher package does so for its own kind."""

    def register(carry_out: CarryOut) -> CarryOut:
        EFFECTS[kind] = Effect(carry_out, prepare, in_one_transaction)
        return carry_out

    return register


@dataclass(frozen=True, slots=True)
class Deciding:
    """In whose name, on what and by which rules certificates are issued."""

    by: Person
    certification: Certification
    policy: CertificationPolicy


async def deciding(run: BulkRun) -> Deciding:
    """What the lines of an issuing run share."""
    certification = await Certification.get(bulk_runs__id=run.id).select_related("organization")
    return Deciding(await starter(run), certification, await current_policy(certification.id))


async def starter(run: BulkRun) -> Person:
    """Who started the run, or made it go on, last; in whose name its lines are carried out."""
    return await Person.get(id=UUID(run.parameters["started_by"]))


async def itself(run: BulkRun) -> BulkRun:
    """Nothing besides the run."""
    return run


@effect(RunKind.issue, prepare=deciding, in_one_transaction=False)
async def issue(line: BulkLine, shared: Deciding, now: datetime) -> Outcome:
    """Decide, unless the person has got one meanwhile, and issue; a line that was decided before is only carried out.

    Raises `LineFailed`, and `RateLimited` where so many accounts were opened that this one must wait.
    """
    certification, given = shared.certification, line.given
    if line.person_id is None:
        await count_by_run(certification.organization, given["email"], now=now)
    async with transaction():
        person = await _person_of(line, shared, now)
        # Two runs may name the same person: the second to decide finds what the first decided.
        key = f"bulk.issue {person.id} {certification.id}"
        await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        if not await IssueRequest.exists(source_kind=SourceKind.bulk_line, source_id=line.id):
            await _refuse_second(person, certification, now)
        score, day = given.get("score"), given.get("achieved_on")
        request_id = await issuing.request(
            SourceKind.bulk_line,
            line.id,
            certification=certification,
            policy=shared.policy,
            person=person,
            holder_name=given.get("name") or person.certificate_name or person.display_name,
            achieved_at=datetime.combine(date.fromisoformat(day), time(12), UTC) if day else now,
            score=Decimal(score) if score is not None else None,
            locale=person.locale,
            by_job=False,
        )
    return await issued(request_id, now=now)


async def issued(request_id: UUID, *, now: datetime) -> Outcome:
    """Carry a request out. Raises `LineFailed` with the reason where it is held for an officer."""
    certificate = await issuing.issue(request_id, now=now)
    if certificate is None:
        raise LineFailed((await IssueRequest.get(id=request_id)).problem)
    return Outcome(certificate.person_id, certificate.id)


@effect(RunKind.resend, prepare=itself, in_one_transaction=True)
async def resend(line: BulkLine, run: BulkRun, now: datetime) -> Outcome:
    """Mail the holder again where the certificate is; once for each line. Raises `LineFailed`."""
    certificate = await Certificate.get(id=line.certificate_id).select_related("person")
    if certificate.status is not CertificateStatus.valid or certificate.is_expired_at(now):
        raise LineFailed(_("This certificate is no longer in force."))
    if certificate.person.email is None:
        raise LineFailed(_("The holder's account was erased, so there is no address."))
    await emails.send_again(certificate, certificate.person, line)
    return Outcome(certificate.person_id, certificate.id)


@effect(RunKind.revoke, prepare=itself, in_one_transaction=True)
async def revoke(line: BulkLine, run: BulkRun, now: datetime) -> Outcome:
    """Revoke for the line's reason, else for the run's; one that is revoked already stays as it is.

    Raises `statuses.NotInForce` where a corrected certificate has taken its place.
    """
    # Locked first, so that an officer who revokes it by hand at this moment makes it "already", not a failure.
    certificate = await Certificate.select_for_update().get(id=line.certificate_id)
    if certificate.status is CertificateStatus.revoked:
        return Outcome(certificate.person_id, certificate.id, _("Was revoked already."))
    reason = line.given.get("reason") or run.parameters.get("reason", "")
    await statuses.revoke(certificate, reason=reason, by=await starter(run), now=now)
    return Outcome(certificate.person_id, certificate.id)


async def _person_of(line: BulkLine, shared: Deciding, now: datetime) -> Person:
    """The person of the line; somebody without an account is invited, where the run says so."""
    if line.person_id is not None:
        person = await Person.get(id=line.person_id)
    else:
        person = await invite(
            line.given["email"],
            name=line.given["name"],
            organization=shared.certification.organization,
            locale=shared.by.locale,
            by=shared.by,
            now=now,
        )
        if person.email_confirmed_at is None and person.password_hash is not None:
            raise LineFailed(_("An account was opened with this address meanwhile, and is not confirmed."))
    if person.email is None:
        raise LineFailed(_("The account was erased."))
    if person.id == shared.by.id:
        raise LineFailed(_("Another officer has to issue your own certificate."))
    return person


async def _refuse_second(person: Person, certification: Certification, now: datetime) -> None:
    """Raise `LineFailed` where the person holds a certificate of this certification, or is about to get one."""
    row = await fetchrow(
        """SELECT (SELECT number FROM certificate WHERE person_id = $1 AND certification_id = $2
                   AND status IN ('valid', 'suspended') AND (valid_until IS NULL OR valid_until > $3) LIMIT 1) AS held,
                  EXISTS (SELECT 1 FROM issue_request WHERE person_id = $1 AND certification_id = $2
                          AND state IN ('waiting', 'held')) AS is_waiting""",
        person.id,
        certification.id,
        now,
    )
    if row is not None and row["held"]:
        raise LineFailed(_("Holds certificate {number} of this certification.").format(number=row["held"]))
    if row is not None and row["is_waiting"]:
        raise LineFailed(_("A certificate for this person is being issued already."))
