"""Wrong passwords: who must wait how long before the next one is heard.

Nobody is locked out. After a number of failures the next try is heard after 1, 2, 4, … seconds, up to a longest wait
(NIST SP 800-63B section 5.2.2 lists growing waits and known devices against lock-outs as a weapon; the device cookie is
OWASP's). A try takes its turn in one statement before the password is looked at, so that guesses sent at once do not
slip through together. Counted outside the running transaction, as in accounts/limits.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.devices import Device
from accounts.limits import Occasion, network_of
from accounts.models import Person
from accounts.tokens import fingerprint
from core.database import fetchval, own_connection
from core.errors import RateLimited, Unavailable
from core.i18n import ngettext
from core.settings import get_settings

_TURN = """
INSERT INTO failure_count AS c (bucket, window_ends_at, failures, next_try_at)
VALUES ($1, $2::timestamptz + $3, 1, CASE WHEN $4::int = 1 THEN $2::timestamptz + interval '1 second' END)
ON CONFLICT (bucket) DO UPDATE SET (failures, window_ends_at, next_try_at) = (
  SELECT n, CASE WHEN $6::bool OR n = 1 THEN EXCLUDED.window_ends_at ELSE c.window_ends_at END,
         CASE WHEN n >= $4 THEN
           $2::timestamptz + make_interval(secs => LEAST($5::float8, 2::float8 ^ LEAST(n - $4, 30))) END
  FROM (SELECT CASE WHEN c.window_ends_at <= $2 THEN 1 ELSE LEAST(c.failures + 1, 1000000) END AS n) AS counted)
WHERE c.next_try_at IS NULL OR c.next_try_at <= $2 OR c.window_ends_at <= $2 OR $7::bool
RETURNING failures"""


@dataclass(frozen=True, slots=True)
class Pace:
    """After `free` failures of `occasion` each next one waits twice as long as the one before, `longest` at most.

    Counts end `kept` after the last failure, or after the first one where they do not slide.
    """

    occasion: Occasion
    kind: str
    free: int
    longest: timedelta
    kept: timedelta
    slides: bool = True

    def bucket(self, whose: str) -> str:
        """The row that counts for `whose`."""
        return f"{self.occasion} {self.kind} {fingerprint(whose)}"


@dataclass(frozen=True, slots=True)
class Guess:
    """One try at a person's password that may be heard; what it turns out to be is told to it."""

    pace: Pace
    whose: str
    address: str | None

    async def was_wrong(self, *, now: datetime) -> None:
        """Count it for the network too, where the browser is unknown. The account's own count stands already."""
        if self.address is not None:
            await _count(_network(), network_of(self.address), now=now, waits=False)

    async def was_right(self) -> None:
        """Start from zero again. What strangers failed at stays counted where this came from a known browser."""
        await forget(self.pace, self.whose)


async def begin(email: str, person: Person | None, *, device: Device | None, address: str, now: datetime) -> Guess:
    """Take the turn of one try to sign in as `email` (lower case; `person` is whose it is, if anybody's).

    A browser that this person has used before is counted for itself alone. Any other is counted by account, known or
    not, and by network. Raises `RateLimited` where the next try is not due yet.
    """
    if person is not None and device is not None and device.knows(person):
        guess = Guess(_device(), f"{device.number} {person.id}", None)
    else:
        await _refuse_early(_network(), network_of(address), now=now)
        guess = Guess(_account(), email, address)
    await _count(guess.pace, guess.whose, now=now, waits=True)
    return guess


async def begin_own(person_id: UUID, *, now: datetime) -> Guess:
    """Take the turn of one try at the password of somebody who is signed in. Raises `RateLimited`."""
    guess = Guess(_own(), str(person_id), None)
    await _count(guess.pace, guess.whose, now=now, waits=True)
    return guess


async def forget_account(email: str) -> None:
    """Forget what strangers failed at: its person has proved by mail who they are."""
    await forget(_account(), email)


async def forget(pace: Pace, whose: str) -> None:
    """Start from zero again."""
    try:
        async with own_connection() as connection:
            await connection.execute("DELETE FROM failure_count WHERE bucket = $1", pace.bucket(whose))
    except TimeoutError:
        raise Unavailable() from None


def _account() -> Pace:
    free = get_settings().sign_in_failures_per_account
    return Pace(Occasion.sign_in, "account", free, timedelta(minutes=15), timedelta(days=1))


def _device() -> Pace:
    free = get_settings().sign_in_failures_per_account
    return Pace(Occasion.sign_in, "device", free, timedelta(minutes=15), timedelta(days=1))


def _own() -> Pace:
    free = get_settings().sign_in_failures_per_account
    return Pace(Occasion.password, "account", free, timedelta(minutes=15), timedelta(days=1))


def _network() -> Pace:
    free = get_settings().sign_in_failures_per_address
    return Pace(Occasion.sign_in, "address", free, timedelta(minutes=1), timedelta(minutes=15), slides=False)


async def _count(pace: Pace, whose: str, *, now: datetime, waits: bool) -> None:
    try:
        async with own_connection() as connection:
            counted = await connection.fetchval(
                _TURN,
                pace.bucket(whose),
                now,
                pace.kept,
                pace.free,
                pace.longest.total_seconds(),
                pace.slides,
                not waits,
            )
    except TimeoutError:
        raise Unavailable() from None
    if counted is None:
        await _refuse_early(pace, whose, now=now)
        raise _refusal(now + timedelta(seconds=1), now)  # forgotten in this moment


async def _refuse_early(pace: Pace, whose: str, *, now: datetime) -> None:
    due = await fetchval(
        "SELECT next_try_at FROM failure_count WHERE bucket = $1 AND next_try_at > $2 AND window_ends_at > $2",
        pace.bucket(whose),
        now,
    )
    if due is not None:
        raise _refusal(due, now)


def _refusal(due: datetime, now: datetime) -> RateLimited:
    seconds = -(-int((due - now).total_seconds() * 1000) // 1000)
    if seconds < 60:
        n = seconds
        message = ngettext(
            "Too many wrong passwords. Try again in %(n)s second.",
            "Too many wrong passwords. Try again in %(n)s seconds.",
            n,
        )
    else:
        n = -(-seconds // 60)
        message = ngettext(
            "Too many wrong passwords. Try again in %(n)s minute.",
            "Too many wrong passwords. Try again in %(n)s minutes.",
            n,
        )
    return RateLimited(max(1, seconds), message % {"n": n})
