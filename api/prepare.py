"""What happens once before serving: wait for the database, migrate it, load the demo. A process of its own, so that
the supervisor stays small."""

import asyncio
import sys
import time
from importlib.util import find_spec

import asyncpg

from core import database
from core.errors import AppError
from core.migrate import migrate
from core.outages import AWAY
from core.settings import Environment, Settings, get_settings
from core.step import step

_PATIENCE_SECONDS = 30.0


class DatabaseAway(Exception):
    """No connection to the database within half a minute; the message holds PostgreSQL's reason."""


async def wait_for_database(url: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Return as soon as the database accepts a connection. Raises `DatabaseAway`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except (*AWAY, asyncpg.PostgresError) as error:
            if time.monotonic() > deadline:
                raise DatabaseAway(f"The database does not answer: {error}") from None
            await asyncio.sleep(0.2)
        else:
            await connection.close()
            return


async def prepare(settings: Settings) -> None:
    """Bring the database up to date; on a development server also load the demo, the first time only."""
    assert settings.database_url is not None
    owner_url = settings.migration_database_url or settings.database_url
    with step("Bringing the database up to date"):
        await wait_for_database(owner_url)
        await migrate(owner_url, application_url=settings.database_url)
    if settings.environment is Environment.development and find_spec("api.demo"):  # An image may leave it out.
        await _load_demo_once(settings)


async def _load_demo_once(settings: Settings) -> None:
    from api.demo import loader

    assert settings.database_url is not None
    await database.connect(settings.database_url, settings.pool_size, "confero-demo")
    try:
        if not await loader.is_loaded():
            with step("Loading the demo"):
                await loader.load_demo()
    finally:
        await database.disconnect()


def main() -> None:
    """Run `prepare` for the settings of the environment."""
    try:
        asyncio.run(prepare(get_settings()))
    except (DatabaseAway, AppError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
