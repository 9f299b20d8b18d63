"""Who may see and change an event."""

from functools import cache

from accounts import roles
from accounts.models import Organization, Person
from core.database import fetchrow
from core.errors import NotFound
from core.rows import columns, instance
from events.catalog.models import Event, EventStatus, Venue


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


@cache
def _statement() -> str:
    """Made at the first use, since the models know their columns only once Tortoise has started."""
    return f"""SELECT {columns(Event, "e")}, {columns(Organization, "o")}, {columns(Venue, "v")}
        FROM event e JOIN organization o ON o.id = e.organization_id LEFT JOIN venue v ON v.id = e.venue_id
        WHERE e.slug = $1"""


async def _find(slug: str) -> Event:
    row = await fetchrow(_statement(), slug)
    if row is None:
        raise NotFound()
    event = instance(Event, row, "e")
    event.organization = instance(Organization, row, "o")
    event.venue = instance(Venue, row, "v") if event.venue_id is not None else None
    return event
