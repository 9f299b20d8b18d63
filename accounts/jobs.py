"""Jobs of accounts: tidying what is over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import invitations, limits, refusals, sign_in, sign_in_history
from accounts.models import Person
from core import mail
from core.announce import on
from core.database import execute, transaction
from core.jobs import schedule

_REPLAY = timedelta(days=1)
_MAILS = timedelta(days=30)
_LINKS = timedelta(days=30)


@on("person.confirmed", name="accounts.accept_invitations")
async def accept_invitations(person_id: UUID, facts: dict[str, Any]) -> None:
    """Give what waits for a confirmed address, where the process that confirmed it did not know every kind."""
    async with transaction():
        await execute("SELECT 1 FROM person WHERE id = $1 FOR NO KEY UPDATE", person_id)
        await invitations.accept(await Person.get(id=person_id), now=datetime.now(UTC))


@schedule("accounts.sweep", every=timedelta(hours=1))
async def sweep() -> None:
    """Delete ended counts, sessions, sign-ins, links, invitations, kept answers, and the words of old mails."""
    now = datetime.now(UTC)
    await limits.sweep(now=now)
    await refusals.sweep(now=now)
    await execute("DELETE FROM idempotent_request WHERE created_at < $1", now - _REPLAY)
    await execute("DELETE FROM sign_in_session WHERE expires_at < $1 OR last_seen_at < $2", now, now - sign_in.idle())
    await execute("DELETE FROM sign_in_event WHERE at < $1", now - sign_in_history.KEPT)
    await execute("DELETE FROM single_use_link WHERE expires_at < $1", now - _LINKS)
    await execute("DELETE FROM invitation WHERE expires_at < $1", now)
    await mail.forget_sent_before(now - _MAILS)
