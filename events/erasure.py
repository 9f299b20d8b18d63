"""What events erase of a person."""

from datetime import datetime

from accounts.models import Person
from core.database import execute
from events.catalog import events
from events.programme import queries, sessions
from events.programme.models import Speaker
from events.registration import registrations
from events.registration.models import CalendarFeed, Registration, RegistrationStatus


async def erase_attendee(person: Person, *, by: Person, now: datetime) -> None:
    """Take the name off the programme and past registrations, cancel coming ones, and end the calendar's address.

    Locks the events where the person speaks, then the quotas of what is cancelled.
    """
    await _erase_speaker(person)
    coming = await Registration.filter(
        person_id=person.id,
        event__ends_at__gt=now,
        status__in=[status for status in RegistrationStatus if status.takes_a_place],
    ).order_by("id")
    for registration in coming:
        await registrations.cancel(registration, by=by, now=now)
    await CalendarFeed.filter(person_id=person.id).delete()
    await execute("UPDATE registration SET attendee_name = '' WHERE person_id = $1", person.id)


async def _erase_speaker(person: Person) -> None:
    """Events are no longer found by the name either, so their search text is written anew."""
    speakers = await Speaker.filter(person_id=person.id).order_by("id")
    spoken_at = {event.id: event for one in speakers for event in await queries.events_of_speaker(one.id)}
    locked = [await events.lock(spoken_at[event_id]) for event_id in sorted(spoken_at)]
    await Speaker.filter(person_id=person.id).update(
        name="—", affiliation="", biography="", biography_html="", person_id=None
    )
    for event in locked:
        await sessions.reindex(event)
