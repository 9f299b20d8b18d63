"""400 people, 200 places, two web processes: exactly 200; and what happens without the lock."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from accounts import sign_in
from accounts.models import Person
from core.database import fetchrow
from events.catalog.models import Event
from tests.factories import events

PLACES, PEOPLE = 200, 400


@pytest.fixture
async def web(database: str, tmp_path: Path) -> AsyncIterator[str]:
    """Base address of two real web processes on one listening socket, as the supervisor runs them."""
    async with _processes(database, tmp_path) as address:
        yield address


@asynccontextmanager
async def _processes(database: str, folder: Path) -> AsyncIterator[str]:
    environment = {
        **os.environ,
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": "http://testserver",
        "CONFERO_DATABASE_URL": database,
        "CONFERO_VAR_DIR": str(folder),
    }
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "api.web", "--fd", str(listener.fileno())]
        processes = [
            await asyncio.create_subprocess_exec(
                *command, env=environment, pass_fds=[listener.fileno()], stderr=asyncio.subprocess.DEVNULL
            )
            for _ in range(2)
        ]
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(timeout=60) as client:
                assert (await client.get(f"{address}/healthz")).status_code == 200
            yield address
        finally:
            for process in processes:
                process.terminate()
            await asyncio.gather(*(process.wait() for process in processes))


async def _tokens(count: int) -> list[str]:
    now = datetime.now(UTC)
    tokens = []
    for number in range(count):
        person = await Person.create(email=f"racer{number}@example.org", display_name=f"Racer {number}")
        tokens.append(
            (
                await sign_in.create_token(
                    person, name="race", scopes=["register", "read"], now=now, expires_at=now + timedelta(hours=1)
                )
            )[1]
        )
    return tokens


async def _counted(event: Event) -> tuple[int, int]:
    """(taken by the quota, registrations that take a place)."""
    row = await fetchrow(
        """SELECT (SELECT sum(taken)::int FROM quota WHERE event_id = $1) AS taken,
                  (SELECT count(*)::int FROM registration WHERE event_id = $1 AND status = 'confirmed') AS rows""",
        event.id,
    )
    assert row is not None
    return row["taken"], row["rows"]


@pytest.mark.timeout(180)
async def test_400_people_get_exactly_200_places_through_two_processes(web: str) -> None:
    event, tokens = await events.published_event(places=PLACES), await _tokens(PEOPLE)
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=PEOPLE)) as client:

        async def ask(token: str) -> tuple[int, str]:
            answer = await client.post(
                f"{web}/api/v1/events/{event.slug}/registrations",
                json={},
                headers={"Authorization": f"Bearer {token}"},
            )
            return answer.status_code, answer.json().get("code", "") if answer.status_code == 409 else ""

        answers = await asyncio.gather(*(ask(token) for token in tokens))
    assert answers.count((201, "")) == PLACES
    assert answers.count((409, "sold_out")) == PEOPLE - PLACES
    assert await _counted(event) == (PLACES, PLACES)


@pytest.mark.timeout(180)
async def test_registering_and_cancelling_at_once_keeps_the_count_true(web: str) -> None:
    event, tokens = await events.published_event(places=5), await _tokens(20)
    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=40)) as client:

        async def come_and_go(token: str) -> set[int]:
            headers, seen = {"Authorization": f"Bearer {token}"}, set()
            for _ in range(6):
                path = f"{web}/api/v1/events/{event.slug}/registrations"
                made = await client.post(path, json={}, headers=headers)
                seen.add(made.status_code)
                if made.status_code == 201:
                    address = f"{web}/api/v1/registrations/{made.json()['id']}"
                    gone, again = await asyncio.gather(
                        client.delete(address, headers=headers), client.post(path, json={}, headers=headers)
                    )
                    seen |= {gone.status_code, again.status_code}
            return seen

        seen = set().union(*await asyncio.gather(*(come_and_go(token) for token in tokens)))
    assert seen <= {201, 204, 409}
    taken, rows = await _counted(event)
    assert taken == rows
    assert taken <= 5


async def test_negative_control_counting_before_inserting_oversells(database: str) -> None:
    """The same rush on a copy of the table, claimed by asking first and writing afterwards, without lock or check."""
    pool = await asyncpg.create_pool(database, min_size=20, max_size=20)
    try:
        await pool.execute("CREATE SCHEMA negative; CREATE TABLE negative.place (id serial PRIMARY KEY)")
        full = asyncio.Barrier(20)  # everybody has asked before anybody writes, so the outcome does not vary

        async def claim() -> None:
            async with pool.acquire() as connection:
                has_room = await connection.fetchval("SELECT count(*) FROM negative.place") < 10
                await full.wait()
                if has_room:
                    await connection.execute("INSERT INTO negative.place DEFAULT VALUES")

        await asyncio.gather(*(claim() for _ in range(20)))
        sold = await pool.fetchval("SELECT count(*) FROM negative.place")
        await pool.execute("DROP SCHEMA negative CASCADE")
    finally:
        await pool.close()
    assert sold == 20
