"""Counting the statements that a piece of code sends to PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import asyncpg

_SESSION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT pg_advisory_unlock_all")


@contextmanager
def count_queries() -> Iterator[list[str]]:
    """The statements sent inside the block, in order, without those that only begin and end transactions.

    asyncpg is watched, not replaced: every statement still reaches the database.
    """
    sent: list[str] = []
    connection: Any = asyncpg.Connection  # Any: the method that all statements with arguments pass is private
    run, run_plain = connection._execute, connection.execute

    async def watched(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return await run(self, query, *arguments, **options)

    async def watched_plain(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        if not arguments and not query.strip().startswith(_SESSION):
            sent.append(query)
        return await run_plain(self, query, *arguments, **options)

    with (
        patch.object(asyncpg.Connection, "_execute", watched),
        patch.object(asyncpg.Connection, "execute", watched_plain),
    ):
        yield sent
