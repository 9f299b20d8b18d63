"""Who may see and change the layouts of an organization."""

from uuid import UUID

from accounts import roles
from accounts.models import Organization, Person
from certification.layouts.models import Layout, LayoutPicture
from core.errors import NotFound

EDIT = "certification:layout:edit"


async def can_edit(person: Person | None, organization: Organization) -> bool:
    """Whether `person` may design layouts; they belong to all of the organization, so a narrowed role does not do."""
    return await roles.is_allowed(person, EDIT, organization_id=organization.id)


async def access_layouts(organization_slug: str, person: Person | None) -> Organization:
    """The organization for somebody who designs its layouts. Raises `NotFound` and `Forbidden`."""
    organization = await Organization.get_or_none(slug=organization_slug)
    if organization is None:
        raise NotFound()
    await roles.require(person, EDIT, organization_id=organization.id)
    return organization


async def access_layout(organization_slug: str, layout_id: UUID, person: Person | None) -> Layout:
    """A layout with its organization, archived or not, for somebody who designs them."""
    organization = await access_layouts(organization_slug, person)
    layout = await Layout.get_or_none(id=layout_id, organization_id=organization.id)
    if layout is None:
        raise NotFound()
    layout.organization = organization
    return layout


async def access_picture(organization_slug: str, picture_id: UUID, person: Person | None) -> LayoutPicture:
    """A picture with its organization, archived or not, for somebody who designs layouts."""
    organization = await access_layouts(organization_slug, person)
    picture = await LayoutPicture.get_or_none(id=picture_id, organization_id=organization.id)
    if picture is None:
        raise NotFound()
    picture.organization = organization
    return picture
