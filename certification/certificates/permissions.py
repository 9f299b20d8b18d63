"""Who may see, download and withdraw a certificate."""

from uuid import UUID

from accounts import roles
from accounts.models import Person
from certification.certificates.models import Certificate, IssueRequest
from certification.certificates.numbers import normalize_number
from core.errors import Forbidden, NotFound
from core.i18n import N_
from core.i18n import gettext as _


class NotHolder(Forbidden):
    """403: what only the holder of a certificate may do."""

    code, message = "not_holder", N_("Only the holder may do this.")


class OwnCertificate(Forbidden):
    """403: nobody decides about a certificate of their own (ISO/IEC 17024:2012, 4.3)."""

    code = "own_certificate"
    message = N_(
        "This is your own certificate. Another officer has to decide about it (ISO/IEC 17024:2012, 4.3, impartiality)."
    )


async def access_certificate(typed_number: str) -> Certificate:
    """The certificate of a number; its existence is public. Raises `NotFound`."""
    number = normalize_number(typed_number)
    found = await Certificate.get_or_none(number=number) if number else None
    if found is None:
        raise NotFound()
    return found


async def access_own(typed_number: str, person: Person) -> Certificate:
    """The certificate for its holder. Raises `NotFound`, or `NotHolder` since its existence is public."""
    certificate = await access_certificate(typed_number)
    if certificate.person_id != person.id:
        raise NotHolder()
    return certificate


async def access_document(typed_number: str, person: Person) -> Certificate:
    """The certificate for its holder or an officer. Raises `NotFound` or `Forbidden`."""
    certificate = await access_certificate(typed_number)
    if certificate.person_id != person.id and not await _is_officer(certificate, person, "view"):
        raise Forbidden(_("Only the holder and the certification officers may download this certificate."))
    return certificate


async def access_for_officer(typed_number: str, person: Person, *, action: str) -> Certificate:
    """The certificate for an officer who may `view`, `issue` or `revoke`. Raises `NotFound` or `Forbidden`."""
    certificate = await access_certificate(typed_number)
    if not await _is_officer(certificate, person, action):
        raise Forbidden(_("Only a certification officer may do this."))
    return certificate


async def access_issue_request(request_id: UUID, person: Person) -> IssueRequest:
    """A request for an officer who may issue. Raises `NotFound` or `Forbidden`."""
    found = await IssueRequest.get_or_none(id=request_id).select_related("certification__organization")
    if found is None:
        raise NotFound()
    await roles.require(
        person,
        "certification:certificate:issue",
        organization_id=found.organization_id,
        scope_id=found.certification_id,
    )
    return found


async def _is_officer(certificate: Certificate, person: Person, action: str) -> bool:
    if await roles.is_allowed(
        person,
        f"certification:certificate:{action}",
        organization_id=certificate.organization_id,
        scope_id=certificate.certification_id,
    ):
        return True
    return (
        action == "view"
        and certificate.event_id is not None
        and await roles.is_allowed(
            person,
            "event:registration:view",
            organization_id=certificate.organization_id,
            scope_id=certificate.event_id,
        )
    )
