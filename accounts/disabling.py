"""What an operator does with an account: disable and enable it, end what lets anybody in. Nobody else may.

A disabled account opens nothing. Its registrations, roles and certificates stay as they are.
"""

from datetime import datetime

from accounts import audit, credentials, emails
from accounts.models import Person
from core.database import transaction
from core.errors import Conflict, NotFound


class AlreadySo(Conflict):
    """409: the account is in that state already."""

    code = "already_so"


async def by_address(email: str) -> Person:
    """The account of an address in its normal form. Raises `NotFound`."""
    person = await Person.get_or_none(email=email, erased_at=None)
    if person is None:
        raise NotFound(f"No account has the address {email}.")
    return person


async def disable(person: Person, *, now: datetime) -> None:
    """Let nobody in, at once: every credential ends, and none can be made. The owner is told what to do."""
    async with transaction():
        await credentials.hold(person.id)
        if not await Person.filter(id=person.id, disabled_at=None).update(disabled_at=now):
            raise AlreadySo("The account is disabled already.")
        await credentials.end_all(person, by=None, now=now)
        await audit.record("person.disabled", by=None, object_kind="person", object_id=person.id)
        await emails.tell_disabled(person)


async def enable(person: Person, *, now: datetime) -> None:
    """Let the owner in again, with the password they had; what was ended stays ended. They are told."""
    async with transaction():
        if not await Person.filter(id=person.id, disabled_at__isnull=False).update(disabled_at=None):
            raise AlreadySo("The account is not disabled.")
        await audit.record("person.enabled", by=None, object_kind="person", object_id=person.id)
        await emails.tell_enabled(person)


async def sign_out(person: Person, *, now: datetime) -> None:
    """End every session, token, link and secret address; the password stays, and the owner signs in again."""
    async with transaction():
        await credentials.end_all(person, by=None, now=now)
        await emails.tell_signed_out(person)
