"""Who signed in to an account, and who failed: for its owner to look through, 90 days back."""

from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q

from accounts import emails
from accounts.devices import Device
from accounts.models import Person, SignInEvent, SignInOutcome, SignInWay
from core.database import new_id, own_connection
from core.errors import Unavailable
from core.pages import PageQuery, decode_cursor, encode_cursor

KEPT = timedelta(days=90)


async def note_failure(
    person: Person, outcome: SignInOutcome, *, way: SignInWay, user_agent: str, address: str, now: datetime
) -> None:
    """Write down that somebody failed to sign in; it stays when the running transaction is rolled back.

    How often that happens is bounded by the waits of accounts/guesses.py.
    """
    try:
        async with own_connection() as connection:
            await connection.execute(
                """INSERT INTO sign_in_event (id, person_id, at, way, outcome, user_agent, address)
                   SELECT $1, id, $3, $4, $5, $6, $7 FROM person WHERE id = $2""",
                new_id(),
                person.id,
                now,
                way.value,
                outcome.value,
                user_agent[:300],
                address[:64],
            )
    except TimeoutError:
        raise Unavailable() from None


async def note_success(
    person: Person, *, way: SignInWay, user_agent: str, address: str, device: Device | None, now: datetime
) -> None:
    """Write down that the person signed in; of a browser in which they never did before they are told by mail.

    A browser is known by its device cookie (accounts/devices.py). No mail goes to an address that nobody confirmed.
    """
    is_new = way is SignInWay.browser and (device is None or not device.knows(person))
    await SignInEvent.create(
        person_id=person.id,
        at=now,
        way=way,
        outcome=SignInOutcome.signed_in,
        user_agent=user_agent[:300],
        address=address[:64],
        is_new_browser=is_new,
    )
    if is_new and person.is_confirmed:
        await emails.tell_new_browser(person, user_agent=user_agent, address=address, at=now)


async def of(person: Person, query: PageQuery, *, now: datetime) -> tuple[list[SignInEvent], str | None]:
    """A page of the person's history, the newest first, and the cursor to the next."""
    rows = SignInEvent.filter(person_id=person.id, at__gt=now - KEPT)
    if query.cursor:
        at, row_id = decode_cursor(query.cursor, datetime, UUID)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=row_id))
    found = await rows.order_by("-at", "-id").limit(query.limit + 1)
    shown = found[: query.limit]
    return shown, encode_cursor(shown[-1].at, shown[-1].id) if len(found) > query.limit else None
