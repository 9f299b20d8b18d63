"""Correcting a name: nothing that was issued changes, so a corrected certificate takes the old one's place."""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.certificates.deciding import decide
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, SourceKind
from core.database import transaction
from core.errors import Conflict, Forbidden, InvalidInput
from core.i18n import gettext as _


class NotCorrectable(Conflict):
    """Only a certificate in force without a successor can be corrected, and only once."""

    code = "not_correctable"


async def correct(certificate: Certificate, *, holder_name: str, reason: str, by: Person, now: datetime) -> UUID:
    """Decide that the certificate is issued again under the right name, and return the request's id.

    The new one attests the same, from the same day and for as long; when it is issued it supersedes the old one, and
    both point at each other. Raises `NotCorrectable`, `InvalidInput` where the name is the same, `Forbidden` to the
    holder (ISO/IEC 17024:2012, 4.3.1: decisions are impartial).
    """
    if certificate.person_id == by.id:
        raise Forbidden(_("Another officer has to correct your own certificate."))
    if holder_name == certificate.holder_name:
        raise InvalidInput({"holder_name": _("This is the name that the certificate has already.")})
    return await issue_again(certificate.id, holder_name=holder_name, reason=reason, by=by)


async def issue_again(certificate_id: UUID, *, holder_name: str | None = None, reason: str, by: Person | None) -> UUID:
    """Decide that a certificate is issued again, under another name or the one it has, and return the request's id.

    Raises `NotCorrectable`.
    """
    async with transaction():
        locked = await Certificate.select_for_update().get(id=certificate_id)
        if locked.status is not CertificateStatus.valid or locked.successor_id is not None:
            raise NotCorrectable(_("This certificate is not in force, or another one has taken its place."))
        old = await IssueRequest.get(id=locked.issue_request_id)
        if await IssueRequest.exists(source_kind=SourceKind.correction, source_id=locked.id):
            raise NotCorrectable(_("A correction of this certificate is being issued already."))
        request_id = await decide(
            SourceKind.correction,
            locked.id,
            organization_id=locked.organization_id,
            certification_id=locked.certification_id,
            policy_id=old.policy_id,
            event_id=locked.event_id,
            person_id=locked.person_id,
            holder_name=holder_name or locked.holder_name,
            achievement=locked.achievement,
            statement=locked.facts.get("statement", ""),
            achieved_at=locked.achieved_at,
            score=old.score,
            hours=locked.hours,
            credits=locked.credits,
            layout_id=old.layout_id,
            predecessor_id=locked.id,
            reason=reason,
            locale=old.locale,
        )
        await audit.record(
            "certificate.correction_decided",
            by=by,
            object_kind="certificate",
            object_id=locked.id,
            organization_id=locked.organization_id,
            after={"issue_request": str(request_id)},
        )
    return request_id
