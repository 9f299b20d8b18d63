"""Mails of runs, each sent once for its line."""

from accounts.models import Person
from certification.bulk.models import BulkLine
from certification.certificates.models import Certificate
from core import mail
from core.settings import get_settings


async def send_again(certificate: Certificate, person: Person, line: BulkLine) -> None:
    """Tell the holder again where the certificate is. Nothing is sent to an erased person."""
    if person.email is None:
        return
    await mail.send(
        "certificates/resent",
        to=(person.display_name, person.email),
        context={"certificate": certificate, "verify_url": f"{get_settings().public_url}/verify/{certificate.number}"},
        locale=person.locale,
        key=f"certificate.resent {line.run_id} {line.id}",
    )
