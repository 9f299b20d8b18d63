"""Knowing who is asking: browser sessions and API tokens, found by the keyed hash of their secret."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import audit, credentials, emails, guesses, invitations, links, passwords, sign_in_history
from accounts.devices import Device
from accounts.limits import Limit, Occasion, count, network_of
from accounts.models import ApiToken, LinkPurpose, Person, SignInOutcome, SignInSession, SignInWay
from accounts.tokens import fingerprint, new_secret
from core.announce import announce
from core.database import execute_if_free, fetchrow, transaction
from core.errors import AppError, Forbidden, NotFound, RateLimited
from core.i18n import N_
from core.settings import get_settings

_PERSON = (
    "p.id, p.email, p.password_hash, p.display_name, p.certificate_name, p.locale, p.time_zone,"
    " p.email_confirmed_at, p.created_at, p.erased_at, p.disabled_at, p.credential_epoch"
)
_SEEN_EVERY = timedelta(minutes=5)
_SEEN = "UPDATE {0} SET {1} = $2 WHERE id = (SELECT id FROM {0} WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)"
"""Never waits: whoever asks only reads, and another request notes the same at this moment, or the next one will."""


class InvalidCredentials(AppError):
    """401: unknown address, wrong password, or an address that nobody has confirmed; they look and take the same.

    Were an unconfirmed account let in, whoever signs up could see from it whether the address was known before.
    """

    code, status = "invalid_credentials", 401
    message = N_(
        "This address and password do not belong together, or the address is not confirmed yet. Check both, follow the"
        " link in our mail, or set a new password."
    )


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a request has to know about the session it came in; `is_noted`: that it was seen was written just now."""

    id: UUID
    proved_at: datetime | None
    expires_at: datetime
    is_noted: bool


def _person(row: Any) -> Person:  # Any: an asyncpg record, which Tortoise takes by keyword
    return Person._init_from_db(**{name: row[name] for name in Person._meta.fields_db_projection})


def idle() -> timedelta:
    """How long a session lasts after its browser was last seen."""
    return timedelta(days=get_settings().session_idle_days)


async def person_by_session(secret: str, *, now: datetime) -> tuple[Person, SessionFacts] | None:
    """The person and session behind a cookie, or None where it ended. Notes every five minutes that it was seen."""
    row = await fetchrow(
        f"""SELECT {_PERSON}, s.id AS session_id, s.last_seen_at, s.proved_at, s.expires_at FROM sign_in_session s
            JOIN person p ON p.id = s.person_id
            WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
              AND p.erased_at IS NULL AND p.disabled_at IS NULL""",
        fingerprint(secret),
        now,
        now - idle(),
    )
    if row is None:
        return None
    is_noted = row["last_seen_at"] < now - _SEEN_EVERY
    if is_noted:
        is_noted = await execute_if_free(_SEEN.format("sign_in_session", "last_seen_at"), row["session_id"], now)
    return _person(row), SessionFacts(row["session_id"], row["proved_at"], row["expires_at"], is_noted)


async def person_by_token(secret: str, *, now: datetime) -> tuple[Person, frozenset[str], datetime] | None:
    """The person and scopes behind a bearer token and when it was made; None where it is unknown or over."""
    row = await fetchrow(
        f"""SELECT {_PERSON}, t.id AS token_id, t.scopes, t.last_used_at, t.created_at AS made_at FROM api_token t
            JOIN person p ON p.id = t.person_id
            WHERE t.token_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL
              AND p.erased_at IS NULL AND p.disabled_at IS NULL""",
        fingerprint(secret),
        now,
    )
    if row is None:
        return None
    if row["last_used_at"] is None or row["last_used_at"] < now - _SEEN_EVERY:
        await execute_if_free(_SEEN.format("api_token", "last_used_at"), row["token_id"], now)
    return _person(row), frozenset(row["scopes"]), row["made_at"]


async def start_session(person: Person, *, user_agent: str, address: str, is_proved: bool = True, now: datetime) -> str:
    """Sign a browser in; returns the secret for its cookie. `is_proved` says that the password was asked for just now.

    Raises `CredentialsEnded` where they ended since `person` was read.
    """
    secret = new_secret()
    async with transaction():
        await credentials.require_current(person)
        await SignInSession.create(
            person_id=person.id,
            token_hash=fingerprint(secret),
            user_agent=user_agent[:300],
            address=address[:64],
            expires_at=now + timedelta(days=get_settings().session_days),
            proved_at=now if is_proved else None,
        )
    return secret


class AccountDisabled(Forbidden):
    """403: the operator has disabled the account; said only to whoever knows its password."""

    code = "account_disabled"
    message = N_(
        "This account is disabled. Write to the organization whose events you attend; its people can help you."
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where a try to sign in comes from: the network's address, the browser's own words, and its device cookie."""

    address: str
    user_agent: str = ""
    device: Device | None = None
    way: SignInWay = SignInWay.token


async def authenticate(email: str, password: str, *, attempt: Attempt, now: datetime) -> Person:
    """The person with this address and password. `email` as typed.

    Failures count per account (known or not) and per network address, or for the browser alone where the person has
    signed in with it before (accounts/guesses.py), and stand in the person's history.
    Raises `InvalidCredentials`, `RateLimited`, `AccountDisabled`.
    """
    whose, address = email.strip().lower(), attempt.address
    # Longer than the column is nobody's address, and takes the course of an unknown one.
    person = await Person.get_or_none(email=whose, erased_at=None) if len(whose) <= 254 else None
    try:
        guess = await guesses.begin(whose, person, device=attempt.device, address=address, now=now)
    except RateLimited as early:
        early.person_id = person.id if person else None
        raise
    is_right = await passwords.is_right(password, person.password_hash if person else None)
    if person is None or not (is_right and person.is_confirmed):
        await guess.was_wrong(now=now)
        await _note_failure(person, SignInOutcome.wrong_password, attempt, now)
        refusal = InvalidCredentials()
        refusal.person_id = person.id if person else None
        raise refusal
    await guess.was_right()
    if person.disabled_at is not None:
        await _note_failure(person, SignInOutcome.disabled, attempt, now)
        raise AccountDisabled()
    if person.password_hash and passwords.is_outdated(person.password_hash):
        stronger = await passwords.hash_password(password)
        # Only in place of the very same: a new password that was set meanwhile must not give way to this one.
        await Person.filter(id=person.id, password_hash=person.password_hash).update(password_hash=stronger)
    return person


async def _note_failure(person: Person | None, outcome: SignInOutcome, attempt: Attempt, now: datetime) -> None:
    if person is not None:
        await sign_in_history.note_failure(
            person, outcome, way=attempt.way, user_agent=attempt.user_agent, address=attempt.address, now=now
        )


async def _note_success(person: Person, attempt: Attempt, now: datetime) -> None:
    await sign_in_history.note_success(
        person,
        way=attempt.way,
        user_agent=attempt.user_agent,
        address=attempt.address,
        device=attempt.device,
        now=now,
    )


async def sign_in(email: str, password: str, *, attempt: Attempt, now: datetime) -> tuple[Person, str]:
    """Sign a browser in; returns the person and the secret for its cookie. Raises as `authenticate` does."""
    person = await authenticate(email, password, attempt=attempt, now=now)
    return person, await enter(person, attempt=attempt, is_proved=True, now=now)


async def enter(person: Person, *, attempt: Attempt, is_proved: bool, now: datetime) -> str:
    """Sign in whoever has shown who they are, and write it into their history; returns the secret for the cookie.

    Raises `CredentialsEnded`.
    """
    async with transaction():
        secret = await start_session(
            person, user_agent=attempt.user_agent, address=attempt.address, is_proved=is_proved, now=now
        )
        await _note_success(person, attempt, now)
        await audit.record("person.signed_in", by=person, object_kind="person", object_id=person.id)
    return secret


async def access_session(session_id: UUID, person: Person) -> SignInSession:
    """One of the person's own sessions. Raises `NotFound`."""
    session = await SignInSession.get_or_none(id=session_id, person_id=person.id)
    if session is None:
        raise NotFound()
    return session


async def end_session(session: SignInSession, *, by: Person) -> None:
    """Sign one browser out."""
    async with transaction():
        if await SignInSession.filter(id=session.id).delete():
            await audit.record("session.ended", by=by, object_kind="session", object_id=session.id)


async def end_sessions(person: Person, *, by: Person | None, except_for: UUID | None = None) -> int:
    """Sign every browser of the person out, but the one given; returns how many."""
    async with transaction():
        others = SignInSession.filter(person_id=person.id)
        if except_for is not None:
            others = others.exclude(id=except_for)
        ended = await others.delete()
        if ended:
            await audit.record(
                "sessions.ended", by=by, object_kind="person", object_id=person.id, after={"sessions": ended}
            )
    return ended


async def request_reset(email: str, *, address: str, now: datetime) -> None:
    """Mail a link to set a new password, if `email` (normal form) has an account; nothing visible tells which.

    Requests count per network address, with `RateLimited`, and per account, known or not: one that had enough gets no
    more for an hour and nobody is told, so that strangers neither flood a mailbox nor keep its owner from the link that
    was sent last.
    """
    settings, window = get_settings(), timedelta(hours=1)
    await count(
        Limit(Occasion.reset, "address", settings.reset_requests_per_address, window), network_of(address), now=now
    )
    try:
        await count(Limit(Occasion.reset, "account", settings.reset_requests_per_account, window), email, now=now)
    except RateLimited:
        return
    async with transaction():
        person = await Person.get_or_none(email=email, erased_at=None)
        if person is None:
            return
        if person.disabled_at is not None:
            await emails.tell_disabled(person)
            return
        secret = await links.create(person, LinkPurpose.reset_password, email=email, now=now)
        await emails.send_reset(person, secret)
        await audit.record("person.reset_requested", by=None, object_kind="person", object_id=person.id)


async def reset_password(secret: str, password: str, *, now: datetime) -> Person:
    """Set a new password by a reset link, which is used up; every credential ends and the address is confirmed.

    Raises `links.LinkGone`, and `InvalidInput` for a password that may not be used (the link then stays).
    """
    link = await links.find(secret, LinkPurpose.reset_password, now=now)
    person = link.person
    await passwords.check(password, email=person.email or "")
    password_hash = await passwords.hash_password(password)
    async with transaction():
        await links.use(secret, LinkPurpose.reset_password, now=now)
        confirmed = person.email_confirmed_at or (now if link.email == person.email else None)
        await Person.filter(id=person.id).update(password_hash=password_hash, email_confirmed_at=confirmed)
        await credentials.end_all(person, by=person, now=now)
        await audit.record("person.password_reset", by=person, object_kind="person", object_id=person.id)
        if person.email_confirmed_at is None and confirmed is not None:
            await invitations.accept(person, now=now)
            await announce("person.confirmed", person.id)
        await emails.tell_password_changed(person, at=now)
    await guesses.forget_account(link.email)
    await person.refresh_from_db()
    return person


async def change_password(person: Person, password: str, *, keep: UUID | None, by: Person, now: datetime) -> None:
    """Set a new password; every credential outside the session `keep` ends.

    The caller has asked for the present password. Raises `InvalidInput` for field `new_password`, and
    `CredentialsEnded`.
    """
    await passwords.check(password, email=person.email or "", field="new_password")
    password_hash = await passwords.hash_password(password)
    async with transaction():
        await credentials.require_current(person)
        await Person.filter(id=person.id).update(password_hash=password_hash)
        await credentials.end_all(person, by=by, keep=keep, now=now)
        await audit.record("person.password_changed", by=by, object_kind="person", object_id=person.id)
        await emails.tell_password_changed(person, at=now)
    await person.refresh_from_db()


async def create_token(
    person: Person,
    *,
    name: str,
    scopes: list[str],
    now: datetime,
    expires_at: datetime,
    attempt: Attempt | None = None,
) -> tuple[ApiToken, str]:
    """Make an API token; returns the row and the secret, which is shown once and stored hashed. The person is told.

    The caller has asked for the password, in `attempt` where nobody was signed in. Raises `CredentialsEnded` where
    they ended since `person` was read.
    """
    secret = "cfr_" + new_secret()
    async with transaction():
        await credentials.require_current(person)
        token = await ApiToken.create(
            person_id=person.id,
            name=name,
            prefix=secret[:10],
            token_hash=fingerprint(secret),
            scopes=sorted(scopes),
            expires_at=expires_at,
        )
        after = {"scopes": token.scopes, "expires_at": expires_at.isoformat()}
        await audit.record("token.created", by=person, object_kind="token", object_id=token.id, after=after)
        await emails.tell_token_created(person, name, at=now)
        if attempt is not None:
            await _note_success(person, attempt, now)
    return token, secret


async def access_token(token_id: UUID, person: Person) -> ApiToken:
    """One of the person's own tokens that still works. Raises `NotFound`."""
    token = await ApiToken.get_or_none(id=token_id, person_id=person.id, revoked_at=None)
    if token is None:
        raise NotFound()
    return token


async def revoke_token(token: ApiToken, *, by: Person, now: datetime) -> None:
    """End a token for good."""
    async with transaction():
        if await ApiToken.filter(id=token.id, revoked_at=None).update(revoked_at=now):
            await audit.record("token.revoked", by=by, object_kind="token", object_id=token.id)
