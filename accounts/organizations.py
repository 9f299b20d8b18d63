"""Organizations and their chapters: creating them, and their settings."""

from datetime import datetime

from tortoise.exceptions import IntegrityError

from accounts import accent as accents
from accounts import audit, members
from accounts.models import Organization, Person, Role
from accounts.schemas import OrganizationChangeIn
from core.database import transaction
from core.errors import Conflict
from core.i18n import N_
from core.slugs import free_slug

RESERVED = frozenset({"events", "certifications", "certificates", "new", "organizations"})
"""Slugs that would shadow other pages below /organize."""


class SlugTaken(Conflict):
    """409: another one took the address in the same moment."""

    code = "slug_taken"
    message = N_("Another organization took this address in the same moment. Try again.")


async def create(name: str, *, parent: Organization | None, by: Person | None, now: datetime) -> Organization:
    """Create an organization, or a chapter of `parent`; `by` becomes its owner. Raises `SlugTaken`."""
    async with transaction():
        slug = await free_slug("organization", name)
        if slug in RESERVED:
            slug += "-organization"
        try:
            made = await Organization.create(slug=slug, name=name, parent=parent)
        except IntegrityError:
            raise SlugTaken() from None
        await audit.record(
            "organization.created",
            by=by,
            object_kind="organization",
            object_id=made.id,
            organization_id=made.id,
            after={"name": name, "slug": slug, "parent": parent.slug if parent else None},
        )
        if by is not None:
            await members.grant(made, by, Role.owner, by=by, now=now)
    return made


async def change(organization: Organization, changes: OrganizationChangeIn, *, by: Person) -> Organization:
    """Change name, accent or website; absent fields stay.

    Raises `InvalidInput` with the ratio for an accent that cannot be read on the page (WCAG 2.2, 1.4.3).
    """
    wanted = {name: value for name, value in changes.model_dump().items() if value is not None}
    if "accent" in wanted:
        accents.check(wanted["accent"])
    after = {name: value for name, value in wanted.items() if getattr(organization, name) != value}
    if not after:
        return organization
    before = {name: getattr(organization, name) for name in after}
    async with transaction():
        await Organization.filter(id=organization.id).update(**after)
        await audit.record(
            "organization.changed",
            by=by,
            object_kind="organization",
            object_id=organization.id,
            organization_id=organization.id,
            before=before,
            after=after,
        )
    await organization.refresh_from_db()
    return organization
