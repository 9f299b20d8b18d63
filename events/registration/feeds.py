"""The secret address under which a calendar program reads one person's registrations."""

from datetime import datetime
from uuid import UUID

from accounts import audit, credentials
from accounts.models import Person
from accounts.tokens import fingerprint, new_secret
from core.database import execute, fetchval, transaction
from core.errors import NotFound
from core.settings import get_settings


async def made_at(person: Person) -> datetime | None:
    """When the person made the secret address that they have, or None. The address itself is shown once."""
    made: datetime | None = await fetchval(
        """SELECT f.created_at FROM calendar_feed f JOIN person p ON p.id = f.person_id
           WHERE f.person_id = $1 AND f.epoch = p.credential_epoch""",
        person.id,
    )
    return made


async def renew(person: Person, *, now: datetime) -> str:
    """Make a new secret address and return it; the one before ends at once. Raises `CredentialsEnded`."""
    secret = new_secret()
    async with transaction():
        await credentials.require_current(person)
        await execute(
            """INSERT INTO calendar_feed (person_id, token_hash, epoch, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (person_id) DO UPDATE
               SET token_hash = excluded.token_hash, epoch = excluded.epoch, created_at = excluded.created_at""",
            person.id,
            fingerprint(secret),
            person.credential_epoch,
            now,
        )
        await audit.record("calendar_feed.renewed", by=person, object_kind="person", object_id=person.id)
    return f"{get_settings().public_url}/calendars/{secret}.ics"


async def end(person: Person, *, now: datetime) -> None:
    """Take the secret address away; a second time changes nothing."""
    async with transaction():
        gone = await fetchval("DELETE FROM calendar_feed WHERE person_id = $1 RETURNING person_id", person.id)
        if gone is not None:
            await audit.record("calendar_feed.ended", by=person, object_kind="person", object_id=person.id)


async def person_behind(secret: str) -> UUID:
    """Whose calendar a secret address is. Raises `NotFound`, also where the person's credentials ended since."""
    found: UUID | None = await fetchval(
        """SELECT f.person_id FROM calendar_feed f JOIN person p ON p.id = f.person_id
           WHERE f.token_hash = $1 AND f.epoch = p.credential_epoch
             AND p.disabled_at IS NULL AND p.erased_at IS NULL""",
        fingerprint(secret),
    )
    if found is None:
        raise NotFound()
    return found
