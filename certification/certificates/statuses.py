"""Changing what a certificate is worth: revoking, suspending, reinstating. Nothing deletes one."""

from collections.abc import Callable
from datetime import datetime

from accounts import audit
from accounts.models import Person
from certification.badges import status_lists
from certification.certificates import emails
from certification.certificates.models import Certificate, CertificateStatus
from certification.certificates.permissions import OwnCertificate
from core.database import transaction
from core.errors import Conflict
from core.i18n import N_
from core.i18n import gettext as _


class NotInForce(Conflict):
    """The certificate is not in the state that this change starts from; `status` tells which it is in."""

    code, message = "not_in_force", N_("This certificate was changed in the meantime.")


_WORDS: dict[CertificateStatus, Callable[[], str]] = {
    CertificateStatus.valid: lambda: _("valid"),
    CertificateStatus.suspended: lambda: _("suspended"),
    CertificateStatus.revoked: lambda: _("revoked"),
    CertificateStatus.superseded: lambda: _("superseded"),
}


async def revoke(certificate: Certificate, *, reason: str, by: Person, now: datetime) -> Certificate:
    """Withdraw it for good. Raises `NotInForce` where it is revoked or superseded already, and `OwnCertificate`."""
    return await _move(
        certificate, CertificateStatus.revoked, (CertificateStatus.valid, CertificateStatus.suspended), reason, by, now
    )


async def suspend(certificate: Certificate, *, reason: str, by: Person, now: datetime) -> Certificate:
    """Withdraw it until it is reinstated. Raises `NotInForce` unless it is valid, and `OwnCertificate`."""
    return await _move(certificate, CertificateStatus.suspended, (CertificateStatus.valid,), reason, by, now)


async def reinstate(certificate: Certificate, *, reason: str, by: Person, now: datetime) -> Certificate:
    """End a suspension. Raises `NotInForce` unless it is suspended, and `OwnCertificate`."""
    return await _move(certificate, CertificateStatus.valid, (CertificateStatus.suspended,), reason, by, now)


async def _move(
    certificate: Certificate,
    to: CertificateStatus,
    allowed_from: tuple[CertificateStatus, ...],
    reason: str,
    by: Person,
    now: datetime,
) -> Certificate:
    async with transaction():
        locked = await Certificate.select_for_update().get(id=certificate.id)
        if locked.person_id == by.id:
            raise OwnCertificate()
        if locked.status not in allowed_from:
            raise NotInForce(
                _("This certificate is {status} already.").format(status=_WORDS[locked.status]()),
                certificate_status=locked.status.value,
            )
        before = locked.status
        locked.status, locked.status_reason, locked.status_changed_at = to, reason, now
        await locked.save(update_fields=["status", "status_reason", "status_changed_at"])
        await audit.record(
            f"certificate.{to.value if to is not CertificateStatus.valid else 'reinstated'}",
            by=by,
            object_kind="certificate",
            object_id=locked.id,
            organization_id=locked.organization_id,
            before={"status": before.value},
            after={"status": to.value, "reason": reason},
        )
        await status_lists.changed(locked.badge_id)
        await emails.tell_status(locked, await Person.get(id=locked.person_id))
    return locked
