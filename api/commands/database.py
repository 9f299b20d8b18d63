"""The database of a command: the configured one, the embedded one that runs, or the embedded one started for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core import database
from core.postgres import EmbeddedPostgres
from core.settings import Settings, use_settings


@asynccontextmanager
async def reachable(settings: Settings) -> AsyncIterator[str]:
    """Yield the URL of a database that runs; an embedded one that nobody runs is started and stopped again."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.var_dir / "postgres")
    if await embedded.answers():
        yield embedded.url()
        return
    async with embedded.owned() as url:
        yield url


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Settings]:
    """Migrate and connect Tortoise for a command; yields the settings with the database's URL, made the process's."""
    from core.migrate import migrate

    async with reachable(settings) as url:
        await migrate(url)
        complete = settings.model_copy(update={"database_url": url})
        use_settings(complete)
        await database.connect(url, settings.pool_size, "confero-command")
        try:
            yield complete
        finally:
            await database.disconnect()
