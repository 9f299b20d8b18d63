"""Who may see a credit, its evidence, and decide about it."""

from uuid import UUID

from accounts import roles
from accounts.models import Person
from certification.renewal.models import Credit
from core.errors import NotFound

DECIDE = "certification:credit:decide"


async def access_own(credit_id: UUID, person: Person) -> Credit:
    """The person's own credit. Raises `NotFound` for anybody else's."""
    found = await Credit.get_or_none(id=credit_id, person_id=person.id).select_related("certification")
    if found is None:
        raise NotFound()
    return found


async def access_for_officer(credit_id: UUID, person: Person) -> Credit:
    """A credit with its person, for somebody who decides about such. Raises `NotFound` or `Forbidden`."""
    found = await Credit.get_or_none(id=credit_id).select_related("certification__organization", "person")
    if found is None:
        raise NotFound()
    certification = found.certification
    await roles.require(person, DECIDE, organization_id=certification.organization_id, scope_id=certification.id)
    return found


async def access_evidence(credit_id: UUID, person: Person) -> Credit:
    """A credit whose file the holder or an officer may read. Raises `NotFound` or `Forbidden`."""
    own = await Credit.get_or_none(id=credit_id, person_id=person.id)
    found = own or await access_for_officer(credit_id, person)
    if found.evidence_sha256 is None:
        raise NotFound()
    return found
