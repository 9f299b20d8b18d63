"""The one door to PostgreSQL: connecting, transactions that join their caller's, and plain SQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

import asyncpg
import uuid_utils.compat
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContextPooled
from tortoise.connection import get_connection, get_connections

from core.outages import BROKEN

APPS = ("core", "accounts", "events", "certification")
"""In import order: Tortoise records no dependency between apps and migrates them as listed."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class PooledConnection(asyncpg.Connection):
    """A connection that goes back to the pool without a round trip of its own.

    asyncpg resets session state with a statement after every use, which doubles the round trips of a request. Nothing
    here leaves session state behind: settings are `SET LOCAL`, locks are those of rows and transactions, and whoever
    listens has a connection of their own. A transaction left open is still rolled back.

    A connection that broke is ended on the spot, so that the pool throws it away: asyncpg notices by itself only those
    whose socket has closed, and would hand the others out again.
    """

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""

    async def execute(self, *arguments: Any, **options: Any) -> str:  # Any: handed on as they come, here and below
        """asyncpg's own; also what begins and ends transactions."""
        try:
            return await super().execute(*arguments, **options)
        except BROKEN:
            self.terminate()
            raise

    async def _execute(self, *arguments: Any, **options: Any) -> Any:
        """What asyncpg's `fetch`, `fetchrow` and `fetchval` go through."""
        try:
            return await cast(Any, super())._execute(*arguments, **options)
        except BROKEN:
            self.terminate()
            raise

    async def _executemany(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await cast(Any, super())._executemany(*arguments, **options)
        except BROKEN:
            self.terminate()
            raise


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7): sorts by creation time, so that indexes grow at one end."""
    return uuid_utils.compat.uuid7()


def tortoise_config(database_url: str, pool_size: int = 4, application_name: str = "confero") -> dict[str, Any]:
    """Tortoise's configuration for `database_url` (postgres://user:password@host:port/name or ?host=/socket)."""
    parts = urlsplit(database_url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    credentials: dict[str, Any] = {
        "host": unquote(query.get("host", "")) or parts.hostname or "127.0.0.1",
        "port": parts.port or int(query.get("port", 5432)),
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
        "minsize": 1,
        "maxsize": pool_size,
        "application_name": application_name,
        "connection_class": PooledConnection,
        "timeout": 10,
        "command_timeout": 60,
    }
    if sslmode := query.get("sslmode"):
        credentials["ssl"] = sslmode
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {
            app: {"models": [f"{app}.models"], "migrations": f"{app}.migrations", "default_connection": "default"}
            for app in APPS
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(database_url: str, pool_size: int = 4, application_name: str = "confero") -> None:
    """Prepare the pool of this process; it connects with the first query, so a database that is away is no fault."""
    await Tortoise.init(config=tortoise_config(database_url, pool_size, application_name), _enable_global_fallback=True)


async def disconnect() -> None:
    """Close the pool of this process."""
    await Tortoise.close_connections()


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """Open a transaction, or join the caller's; yields its asyncpg connection.

    Every command runs inside one, so its audit row, mails and jobs are written together with the change or not at
    all. An exception that leaves the outermost block rolls everything back.
    """
    client = get_connection("default")
    if isinstance(client, TransactionalDBClient):
        yield cast("Connection", cast(Any, client)._connection)
        return
    opening = _Transaction(TransactionWrapper(cast(AsyncpgDBClient, client)), cast(Any, client)._pool_init_lock)
    async with opening as opened:
        yield cast("Connection", cast(Any, opened)._connection)


class _Transaction(TransactionContextPooled):
    """Tortoise's own, mended: where `BEGIN` fails, it keeps the connection taken for ever and leaves the task inside a
    transaction that never began, which every later one of that task would join."""

    token: Any = None  # Any: private to Tortoise

    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            await self._leave()
            raise

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await super().__aexit__(*raised)
        finally:
            if not self.token._used:
                get_connections().reset(self.token)

    async def _leave(self) -> None:
        client: Any = self.client  # Any: the pool and connection are private to Tortoise's clients
        if self.token is not None:
            get_connections().reset(self.token)
        if client._connection is not None:
            await client._parent._pool.release(client._connection)


def is_in_transaction() -> bool:
    """Whether the running task is inside `transaction()`."""
    return isinstance(get_connection("default"), TransactionalDBClient)


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """The running transaction's asyncpg connection, or one from the pool where there is none."""
    client = cast(AsyncpgDBClient, get_connection("default"))
    async with client.acquire_connection() as acquired:
        yield cast("Connection", acquired)


@asynccontextmanager
async def own_connection() -> AsyncIterator[Connection]:
    """A connection from the pool that stands outside any running transaction: what it writes outlives a rollback.

    Waits at most five seconds, since callers may hold another connection of the same pool; then `TimeoutError`.
    """
    client: Any = get_connection("default")  # Any: `_parent` is private to Tortoise's transactions
    while isinstance(client, TransactionalDBClient):
        client = cast(Any, client)._parent
    acquiring = cast(AsyncpgDBClient, client).acquire_connection()
    acquired = await asyncio.wait_for(acquiring.__aenter__(), 5)
    try:
        yield cast("Connection", acquired)
    finally:
        await acquiring.__aexit__(None, None, None)


async def fetch(sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """Rows of a plain SQL statement, in the running transaction if there is one."""
    return await (await _runner()).fetch(sql, *arguments)


async def fetchrow(sql: str, *arguments: object) -> asyncpg.Record | None:
    """First row of a plain SQL statement, or None."""
    return await (await _runner()).fetchrow(sql, *arguments)


async def fetchval(sql: str, *arguments: object) -> Any:
    """First column of the first row, or None. (Any: SQL decides the type.)"""
    return await (await _runner()).fetchval(sql, *arguments)


async def execute(sql: str, *arguments: object) -> str:
    """Run a plain SQL statement; returns PostgreSQL's command tag such as `UPDATE 1`."""
    return await (await _runner()).execute(sql, *arguments)


async def _runner() -> "Connection | asyncpg.Pool[asyncpg.Record]":
    """The running transaction's connection, else the pool itself: one statement needs none of Tortoise's wrapping."""
    client: Any = get_connection("default")  # Any: the pool and connection are private to Tortoise's clients
    if isinstance(client, TransactionalDBClient):
        return cast("Connection", cast(Any, client)._connection)
    if client._pool is None:
        async with client.acquire_connection():
            pass  # connects
    return cast("asyncpg.Pool[asyncpg.Record]", client._pool)
