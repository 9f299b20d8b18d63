"""How a holder shows a certificate: the address to share, LinkedIn's form, a badge for a web page, and the name."""

from html import escape
from urllib.parse import urlencode

from accounts import audit
from accounts.models import Person
from certification.certificates.models import Certificate
from core.database import fetchval, transaction
from core.settings import get_settings


def verify_url(certificate: Certificate) -> str:
    """The public page of the certificate, frozen for years."""
    return f"{get_settings().public_url}/verify/{certificate.number}"


def achievement_id(certificate: Certificate) -> str:
    """The stable id of what was achieved: that of the certification, or of the event attended."""
    return str(certificate.certification_id or certificate.event_id)


def linkedin_url(certificate: Certificate) -> str:
    """LinkedIn's form for a licence or certification, with every field and the expiry filled in.

    Source: LinkedIn, "Add to Profile" for certification programmes: name, organizationName, issueYear, issueMonth,
    expirationYear, expirationMonth, certUrl, certId.
    """
    fields: dict[str, str | int] = {
        "startTask": "CERTIFICATION_NAME",
        "name": certificate.achievement,
        "organizationName": certificate.issuer_name,
        "issueYear": certificate.issued_at.year,
        "issueMonth": certificate.issued_at.month,
    }
    if certificate.valid_until is not None:
        fields |= {"expirationYear": certificate.valid_until.year, "expirationMonth": certificate.valid_until.month}
    fields |= {"certUrl": verify_url(certificate), "certId": certificate.number}
    return f"https://www.linkedin.com/profile/add?{urlencode(fields)}"


def embed_code(certificate: Certificate) -> str:
    """HTML for the holder's own web page: the badge, which leads to the public page and holds no script."""
    image = f"{get_settings().public_url}/achievements/{achievement_id(certificate)}/image.svg"
    label = escape(f"{certificate.achievement}, {certificate.issuer_name}")
    return f'<a href="{verify_url(certificate)}"><img src="{image}" alt="{label}" width="160" height="160"></a>'


async def hide_name(certificate: Certificate, *, is_hidden: bool, by: Person) -> None:
    """Keep the holder's name off the public page, or show it again; for the holder, who alone decides."""
    async with transaction():
        changed = await fetchval(
            """UPDATE certificate SET is_name_hidden = $2 WHERE id = $1 AND person_id = $3 AND is_name_hidden <> $2
               RETURNING id""",
            certificate.id,
            is_hidden,
            by.id,
        )
        if changed is None:
            return
        await audit.record(
            "certificate.name_hidden" if is_hidden else "certificate.name_shown",
            by=by,
            object_kind="certificate",
            object_id=certificate.id,
            organization_id=certificate.organization_id,
        )
        certificate.is_name_hidden = is_hidden
