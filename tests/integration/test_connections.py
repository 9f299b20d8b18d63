"""Connections that send slowly or without end are ended; those that are merely quiet for a while are not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.connections import Connection
from api.web import server_config
from core.settings import Settings

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter, type[Connection]]
LONG, SHORT = 3600.0, 0.01
HEAD = b"GET / HTTP/1.1\r\nhost: testserver\r\n"


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, without reading what is sent; `/slow` waits for the body."""
    if scope["path"] == "/slow":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def _connected(head_seconds: float = LONG) -> AsyncIterator[Streams]:
    """A connection to a server that has all the patience there is, and the class that a test makes impatient."""

    class Limited(Connection):
        body_seconds = LONG

    Limited.head_seconds = head_seconds
    config = uvicorn.Config(_app, http=Limited, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        yield reader, writer, Limited
        writer.close()
        server.should_exit = True
        await serving


def test_web_processes_use_these_limits(settings: Settings) -> None:
    assert server_config(settings).http is Connection
    assert (Connection.head_seconds, Connection.head_bytes) == (10, 65536)
    assert Connection.body_seconds > settings.request_timeout_seconds


async def test_a_head_that_does_not_end_is_answered_and_cut_off() -> None:
    async with _connected() as (reader, writer, limited):
        writer.write(HEAD + b"\r\n")
        assert await reader.readuntil(b"ok")
        limited.head_seconds = SHORT
        writer.write(HEAD + b"x-slow: ")
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with _connected(head_seconds=SHORT) as (reader, _writer, _limited):
        assert await reader.read() == b""


async def test_a_head_without_end_is_cut_off_by_its_size() -> None:
    async with _connected() as (reader, writer, _limited):
        writer.write(HEAD + b"x-large: " + b"x" * 70_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")


async def test_a_large_body_is_no_large_head() -> None:
    async with _connected() as (reader, writer, _limited):
        writer.write(b"POST /slow HTTP/1.1\r\nhost: testserver\r\ncontent-length: 200000\r\n\r\n" + b"x" * 200_000)
        assert await reader.readuntil(b"ok")


@pytest.mark.parametrize("path", [b"/", b"/slow"])
async def test_a_body_that_does_not_end_is_cut_off(path: bytes) -> None:
    async with _connected() as (reader, writer, limited):
        limited.body_seconds = SHORT
        writer.write(b"POST " + path + b" HTTP/1.1\r\nhost: testserver\r\ncontent-length: 1000\r\n\r\nx")
        answer = await reader.read()
        assert answer.endswith(b"ok") == (path == b"/")


async def test_requests_one_after_another_are_answered() -> None:
    async with _connected() as (reader, writer, _limited):
        for _ in range(3):
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
