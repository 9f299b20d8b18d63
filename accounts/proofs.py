"""Proving again who one is: what would hand an account or an organization over asks for the password once more.

The moment of the last proof belongs to what lets somebody in. A session's is when the password was typed in it last; an
API token's is when it was made, which asked for the password, and it never gets another.
Source: OWASP Application Security Verification Standard 5.0, section 7.5.3 (full or secondary authentication before
highly sensitive operations).
"""

from datetime import datetime, timedelta
from uuid import UUID

from accounts import credentials, people
from accounts.models import Person, SignInSession
from core.database import transaction
from core.errors import Forbidden
from core.i18n import N_

LIFETIME = timedelta(minutes=10)
"""How long a proof counts."""


class PasswordAgain(Forbidden):
    """403: the password was typed, or the token made, more than ten minutes ago."""

    code = "password_again"
    message = N_("Type your password again for this. A program makes a new token, which counts for ten minutes.")


def require_recent(proved_at: datetime | None, *, now: datetime) -> None:
    """Raise `PasswordAgain` unless the last proof is younger than ten minutes."""
    if proved_at is None or proved_at <= now - LIFETIME:
        raise PasswordAgain()


async def prove(person: Person, password: str, *, session_id: UUID, field: str, now: datetime) -> None:
    """Note in the session that its person has typed their password again.

    Raises `InvalidInput` for `field`, `RateLimited` for guessing, and `CredentialsEnded`.
    """
    await people.require_password(person, password, field=field, now=now)
    async with transaction():
        await credentials.require_current(person)
        await SignInSession.filter(id=session_id, person_id=person.id).update(proved_at=now)
