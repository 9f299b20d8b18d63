"""PostgreSQL goes away in the middle of things: the answer is 503, and a broken connection is never used again."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError, TransactionManagementError

from api.app import create_app
from core import database as core_database
from core import outages
from core.database import connection, fetchval, is_in_transaction, transaction
from core.settings import Settings
from tests.factories import accounts


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


END = _message(b"E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0")
HEARD = _message(b"S", b"TimeZone\0Africa/Nairobi\0")


class Door:
    """Stands between Confero and PostgreSQL, and can say by itself what only a server at its end would say."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._clients: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.opened = 0
        self.spoils_next = False

    async def start(self) -> asyncio.Server:
        return await asyncio.start_server(self._take, "127.0.0.1", 0)

    def url(self, server: asyncio.Server) -> str:
        user = self._target.netloc.rpartition("@")[0]
        port = server.sockets[0].getsockname()[1]
        return f"postgres://{user}@127.0.0.1:{port}{self._target.path}?sslmode=disable"

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        folder = parse_qs(self._target.query).get("host")
        if folder:
            behind = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")
        else:
            behind = await asyncio.open_connection(self._target.hostname, self._target.port or 5432)
        self.opened += 1
        self._clients.append(writer)
        for way in (self._pass_on(reader, behind[1]), self._pass_on(behind[0], writer, is_answer=True)):
            task = asyncio.create_task(way)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        while piece := await reader.read(65536):
            if is_answer and self.spoils_next:
                self.spoils_next = False
                piece = END + _message(b"Z", b"I")
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def say_the_end(self) -> None:
        """Tell every client what PostgreSQL says when it shuts down, while their sockets stay open for now.

        Returns when they have heard it: a parameter said after it has reached their settings.
        """
        clients, self._clients = self._clients, []
        for writer in clients:
            writer.write(END + HEARD)
            await writer.drain()
        while not all(one.get_settings().TimeZone == "Africa/Nairobi" for one in _pooled()):  # noqa: ASYNC110
            await asyncio.sleep(0)  # asyncpg announces no parameter


def _pooled() -> list[Any]:  # Any: asyncpg keeps its pool's connections to itself
    pool: Any = get_connection("default")
    return [holder._con for holder in pool._pool._holders if holder._con is not None]


@pytest.fixture
async def door(settings: Settings, database_url: str) -> AsyncIterator[Door]:
    """Tortoise connected through a `Door`, with a pool of one connection, which is open."""
    door = Door(database_url)
    server = await door.start()
    await core_database.connect(door.url(server), pool_size=1, application_name="confero-test")
    assert await fetchval("SELECT 1") == 1
    yield door
    await core_database.disconnect()
    server.close()
    for task in list(door._tasks):
        task.cancel()
    await asyncio.gather(*door._tasks, return_exceptions=True)


async def _ask() -> Any:
    return await fetchval("SELECT 1")


async def _begin() -> Any:
    async with transaction():
        return await fetchval("SELECT 1")


async def _hold() -> Any:
    async with connection() as own:
        return await own.fetchval("SELECT 1")


async def _many() -> Any:
    async with connection() as own:
        await own.executemany("SELECT $1::int", [(1,), (2,)])
    return 1


async def _plain() -> Any:
    async with connection() as own:
        await own.execute("SELECT 1")
    return 1


@pytest.mark.parametrize("use", [_ask, _begin, _hold, _many])
async def test_a_connection_that_was_told_the_end_is_thrown_away(door: Door, use: Callable[[], Awaitable[Any]]) -> None:
    await door.say_the_end()
    with pytest.raises(asyncpg.InternalClientError, match="cannot switch to state") as raised:
        await use()
    assert outages.is_passing(raised.value)
    assert not is_in_transaction()
    assert await use() == 1  # by a new connection: the pool has one place, and it is free
    assert door.opened == 2


@pytest.mark.parametrize("use", [_ask, _hold, _many, _plain])
async def test_a_connection_that_ends_in_an_answer_is_thrown_away_although_its_socket_is_open(
    door: Door, use: Callable[[], Awaitable[Any]]
) -> None:
    assert await use() == 1
    door.spoils_next = True
    with pytest.raises(asyncpg.AdminShutdownError):
        await use()
    assert await use() == 1
    assert door.opened == 2


async def test_the_end_in_the_middle_of_a_transaction_frees_its_place(door: Door) -> None:
    async def change() -> None:
        async with transaction():
            assert await fetchval("SELECT 1") == 1
            await door.say_the_end()
            await fetchval("SELECT 1")

    with pytest.raises(outages.AWAY):
        await change()
    assert not is_in_transaction()
    assert await _begin() == 1


async def test_a_request_on_a_broken_connection_is_answered_503_and_the_next_one_in_full(
    door: Door, settings: Settings
) -> None:
    async with accounts.signed_in(create_app(settings), None) as client:
        await door.say_the_end()
        broken = await client.get("/api/v1/events")
        assert (broken.status_code, broken.headers["retry-after"], broken.json()["code"]) == (503, "2", "unavailable")
        assert (await client.get("/api/v1/events")).status_code == 200
        await door.say_the_end()
        page = await client.get("/events")
        assert (page.status_code, page.headers["retry-after"]) == (503, "2")
        assert "Nothing was lost" in page.text


def _caused(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


LOST = [
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    ConnectionResetError("reset by peer"),
    FileNotFoundError("no socket"),
    TimeoutError(),
    _caused(OperationalError("lost"), asyncpg.AdminShutdownError("lost")),
    _caused(TransactionManagementError("idle"), asyncpg.IdleInTransactionSessionTimeoutError("idle")),
]
FAULTS = [
    asyncpg.UndefinedTableError("no such table"),
    asyncpg.CheckViolationError("over the limit"),
    OperationalError("syntax error"),
    TransactionManagementError("Transaction already finalised"),
    KeyError("of ours"),
]


@pytest.mark.parametrize(
    ("error", "status"), [*((error, 503) for error in LOST), *((fault, 500) for fault in FAULTS)], ids=repr
)
async def test_what_a_lost_connection_raises_is_503_and_a_fault_of_ours_500(
    settings: Settings, error: Exception, status: int
) -> None:
    async def fail(request: Request) -> Response:
        raise error

    app = create_app(settings)
    app.router.add_route("/fail", fail)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.get("/fail")
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, "2" if status == 503 else None)


def test_every_class_that_asyncpg_has_for_a_lost_connection_is_on_the_list() -> None:
    """SQLSTATE class 08 is connection exceptions, 57P0x what a server says at its end (PostgreSQL, appendix A)."""
    named = [kind for kind in vars(asyncpg).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    lost = [kind for kind in named if str(getattr(kind, "sqlstate", "")).startswith(("08", "57P0"))]
    assert len(lost) >= 10
    assert [kind.__name__ for kind in lost if not issubclass(kind, outages.AWAY)] == []
