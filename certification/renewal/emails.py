"""Mails about renewal; each is sent once per occasion, and none to an erased person."""

from accounts.models import Person, RoleGrant, ScopeKind
from accounts.roles import roles_with
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from certification.renewal.models import Credit
from certification.renewal.permissions import DECIDE
from certification.renewal.standing import RenewalStanding
from core import mail
from core.settings import get_settings


async def tell_officers(credit: Credit, certification: Certification) -> None:
    """Tell everybody who may decide, but not the one who claims, that a claim waits."""
    grants = await RoleGrant.filter(
        organization_id=certification.organization_id, role__in=roles_with(DECIDE)
    ).select_related("person")
    officers = {
        grant.person_id: grant.person
        for grant in grants
        if grant.person_id != credit.person_id
        and (grant.scope_kind is ScopeKind.organization or grant.scope_id == certification.id)
    }
    for officer in officers.values():
        await _tell(
            "renewal/claim_waits",
            officer,
            key=f"credit.claimed {credit.id} {officer.id}",
            certification=certification,
            queue_url=f"{get_settings().public_url}/organize/certifications/{certification.slug}/credits",
        )


async def tell_decision(credit: Credit) -> None:
    """Tell the holder what was decided about a claim. Needs the credit with its person and certification."""
    decided = credit.decided_at.isoformat() if credit.decided_at else ""
    await _tell(
        "renewal/claim_decided",
        credit.person,
        key=f"credit.decided {credit.id} {decided}",
        credit=credit,
        certification=credit.certification,
        certificates_url=f"{get_settings().public_url}/me/certificates",
    )


async def remind(certificate: Certificate, person: Person, found: RenewalStanding, *, days_before: int) -> None:
    """Tell the holder that the certificate ends soon, and what renews it."""
    public = get_settings().public_url
    slug = found.certification.slug if found.certification else ""
    await _tell(
        "renewal/reminder",
        person,
        key=f"certificate.reminder {certificate.id} {days_before}",
        certificate=certificate,
        found=found,
        has_grace=found.renewable_until is not None and found.renewable_until != certificate.valid_until,
        zone=person.time_zone,
        renewal_url=f"{public}/me/certificates/{certificate.number}/renewal",
        exam_url=f"{public}/certifications/{slug}",
    )


async def _tell(template: str, person: Person, *, key: str, **context: object) -> None:
    if person.email is None:
        return
    await mail.send(template, to=(person.display_name, person.email), context=context, locale=person.locale, key=key)
