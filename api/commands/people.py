"""`confero people`: making the first owner, disabling and enabling, ending what is signed in."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel

from accounts import disabling
from accounts.models import Person
from accounts.people import create_owner
from accounts.schemas import Email, Name
from api import parse
from api.commands.database import connected
from api.commands.terminal import say
from core.settings import Settings


class _Address(BaseModel):
    """What stands in the command line."""

    email: Email


class NewPerson(BaseModel):
    """What stands in the command line."""

    email: Email
    name: Name
    organization: Name


def create(settings: Settings, *, email: str, name: str, organization: str, password: str, is_owner: bool) -> None:
    """Create the person and, where it does not exist, the organization. Raises `InvalidInput`."""
    given = parse.validate(NewPerson, {"email": email, "name": name, "organization": organization})

    async def run() -> None:
        async with connected(settings):
            person, there = await create_owner(
                given.email,
                password=password,
                name=given.name,
                organization=given.organization,
                is_owner=is_owner,
                now=datetime.now(UTC),
            )
        role = "an owner" if is_owner else "a person without a role"
        say(f"{person.email} is {role} of {there.name}: {settings.public_url}/organize/{there.slug}")

    asyncio.run(run())


def disable(settings: Settings, email: str) -> None:
    """Disable the account of an address. Raises `NotFound` and `AlreadySo`."""
    person = _act(settings, email, disabling.disable)
    say(f"{person.email} is disabled: nobody is signed in, no token works. They are told by mail.")


def enable(settings: Settings, email: str) -> None:
    """Enable it again. Raises `NotFound` and `AlreadySo`."""
    person = _act(settings, email, disabling.enable)
    say(f"{person.email} can sign in again. They are told by mail.")


def sign_out(settings: Settings, email: str) -> None:
    """End whatever lets somebody into the account of an address. Raises `NotFound`."""
    person = _act(settings, email, disabling.sign_out)
    say(f"Every session, token and link of {person.email} is ended. They are told by mail.")


class _Command(Protocol):
    async def __call__(self, person: Person, *, now: datetime) -> None: ...


def _act(settings: Settings, email: str, command: _Command) -> Person:
    given = parse.validate(_Address, {"email": email})

    async def run() -> Person:
        async with connected(settings):
            person = await disabling.by_address(given.email)
            await command(person, now=datetime.now(UTC))
            return person

    return asyncio.run(run())
