"""Bringing the database to this version of the code: Tortoise's migrations of every package, in import order."""

from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from core.database import APPS, Connection, fetch, tortoise_config
from core.errors import AppError
from core.grants import grant
from core.i18n import N_

_LOCK = 0x636F6E66  # "conf": two migrations at once break each other
ROOT = Path(__file__).resolve().parent.parent

CONFIG: dict[str, Any] = tortoise_config("postgres://localhost/confero")
"""For the command line: `tortoise -c core.migrate.CONFIG makemigrations events`; nothing connects for that."""


class SchemaOutdated(AppError):
    """503: the database lacks migrations, and the role that is connected may not make them."""

    code, status = "schema_outdated", 503
    message = N_(
        "The database is older than this program, and this role may not change it. Run `confero migrate` with"
        " CONFERO_MIGRATION_DATABASE_URL, the address of the role that owns the tables."
    )


async def migrate(database_url: str, *, application_url: str | None = None) -> None:
    """Apply every migration that the database lacks, under an advisory lock; a second run changes nothing.

    `application_url` names the role of the application where it is another one, which is then granted what it needs
    (core/grants.py). Opens connections of its own and closes them. Must not run while this process is connected through
    Tortoise. Raises `SchemaOutdated`, and `CannotGrant`.
    """
    lock = await asyncpg.connect(database_url, timeout=30, command_timeout=600)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if await _lacks(lock):
            if not await lock.fetchval("SELECT has_schema_privilege('public', 'CREATE')"):
                raise SchemaOutdated()
            try:
                await run_migrations(config=tortoise_config(database_url, 1, "confero-migrate"))
            finally:
                await Tortoise.close_connections()
        if application_url is not None:
            await grant(lock, application_url)
    finally:
        await lock.close()


async def _lacks(connection: Connection) -> bool:
    if not await connection.fetchval("SELECT to_regclass('public.tortoise_migrations') IS NOT NULL"):
        return True
    rows = await connection.fetch("SELECT app, name FROM tortoise_migrations")
    return not known() <= {(row["app"], row["name"]) for row in rows}


@cache
def known() -> frozenset[tuple[str, str]]:
    """Every migration in the code, as (package, name)."""
    return frozenset((app, file.stem) for app in APPS for file in (ROOT / app / "migrations").glob("[0-9]*.py"))


async def pending() -> bool:
    """Whether the connected database lacks a migration of this code."""
    if await fetch("SELECT 1 FROM pg_class WHERE relname = 'tortoise_migrations'") == []:
        return True
    applied = {(row["app"], row["name"]) for row in await fetch("SELECT app, name FROM tortoise_migrations")}
    return not known() <= applied
