"""Commands about all the data: migrate, backup, restore, demo."""

import asyncio
from pathlib import Path

import typer

from api import backup
from api.commands.database import connected, reachable
from api.commands.terminal import say
from api.progress import progress
from core import files
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import Settings


def migrate_database(settings: Settings) -> None:
    """Bring the database to the present schema."""

    async def run() -> None:
        async with reachable(settings) as url:
            await migrate(settings.migration_database_url or url, application_url=url)

    asyncio.run(run())
    say("The database is up to date.")


def back_up(settings: Settings, file: Path) -> None:
    """Write the backup and say what is in it."""

    async def run() -> int:
        async with reachable(settings) as url:
            manifest = await backup.back_up(url, files.store(), file)
        return len(manifest["members"]) - 1

    count = asyncio.run(run())
    say(f"{file}: database and {count} files, {file.stat().st_size:,} bytes.")


def put_back(settings: Settings, file: Path, *, force: bool) -> None:
    """Restore a backup; an embedded database must not be in use."""

    async def run() -> None:
        if settings.database_url is not None:
            owner_url = settings.migration_database_url or settings.database_url
            manifest = await backup.restore(owner_url, files.store(), file, force=force)
            await migrate(owner_url, application_url=settings.database_url)
        else:
            async with EmbeddedPostgres(settings.var_dir / "postgres").owned() as url:
                manifest = await backup.restore(url, files.store(), file, force=force)
        say(f"Restored what Confero {manifest['confero']} wrote at {manifest['written_at']}.")

    asyncio.run(run())


def load_demo(settings: Settings, people: int | None) -> None:
    """Load the demo, with a progress bar."""
    if settings.is_production:
        raise typer.BadParameter("A production server has no demo.")

    async def run() -> None:
        from api.demo import loader

        async with connected(settings):
            if people is None and await loader.is_loaded():
                say("The demo is already there.")
                return
            with progress("Loading the demo") as report:
                await loader.load_demo(people, progress=report)

    asyncio.run(run())
