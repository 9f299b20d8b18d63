"""Limits on failures per account and per network address, counted in PostgreSQL and so shared by all processes.

Counts are written outside the running transaction: a refused sign-in rolls its transaction back, and must count.
Accounts and addresses are stored as keyed hashes only.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.tokens import fingerprint
from core.database import fetchrow, own_connection
from core.errors import RateLimited, Unavailable
from core.i18n import ngettext

_UPSERT = """
INSERT INTO failure_count AS c (bucket, window_ends_at, failures) VALUES ($1, $2, $4)
ON CONFLICT (bucket) DO UPDATE SET
  failures = CASE WHEN c.window_ends_at <= $3 THEN EXCLUDED.failures
             ELSE LEAST(c.failures + EXCLUDED.failures, 1000000) END,
  window_ends_at = CASE WHEN c.window_ends_at <= $3 THEN EXCLUDED.window_ends_at ELSE c.window_ends_at END
RETURNING failures, window_ends_at"""


class Occasion(StrEnum):
    """What is limited; each counts for itself."""

    sign_in = "sign_in"
    reset = "reset"
    sign_up = "sign_up"
    mail = "mail"
    password = "password"  # noqa: S105  an occasion: asking a signed-in person for the password again
    invitation = "invitation"
    files = "files"
    lookups = "lookups"
    directory = "directory"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `failures` of `occasion` in `window`, from one account or one address."""

    occasion: Occasion
    kind: str
    failures: int
    window: timedelta

    def bucket(self, whose: str) -> str:
        """The row that counts for `whose` (an e-mail address, an id, a network address)."""
        return f"{self.occasion} {self.kind} {fingerprint(whose)}"


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber gets (RFC 6177).

    An IPv4 address that a socket or proxy for both writes as IPv6 (`::ffff:192.0.2.7`) is itself: all of them share one
    /64. A port that a proxy writes beside it makes no new one.
    """
    try:
        parsed = ipaddress.ip_address(_without_port(address))
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)


def _without_port(address: str) -> str:
    """The address of `192.0.2.7:4711` or `[2001:db8::1]:4711`; others as they are."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def mailbox_of(email: str) -> str:
    """What counts as one recipient: `amina+anything@…` is the mailbox of `amina@…`, and Gmail's have no dots.

    For counting alone; accounts are told apart by the whole address.
    """
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


async def refuse_over(limit: Limit, whose: str, *, now: datetime) -> None:
    """Raise `RateLimited` where the limit is reached already; counts nothing."""
    row = await fetchrow(
        "SELECT failures, window_ends_at FROM failure_count WHERE bucket = $1 AND window_ends_at > $2",
        limit.bucket(whose),
        now,
    )
    if row is not None and row["failures"] >= limit.failures:
        raise _refusal(row["window_ends_at"], now)


async def count(limit: Limit, whose: str, *, now: datetime, times: int = 1) -> None:
    """Count one more (or `times` as many) in a single statement and raise `RateLimited` where that is over the limit.

    Called before the password is looked at where guesses sent at once must not slip through together; `forget` takes
    the count back after a success.
    """
    try:
        async with own_connection() as connection:
            row = await connection.fetchrow(_UPSERT, limit.bucket(whose), now + limit.window, now, times)
    except TimeoutError:
        raise Unavailable() from None
    assert row is not None  # an upsert with RETURNING gives a row
    if row["failures"] > limit.failures:
        raise _refusal(row["window_ends_at"], now)


async def forget(limit: Limit, whose: str) -> None:
    """Start from zero again, after a success."""
    try:
        async with own_connection() as connection:
            await connection.execute("DELETE FROM failure_count WHERE bucket = $1", limit.bucket(whose))
    except TimeoutError:
        raise Unavailable() from None


async def sweep(*, now: datetime) -> None:
    """Delete the counts whose window is over."""
    async with own_connection() as connection:
        await connection.execute("DELETE FROM failure_count WHERE window_ends_at <= $1", now)


def _refusal(until: datetime, now: datetime) -> RateLimited:
    seconds = max(1, int((until - now).total_seconds()) + 1)
    minutes = -(-seconds // 60)
    message = ngettext(
        "Too many attempts. Try again in %(n)s minute.", "Too many attempts. Try again in %(n)s minutes.", minutes
    )
    return RateLimited(seconds, message % {"n": minutes})
