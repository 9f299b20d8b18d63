"""The demo's events: a meetup in Nairobi, a conference in Paris, an online workshop, and a meetup that is over."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Organization, Person
from api.demo.conference import ROOMS, SPEAKERS, programme
from core.database import execute
from events.catalog import events, rooms
from events.catalog.models import Event, EventFormat
from events.catalog.schemas import EventIn, RoomIn, VenueIn
from events.onsite.opening import open_event
from events.programme import sessions, speakers
from events.programme.models import SessionKind
from events.programme.schemas import SessionIn, SpeakerIn

NAIROBI, PARIS, UTC_ZONE = "Africa/Nairobi", "Europe/Paris", "UTC"

_MEETUP = """The Nairobi chapter meets on the last Thursday of the month.

## What happens
- **18:00** Doors open, tea and mandazi
- **18:30** Two short talks
- **19:30** Open floor: bring what you are stuck on

Everybody is welcome, whatever you know. The building is step-free; the entrance is on Ngong Road.
"""
_CONFERENCE = """Two days, three rooms, forty sessions: the yearly gathering of everyone who builds on open systems.

## Why come
- Hear from people who run open infrastructure in **24 cities**
- Work on what your project needs in the hallway rooms
- Sit the associate exam on site

The talks are in English or French, with live captions. Child care and a quiet room are on the ground floor.
"""
_WORKSHOP = """Four hours, hands on: from an empty folder to a container image that anyone can rebuild.

You need a laptop with Git and a container runtime. We work in small groups with a mentor each.
"""
_CONGRESS = "Meridian World Congress"
_PAST = """A look back at a year of open data in the city, with the people who made it."""


def _at(today: datetime, days: int, hour: int, minute: int, zone: str) -> datetime:
    """A wall-clock time some days from today, in a zone."""
    local = today.astimezone(ZoneInfo(zone)) + timedelta(days=days)
    return local.replace(hour=hour, minute=minute, second=0, microsecond=0)


async def make_events(
    organization: Organization, chapter: Organization, *, by: Person, now: datetime
) -> dict[str, Event]:
    """All four events, published, the conference with its programme; the meetup is the chapter's."""
    ihub = VenueIn(name="Commons House", street="Ngong Road 114", postal_code="00100", city="Nairobi", country="KE")
    hall = VenueIn(
        name="Maison des Communs", street="12 rue des Écoles", postal_code="75005", city="Paris", country="FR"
    )
    planned = {
        "conference": EventIn(
            title="Open Systems Conference",
            summary="The yearly gathering of everyone who builds on open systems: 40 sessions in three rooms.",
            description=_CONFERENCE,
            format=EventFormat.hybrid,
            starts_at=_at(now, 58, 9, 0, PARIS),
            ends_at=_at(now, 59, 18, 30, PARIS),
            time_zone=PARIS,
            languages=["en", "fr"],
            capacity=800,
            venue=hall,
            online_url="https://stream.example.org/open-systems",
        ),
        "meetup": EventIn(
            title="Nairobi Open Systems Meetup",
            summary="Two short talks, tea, and an open floor. Everybody is welcome.",
            description=_MEETUP,
            format=EventFormat.in_person,
            starts_at=_at(now, 9, 18, 0, NAIROBI),
            ends_at=_at(now, 9, 21, 0, NAIROBI),
            time_zone=NAIROBI,
            languages=["en", "sw"],
            capacity=60,
            venue=ihub,
        ),
        "workshop": EventIn(
            title="Workshop: Containers that anyone can rebuild",
            summary="Four hours, hands on, from an empty folder to a reproducible image.",
            description=_WORKSHOP,
            format=EventFormat.online,
            starts_at=_at(now, 23, 14, 0, UTC_ZONE),
            ends_at=_at(now, 23, 18, 0, UTC_ZONE),
            time_zone=UTC_ZONE,
            languages=["en"],
            capacity=40,
            online_url="https://meet.example.org/rebuild",
        ),
        "past": EventIn(
            title="Open Data Evening",
            summary="A year of open data in the city.",
            description=_PAST,
            format=EventFormat.in_person,
            starts_at=_at(now, -19, 18, 0, NAIROBI),
            ends_at=_at(now, -19, 21, 0, NAIROBI),
            time_zone=NAIROBI,
            languages=["en"],
            capacity=80,
            venue=ihub,
        ),
    }
    opened_at = now - timedelta(days=75)
    made: dict[str, Event] = {}
    for name, data in planned.items():
        event = await open_event(chapter if name == "meetup" else organization, data, by=by, now=opened_at)
        if name == "conference":
            await _make_programme(organization, event, by=by)
        made[name] = await events.publish(event, by=by, now=opened_at)
    return made


async def congress(organization: Organization, *, by: Person, now: datetime, places: int) -> Event:
    """The event of the large demo, with as many places as its crowd has people; made once, then it grows."""
    found = await Event.get_or_none(organization=organization, title=_CONGRESS)
    if found is None:
        data = EventIn(
            title=_CONGRESS,
            summary="Everybody at once.",
            format=EventFormat.in_person,
            starts_at=_at(now, 120, 9, 0, PARIS),
            ends_at=_at(now, 123, 18, 0, PARIS),
            time_zone=PARIS,
            languages=["en", "fr", "ar"],
            capacity=places,
            venue=VenueIn(name="Parc des Expositions", street="1 place de la Porte", city="Paris", country="FR"),
        )
        opened = await open_event(organization, data, by=by, now=now - timedelta(days=80))
        return await events.publish(opened, by=by, now=now - timedelta(days=80))
    await execute("UPDATE quota SET size = greatest(size, $2) WHERE event_id = $1", found.id, places)
    return found


async def _make_programme(organization: Organization, event: Event, *, by: Person) -> None:
    halls = [
        await rooms.create(event, RoomIn(name=name, capacity=capacity, position=position), by=by)
        for position, (name, capacity) in enumerate(ROOMS)
    ]
    invited = {
        name: await speakers.create(organization, SpeakerIn(name=name, affiliation=affiliation), by=by)
        for name, affiliation in SPEAKERS.items()
    }
    first_day = event.starts_at.astimezone(event.zone)
    for planned in programme():
        starts = datetime.combine(first_day.date() + timedelta(days=planned.day), planned.starts, event.zone)
        data = SessionIn(
            title=planned.title,
            kind=SessionKind(planned.kind),
            track=planned.track,
            language="fr" if "Quentin Lemaire" in planned.speakers else "en",
            room=halls[planned.room].id,
            starts_at=starts,
            ends_at=starts + timedelta(minutes=planned.minutes),
            speakers=[invited[name].id for name in planned.speakers],
        )
        await sessions.create(event, data, by=by)
