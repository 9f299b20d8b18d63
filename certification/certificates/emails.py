"""Mails about certificates; each is sent once per certificate and occasion."""

from accounts.models import Person
from certification.certificates.models import Certificate
from core import mail
from core.settings import get_settings


async def tell_issued(certificate: Certificate, person: Person) -> None:
    """Tell the holder where the new certificate is. Nothing is sent to an erased person."""
    await _tell("issued", certificate, person, key=f"certificate.issued {certificate.id}")


async def tell_status(certificate: Certificate, person: Person) -> None:
    """Tell the holder that the status has changed, and why."""
    changed = certificate.status_changed_at
    occasion = changed.isoformat() if changed else ""
    await _tell("status", certificate, person, key=f"certificate.status {certificate.id} {occasion}")


async def _tell(template: str, certificate: Certificate, person: Person, *, key: str) -> None:
    if person.email is None:
        return
    await mail.send(
        f"certificates/{template}",
        to=(person.display_name, person.email),
        context={
            "certificate": certificate,
            "corrects": certificate.facts.get("predecessor_number"),
            "verify_url": f"{get_settings().public_url}/verify/{certificate.number}",
        },
        locale=person.locale,
        key=key,
    )
