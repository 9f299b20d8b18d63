"""Many people at once: accounts and registrations written in bulk, as if the past had happened. No mail is sent."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from accounts.tokens import new_code
from api.demo.people import crowd_name
from core.database import fetch, new_id, transaction
from core.errors import NotFound
from events.catalog.models import Event
from events.registration.models import CODE_LENGTH
from events.registration.registrations import recount

BATCH = 1000


async def add_people(count: int, *, now: datetime, report: Callable[[int, int], None] | None = None) -> None:
    """Add confirmed people without a password until the crowd counts `count`; may be stopped and called again."""
    rows = await fetch("SELECT count(*) AS n FROM person WHERE email LIKE 'crowd.%@example.org'")
    have = rows[0]["n"]
    for first in range(have, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        people = [
            (new_id(), f"crowd.{n}@example.org", crowd_name(n), now - timedelta(days=90, minutes=n % 1440))
            for n in numbers
        ]
        async with transaction() as connection:
            await connection.executemany(
                """INSERT INTO person (id, email, display_name, certificate_name, email_confirmed_at, created_at)
                   VALUES ($1, $2, $3, $3, $4, $4) ON CONFLICT (email) DO NOTHING""",
                people,
            )
        if report:
            report(numbers[-1] + 1, count)


async def register_crowd(event: Event, share: float, *, now: datetime, seed: int) -> None:
    """Register as many of the crowd as fill `share` of the event's places, over the weeks before it or until now."""
    chance = Random(seed)
    async with transaction() as connection:
        place = await connection.fetchrow(
            """SELECT q.id, q.size, q.taken, t.id AS ticket_type_id FROM quota q
               JOIN ticket_type_quota tq ON tq.quota_id = q.id JOIN ticket_type t ON t.id = tq.ticket_type_id
               WHERE q.event_id = $1 ORDER BY q.id LIMIT 1 FOR UPDATE OF q""",
            event.id,
        )
        if place is None:
            raise NotFound()
        people = await connection.fetch(
            """SELECT id, display_name FROM person p WHERE email LIKE 'crowd.%@example.org' AND NOT EXISTS
                   (SELECT 1 FROM registration r WHERE r.person_id = p.id AND r.event_id = $1)
               ORDER BY md5(p.email || $2) LIMIT $3""",
            event.id,
            str(seed),
            max(0, int(place["size"] * share) - place["taken"]),
        )
        until = min(now, event.starts_at)
        rows = []
        for person in people:
            registered_at = until - timedelta(days=min(70.0, chance.expovariate(1 / 14)), minutes=chance.randrange(600))
            status = "cancelled" if chance.random() < 0.06 else "confirmed"
            cancelled_at = registered_at + timedelta(hours=7) if status == "cancelled" else None
            code = new_code(CODE_LENGTH)
            name = person["display_name"]
            rows.append((new_id(), person["id"], name, code, status, registered_at, cancelled_at))
        await connection.executemany(
            f"""INSERT INTO registration (id, person_id, attendee_name, code, status, created_at, cancelled_at,
                    event_id, ticket_type_id)
                VALUES ($1, $2, $3, $4, $5, $6, $7, '{event.id}', '{place["ticket_type_id"]}')""",
            rows,
        )
        await recount([place["id"]])


async def check_in_crowd(event: Event, *, seed: int, certainly: Collection[UUID] = ()) -> None:
    """Check in most of those registered, and the people `certainly`, around the start of the event."""
    chance = Random(seed)
    async with transaction() as connection:
        door = await connection.fetchval(
            "SELECT id FROM check_in_list WHERE event_id = $1 ORDER BY position LIMIT 1", event.id
        )
        confirmed = await connection.fetch(
            "SELECT id, person_id FROM registration WHERE event_id = $1 AND status = 'confirmed' ORDER BY code",
            event.id,
        )
        scans = [
            (new_id(), door, row["id"], event.starts_at + timedelta(minutes=chance.gauss(-5, 14)))
            for row in confirmed
            if chance.random() < 0.86 or row["person_id"] in certainly
        ]
        await connection.executemany(
            """INSERT INTO check_in (id, check_in_list_id, registration_id, checked_in_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING""",
            scans,
        )
