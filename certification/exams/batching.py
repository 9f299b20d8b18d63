"""Saves that arrive together share one statement and one commit: what an answer costs is mostly the commit.

An answer that comes alone goes to the database at once; only those that come while earlier ones are being stored wait,
for at most those. Nobody is told "saved" before the commit.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg

from certification.exams.models import GRACE
from core.database import fetch, is_in_transaction

PARALLEL = 2
"""Statements under way at once in a process: half of its connections, so that reads are not kept waiting."""
MOST = 64
"""Answers in one statement."""


@dataclass(frozen=True, slots=True)
class Save:
    """One checked answer; `document` is its JSON text, None clears."""

    attempt_id: UUID
    position: int
    sequence: int
    document: str | None
    now: datetime

    @property
    def key(self) -> tuple[UUID, int]:
        """Which row it is for."""
        return self.attempt_id, self.position


# FOR SHARE holds back whoever closes an attempt until its answers are in, and its answers until it is closed: an answer
# that was acknowledged is graded. Locks are taken in the order of ids, so that two statements do not block each other.
_SAVE = """
    WITH sitting AS MATERIALIZED (
        SELECT id, deadline FROM attempt WHERE id = ANY($1) AND status = 'in_progress' ORDER BY id FOR SHARE
    )
    UPDATE response SET response = given.document::jsonb, sequence = given.sequence, saved_at = given.moment
    FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::text[], $5::timestamptz[])
         AS given (attempt_id, position, sequence, document, moment)
    JOIN sitting ON sitting.id = given.attempt_id AND sitting.deadline >= given.moment - $6::interval
    WHERE response.attempt_id = given.attempt_id AND response.position = given.position
      AND response.sequence < given.sequence
    RETURNING response.attempt_id, response.position
"""


class _Queue:
    """The saves of one event loop that wait for a statement."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Save, asyncio.Future[bool]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        # Not the number of tasks: a task that has seen an empty queue is still among them for a moment.
        self._draining = 0

    async def put(self, save: Save) -> bool:
        """Whether the answer was stored; returns after the commit."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((save, done))
        if self._draining < PARALLEL:
            self._draining += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._store_next()
        finally:
            self._draining -= 1

    async def _store_next(self) -> None:
        batch = self._take()
        try:
            stored = await _store([save for save, _ in batch])
        except Exception as failure:
            for _, done in batch:
                if not done.done():
                    done.set_exception(failure)
            return
        for save, done in batch:
            if not done.done():
                done.set_result(save.key in stored)

    def _take(self) -> list[tuple[Save, asyncio.Future[bool]]]:
        """The next batch: one save for each row, and none whose caller has gone."""
        taken: dict[tuple[UUID, int], tuple[Save, asyncio.Future[bool]]] = {}
        left = []
        for save, done in self._waiting:
            if done.done():
                continue
            if save.key in taken or len(taken) == MOST:
                left.append((save, done))
            else:
                taken[save.key] = (save, done)
        self._waiting = left
        return list(taken.values())


_queues: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue]" = WeakKeyDictionary()


async def store(save: Save) -> bool:
    """Store an answer unless its attempt is closed or a sequence as high is there; whether it was stored.

    Inside a transaction it is part of that; otherwise it may share a statement with others.
    """
    if is_in_transaction():
        return save.key in await _store([save])
    loop = asyncio.get_running_loop()
    queue = _queues.get(loop)
    if queue is None:
        queue = _queues[loop] = _Queue()
    return await queue.put(save)


async def _store(saves: list[Save]) -> set[tuple[UUID, int]]:
    """The rows that were changed; saves that another process keeps from going together go one by one."""
    if not saves:
        return set()
    try:
        rows = await fetch(
            _SAVE,
            [save.attempt_id for save in saves],
            [save.position for save in saves],
            [save.sequence for save in saves],
            [save.document for save in saves],
            [save.now for save in saves],
            GRACE,
        )
    except asyncpg.DeadlockDetectedError:
        if len(saves) == 1:
            raise
        return {key for save in saves for key in await _store([save])}
    return {(row["attempt_id"], row["position"]) for row in rows}
