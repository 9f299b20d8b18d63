"""What the worker outlives: a restarted PostgreSQL, a frozen network, a killed neighbour; and what it never loses."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core import database as core_database
from core import jobs
from core.database import execute, fetchval
from core.errors import Conflict
from core.job_runner import LOST_RUNS, forget_log, run_due_schedules, run_pending, run_worker
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from tests.integration.test_jobs import QUICK, registry, working
from tests.patience import PATIENCE

__all__ = ["registry"]
ROOT = Path(__file__).resolve().parent.parent.parent

KILLED_WORKER = """
import asyncio, sys
from core import database, jobs
from core.job_runner import run_worker

@jobs.job("ring")
async def ring(payload):
    print("started", flush=True)
    await asyncio.Event().wait()

async def main():
    await database.connect(sys.argv[1])
    await run_worker(sys.argv[1], asyncio.Event())

asyncio.run(main())
"""


async def test_restart_of_postgresql_under_load_loses_no_job(tmp_path: Path, registry: dict[str, Any]) -> None:
    done: set[int] = set()

    @jobs.job("count", attempts=50)
    async def count(payload: dict[str, Any]) -> None:
        await fetchval("SELECT 1")
        done.add(payload["n"])

    server = EmbeddedPostgres(tmp_path / "pg")
    async with server.owned() as url:
        await migrate(url)
        await core_database.connect(url, pool_size=4)
        try:
            for n in range(200):
                await jobs.enqueue("count", {"n": n})
            async with working(url):
                await _until(lambda: len(done) >= 20)
                await server.stop()
                await server.start()
                await _until(lambda: len(done) == 200)
                await _until_async(lambda: fetchval("SELECT count(*) = 0 FROM pgqueuer"))
        finally:
            await core_database.disconnect()

    assert done == set(range(200))


async def test_frozen_network_is_given_up_and_connected_anew(database: str, registry: dict[str, Any]) -> None:
    """Packets vanish and no connection ends, as when a database machine loses its power."""
    seen: asyncio.Queue[int] = asyncio.Queue()

    @jobs.job("count")
    async def count(payload: dict[str, Any]) -> None:
        seen.put_nowait(payload["n"])

    impatient = replace(QUICK, answer_within=timedelta(seconds=2))
    async with _freezable(database) as (through, freeze), working(through, impatient):
        await jobs.enqueue("count", {"n": 1})
        assert await asyncio.wait_for(seen.get(), PATIENCE) == 1
        await _until_async(lambda: fetchval("SELECT count(*) = 0 FROM pgqueuer"))
        freeze()
        await jobs.enqueue("count", {"n": 2})
        assert await asyncio.wait_for(seen.get(), PATIENCE) == 2


async def test_job_of_a_killed_process_is_taken_again(database: str, registry: dict[str, Any]) -> None:
    taken = asyncio.Event()

    @jobs.job("ring")
    async def ring(payload: dict[str, Any]) -> None:
        taken.set()

    await jobs.enqueue("ring", {})
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_WORKER, database, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await asyncio.wait_for(other.stdout.readline(), PATIENCE) == b"started\n"
    other.kill()
    await other.wait()

    async with working(database):
        await asyncio.wait_for(taken.wait(), PATIENCE)


async def test_long_job_of_a_living_worker_is_left_to_it(database: str, registry: dict[str, Any]) -> None:
    """It lasts longer than others wait for a worker that is silent; its heartbeat keeps it."""
    starts: list[int] = []
    beats: set[datetime] = set()
    finished = asyncio.Event()
    pace = replace(QUICK, stale_after=timedelta(seconds=6))

    async def has_lasted() -> bool:
        beats.add(await fetchval("SELECT heartbeat FROM pgqueuer"))
        return max(beats) - min(beats) > pace.stale_after

    @jobs.job("long")
    async def long(payload: dict[str, Any]) -> None:
        starts.append(1)
        await _until_async(has_lasted)
        finished.set()

    async with working(database, pace), working(database, pace):
        await jobs.enqueue("long", {})
        await asyncio.wait_for(finished.wait(), PATIENCE)

    assert starts == [1]


async def test_stopping_finishes_the_running_job(database: str, registry: dict[str, Any]) -> None:
    started, told_to_stop, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @jobs.job("long")
    async def long(payload: dict[str, Any]) -> None:
        started.set()
        await told_to_stop.wait()
        await _lasting(0.1)  # It is still at work while the worker ends.
        finished.set()

    async with working(database):
        await jobs.enqueue("long", {})
        await asyncio.wait_for(started.wait(), PATIENCE)
        told_to_stop.set()

    assert finished.is_set()
    assert await fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_job_that_does_not_finish_is_put_back(database: str, registry: dict[str, Any]) -> None:
    started = asyncio.Event()

    @jobs.job("hang")
    async def hang(payload: dict[str, Any]) -> None:
        started.set()
        await asyncio.Event().wait()

    async with working(database, replace(QUICK, finish_within=timedelta(seconds=1))):
        await jobs.enqueue("hang", {})
        await asyncio.wait_for(started.wait(), PATIENCE)

    assert await fetchval("SELECT status::text FROM pgqueuer") == "queued"


async def test_run_that_takes_too_long_is_a_failure_like_any_other(database: str, registry: dict[str, Any]) -> None:
    @jobs.job("hang", attempts=1)
    async def hang(payload: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    await jobs.enqueue("hang", {})
    await run_pending(swallow=True, pace=replace(QUICK, longest_run=timedelta(seconds=0.1)))

    (held,) = await jobs.held_jobs()
    assert (held.name, "TimeoutError" in held.error) == ("hang", True)


async def test_job_that_kills_its_worker_again_and_again_is_held(database: str, registry: dict[str, Any]) -> None:
    runs: list[int] = []

    @jobs.job("poison")
    async def poison(payload: dict[str, Any]) -> None:
        runs.append(1)

    await jobs.enqueue("poison", {})
    await execute(
        """INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
           SELECT id, 'picked', 0, entrypoint FROM pgqueuer, generate_series(1, $1)""",
        LOST_RUNS,
    )
    await run_pending(swallow=True)
    (held,) = await jobs.held_jobs()
    assert runs == []
    assert "WorkerDied" in held.error

    await jobs.retry_held(held.id)
    assert await run_pending() == 1
    assert runs == [1]


async def test_log_is_forgotten_but_for_held_jobs(database: str, registry: dict[str, Any]) -> None:
    @jobs.job("fail", attempts=1)
    async def fail(payload: dict[str, Any]) -> None:
        raise ValueError("the printer is on fire")

    @jobs.job("count")
    async def count(payload: dict[str, Any]) -> None:
        return None

    await jobs.enqueue("fail", {})
    await jobs.enqueue("count", {})
    await run_pending(swallow=True)
    await execute("UPDATE pgqueuer_log SET created = now() - interval '31 days'")
    await forget_log()

    (held,) = await jobs.held_jobs()
    assert "the printer is on fire" in held.error
    assert await fetchval("SELECT count(*) FROM pgqueuer_log WHERE entrypoint = 'count'") == 0


async def test_cancelled_handler_is_tried_again(database: str, registry: dict[str, Any]) -> None:
    """A handler whose own inner task was cancelled raises CancelledError; PgQueuer would delete the job."""
    tries: list[int] = []
    done = asyncio.Event()

    @jobs.job("inner")
    async def inner(payload: dict[str, Any]) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise asyncio.CancelledError
        done.set()

    async with working(database):
        await jobs.enqueue("inner", {})
        await asyncio.wait_for(done.wait(), PATIENCE)

    assert len(tries) == 2


async def test_ending_of_the_event_loop_puts_the_job_back(database: str, registry: dict[str, Any]) -> None:
    """As `asyncio.run` ends: every task is cancelled, the running job's too."""
    started = asyncio.Event()

    @jobs.job("long")
    async def long(payload: dict[str, Any]) -> None:
        started.set()
        await asyncio.Event().wait()

    worker = asyncio.create_task(run_worker(database, asyncio.Event(), QUICK))
    await jobs.enqueue("long", {})
    await asyncio.wait_for(started.wait(), PATIENCE)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(worker, return_exceptions=True), PATIENCE)

    assert await fetchval("SELECT status::text FROM pgqueuer") == "queued"


async def test_error_leaves_the_other_jobs_due(database: str, registry: dict[str, Any]) -> None:
    seen: list[int] = []

    @jobs.job("fail", attempts=1)
    async def fail(payload: dict[str, Any]) -> None:
        raise ValueError("broken")

    @jobs.job("count")
    async def count(payload: dict[str, Any]) -> None:
        seen.append(payload["n"])

    await jobs.enqueue("fail", {})
    await jobs.enqueue("count", {"n": 1})
    await jobs.enqueue("count", {"n": 2})

    with pytest.raises(ValueError, match="broken"):
        await run_pending()
    assert await run_pending() == 2
    assert seen == [1, 2]


async def test_held_job_whose_key_waits_again_is_refused(database: str, registry: dict[str, Any]) -> None:
    @jobs.job("fail", attempts=1)
    async def fail(payload: dict[str, Any]) -> None:
        raise ValueError

    await jobs.enqueue("fail", {}, key="one at a time")
    await run_pending(swallow=True)
    await jobs.enqueue("fail", {}, key="one at a time")
    (held,) = await jobs.held_jobs()

    with pytest.raises(Conflict):
        await jobs.retry_held(held.id)


async def test_tick_is_claimed_only_with_its_job(database: str, registry: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    runs: list[int] = []

    @jobs.schedule("sweep", every=timedelta(days=1))
    async def sweep() -> None:
        runs.append(1)

    await execute("ALTER TABLE pgqueuer ADD CONSTRAINT away CHECK (entrypoint <> 'sweep')")
    try:
        await run_due_schedules(now)
    finally:
        await execute("ALTER TABLE pgqueuer DROP CONSTRAINT away")
    await run_due_schedules(now)
    await run_pending()

    assert runs == [1]


async def test_schedule_that_keeps_failing_is_held_once(database: str, registry: dict[str, Any]) -> None:
    now = datetime.now(UTC)

    @jobs.schedule("sweep", every=timedelta(minutes=1))
    async def sweep() -> None:
        raise ValueError

    for minute in range(3):
        await run_due_schedules(now + timedelta(minutes=minute))
        await run_pending(swallow=True, pace=QUICK)

    assert len(await jobs.held_jobs()) == 1


async def test_limited_job_leaves_room_for_others(database: str, registry: dict[str, Any]) -> None:
    """Twenty jobs that hang, at most two at once, do not keep another kind waiting."""
    release, done = asyncio.Event(), asyncio.Event()
    running: list[int] = []

    @jobs.job("hang", at_once=2)
    async def hang(payload: dict[str, Any]) -> None:
        running.append(1)
        await release.wait()

    @jobs.job("ring")
    async def ring(payload: dict[str, Any]) -> None:
        done.set()

    for _ in range(20):
        await jobs.enqueue("hang", {})
    async with working(database):
        await _until(lambda: len(running) == 2)
        await jobs.enqueue("ring", {})
        await asyncio.wait_for(done.wait(), PATIENCE)
        assert len(running) == 2
        release.set()
        await _until(lambda: len(running) == 20)


async def _until(condition: Any) -> None:
    async def answer() -> bool:
        return bool(condition())

    await _until_async(answer)


async def _until_async(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await _lasting(0.02)


async def _lasting(seconds: float) -> None:
    """Time that passes while something else works."""
    await asyncio.to_thread(time.sleep, seconds)


@asynccontextmanager
async def _freezable(url: str) -> AsyncIterator[tuple[str, Any]]:
    """A relay before the database; after `freeze()` the connections it has stay open and pass nothing on."""
    path = f"{_socket_folder(url)}/.s.PGSQL.5432"
    generation: list[int] = [0]
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, born: int) -> None:
        while (chunk := await reader.read(65536)) and generation[0] == born:
            writer.write(chunk)
            await writer.drain()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to, back = await asyncio.open_unix_connection(path)
        writers.extend((writer, back))
        for one in (relay(reader, back, generation[0]), relay(to, writer, generation[0])):
            tasks.add(asyncio.create_task(one))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    parts = urlsplit(url)

    def freeze() -> None:
        generation[0] += 1

    try:
        yield f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable", freeze
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for writer in writers:
            writer.close()
        await asyncio.gather(*tasks, *(w.wait_closed() for w in writers), return_exceptions=True)


def _socket_folder(url: str) -> str:
    return parse_qs(urlsplit(url).query)["host"][0]
