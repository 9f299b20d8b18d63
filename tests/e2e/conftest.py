"""What browser tests may ask for: a real server (`server`), its database (`live`) and Chromium (`browser`)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from core import database
from core.settings import use_settings
from tests import postgres
from tests.e2e.live import LiveServer
from tests.patience import PATIENCE
from tests.ports import free_port

_SYSTEM_CHROMIUM = next((path for path in [Path("/usr/bin/chromium")] if path.exists()), None)
_ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-dev-shm-usage"]
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def server(test_server: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`confero serve`, one for all browser tests of this xdist worker; tests share it and make rows of their own."""
    name = postgres.name_for(f"{worker_id}_live")
    url = asyncio.run(postgres.create(test_server, name))
    live = LiveServer(tmp_path_factory.mktemp("live"), free_port(), url)
    try:
        live.start()
        yield live
    finally:
        live.end()
        asyncio.run(postgres.drop(test_server, name))


@pytest.fixture
async def live(server: LiveServer) -> AsyncIterator[LiveServer]:
    """The server, with this process connected to its database and using its settings, for factories and queries."""
    use_settings(server.settings)
    await database.connect(server.database_url, pool_size=4, application_name="confero-test")
    yield server
    await database.disconnect()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium: the system's, else Playwright's own."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=_SYSTEM_CHROMIUM, args=_ARGUMENTS)
        yield chromium
        await chromium.close()
