"""Work that costs more than a page is counted before the request is read, and again where it took too much."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from starlette.requests import Request

from accounts import allowances
from accounts.allowances import GIVEN_UP_COUNTS, Work
from api import auth
from core.confinement import GIVEN_UP
from core.errors import RateLimited


@asynccontextmanager
async def charged(request: Request, work: Work | None) -> AsyncIterator[None]:
    """Count what the block does as `work` of who is asking. Raises `RateLimited` before the block begins."""
    if work is None:
        yield
        return
    person, address = auth.caller_of(request).person, auth.client_address(request)
    await allowances.ask(work, person=person, address=address, now=datetime.now(UTC))
    given_up: list[str] = []
    GIVEN_UP.set(given_up)
    try:
        yield
    finally:
        if given_up:
            times = GIVEN_UP_COUNTS * len(given_up)
            with suppress(RateLimited):  # it is the next request that is refused
                await allowances.ask(work, person=person, address=address, now=datetime.now(UTC), times=times)
