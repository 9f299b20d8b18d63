"""400 people, 200 places, two web processes: exactly 200; and what happens without the lock."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict

from accounts import sign_in
from accounts.models import Person
from core.database import execute, fetchrow, fetchval, new_id
from events.catalog.models import Event
from events.registration import claiming, registrations
from tests.factories import accounts, events
from tests.patience import PATIENCE

PLACES, PEOPLE = 200, 400


@dataclass(frozen=True, slots=True)
class Web:
    """Two real web processes on one listening socket, as the supervisor runs them."""

    address: str
    processes: list[asyncio.subprocess.Process]
    metrics: Path

    def answered(self) -> list[int]:
        """How many requests to register each process has answered."""
        return [self._answered(process.pid) for process in self.processes]

    def _answered(self, pid: int) -> int:
        file = str(self.metrics / f"counter_{pid}.db")
        counts = MmapedDict.read_all_values_from_file(file)  # type: ignore[no-untyped-call]  # untyped there
        return int(sum(value for key, value, *_ in counts if '"/events/{slug}/registrations"' in key))


@pytest.fixture
async def web(database: str, tmp_path: Path) -> AsyncIterator[Web]:
    """Two web processes, of which each writes down what it answers."""
    async with _processes(database, tmp_path) as started:
        yield started


@asynccontextmanager
async def _processes(database: str, folder: Path) -> AsyncIterator[Web]:
    metrics = folder / "metrics"
    metrics.mkdir()
    environment = {
        **os.environ,
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": "http://testserver",
        "CONFERO_DATABASE_URL": database,
        "CONFERO_VAR_DIR": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "api.web", "--fd", str(listener.fileno())]
        with (folder / "said").open("w") as said:
            processes = [
                await asyncio.create_subprocess_exec(
                    *command, env=environment, pass_fds=[listener.fileno()], stderr=said
                )
                for _ in range(2)
            ]
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                assert (await client.get(f"{address}/healthz")).status_code == 200
            yield Web(address, processes, metrics)
        finally:
            ended = [process for process in processes if process.returncode is not None]
            for process in processes:
                if process not in ended:
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in processes))
            assert not ended, (folder / "said").read_text()


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


async def test_400_people_get_exactly_200_places_through_two_processes(web: Web) -> None:
    event, tokens = await events.published_event(places=PLACES), await _tokens(PEOPLE)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=PEOPLE)) as client:

        async def ask(token: str) -> tuple[int, str]:
            answer = await client.post(
                f"{web.address}/api/v1/events/{event.slug}/registrations",
                json={},
                headers={"Authorization": f"Bearer {token}"},
            )
            return answer.status_code, answer.json().get("code", "") if answer.status_code == 409 else ""

        answers = await asyncio.gather(*(ask(token) for token in tokens))
    assert answers.count((201, "")) == PLACES
    assert answers.count((409, "sold_out")) == PEOPLE - PLACES
    assert await _counted(event) == (PLACES, PLACES)
    assert sum(web.answered()) == PEOPLE
    assert min(web.answered()) > 0


async def test_registering_and_cancelling_at_once_keeps_the_count_true(web: Web) -> None:
    event, tokens = await events.published_event(places=5), await _tokens(20)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=40)) as client:

        async def come_and_go(token: str) -> set[int]:
            headers, seen = {"Authorization": f"Bearer {token}"}, set()
            for _ in range(6):
                path = f"{web.address}/api/v1/events/{event.slug}/registrations"
                made = await client.post(path, json={}, headers=headers)
                seen.add(made.status_code)
                if made.status_code == 201:
                    address = f"{web.address}/api/v1/registrations/{made.json()['id']}"
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


@pytest.fixture
async def without_check(database: str) -> AsyncIterator[None]:
    """The database as if nobody had thought of the check that stands behind the lock."""
    definition = await fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'quota_never_oversold'"
    )
    await execute("ALTER TABLE quota DROP CONSTRAINT quota_never_oversold")
    yield
    await execute("DELETE FROM registration")
    await execute("UPDATE quota SET taken = 0")
    await execute(f"ALTER TABLE quota ADD CONSTRAINT quota_never_oversold {definition}")


@pytest.fixture
def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement that takes places, but without its lock on the quota."""
    unlocked = claiming._TAKE.replace("FOR NO KEY UPDATE", "")
    assert unlocked != claiming._TAKE
    monkeypatch.setattr(claiming, "_TAKE", unlocked)


async def _all_at_once(database: str, event: Event) -> list[bool | BaseException]:
    """Eight claims for three places, each on a connection of its own; all have begun before one of them may write."""
    people = [await accounts.person() for _ in range(8)]
    blocker = await asyncpg.connect(database)
    held = blocker.transaction()
    await held.start()
    await blocker.execute("SELECT 1 FROM quota WHERE event_id = $1 FOR UPDATE", event.id)
    now = datetime.now(UTC)
    rush = [
        asyncio.create_task(claiming._take([claiming.Claim(event.slug, None, person.id, "Racer", "en", now)]))
        for person in people
    ]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await fetchval(waiting) < len(people):
        await asyncio.sleep(0)
        assert not any(task.done() for task in rush)
    await held.rollback()
    await blocker.close()
    outcomes = await asyncio.gather(*rush, return_exceptions=True)
    return [one if isinstance(one, BaseException) else bool(one) for one in outcomes]


async def test_claims_that_waited_for_each_other_see_what_is_left(database: str) -> None:
    event = await events.published_event(places=3)
    outcomes = await _all_at_once(database, event)
    assert (outcomes.count(True), outcomes.count(False)) == (3, 5)
    assert await _counted(event) == (3, 3)


@pytest.mark.usefixtures("without_lock")
async def test_without_the_lock_the_check_still_refuses(database: str) -> None:
    event = await events.published_event(places=3)
    outcomes = await _all_at_once(database, event)
    refused = [one for one in outcomes if isinstance(one, asyncpg.CheckViolationError)]
    assert (outcomes.count(True), len(refused)) == (3, 5)
    assert await _counted(event) == (3, 3)


async def _two_beside_a_cancellation(database: str) -> tuple[Event, bool | BaseException]:
    """Four of five places are taken; two people ask together while one of the four is giving hers back."""
    event = await events.published_event(places=5)
    now = datetime.now(UTC)
    first, second, *four = [await accounts.person() for _ in range(6)]
    held = [await registrations.register(event, by=person, now=now) for person in four]
    beside = await asyncpg.connect(database)
    cancelling = beside.transaction()
    await cancelling.start()
    gone = await beside.fetch(registrations._CANCEL, held[0].id, now, new_id(), four[0].id, b"{}")
    assert len(gone) == 1
    wanted = [claiming.Claim(event.slug, None, person.id, "Racer", "en", now) for person in (first, second)]
    asking = asyncio.create_task(claiming._take(wanted))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await fetchval(waiting) < 1:
        await asyncio.sleep(0)
        assert not asking.done()
    await cancelling.commit()
    await beside.close()
    (outcome,) = await asyncio.gather(asking, return_exceptions=True)
    return event, outcome if isinstance(outcome, BaseException) else len(outcome) == 2


async def test_a_place_given_back_while_two_wait_is_theirs(database: str) -> None:
    event, outcome = await _two_beside_a_cancellation(database)
    assert outcome is True
    assert await _counted(event) == (5, 5)


async def test_control_a_count_of_the_statements_own_snapshot_refuses_them(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: PostgreSQL holds the check against the older count before it notices the newer row."""
    stale = claiming._TAKE.replace(
        "claimed AS MATERIALIZED (\n    SELECT quota_take(pool.id, (SELECT count(*)::integer FROM served)) FROM pool",
        "claimed AS (\n    UPDATE quota q SET taken = q.taken + (SELECT count(*) FROM served) FROM pool"
        " WHERE q.id = pool.id RETURNING q.id",
    )
    assert stale != claiming._TAKE
    monkeypatch.setattr(claiming, "_TAKE", stale)
    event, outcome = await _two_beside_a_cancellation(database)
    assert isinstance(outcome, asyncpg.CheckViolationError)
    assert await _counted(event) == (3, 3)


async def test_places_given_back_together_are_all_free_again(database: str) -> None:
    event = await events.published_event(places=5)
    people = [await accounts.person() for _ in range(5)]
    now = datetime.now(UTC)
    held = [await registrations.register(event, by=person, now=now) for person in people]
    await asyncio.gather(*(registrations.cancel(each, by=who, now=now) for each, who in zip(held, people, strict=True)))
    assert await _counted(event) == (0, 0)


@pytest.mark.usefixtures("without_check", "without_lock")
async def test_control_without_lock_and_check_the_same_rush_oversells(database: str) -> None:
    """Negative control: with both taken away, three places are sold eight times."""
    event = await events.published_event(places=3)
    outcomes = await _all_at_once(database, event)
    assert outcomes == [True] * 8
    assert await _counted(event) == (8, 8)
