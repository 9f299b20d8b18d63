"""Events with many registrations, written by the database itself."""

from uuid import UUID

from benchmarks import people
from core.database import execute
from events.catalog.models import Event
from events.registration.models import TicketType


async def event_with(count: int) -> Event:
    """An event with `count` registrations, a second apart, each of a person of its own."""
    event = await people.event(places=count)
    ticket_type = await TicketType.get(event_id=event.id)
    await _fill(event.id, ticket_type.id, count)
    return event


async def _fill(event_id: UUID, ticket_type_id: UUID, count: int) -> None:
    await execute(
        """WITH guest AS (
               INSERT INTO person (id, email, display_name, created_at)
               SELECT gen_random_uuid(), 'crowd-' || n || '-' || $1::uuid || '@example.org', 'Guest ' || n, now()
               FROM generate_series(1, $3::int) n RETURNING id, display_name)
           INSERT INTO registration
               (id, event_id, ticket_type_id, person_id, attendee_name, code, status, locale, created_at)
           SELECT gen_random_uuid(), $1::uuid, $2::uuid, id, display_name,
                  upper(substr(md5(id::text), 1, 20)), 'confirmed', 'en',
                  now() - row_number() OVER () * interval '1 second'
           FROM guest""",
        event_id,
        ticket_type_id,
        count,
    )
    await execute("UPDATE quota SET taken = size WHERE event_id = $1", event_id)
    await execute("ANALYZE registration")
    await execute("ANALYZE person")
