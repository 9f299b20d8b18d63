"""Bringing the database to this version of the code: Tortoise's migrations of every package, in import order."""

from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.migrations.api import migrate as run_migrations

from core.database import APPS, fetch, tortoise_config

_LOCK = 0x636F6E66  # "conf": two migrations at once break each other
ROOT = Path(__file__).resolve().parent.parent

CONFIG: dict[str, Any] = tortoise_config("postgres://localhost/confero")
"""For the command line: `tortoise -c core.migrate.CONFIG makemigrations events`; nothing connects for that."""


async def migrate(database_url: str) -> None:
    """Apply every migration that the database lacks, under an advisory lock; a second run changes nothing.

    Opens connections of its own and closes them. Must not run while this process is connected through Tortoise.
    """
    lock = await asyncpg.connect(database_url, timeout=30, command_timeout=600)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _LOCK)
        try:
            await run_migrations(config=tortoise_config(database_url, 1, "confero-migrate"))
        finally:
            await Tortoise.close_connections()
    finally:
        await lock.close()


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
