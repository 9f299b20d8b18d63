"""An application in process, and what was mailed."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from api.app import create_app
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The whole application on the test's database."""
    return create_app(settings)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A browser where nobody is signed in."""
    async with accounts.signed_in(app, None) as client:
        yield client


async def mails_to(email: str) -> list[OutgoingMail]:
    """What was mailed to an address, the oldest first."""
    return await OutgoingMail.filter(to_address=email).order_by("created_at", "id")


async def link_to(email: str, place: str) -> str:
    """The path of the latest link to `place` (confirm, reset) that was mailed to an address."""
    for mail in reversed(await mails_to(email)):
        if found := re.search(rf"http://testserver(/{place}/[\w-]+)", mail.text):
            return found[1]
    raise AssertionError(f"no link to {place} was mailed to {email}")
