"""What a new certificate does to the one before it: a correction supersedes it, passing again or credits renew it."""

from datetime import timedelta

from accounts import audit
from certification.badges import status_lists
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, SourceKind
from certification.programs.models import CertificationPolicy
from core.database import execute
from core.errors import Conflict
from core.i18n import gettext as _


class PredecessorChanged(Conflict):
    """The certificate was revoked, suspended or succeeded while its correction or renewal waited."""

    code = "predecessor_changed"

    def __init__(self, number: str) -> None:
        super().__init__(_("Certificate {number} was changed in the meantime.").format(number=number))


async def lock(wanted: IssueRequest) -> None:
    """Let one certificate of a person and certification be committed at a time, so that each finds the one before."""
    key = f"certificates {wanted.person_id} {wanted.certification_id or wanted.event_id}"
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)


async def predecessor_of(wanted: IssueRequest) -> Certificate | None:
    """The certificate that the wanted one will follow, locked; for a transaction that holds `lock`.

    A correction follows the one that it corrects, a renewal by credits the one that they renew. Else it is the
    person's last certificate of the same certification, where that is in force, or ended within the grace that its
    policy gives, when the new one was earned. Raises `PredecessorChanged` where a correction or a renewal by credits
    comes too late.
    """
    named = wanted.source_id if wanted.source_kind is SourceKind.credits else wanted.predecessor_id
    if named is not None:
        found = await Certificate.select_for_update().get(id=named)
        if found.status is not CertificateStatus.valid or found.successor_id is not None:
            raise PredecessorChanged(found.number)
        return found
    if wanted.certification_id is None:
        return None
    last = (
        await Certificate.filter(
            person_id=wanted.person_id,
            certification_id=wanted.certification_id,
            status=CertificateStatus.valid,
            successor_id=None,
            achieved_at__lte=wanted.achieved_at,
        )
        .order_by("-achieved_at", "-issued_at")
        .select_for_update()
        .first()
    )
    return last if last is not None and await _is_renewable(last, wanted) else None


async def follow(predecessor: Certificate, successor: Certificate, *, wanted: IssueRequest) -> None:
    """Point the old certificate at the new one; a correction also supersedes it, which its status list shows."""
    predecessor.successor_id = successor.id
    names = ["successor_id"]
    if wanted.predecessor_id is not None:
        predecessor.status = CertificateStatus.superseded
        predecessor.status_reason = wanted.reason
        predecessor.status_changed_at = successor.issued_at
        names += ["status", "status_reason", "status_changed_at"]
    await predecessor.save(update_fields=names)
    await audit.record(
        "certificate.superseded" if wanted.predecessor_id is not None else "certificate.renewed",
        by=None,
        object_kind="certificate",
        object_id=predecessor.id,
        organization_id=predecessor.organization_id,
        after={"successor": successor.number},
    )
    if wanted.predecessor_id is not None:
        await status_lists.changed(predecessor.badge_id)


async def _is_renewable(last: Certificate, wanted: IssueRequest) -> bool:
    if last.valid_until is None:
        return True
    policy = await CertificationPolicy.get(issue_requests__id=last.issue_request_id)
    return wanted.achieved_at <= last.valid_until + timedelta(days=policy.grace_days)
