"""Who may work on the speakers of an organization."""

from accounts import roles
from accounts.models import Organization, Person
from core.errors import NotFound


async def access_speakers(organization_slug: str, person: Person) -> Organization:
    """The organization, for somebody who edits the programme of at least one of its events.

    Raises `NotFound` where it does not exist or the person edits none.
    """
    organization = await Organization.get_or_none(slug=organization_slug)
    if organization is None:
        raise NotFound()
    reach = await roles.scope_ids(person, "event:programme:edit", [organization.id])
    if organization.id not in reach:
        await roles.require(person, "event:programme:edit", organization_id=organization.id)
    return organization
