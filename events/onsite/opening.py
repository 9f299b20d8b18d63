"""Opening an event with its places, and changing both together.

The commands stand in the highest package they touch: an event has places, a ticket type and a check-in list from the
very start, so creating one writes to catalog, registration and onsite at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Organization, Person
from core.database import fetchrow, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _
from events.catalog import events
from events.catalog.models import Event
from events.catalog.schemas import EventIn, EventOut
from events.onsite.models import CheckInList
from events.programme import sessions
from events.registration.models import Quota, TicketType


@dataclass(frozen=True, slots=True)
class Places:
    """The size of an event's first quota, and how much of it is taken."""

    size: int
    taken: int


async def open_event(organization: Organization, data: EventIn, *, by: Person, now: datetime) -> Event:
    """A draft with a quota of `capacity` places, one free ticket type and one check-in list."""
    async with transaction():
        event = await events.create(organization, data, by=by, now=now)
        quota = await Quota.create(event=event, name="Places", size=data.capacity)
        ticket_type = await TicketType.create(event=event, name="Standard")
        await ticket_type.quotas.add(quota)
        await CheckInList.create(event=event, name="Main entrance")
    return event


async def change_event(
    event: Event, data: EventIn, *, by: Person, now: datetime, version: datetime | None = None
) -> Event:
    """Change an event and its places; sessions move along where the new dates leave no other way.

    Raises `InvalidInput` for a capacity below what is taken and for dates that cut sessions off, `EventCancelled`, and
    `ChangedMeanwhile` where `version` (the `updated_at` that was read) is no longer the present one. Locks the event,
    its quota and, where sessions move, their speakers.
    """
    async with transaction() as connection:
        locked = await events.lock(event)
        quota = await connection.fetchrow(
            "SELECT id, size, taken FROM quota WHERE event_id = $1 ORDER BY id LIMIT 1 FOR UPDATE", event.id
        )
        if quota is None:
            raise LookupError(f"event {event.id} has no quota")
        started_at = locked.starts_at
        was = await events.change(locked, data, by=by, now=now, capacity_before=quota["size"], version=version)
        if data.capacity < quota["taken"]:
            message = _("%(taken)s places are taken; choose at least as many, or cancel registrations first.")
            raise InvalidInput({"capacity": message % {"taken": quota["taken"]}})
        if "capacity" in was:
            await connection.execute("UPDATE quota SET size = $2 WHERE id = $1", quota["id"], data.capacity)
        if not {"starts_at", "ends_at"}.isdisjoint(was):
            await sessions.move_along(locked, started_at=started_at)
    return locked


async def places_of(event_id: UUID) -> Places:
    """How many places an event has, and how many are taken."""
    row = await fetchrow("SELECT size, taken FROM quota WHERE event_id = $1 ORDER BY id LIMIT 1", event_id)
    return Places(row["size"], row["taken"]) if row else Places(0, 0)


async def described(event: Event, *, now: datetime, is_organizer: bool) -> EventOut:
    """The event with its places, for an answer; organization and venue must be fetched."""
    places = await places_of(event.id)
    return EventOut.of(event, capacity=places.size, taken=places.taken, now=now, is_organizer=is_organizer)


async def values_of(event: Event) -> dict[str, Any]:  # Any: values of many types
    """The event as the document it would be created from; the venue must be fetched."""
    return EventIn.values_of(event, (await places_of(event.id)).size)
