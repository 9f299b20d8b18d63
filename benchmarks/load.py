"""A load generator that is never the limit: raw keep-alive connections in one process on one event loop."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Requests = Callable[[int], bytes | None]
"""The next request of one client (its number), or None when it has no more."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests came to: how many a second, milliseconds, and how many answers of each status."""

    per_second: float
    p50_ms: float
    p95_ms: float
    statuses: dict[int, int]

    def expect(self, status: int, what: str) -> "Load":
        """The load itself. Raises RuntimeError where anything but `status` was answered: a refusal is no figure."""
        if set(self.statuses) != {status}:
            raise RuntimeError(f"{what} answers {self.statuses}")
        return self


def request(method: str, path: str, *, token: str | None = None, body: bytes = b"") -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body or method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Client(asyncio.Protocol):
    """One connection: writes a request, reads exactly one answer, writes the next."""

    def __init__(self, number: int, requests: Requests, deadline: float) -> None:
        self.number, self.requests, self.deadline = number, requests, deadline
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.statuses: dict[int, int] = {}
        self._buffer = bytearray()
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def _next(self) -> None:
        wanted = self.requests(self.number) if time.perf_counter() < self.deadline else None
        if wanted is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self.transport.write(wanted)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0 or not self._is_complete(head_end):
            return
        self.times.append(time.perf_counter() - self._sent)
        status = int(self._buffer[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self._buffer.clear()
        self._next()

    def _is_complete(self, head_end: int) -> bool:
        head = bytes(self._buffer[:head_end]).lower()
        start = head.find(b"content-length:")
        if start >= 0:
            end = head.find(b"\r\n", start)
            length = int(head[start + 15 : end if end >= 0 else len(head)])
            return len(self._buffer) >= head_end + 4 + length
        return b"chunked" not in head or self._buffer.endswith(b"0\r\n\r\n")

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def run(port: int, requests: Requests, *, clients: int, seconds: float = 5.0) -> Load:
    """Send what `requests` gives over `clients` connections until `seconds` are over or there is no more."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    made = [
        (await loop.create_connection(_maker(number, requests, started + seconds), "127.0.0.1", port))[1]
        for number in range(clients)
    ]
    await asyncio.gather(*(client.done for client in made))
    took = time.perf_counter() - started
    times = sorted(t for client in made for t in client.times)
    statuses: dict[int, int] = {}
    for client in made:
        for status, count in client.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    return Load(
        per_second=len(times) / took,
        p50_ms=statistics.median(times) * 1000 if times else 0.0,
        p95_ms=times[int(len(times) * 0.95)] * 1000 if times else 0.0,
        statuses=statuses,
    )


def _maker(number: int, requests: Requests, deadline: float) -> Callable[[], _Client]:
    return lambda: _Client(number, requests, deadline)


def repeated(content: bytes) -> Requests:
    """The same request again and again."""
    return lambda _number: content


def each_once(contents: list[bytes]) -> Requests:
    """Every request once, whichever client is free."""
    remaining: Iterator[bytes] = iter(contents)
    return lambda _number: next(remaining, None)
