"""What lets somebody in besides the password: sessions, API tokens, links in mails, secret addresses; and their end.

Every ending raises the account's `credential_epoch`. Whoever makes a credential first holds the person's row and is
refused where the epoch under which they were let in is over (`require_current`), so nothing that is made at the same
moment outlives an ending. Tables of packages above keep the epoch beside their secrets and compare it when they read.
"""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import ApiToken, LinkPurpose, Person, SignInSession, SingleUseLink
from core.database import execute, fetchrow, transaction
from core.errors import NotSignedIn
from core.i18n import N_

ENDED_LINKS = (LinkPurpose.confirm_email, LinkPurpose.reset_password)
"""Not `keep_email`: whoever took an account over must not end the link by which its owner takes it back."""


class CredentialsEnded(NotSignedIn):
    """401: what let this request in was ended while it ran."""

    code = "credentials_ended"
    message = N_("You were signed out meanwhile. Sign in again.")


async def hold(person_id: UUID) -> None:
    """Hold the person's row until the transaction ends, before any row of a credential: all commands in one order."""
    await execute("SELECT 1 FROM person WHERE id = $1 FOR NO KEY UPDATE", person_id)


async def require_current(person: Person) -> None:
    """Hold the person's row; raise `CredentialsEnded` where they did since `person` was read."""
    row = await fetchrow(
        """SELECT 1 FROM person WHERE id = $1 AND credential_epoch = $2 AND erased_at IS NULL AND disabled_at IS NULL
           FOR NO KEY UPDATE""",
        person.id,
        person.credential_epoch,
    )
    if row is None:
        raise CredentialsEnded()


async def end_all(person: Person, *, by: Person | None, now: datetime, keep: UUID | None = None) -> None:
    """End every credential of the person but the session `keep`, in which they are acting.

    Sessions and API tokens end, links to confirm an address (a change that was asked for) and to set a password, and
    secret calendar addresses.
    """
    async with transaction():
        await execute("UPDATE person SET credential_epoch = credential_epoch + 1 WHERE id = $1", person.id)
        sessions = SignInSession.filter(person_id=person.id)
        if keep is not None:
            sessions = sessions.exclude(id=keep)
        ended = {
            "sessions": await sessions.delete(),
            "tokens": await ApiToken.filter(person_id=person.id, revoked_at=None).update(revoked_at=now),
            "links": await SingleUseLink.filter(
                person_id=person.id, purpose__in=list(ENDED_LINKS), used_at=None, expires_at__gt=now
            ).update(used_at=now),
        }
        await audit.record("credentials.ended", by=by, object_kind="person", object_id=person.id, after=ended)
