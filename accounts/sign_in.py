"""Knowing who is asking: browser sessions and API tokens, found by the keyed hash of their secret."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import ApiToken, Person, SignInSession
from accounts.tokens import fingerprint, new_secret
from core.database import execute, fetchrow
from core.settings import get_settings

_PERSON = (
    "p.id, p.email, p.password_hash, p.display_name, p.certificate_name, p.locale, p.time_zone,"
    " p.email_confirmed_at, p.created_at, p.erased_at"
)
_SEEN_EVERY = timedelta(minutes=5)


def _person(row: Any) -> Person:  # Any: an asyncpg record, which Tortoise takes by keyword
    return Person._init_from_db(**{name: row[name] for name in Person._meta.fields_db_projection})


async def person_by_session(secret: str, *, now: datetime) -> tuple[Person, UUID] | None:
    """The person and session behind a cookie, or None where it ended. Notes every five minutes that it was seen."""
    row = await fetchrow(
        f"""SELECT {_PERSON}, s.id AS session_id, s.last_seen_at FROM sign_in_session s
            JOIN person p ON p.id = s.person_id
            WHERE s.token_hash = $1 AND s.expires_at > $2 AND p.erased_at IS NULL""",
        fingerprint(secret),
        now,
    )
    if row is None:
        return None
    if row["last_seen_at"] < now - _SEEN_EVERY:
        await execute("UPDATE sign_in_session SET last_seen_at = $2 WHERE id = $1", row["session_id"], now)
    return _person(row), row["session_id"]


async def person_by_token(secret: str, *, now: datetime) -> tuple[Person, frozenset[str]] | None:
    """The person and scopes behind a bearer token, or None where it is unknown, expired or revoked."""
    row = await fetchrow(
        f"""SELECT {_PERSON}, t.id AS token_id, t.scopes, t.last_used_at FROM api_token t
            JOIN person p ON p.id = t.person_id
            WHERE t.token_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND p.erased_at IS NULL""",
        fingerprint(secret),
        now,
    )
    if row is None:
        return None
    if row["last_used_at"] is None or row["last_used_at"] < now - _SEEN_EVERY:
        await execute("UPDATE api_token SET last_used_at = $2 WHERE id = $1", row["token_id"], now)
    return _person(row), frozenset(row["scopes"])


async def start_session(person: Person, *, user_agent: str, address: str, now: datetime) -> str:
    """Sign a browser in; returns the secret for its cookie."""
    secret = new_secret()
    await SignInSession.create(
        person_id=person.id,
        token_hash=fingerprint(secret),
        user_agent=user_agent[:300],
        address=address[:64],
        expires_at=now + timedelta(days=get_settings().session_days),
    )
    return secret


async def end_session(session_id: UUID, *, person: Person) -> bool:
    """End one of the person's sessions; False where it is not theirs or ended before."""
    return bool(await SignInSession.filter(id=session_id, person_id=person.id).delete())


async def create_token(
    person: Person, *, name: str, scopes: list[str], now: datetime, expires_at: datetime
) -> tuple[ApiToken, str]:
    """Make an API token; returns the row and the secret, which is shown once and stored hashed."""
    secret = "cfr_" + new_secret()
    token = await ApiToken.create(
        person_id=person.id,
        name=name,
        prefix=secret[:10],
        token_hash=fingerprint(secret),
        scopes=sorted(scopes),
        expires_at=expires_at,
    )
    return token, secret
