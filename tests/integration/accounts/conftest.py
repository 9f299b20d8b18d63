"""An application in process, and what was mailed."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import FailureCount
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


async def wait_longer() -> None:
    """Make every wait that has begun the longest there is, so that a slow machine does not sit it out."""
    await FailureCount.filter(next_try_at__not_isnull=True).update(
        next_try_at=datetime.now(UTC) + timedelta(minutes=14, seconds=59)
    )


async def sit_out_waits() -> None:
    """Let every wait be over, as if the time had passed."""
    await FailureCount.all().update(next_try_at=None)
