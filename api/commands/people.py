"""`confero people create`: the first owner, and anybody who cannot sign up."""

import asyncio
from datetime import UTC, datetime

import typer
from pydantic import BaseModel

from accounts.people import create_owner
from accounts.schemas import Email, Name
from api import parse
from api.commands.database import connected
from core.settings import Settings


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
        typer.echo(f"{person.email} is {role} of {there.name}: {settings.public_url}/organize/{there.slug}")

    asyncio.run(run())
