"""The queue: with the transaction, again after a failure, held in the end, and through a lost database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.app import create_app
from core import announce, jobs
from core.database import fetchval, transaction
from core.errors import NotFound
from core.job_runner import Pace, run_pending, run_worker
from core.settings import Settings
from tests.factories import accounts
from tests.patience import PATIENCE

QUICK = Pace(
    first_retry=timedelta(0),
    stale_after=timedelta(seconds=2),
    poll=timedelta(milliseconds=100),
    reconnect=0.05,
    answer_within=timedelta(seconds=PATIENCE),
    finish_within=timedelta(seconds=PATIENCE),
)
"""A worker that goes to work at once and gives up on nothing because a machine is slow. A test whose subject is giving
up replaces what it needs."""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs.RegisteredJob]:
    """A registry of the test's own, so that its jobs stay with it."""
    own: dict[str, jobs.RegisteredJob] = {"announce": jobs.RegisteredJob("announce", announce.fan_out, 12)}
    monkeypatch.setattr(jobs, "JOBS", own)
    monkeypatch.setattr(jobs, "SCHEDULES", {})
    monkeypatch.setattr(announce, "_subscribers", {})
    return own


@asynccontextmanager
async def working(url: str, pace: Pace = QUICK) -> AsyncIterator[None]:
    """A worker beside the test; ended in order."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(url, stop, pace))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(worker, PATIENCE)


async def test_job_exists_only_with_its_transaction(database: str, registry: dict[str, Any]) -> None:
    seen: list[int] = []

    @jobs.job("count")
    async def count(payload: dict[str, Any]) -> None:
        seen.append(payload["n"])

    async def change_that_fails() -> None:
        async with transaction():
            await jobs.enqueue("count", {"n": 1})
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await change_that_fails()
    async with transaction():
        await jobs.enqueue("count", {"n": 2})

    assert await run_pending() == 1
    assert seen == [2]


async def test_same_key_waits_once(database: str, registry: dict[str, Any]) -> None:
    jobs.job("count")(_nothing)

    await jobs.enqueue("count", {}, key="a")
    await jobs.enqueue("count", {}, key="a")
    await jobs.enqueue("count", {}, key="b")

    assert await run_pending() == 2
    await jobs.enqueue("count", {}, key="a")
    assert await run_pending() == 1


async def test_delayed_job_is_not_due(database: str, registry: dict[str, Any]) -> None:
    jobs.job("count")(_nothing)

    await jobs.enqueue("count", {}, at=datetime.now(UTC) + timedelta(hours=1))

    assert await run_pending() == 0


async def test_failing_job_is_retried_then_held_and_shown(database: str, registry: dict[str, Any]) -> None:
    tries: list[int] = []

    @jobs.job("fail", attempts=3)
    async def fail(payload: dict[str, Any]) -> None:
        tries.append(1)
        raise ValueError("the printer is on fire")

    await jobs.enqueue("fail", {"id": "7"})
    await run_pending(swallow=True, pace=QUICK)

    (held,) = await jobs.held_jobs()
    assert len(tries) == 3
    assert (held.name, held.payload, held.attempts) == ("fail", {"id": "7"}, 3)
    assert "the printer is on fire" in held.error


async def test_given_up_job_is_shown_to_staff_who_can_run_it_again(
    database: str, settings: Settings, registry: dict[str, Any]
) -> None:
    ran: list[int] = []

    @jobs.job("print", attempts=2)
    async def print_badges(payload: dict[str, Any]) -> None:
        ran.append(1)
        if len(ran) < 3:
            raise ValueError("the printer is on fire")

    owner = await accounts.member(await accounts.organization("open-systems"))
    await jobs.enqueue("print", {})
    await run_pending(swallow=True, pace=QUICK)
    async with accounts.signed_in(create_app(settings), owner) as client:
        page = await client.get("/organize/open-systems/jobs")
        assert "print" in page.text
        assert "the printer is on fire" in page.text
        assert "tried 2 times" in page.text
        (held,) = await jobs.held_jobs()
        again = await client.post(f"/organize/open-systems/jobs/{held.id}/retry")
        assert again.status_code == 303
        assert await run_pending(pace=QUICK) == 1
        page = await client.get("/organize/open-systems/jobs")
    assert "the printer is on fire" not in page.text
    assert len(ran) == 3


async def test_held_job_runs_again_or_is_discarded(database: str, registry: dict[str, Any]) -> None:
    broken = [True]

    @jobs.job("mend", attempts=1)
    async def mend(payload: dict[str, Any]) -> None:
        if broken[0]:
            raise ValueError

    await jobs.enqueue("mend", {})
    await jobs.enqueue("mend", {})
    await run_pending(swallow=True)
    first, second = await jobs.held_jobs()
    broken[0] = False

    await jobs.retry_held(first.id)
    assert await run_pending() == 1
    await jobs.discard_held(second.id)

    assert await jobs.held_jobs() == []
    with pytest.raises(NotFound):
        await jobs.retry_held(second.id)


async def test_announcement_reaches_each_subscriber_once(database: str, registry: dict[str, Any]) -> None:
    heard: list[tuple[str, str, Any]] = []
    event = uuid4()

    @announce.on("event.moved", name="one")
    async def one(object_id: Any, facts: dict[str, Any]) -> None:
        heard.append(("one", str(object_id), facts["sequence"]))

    @announce.on("event.moved", name="two")
    async def two(object_id: Any, facts: dict[str, Any]) -> None:
        heard.append(("two", str(object_id), facts["sequence"]))

    await announce.announce("event.moved", event, sequence=3)
    await announce.announce("event.cancelled", event)
    await run_pending()

    assert sorted(heard) == [("one", str(event), 3), ("two", str(event), 3)]


async def test_of_many_workers_one_takes_a_tick(database: str, registry: dict[str, Any]) -> None:
    now = datetime.now(UTC)

    first = await asyncio.gather(*(jobs.claim_tick("sweep", timedelta(minutes=1), now) for _ in range(8)))
    later = await jobs.claim_tick("sweep", timedelta(minutes=1), now + timedelta(minutes=1))

    assert sorted(first) == [False] * 7 + [True]
    assert later is True


async def test_worker_is_seen_while_it_lives(database: str, registry: dict[str, Any]) -> None:
    done = asyncio.Event()

    @jobs.job("ring")
    async def ring(payload: dict[str, Any]) -> None:
        done.set()

    assert not await jobs.worker_is_alive(datetime.now(UTC))
    async with working(database):
        await jobs.enqueue("ring", {})
        await asyncio.wait_for(done.wait(), PATIENCE)
        assert await jobs.worker_is_alive(datetime.now(UTC))
    assert not await jobs.worker_is_alive(datetime.now(UTC))


async def test_worker_outlives_lost_connections(database: str, registry: dict[str, Any]) -> None:
    """Every connection of the worker is cut, as by a restart of PostgreSQL; the next job is done all the same."""
    seen: asyncio.Queue[int] = asyncio.Queue()

    @jobs.job("count")
    async def count(payload: dict[str, Any]) -> None:
        seen.put_nowait(payload["n"])

    async with working(database):
        await jobs.enqueue("count", {"n": 1})
        assert await asyncio.wait_for(seen.get(), PATIENCE) == 1
        cutter = await asyncpg.connect(database)
        cut = await cutter.fetch(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'confero-worker-queue'"""
        )
        await cutter.close()
        assert len(cut) == 1
        await jobs.enqueue("count", {"n": 2})
        assert await asyncio.wait_for(seen.get(), PATIENCE) == 2


async def test_job_of_a_dead_worker_is_taken_again(database: str, registry: dict[str, Any]) -> None:
    done = asyncio.Event()

    @jobs.job("ring")
    async def ring(payload: dict[str, Any]) -> None:
        done.set()

    await jobs.enqueue("ring", {})
    await fetchval(
        """UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),
               heartbeat = now() - interval '1 hour' RETURNING id"""
    )
    async with working(database):
        await asyncio.wait_for(done.wait(), PATIENCE)


async def _nothing(payload: dict[str, Any]) -> None:
    return None
