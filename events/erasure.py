"""What events erase of a person."""

from datetime import datetime

from accounts.models import Person
from core.database import execute
from events.registration import registrations
from events.registration.models import CalendarFeed, Registration, RegistrationStatus


async def erase_attendee(person: Person, *, by: Person, now: datetime) -> None:
    """Cancel coming registrations, take the name off past ones and the programme, and end the calendar's address."""
    coming = await Registration.filter(
        person_id=person.id,
        event__ends_at__gt=now,
        status__in=[status for status in RegistrationStatus if status.takes_a_place],
    ).order_by("id")
    for registration in coming:
        await registrations.cancel(registration, by=by, now=now)
    await CalendarFeed.filter(person_id=person.id).delete()
    await execute("UPDATE registration SET attendee_name = '' WHERE person_id = $1", person.id)
    await execute(
        """UPDATE speaker SET name = '—', affiliation = '', biography = '', biography_html = '', person_id = NULL
           WHERE person_id = $1""",
        person.id,
    )
