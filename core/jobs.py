"""Background jobs: rows of the queue, written in the transaction of the change that causes them.

PgQueuer keeps the queue. Every job is retried with back-off, is held and shown to staff when its attempts are used up,
and the worker's connection is made anew when the database comes back (core/job_runner.py). A worker that dies leaves
its jobs picked; another takes them when their heartbeat is stale. So every job may run twice and must not matter.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from core.database import execute, fetch, fetchval, transaction
from core.errors import Conflict, NotFound
from core.i18n import gettext as _

Handler = Callable[[dict[str, Any]], Awaitable[None]]

WORKER_SEEN_WITHIN = timedelta(seconds=30)
"""A worker writes its heartbeat every few seconds; one that is silent for longer counts as gone."""


@dataclass(frozen=True, slots=True)
class RegisteredJob:
    """A handler by name; `attempts` is how often it is tried before it is held.

    `at_once` is how many of them run at the same time in all workers together; 0 sets no limit.
    """

    name: str
    handler: Handler
    attempts: int
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is enqueued again and again by exactly one worker."""

    name: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job whose attempts are used up, for staff: what it was, what went wrong, since when."""

    id: int
    name: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    failed_at: datetime
    error: str


JOBS: dict[str, RegisteredJob] = {}
SCHEDULES: dict[str, Schedule] = {}


def job(name: str, *, attempts: int = 8, at_once: int = 0) -> Callable[[Handler], Handler]:
    """Register an async function as the handler of jobs called `name`. Raises `ValueError` where the name is taken.

    Jobs that wait for somebody else's server set `at_once`, so that they leave the worker room for others.
    """

    def register(handler: Handler) -> Handler:
        if name in JOBS:
            raise ValueError(f"two jobs are called {name}")
        JOBS[name] = RegisteredJob(name, handler, attempts, at_once)
        return handler

    return register


def schedule(
    name: str, *, every: timedelta
) -> Callable[[Callable[[], Awaitable[None]]], Callable[[], Awaitable[None]]]:
    """Register an async function without arguments to run every so often, on one of all workers."""

    def register(function: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run(_payload: dict[str, Any]) -> None:
            await function()

        job(name, attempts=3)(run)
        SCHEDULES[name] = Schedule(name, every)
        return function

    return register


async def enqueue(name: str, payload: Mapping[str, Any], *, key: str | None = None, at: datetime | None = None) -> None:
    """Write a job row in the running transaction; the worker hears of it with the commit.

    `payload` is JSON without secrets. While a job with the same `key` waits or runs, no second one is written. `at`
    delays it. The statement is PgQueuer's own insert, so that web processes need not load the library.
    """
    await execute(
        """INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
           VALUES (0, $1, $2, coalesce($3, now()), $4, '{}', 'queued')
           ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL DO NOTHING""",
        name,
        json.dumps(dict(payload), default=str).encode(),
        at,
        key,
    )


async def held_jobs(limit: int = 100) -> list[HeldJob]:
    """Jobs whose attempts are used up, the latest failure first."""
    rows = await fetch(
        """SELECT q.id, q.entrypoint, q.payload, q.attempts, q.created, q.updated,
                  (SELECT l.traceback FROM pgqueuer_log l WHERE l.job_id = q.id AND l.traceback IS NOT NULL
                   ORDER BY l.created DESC LIMIT 1) AS traceback
           FROM pgqueuer q WHERE q.status = 'failed' ORDER BY q.updated DESC LIMIT $1""",
        limit,
    )
    return [
        HeldJob(
            id=row["id"],
            name=row["entrypoint"],
            payload=json.loads(row["payload"] or b"{}"),
            attempts=row["attempts"] + 1,
            created_at=row["created"],
            failed_at=row["updated"],
            error=_error(row["traceback"]),
        )
        for row in rows
    ]


async def retry_held(job_id: int) -> None:
    """Give a held job all its attempts again, at once. Raises `NotFound`, or `Conflict` where its key waits again."""
    try:
        done = await fetchval(
            """UPDATE pgqueuer SET status = 'queued', attempts = 0, execute_after = now(), updated = now(),
                   queue_manager_id = NULL
               WHERE id = $1 AND status = 'failed' RETURNING id""",
            job_id,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(_("The same job waits already. Discard this one."), code="job_waits_already") from None
    if done is None:
        raise NotFound()


async def discard_held(job_id: int) -> None:
    """Give a held job up for good. Raises `NotFound`."""
    if await fetchval("DELETE FROM pgqueuer WHERE id = $1 AND status = 'failed' RETURNING id", job_id) is None:
        raise NotFound()


async def note_worker(worker_id: UUID, now: datetime) -> None:
    """Note that a worker lives; those that have been silent for a day are forgotten."""
    await execute(
        """INSERT INTO worker_heartbeat (id, seen_at) VALUES ($1, $2)
           ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at""",
        worker_id,
        now,
    )
    await execute("DELETE FROM worker_heartbeat WHERE seen_at < $1", now - timedelta(days=1))


async def forget_worker(worker_id: UUID) -> None:
    """Note that a worker has ended in order."""
    await execute("DELETE FROM worker_heartbeat WHERE id = $1", worker_id)


async def worker_is_alive(now: datetime) -> bool:
    """Whether any worker has been seen lately."""
    since = now - WORKER_SEEN_WITHIN
    return bool(await fetchval("SELECT EXISTS (SELECT 1 FROM worker_heartbeat WHERE seen_at > $1)", since))


async def claim_tick(name: str, every: timedelta, now: datetime) -> bool:
    """Whether this worker is the one that runs the schedule's next tick; of many that ask, one gets True."""
    claimed = await fetchval(
        """INSERT INTO schedule_tick AS t (name, next_at) VALUES ($1, $2::timestamptz + $3::interval)
           ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE t.next_at <= $2 RETURNING name""",
        name,
        now,
        every,
    )
    return claimed is not None


async def enqueue_tick(due: Schedule, now: datetime) -> bool:
    """Claim the schedule's next tick and write its job, both or neither; returns whether this worker claimed it.

    What an earlier tick left held goes, so that a schedule that keeps failing is held once, with its latest error.
    """
    key = f"schedule {due.name}"
    async with transaction():
        if not await claim_tick(due.name, due.every, now):
            return False
        await execute("DELETE FROM pgqueuer WHERE dedupe_key = $1 AND status = 'failed'", key)
        await enqueue(due.name, {}, key=key)
    return True


def _error(record: str | None) -> str:
    if record is None:
        return ""
    facts = json.loads(record)
    return f"{facts.get('exception_type', '')}: {facts.get('exception_message', '')}"[:500].strip(": ")
