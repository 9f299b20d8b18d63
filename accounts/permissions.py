"""Who may see and change an organization."""

from accounts import roles
from accounts.models import Organization, Person
from core.errors import NotFound


async def access_organization(slug: str, person: Person | None, *, permission: str) -> Organization:
    """The organization for somebody who works on it.

    `permission` is one of `organization:…` in accounts/roles.py. Raises `NotFound` where it does not exist or the
    person has no part in it, and `Forbidden` where another role would be needed.
    """
    organization = await Organization.get_or_none(slug=slug)
    if organization is None:
        raise NotFound()
    await roles.require(person, permission, organization_id=organization.id)
    return organization


async def access_platform(slug: str, person: Person | None, *, permission: str) -> Organization:
    """An organization without a parent, whose owners answer for the whole platform (its jobs). Raises `NotFound`."""
    organization = await access_organization(slug, person, permission=permission)
    if organization.parent_id is not None:
        raise NotFound()
    return organization
