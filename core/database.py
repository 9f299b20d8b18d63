"""The one door to PostgreSQL: connecting, transactions that join their caller's, and plain SQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

import asyncpg
import uuid_utils.compat
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContextPooled
from tortoise.connection import get_connection, get_connections

from core.pool import BEGIN, PooledClient, PooledConnection, has_turn, is_change, turn

APPS = ("core", "accounts", "events", "certification")
"""In import order: Tortoise records no dependency between apps and migrates them as listed."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long PostgreSQL lets a session of this process wait for a lock, and leave a transaction idle; seconds."""

    lock: float
    idle_in_transaction: float

    def settings(self) -> dict[str, str]:
        """The same as settings of the session, in milliseconds."""
        return {
            "lock_timeout": str(int(self.lock * 1000)),
            "idle_in_transaction_session_timeout": str(int(self.idle_in_transaction * 1000)),
        }


WEB = Patience(lock=2, idle_in_transaction=20)
"""Somebody waits for the answer: rather "try again" than a queue that nobody sees."""
WORKER = Patience(lock=15, idle_in_transaction=120)
"""A job may draw and sign a file inside its transaction, and is tried again where a lock does not come."""


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562 section 5.7): sorts by creation time, so that indexes grow at one end."""
    return uuid_utils.compat.uuid7()


def tortoise_config(
    database_url: str,
    pool_size: int = 4,
    application_name: str = "confero",
    *,
    patience: Patience = WORKER,
    spare: int = 0,
) -> dict[str, Any]:
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
        "maxsize": pool_size + spare,
        "application_name": application_name,
        "connection_class": PooledConnection,
        "timeout": 10,
        "command_timeout": 60,
        "server_settings": patience.settings(),
        "turns": pool_size + spare - 1 if spare else None,
    }
    if sslmode := query.get("sslmode"):
        credentials["ssl"] = sslmode
    return {
        "connections": {"default": {"engine": "core.pool", "credentials": credentials}},
        "apps": {
            app: {"models": [f"{app}.models"], "migrations": f"{app}.migrations", "default_connection": "default"}
            for app in APPS
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(
    database_url: str,
    pool_size: int = 4,
    application_name: str = "confero",
    *,
    patience: Patience = WORKER,
    spare: int = 0,
) -> None:
    """Prepare the pool of this process; it connects with the first query, so a database that is away is no fault.

    With `spare` there are as many connections more, and changes take turns: a kind has `pool_size` of them at most, and
    one is left to reads at any time.
    """
    config = tortoise_config(database_url, pool_size, application_name, patience=patience, spare=spare)
    await Tortoise.init(config=config, _enable_global_fallback=True)


async def disconnect() -> None:
    """Close the pool of this process."""
    await Tortoise.close_connections()


class Whole:
    """One transaction around all that a caller changes, begun by its first change; see `as_a_whole`."""

    def __init__(self, stack: AsyncExitStack, first: Callable[[], Awaitable[None]]) -> None:
        self._stack = stack
        self._first = first
        self.is_begun = False

    async def begin(self) -> None:
        """Begin now, unless that has happened."""
        if not self.is_begun:
            self.is_begun = True
            await self._stack.enter_async_context(_new_transaction())
            await self._first()


@asynccontextmanager
async def as_a_whole(first: Callable[[], Awaitable[None]]) -> AsyncIterator[Whole]:
    """Make everything that the block changes one transaction, which begins with the first change by calling `first`.

    What comes before, such as reading, hashing and counting, holds no connection. The block runs in one task.
    """
    async with AsyncExitStack() as stack:
        whole = Whole(stack, first)
        BEGIN.set(whole.begin)
        stack.callback(BEGIN.set, None)
        yield whole


@asynccontextmanager
async def transaction() -> AsyncIterator[Connection]:
    """Open a transaction, or join the caller's; yields its asyncpg connection.

    Every command runs inside one, so its audit row, mails and jobs are written together with the change or not at
    all. An exception that leaves the outermost block rolls everything back. Raises `Busy` where too many wait.
    """
    if (begin := BEGIN.get()) is not None:
        await begin()
    client = get_connection("default")
    if isinstance(client, TransactionalDBClient):
        yield cast("Connection", cast(Any, client)._connection)
        return
    async with _new_transaction() as opened:
        yield opened


@asynccontextmanager
async def _new_transaction() -> AsyncIterator[Connection]:
    client: Any = get_connection("default")  # Any: the connection is private to Tortoise's clients
    async with turn(client), _Transaction(TransactionWrapper(client), client._pool_init_lock) as opened:
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
    """Whether what the running task changes is part of a transaction: one that is open, or `as_a_whole`."""
    return BEGIN.get() is not None or isinstance(get_connection("default"), TransactionalDBClient)


@asynccontextmanager
async def my_turn() -> AsyncIterator[None]:
    """The caller's turn to change something by a single statement, as `transaction` takes one. Raises `Busy`."""
    async with turn(get_connection("default")):
        yield


@asynccontextmanager
async def connection() -> AsyncIterator[Connection]:
    """The running transaction's asyncpg connection, or one from the pool where there is none."""
    client = cast(AsyncpgDBClient, get_connection("default"))
    async with client.acquire_connection() as acquired:
        yield cast("Connection", acquired)


@asynccontextmanager
async def own_connection() -> AsyncIterator[Connection]:
    """A connection that stands outside any running transaction: what it writes outlives a rollback.

    It comes from a small pool of its own, so that callers may hold one of the other. Waits at most five seconds, then
    `TimeoutError`.
    """
    client: Any = get_connection("default")  # Any: `_parent` is private to Tortoise's transactions
    while isinstance(client, TransactionalDBClient):
        client = cast(Any, client)._parent
    pool = await cast(PooledClient, client).counters()
    async with pool.acquire(timeout=5) as acquired:
        yield cast("Connection", acquired)


async def fetch(sql: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """Rows of a plain SQL statement, in the running transaction if there is one."""
    async with _runner(sql) as runner:
        return await runner.fetch(sql, *arguments)


async def fetchrow(sql: str, *arguments: object) -> asyncpg.Record | None:
    """First row of a plain SQL statement, or None."""
    async with _runner(sql) as runner:
        return await runner.fetchrow(sql, *arguments)


async def fetchval(sql: str, *arguments: object) -> Any:
    """First column of the first row, or None. (Any: SQL decides the type.)"""
    async with _runner(sql) as runner:
        return await runner.fetchval(sql, *arguments)


async def execute(sql: str, *arguments: object) -> str:
    """Run a plain SQL statement; returns PostgreSQL's command tag such as `UPDATE 1`."""
    async with _runner(sql) as runner:
        return await runner.execute(sql, *arguments)


async def execute_if_free(sql: str, *arguments: object) -> bool:
    """Run a change that a read makes on its way and that may as well come later, unless it would have to wait for its
    turn; whether it was run. Locks are the statement's own business (`SKIP LOCKED`)."""
    if not has_turn(get_connection("default")):
        return False
    await execute(sql, *arguments)
    return True


@asynccontextmanager
async def _runner(sql: str) -> AsyncIterator["Connection | asyncpg.Pool[asyncpg.Record]"]:
    """The running transaction's connection, else the pool itself: one statement needs none of Tortoise's wrapping."""
    begin = BEGIN.get()
    if begin is not None and is_change(sql):
        await begin()
    client: Any = get_connection("default")  # Any: the connection is private to Tortoise's clients
    if isinstance(client, TransactionalDBClient):
        yield cast("Connection", cast(Any, client)._connection)
        return
    pool = client._pool or await client.ready()
    if is_change(sql):
        async with turn(client):
            yield pool
    else:
        yield pool
