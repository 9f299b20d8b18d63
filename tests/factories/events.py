"""Events with their places, rooms, sessions and speakers."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Organization
from events.catalog import search
from events.catalog.models import Event, EventFormat, EventStatus, Room, Venue
from events.onsite.models import CheckInList
from events.programme.models import Session, SessionKind, Speaker
from events.registration.models import Quota, TicketType
from tests.factories import accounts

_numbers = count(1)


def in_days(days: float) -> datetime:
    """A whole hour so many days from now, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


async def venue(organization: Organization, **fields: Any) -> Venue:
    """A place in Nairobi unless said otherwise."""
    chosen = {"name": "iHub", "street": "Senteu Plaza", "city": "Nairobi", "country": "KE", **fields}
    return await Venue.create(organization=organization, city_key=search.normalise(chosen["city"]), **chosen)


async def event(
    organization: Organization | None = None,
    *,
    places: int = 100,
    title: str = "Nairobi Cloud Meetup",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    format: EventFormat = EventFormat.in_person,  # noqa: A002  the column's name
    venue_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Event:
    """A draft 30 days ahead with `places` places, one free ticket type and one check-in list.

    `fields` are columns of Event; `venue_fields` are columns of Venue (an online event has none).
    """
    organization = organization or await accounts.organization()
    starts_at = starts_at or in_days(30)
    place = None if format is EventFormat.online else await venue(organization, **(venue_fields or {}))
    created = await Event.create(
        organization=organization,
        **{
            "slug": f"event-{next(_numbers)}",
            "title": title,
            "format": format,
            "starts_at": starts_at,
            "ends_at": ends_at or starts_at + timedelta(hours=8),
            "time_zone": "Africa/Nairobi",
            "languages": ["en"],
            "venue": place,
            **fields,
        },
    )
    created.search_text = search.text_of(created)
    await created.save(update_fields=["search_text"])
    quota = await Quota.create(event=created, name="Places", size=places)
    ticket_type = await TicketType.create(event=created, name="Standard")
    await ticket_type.quotas.add(quota)
    await CheckInList.create(event=created, name="Main entrance")
    return created


async def published_event(organization: Organization | None = None, *, places: int = 100, **fields: Any) -> Event:
    """The same, published and open for registration."""
    fields = {"status": EventStatus.published, "published_at": in_days(-1), **fields}
    return await event(organization, places=places, **fields)


async def room(event: Event, name: str | None = None, *, capacity: int | None = 100, position: int = 0) -> Room:
    """A room of the event."""
    return await Room.create(event=event, name=name or f"Room {next(_numbers)}", capacity=capacity, position=position)


async def speaker(organization: Organization, name: str = "Wanjiru Kamau", **fields: Any) -> Speaker:
    """Somebody who speaks at the organization's events."""
    return await Speaker.create(organization=organization, name=name, **fields)


async def session(
    event: Event,
    room: Room | None = None,
    *,
    title: str = "Profiling in practice",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    kind: SessionKind = SessionKind.talk,
    speakers: list[Speaker] | None = None,
    **fields: Any,
) -> Session:
    """A session in the event's first hour unless said otherwise."""
    starts_at = starts_at or event.starts_at
    created = await Session.create(
        event=event,
        room=room,
        title=title,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at or starts_at + timedelta(hours=1),
        **fields,
    )
    if speakers:
        await created.speakers.add(*speakers)
    return created
