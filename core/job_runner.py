"""The worker's loop: picks jobs, retries, holds, and outlives a restart of the database."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import JobId, QueueEntrypoint, QueueManagerId
from prometheus_client import Counter

from core import jobs
from core.database import WORKER, Connection, connection, execute, fetchval
from core.i18n import use_locale
from core.outages import AWAY
from core.settings import Settings

log = logging.getLogger("confero.job")
LOST_RUNS = 5
"""A job whose worker died this often while running it is held: it may be what kills the worker."""
LOG_KEPT = timedelta(days=30)
"""How long the queue's own log is kept; PgQueuer itself never empties it."""
OUTCOMES = Counter("confero_jobs_total", "Jobs run.", ["name", "outcome"])


class WorkerDied(Exception):
    """The workers that ran this job ended before they could say how it went."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the worker is. Tests make it quick."""

    first_retry: timedelta = timedelta(seconds=5)
    longest_retry: timedelta = timedelta(hours=2)
    stale_after: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    at_once: int = 8
    reconnect: float = 1.0
    answer_within: timedelta = timedelta(seconds=15)
    finish_within: timedelta = timedelta(seconds=8)
    longest_run: timedelta = timedelta(hours=1)

    @classmethod
    def of(cls, settings: Settings) -> "Pace":
        """The pace that the settings ask for."""
        return cls(poll=timedelta(seconds=settings.job_poll_seconds))

    def delay(self, attempt: int) -> timedelta:
        """Time before the next try after `attempt` failures (from 1): times six each, up to the longest, ±20 %."""
        grown: timedelta = min(self.first_retry * 6 ** min(attempt - 1, 12), self.longest_retry)
        jittered: timedelta = grown * random.uniform(0.8, 1.2)  # noqa: S311  jitter, not a secret
        return jittered


async def run_one(job: Job, pace: Pace) -> None:
    """Run one job's handler. Raises `RetryRequested` while tries are left, else what the handler raised."""
    registered = jobs.JOBS[str(job.entrypoint)]
    use_locale("en")
    try:
        if await _lost_runs(job) >= LOST_RUNS:
            raise WorkerDied(f"The worker ended {LOST_RUNS} times while it ran this job.")
        async with asyncio.timeout(pace.longest_run.total_seconds()):
            await registered.handler(json.loads(job.payload or b"{}"))
    except asyncio.CancelledError as problem:
        # PgQueuer deletes the job of a cancelled handler; here it goes back to the queue.
        OUTCOMES.labels(registered.name, "retried").inc()
        log.warning("job %s %s was cancelled", registered.name, job.id)
        is_ending = (task := asyncio.current_task()) is not None and task.cancelling() > 0
        raise RetryRequested(timedelta(0) if is_ending else pace.delay(1), reason="cancelled") from problem
    except Exception as problem:
        tries = job.attempts + 1
        if tries >= registered.attempts or isinstance(problem, WorkerDied):
            OUTCOMES.labels(registered.name, "held").inc()
            raise
        OUTCOMES.labels(registered.name, "retried").inc()
        log.warning("job %s %s failed, try %s of %s: %r", registered.name, job.id, tries, registered.attempts, problem)
        raise RetryRequested(pace.delay(tries), reason=repr(problem)[:500]) from problem
    OUTCOMES.labels(registered.name, "done").inc()


async def _lost_runs(job: Job) -> int:
    """How many runs began and were never settled: PgQueuer takes such a job again without counting a failure."""
    try:
        begun = await fetchval(
            """SELECT count(*) FROM pgqueuer_log WHERE job_id = $1 AND status = 'picked' AND id > coalesce(
                   (SELECT max(id) FROM pgqueuer_log WHERE job_id = $1 AND status = 'failed'), 0)""",
            job.id,
        )
    except (*AWAY, asyncpg.PostgresError):
        return 0  # The database is away: the handler meets the same and is tried again.
    return int(begun) - 1 - job.attempts


async def run_worker(database_url: str, stop: asyncio.Event, pace: Pace | None = None) -> None:
    """Work until `stop` is set; then let the running jobs finish, and put back those that take too long.

    A lost database is waited for and connected to anew.
    """
    chosen, worker_id = pace or Pace(), uuid4()
    beats = asyncio.create_task(_beat(worker_id, stop))
    ticks = asyncio.create_task(_tick(stop))
    try:
        while not stop.is_set():
            try:
                await _work(database_url, stop, chosen)
            except (*AWAY, asyncpg.PostgresError, ExceptionGroup) as problem:
                log.warning("database away, connecting again: %r", problem)
            except Exception:
                log.exception("the queue stopped, starting it again")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), chosen.reconnect)
    finally:
        for task in (beats, ticks):
            task.cancel()
        await asyncio.gather(beats, ticks, return_exceptions=True)
        with suppress(Exception):
            await jobs.forget_worker(worker_id)


async def _work(database_url: str, stop: asyncio.Event, pace: Pace) -> None:
    own: Connection = await asyncpg.connect(
        database_url,
        timeout=10,
        command_timeout=pace.answer_within.total_seconds(),
        server_settings={"application_name": "confero-worker-queue", **WORKER.settings()},
    )
    try:
        manager = QueueManager(Queries(_ImpatientDriver(own)))
        running: set[asyncio.Task[Any]] = set()
        for known in jobs.JOBS.values():
            manager.entrypoint(known.name, concurrency_limit=known.at_once, on_failure="hold", accepts_context=False)(
                _entrypoint(pace, running)
            )
        own.add_termination_listener(lambda _connection: manager.shutdown.set())
        ending = asyncio.create_task(_pass_on(stop, manager.shutdown, running, pace))
        try:
            await manager.run(
                dequeue_timeout=pace.poll,
                batch_size=max(1, pace.at_once // 2),
                max_concurrent_tasks=max(2, pace.at_once),
                heartbeat_timeout=pace.stale_after,
                log_aggregation_interval=timedelta(minutes=5),
            )
        finally:
            ending.cancel()
    finally:
        with suppress(Exception):
            await own.close(timeout=5)


class _ImpatientDriver(AsyncpgDriver):
    """Ends a connection that does not answer in time: a network that drops packets never reports an end by itself."""

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        with self._ended_when_late():
            return await super().fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        with self._ended_when_late():
            return await super().execute(query, *args)

    @contextmanager
    def _ended_when_late(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            self._connection.terminate()
            raise


def _entrypoint(pace: Pace, running: set[asyncio.Task[Any]]):  # type: ignore[no-untyped-def]  # PgQueuer's own type for it is private
    async def run(job: Job) -> None:
        if (task := asyncio.current_task()) is not None:
            running.add(task)
            task.add_done_callback(running.discard)
        await run_one(job, pace)

    return run


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event, running: set[asyncio.Task[Any]], pace: Pace) -> None:
    await stop.wait()
    shutdown.set()
    await asyncio.sleep(pace.finish_within.total_seconds())
    for task in list(running):
        task.cancel()


async def _beat(worker_id: UUID, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(Exception):
            await jobs.note_worker(worker_id, datetime.now(UTC))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 5)


async def _tick(stop: asyncio.Event) -> None:
    shortest = min((s.every for s in jobs.SCHEDULES.values()), default=timedelta(seconds=60))
    pause = min(max(shortest.total_seconds() / 4, 0.05), 15)
    while not stop.is_set():
        await run_due_schedules(datetime.now(UTC))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def run_due_schedules(now: datetime) -> None:
    """Write the job of every schedule that is due and that no other worker has claimed."""
    for known in list(jobs.SCHEDULES.values()):
        try:
            await jobs.enqueue_tick(known, now)
        except Exception as problem:  # one schedule must not stop the others, and a lost database comes back
            log.warning("schedule %s waits for its next chance: %r", known.name, problem)


@jobs.schedule("jobs.forget_log", every=timedelta(hours=6))
async def forget_log() -> None:
    """Empty the queue's log of what is older than `LOG_KEPT`, except the errors of held jobs."""
    await execute(
        """DELETE FROM pgqueuer_log l WHERE l.created < now() - $1::interval
           AND NOT EXISTS (SELECT 1 FROM pgqueuer q WHERE q.id = l.job_id)""",
        LOG_KEPT,
    )
    await execute("DELETE FROM pgqueuer_statistics WHERE created < now() - $1::interval", LOG_KEPT)


async def run_pending(*, swallow: bool = False, pace: Pace | None = None) -> int:
    """Run every job that is due, in this process, until none is; for tests and the command line. Returns how many.

    Takes the worker's own path: a failed job is retried later or held. Its error is raised unless `swallow`.
    """
    chosen, count = pace or Pace(), 0
    entrypoints = {QueueEntrypoint(name): EntrypointExecutionParameter(concurrency_limit=0) for name in jobs.JOBS}
    while entrypoints:
        async with connection() as own:
            queue = Queries(AsyncpgDriver(own))
            picked = await queue.dequeue(1, entrypoints, QueueManagerId(uuid4()), None, chosen.stale_after)
        if not picked:
            break
        count += 1
        await _settle(picked[0], chosen, swallow=swallow)
    return count


async def _settle(job: Job, pace: Pace, *, swallow: bool) -> None:
    problem: Exception | None = None
    try:
        await run_one(job, pace)
    except Exception as raised:
        problem = raised
    async with connection() as own:
        queue = Queries(AsyncpgDriver(own))
        if problem is None:
            await queue.log_jobs([(job, "successful", None)])
            return
        record = TracebackRecord.from_exception(exc=problem, job_id=JobId(job.id), additional_context={})
        if isinstance(problem, RetryRequested):
            await queue.retry_job(job, problem.delay, record)
        else:
            await queue.log_jobs([(job, "failed", record)])
    if not swallow:
        raise problem.__cause__ if isinstance(problem, RetryRequested) and problem.__cause__ else problem
