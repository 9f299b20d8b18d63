"""Who may see and change an event."""

from accounts import roles
from accounts.models import Organization, Person
from core.errors import NotFound
from events.catalog.models import Event, EventStatus


async def access_event(slug: str, person: Person | None, *, permission: str) -> Event:
    """The event, with organization and venue, for somebody who works on it.

    `permission` is one of `event:…` in accounts/roles.py. Raises `NotFound` where the event does not exist or the
    person has no part in it, and `Forbidden` where another role would be needed.
    """
    event = await _find(slug)
    await roles.require(person, permission, organization_id=event.organization_id, scope_id=event.id)
    return event


async def access_public(slug: str, person: Person | None) -> Event:
    """The event for a reader: a published or cancelled one for anybody, a draft only for those who work on it.

    An event that was cancelled before it was ever published stays a draft to strangers. Raises `NotFound`.
    """
    event = await _find(slug)
    if event.published_at is None or event.status is EventStatus.draft:
        await roles.require(person, "event:overview:view", organization_id=event.organization_id, scope_id=event.id)
    return event


async def access_new(organization_slug: str, person: Person | None) -> Organization:
    """The organization in which `person` may create events. Raises `NotFound` or `Forbidden`."""
    organization = await Organization.get_or_none(slug=organization_slug)
    if organization is None:
        raise NotFound()
    await roles.require(person, "organization:event:create", organization_id=organization.id)
    return organization


async def _find(slug: str) -> Event:
    event = await Event.get_or_none(slug=slug).select_related("organization", "venue")
    if event is None:
        raise NotFound()
    return event
