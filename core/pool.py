"""The pool of connections: nobody holds one while waiting for another, and changes leave some for reads."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection

from core.errors import Busy
from core.outages import BROKEN
from core.settings import Environment, get_settings

log = logging.getLogger("confero.database")

WORK: ContextVar[str] = ContextVar("work", default="")
"""What kind of thing the running task does, such as the route that was asked for; changes are shared out by it."""

MOST_WAITING = 500
"""Changes of one kind that may wait for their turn in a process; one more is refused at once."""
LONGEST_WAIT_SECONDS = 10.0
"""How long a change waits for its turn; it holds no connection meanwhile."""


BEGIN: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("begin", default=None)
"""Begins the transaction that the running task's changes belong to, see `database.as_a_whole`."""

_CHANGE = re.compile(r"\b(?:INSERT|UPDATE|DELETE)\b")


@lru_cache(maxsize=2048)
def is_change(sql: str) -> bool:
    """Whether a statement changes or locks rows."""
    return _CHANGE.search(sql) is not None


class SecondConnection(RuntimeError):
    """A task that holds a connection asks the same pool for another: as many such tasks as connections deadlock."""


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


@dataclass(slots=True, eq=False)
class _Lease:
    """A connection in somebody's hands; tasks started by them know of it."""

    pool: "Pool"
    is_open: bool = True


_LEASES: ContextVar[tuple[_Lease, ...]] = ContextVar("leases", default=())


class Pool(asyncpg.Pool):
    """asyncpg's pool that raises `SecondConnection` in tests, and writes to the log elsewhere."""

    def __init__(self, dsn: str | None = None, **options: Any) -> None:  # Any: asyncpg's own, which it checks
        defaults = {
            "min_size": 1,
            "max_queries": 50_000,
            "max_inactive_connection_lifetime": 300.0,
            "loop": None,
            "connection_class": PooledConnection,
            "record_class": asyncpg.Record,
        }
        super().__init__(*([dsn] if dsn else []), **{**defaults, **options})
        self._leased: dict[int, _Lease] = {}
        self._is_strict = get_settings().environment is Environment.test

    async def _acquire(self, timeout: float | None) -> "PoolConnectionProxy[asyncpg.Record]":  # noqa: ASYNC109  asyncpg's
        held = tuple(lease for lease in _LEASES.get() if lease.is_open)
        if any(lease.pool is self for lease in held):
            self._complain()
        connection: PoolConnectionProxy[asyncpg.Record] = await super()._acquire(timeout)  # type: ignore[misc]
        lease = _Lease(self)
        self._leased[id(connection)] = lease
        _LEASES.set((*held, lease))
        return connection

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  asyncpg's
        """Give a connection back."""
        lease = self._leased.pop(id(connection), None)
        if lease is not None:
            lease.is_open = False
        await super().release(connection, timeout=timeout)

    def _complain(self) -> None:
        message = "a task that holds a connection waits for another of the same pool"
        if self._is_strict:
            raise SecondConnection(message)
        log.error(message, stack_info=True)


class Turns:
    """Whose turn it is to change something: at most `most` at a time, of one kind one fewer.

    The pool has more connections than that, so a read always finds one, however many changes wait for a locked row;
    and a kind of change that waits leaves room for the others.
    """

    def __init__(self, most: int) -> None:
        self.most = max(1, most)
        self.most_of_one_kind = max(1, self.most - 1)
        self._running: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}

    async def take(self, kind: str) -> None:
        """Wait for a turn, in order. Raises `Busy` after ten seconds, and at once where too many wait already."""
        if not self.is_free_for(kind):
            if sum(other == kind for other in self._waiting.values()) >= MOST_WAITING:
                raise Busy()
            await self._wait(kind)  # whoever gave back has counted it
        else:
            self._running[kind] += 1

    def is_free_for(self, kind: str) -> bool:
        """Whether nobody of the kind waits, and there is room."""
        return self._has_room_for(kind) and kind not in self._waiting.values()

    def give_back(self, kind: str) -> None:
        """End a turn; the first that waits and may go, goes."""
        self._running[kind] -= 1
        if not self._running[kind]:
            del self._running[kind]
        for turn, waiting in self._waiting.items():
            if not turn.done() and self._has_room_for(waiting):
                self._running[waiting] += 1
                turn.set_result(None)
                return

    async def _wait(self, kind: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = kind
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                await turn
        except BaseException as problem:
            if turn.done() and not turn.cancelled():
                self.give_back(kind)  # the turn came as the waiting ended
            if isinstance(problem, TimeoutError):
                raise Busy() from None
            raise
        finally:
            del self._waiting[turn]

    def _has_room_for(self, kind: str) -> bool:
        return self._running.total() < self.most and self._running[kind] < self.most_of_one_kind


class PooledClient(AsyncpgDBClient):
    """Tortoise's client over `Pool`. With `turns`, changes take turns; `counters` is a small pool of its own."""

    def __init__(self, *, turns: int | None = None, **options: Any) -> None:  # Any: Tortoise's credentials
        super().__init__(**options)
        self.turns = Turns(turns) if turns is not None else None
        self._counters: Pool | None = None

    async def create_pool(self, **options: Any) -> Pool:
        """Called by Tortoise for the first query."""
        return await Pool(None, **options)

    async def ready(self) -> Pool:
        """The pool, connected where it was not."""
        if self._pool is None:
            async with self._pool_init_lock:
                if self._pool is None:
                    await self.create_connection(with_db=True)
        return cast(Pool, self._pool)

    async def counters(self) -> Pool:
        """Two connections at most for what is counted outside every transaction; opened when somebody counts."""
        await self.ready()
        async with self._pool_init_lock:
            if self._counters is None:
                options = {**self._template, "min_size": 0, "max_size": 2, "password": self.password}
                self._counters = await Pool(None, **options)
            return self._counters

    async def execute_insert(self, query: str, values: list[Any]) -> Any:  # Any: Tortoise's own
        """Tortoise's INSERT outside a transaction."""
        async with self._changing() as transaction:
            if transaction is not None:
                return await transaction.execute_insert(query, values)
            return await super().execute_insert(query, values)

    async def execute_many(self, query: str, values: list[Any]) -> None:
        """Tortoise's bulk statements outside a transaction."""
        async with self._changing() as transaction:
            if transaction is not None:
                await transaction.execute_many(query, values)
            else:
                await super().execute_many(query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> Any:  # Any: Tortoise's own
        """Any other statement of Tortoise outside a transaction."""
        if not is_change(query):
            return await super().execute_query(query, values)
        async with self._changing() as transaction:
            if transaction is not None:
                return await transaction.execute_query(query, values)
            return await super().execute_query(query, values)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncpgDBClient | None]:
        """The transaction that the change has to be part of, where there is one; a turn where there is none."""
        begin = BEGIN.get()
        if begin is not None:
            await begin()
            yield cast(AsyncpgDBClient, get_connection(self.connection_name))
            return
        async with turn(self):
            yield None

    async def _close(self) -> None:
        if self._counters is not None:
            counters, self._counters = self._counters, None
            counters.terminate()
        await super()._close()


client_class = PooledClient
"""What Tortoise looks for in the module of an engine."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A turn that runs; tasks started in it are part of it."""

    is_over: bool = False


_TURN: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@asynccontextmanager
async def turn(client: Any) -> AsyncIterator[None]:  # Any: Tortoise's client, which is a `PooledClient` here
    """The caller's turn to change something; inside another turn it is that one. Raises `Busy`."""
    turns: Turns | None = getattr(client, "turns", None)
    outer = _TURN.get()
    if turns is None or (outer is not None and not outer.is_over):
        yield
        return
    kind = WORK.get()
    await turns.take(kind)
    mine = _Turn()
    _TURN.set(mine)
    try:
        yield
    finally:
        mine.is_over = True
        turns.give_back(kind)


def has_turn(client: Any) -> bool:  # Any: as above
    """Whether `turn` would come without waiting."""
    turns: Turns | None = getattr(client, "turns", None)
    outer = _TURN.get()
    return turns is None or (outer is not None and not outer.is_over) or turns.is_free_for(WORK.get())
