"""Issuing: a request is written with the decision, a job carries it out, and exactly one certificate comes of it.

Killed at any point (between place, badge, PDF, signature, file and the last commit) the job runs again: until that
commit nothing refers to what was made, a stored file without a row is harmless, and the row is unique by its request.
See docs/decisions/0013-issue-request.md.
"""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.certificates import emails, making, succession
from certification.certificates.deciding import carry_out, request, request_attendance
from certification.certificates.making import Made
from certification.certificates.models import Certificate, IssueRequest, IssueState
from certification.certificates.permissions import OwnCertificate
from core import files
from core.database import transaction
from core.errors import Conflict
from core.i18n import N_
from core.i18n import gettext as _

__all__ = ["NotHeld", "issue", "request", "request_attendance", "retry"]


ERASED = "The account was erased."
"""Why a decision is held whose person has erased their account."""


class NotHeld(Conflict):
    """Only a request that is held can be tried again."""

    code, message = "not_held", N_("This certificate was issued in the meantime, or is about to be.")


class ChangedMeanwhile(Conflict):
    """An officer changed the request while it was carried out; the job runs again with what it says now."""

    code, message = "changed_meanwhile", N_("The request was changed while it was carried out.")


async def issue(request_id: UUID, *, now: datetime) -> Certificate | None:
    """Carry a request out; returns its certificate, or None where it is held until an officer acts.

    Makes badge and PDF, stores the file by its digest, then commits certificate, badge, audit entry and mail together.
    """
    wanted = await IssueRequest.get(id=request_id).select_related("organization", "certification", "policy", "person")
    if wanted.state is IssueState.issued:
        return await Certificate.get(issue_request_id=request_id)
    if wanted.person.erased_at is not None:
        await _hold(wanted, ERASED)
        return None
    try:
        made = await making.make(wanted, now=now)
        await files.put(made.pdf)
        return await _commit(wanted, made, now=now)
    except (making.Unmakeable, succession.PredecessorChanged) as problem:
        await _hold(wanted, problem.message)
        return None


async def retry(held: IssueRequest, *, holder_name: str | None, by: Person, now: datetime) -> None:
    """Try a held request again, with the certificate name as an officer has corrected it.

    Raises `OwnCertificate` and `NotHeld`.
    """
    async with transaction():
        locked = await IssueRequest.select_for_update().get(id=held.id)
        if locked.person_id == by.id:
            raise OwnCertificate()
        if locked.state is not IssueState.held:
            raise NotHeld()
        if await Person.exists(id=locked.person_id, erased_at__isnull=False):
            raise NotHeld(_("The account was erased."))
        locked.state, locked.problem = IssueState.waiting, ""
        locked.holder_name = holder_name or locked.holder_name
        await locked.save(update_fields=["state", "problem", "holder_name"])
        await audit.record(
            "issue_request.retried",
            by=by,
            object_kind="issue_request",
            object_id=held.id,
            organization_id=held.organization_id,
            after={"name_corrected": holder_name is not None},
        )
        await carry_out(held.id)


async def _hold(wanted: IssueRequest, problem: str) -> None:
    async with transaction():
        locked = await IssueRequest.select_for_update().get(id=wanted.id)
        if locked.state is not IssueState.waiting:
            return
        locked.state, locked.problem = IssueState.held, problem[:500]
        await locked.save(update_fields=["state", "problem"])
        await audit.record(
            "issue_request.held",
            by=None,
            object_kind="issue_request",
            object_id=wanted.id,
            organization_id=wanted.organization_id,
        )


async def _commit(wanted: IssueRequest, made: Made, *, now: datetime) -> Certificate:
    async with transaction():
        await succession.lock(wanted)
        locked = await IssueRequest.select_for_update().get(id=wanted.id)
        if locked.state is IssueState.issued:
            return await Certificate.get(issue_request_id=wanted.id)
        if locked.state is IssueState.held or locked.holder_name != wanted.holder_name:
            raise ChangedMeanwhile()
        predecessor = await succession.predecessor_of(wanted)
        badge = await making.save_badge(made)
        certificate = await Certificate.create(
            id=made.certificate_id,
            number=made.number,
            issue_request=wanted,
            organization=wanted.organization,
            certification=wanted.certification,
            person=wanted.person,
            holder_name=wanted.holder_name,
            achievement=made.facts["achievement"],
            issuer_name=made.facts["organization"],
            achieved_at=wanted.achieved_at,
            issued_at=now,
            valid_until=made.valid_until,
            event_id=wanted.event_id,
            hours=wanted.hours,
            credits=wanted.credits,
            facts=made.facts,
            layout_version_id=made.layout_version_id,
            badge=badge,
            pdf_sha256=made.pdf_sha256,
            pdf_size=len(made.pdf),
            signature=made.signature,
            is_name_hidden=predecessor is not None and predecessor.is_name_hidden,
        )
        if predecessor is not None:
            await succession.follow(predecessor, certificate, wanted=wanted)
        locked.state = IssueState.issued
        await locked.save(update_fields=["state"])
        await audit.record(
            "certificate.issued",
            by=None,
            object_kind="certificate",
            object_id=certificate.id,
            organization_id=certificate.organization_id,
            after={"number": made.number, "pdf_sha256": made.pdf_sha256},
        )
        await emails.tell_issued(certificate, wanted.person)
    return certificate
