"""Requests of strangers that once froze a server for up to a minute, and what ordinary visitors see beside them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

TIMES = 20
"""How many of one kind are sent at once."""
PAGES = ("/", "/events", "/sign-in", "/verify", "/certifications", "/verify/7K3M-9QXT-2WBD")
_VISITORS = 3
_FEWEST_VISITS = 120

Send = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


def _endless_metadata() -> bytes:
    """9.6 MB of metadata that begin and never end, in a file that is damaged."""
    return b"%PDF-1.7\n" + b"<dc:description>" * 600_000


def _endless_table() -> bytes:
    """A cross-reference stream of two thousand million entries of no bytes."""
    head = b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 2000000000/W[0 0 0]/Index[0 2000000000]/Root 2 0 R/Length 0>>"
    return head + b"\nstream\n\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


def _file(content: bytes) -> Send:
    return lambda client, _number: client.post("/api/v1/verifications", content=content)


async def _reset_with_key(client: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {"email": f"nobody-{number}@example.org"}
    headers = {"idempotency-key": f"freeze {time.time_ns()} {number}"}
    return await client.post("/api/v1/people/password-resets", json=body, headers=headers)


async def _password(client: httpx.AsyncClient, number: int) -> httpx.Response:
    password = ("a4@b8c({[<e3g69i1!|l1|7o0s$5t+7x%z2" * 3)[:72]
    body = {"email": f"freeze-{time.time_ns()}-{number}@example.org", "password": password, "name": "Freeze"}
    return await client.post("/api/v1/people", json=body)


async def _cookie(client: httpx.AsyncClient, _number: int) -> httpx.Response:
    return await client.get("/sign-in", headers={"cookie": 'confero="' + "\\" * 60_000 + '"'})


async def _complaints(client: httpx.AsyncClient, _number: int) -> httpx.Response:
    return await client.post("/api/v1/tokens", json={f"{number:x}": 1 for number in range(80_000)})


def _form(parts: list[tuple[bytes, bytes]], charset: str) -> Send:
    """A form of parts, each with what follows its name and its value."""
    head = b'--x\r\ncontent-disposition: form-data; name="email"'
    body = b"".join(head + more + b"\r\n\r\n" + value + b"\r\n" for more, value in parts) + b"--x--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
    return lambda client, _number: client.post("/sign-in", content=body, headers=headers)


FREEZES: dict[str, Send] = {
    "PDFs with endless metadata": _file(_endless_metadata()),
    "PDFs with an endless table": _file(_endless_table()),
    "drawings of 4 MB of elements": _file(b"<svg>" + b"<a/>" * 1_000_000 + b"</svg>"),
    "counted posts with a key": _reset_with_key,
    "passwords of 72 symbols": _password,
    "cookies of 60 KB of escapes": _cookie,
    "bodies of 80,000 unknown fields": _complaints,
    "forms in a slow codec": _form([(b"", b"a" * 500_000 + b"-" + b"a" * 500_000)], "punycode"),
    "forms whose heads are all semicolons": _form([(b'; a="' + b";" * 3800, b"")] * 1900, "utf-8"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What visitors saw: the 95th percentile in seconds, the statuses, and the statuses of the strangers' requests."""

    p95: float
    visits: int
    statuses: frozenset[int]
    answers: frozenset[int]


async def beside(url: str, send: Send, *, times: int = TIMES) -> Seen:
    """Visit pages while `times` requests of strangers are under way, and then until there is enough to measure."""
    async with httpx.AsyncClient(base_url=url, timeout=120) as strangers, httpx.AsyncClient(base_url=url) as visitors:
        rush = asyncio.gather(*(send(strangers, number) for number in range(times)))
        visits = await asyncio.gather(*(_visit(visitors, rush) for _ in range(_VISITORS)))
        answers = await rush
    seen = [visit for one in visits for visit in one]
    seconds = sorted(took for took, _ in seen)
    return Seen(
        seconds[int(len(seconds) * 0.95)],
        len(seen),
        frozenset(status for _, status in seen),
        frozenset(answer.status_code for answer in answers),
    )


async def _visit(client: httpx.AsyncClient, rush: "asyncio.Future[list[httpx.Response]]") -> list[tuple[float, int]]:
    visits: list[tuple[float, int]] = []
    while not rush.done() or len(visits) < _FEWEST_VISITS // _VISITORS:
        started = time.perf_counter()
        answer = await client.get(PAGES[len(visits) % len(PAGES)], timeout=60)
        visits.append((time.perf_counter() - started, answer.status_code))
    return visits
