"""The secret address under which a calendar program reads one person's registrations."""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from accounts.tokens import new_secret
from core.database import execute, fetchval, transaction
from core.errors import NotFound
from core.settings import get_settings


async def address_of(person: Person) -> str | None:
    """The person's secret address, or None before they made one."""
    token = await fetchval("SELECT token FROM calendar_feed WHERE person_id = $1", person.id)
    return f"{get_settings().public_url}/calendars/{token}.ics" if token else None


async def renew(person: Person, *, now: datetime) -> str:
    """Make a new secret address and return it; the one before ends at once."""
    token = new_secret()
    async with transaction():
        await execute(
            """INSERT INTO calendar_feed (person_id, token, created_at) VALUES ($1, $2, $3)
               ON CONFLICT (person_id) DO UPDATE SET token = excluded.token, created_at = excluded.created_at""",
            person.id,
            token,
            now,
        )
        await audit.record("calendar_feed.renewed", by=person, object_kind="person", object_id=person.id)
    return f"{get_settings().public_url}/calendars/{token}.ics"


async def end(person: Person, *, now: datetime) -> None:
    """Take the secret address away; a second time changes nothing."""
    async with transaction():
        gone = await fetchval("DELETE FROM calendar_feed WHERE person_id = $1 RETURNING person_id", person.id)
        if gone is not None:
            await audit.record("calendar_feed.ended", by=person, object_kind="person", object_id=person.id)


async def person_behind(token: str) -> UUID:
    """Whose calendar a secret address is. Raises `NotFound`."""
    found: UUID | None = await fetchval("SELECT person_id FROM calendar_feed WHERE token = $1", token)
    if found is None:
        raise NotFound()
    return found
