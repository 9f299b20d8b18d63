"""The engine: jobs that work through a run's lines, go on after a crash, and never do a line twice.

A run has four lanes, the lines by their position modulo four. Each lane is a job that works for a while and enqueues
itself again, so that deployments wait for nothing and one run leaves the worker room for others; lanes share the work
between workers. A lane that was killed is taken up by another worker when its heartbeat is stale. Two at work on one
lane would do harm to nothing but time: every effect is known by its line. See docs/decisions/0020-bulk-runs.md.
"""

import logging
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from certification.bulk.effects import EFFECTS, Effect, Outcome
from certification.bulk.models import BulkLine, BulkRun, LineState, RunState
from core.database import execute, fetch, transaction
from core.errors import AppError, RateLimited
from core.jobs import enqueue

log = logging.getLogger("confero.bulk")
LANES = 4
_AT_A_TIME = 10
_SECONDS = 4.0
_STAGGER = 0.75
"""Each lane works longer than the one before it, so that they come back to the queue one by one: then the worker that
has least to do takes each, and several share a run evenly."""
_FAULTS_IN_A_ROW = 3
"""So many lines failing one after the other, unexpectedly, are no fault of the lines: storage or database is away."""


async def enqueue_lanes(run_id: UUID) -> None:
    """Write the jobs of a run that begins or goes on, in the caller's transaction."""
    for lane in range(LANES):
        await enqueue_lane(run_id, lane, turn=0)


async def enqueue_lane(run_id: UUID, lane: int, *, turn: int, at: datetime | None = None) -> None:
    """Write the next job of a lane, for `at` where it must wait.

    Turns alternate between two keys: the job that runs still holds the other.
    """
    payload = {"run": str(run_id), "lane": lane, "turn": turn}
    await enqueue("bulk.work", payload, key=f"bulk.work {run_id} {lane} {turn % 2}", at=at)


async def work(run_id: UUID, lane: int, *, seconds: float | None = None) -> bool:
    """Carry out lines of one lane for about so long; returns whether any are left.

    A line that fails as expected is noted with its reason. One that fails unexpectedly twice is noted as well, once
    another after it succeeds or none is left; three in a row raise the last error instead and stay as they are, so that
    the job is tried again later. Memory holds ten lines at a time. Raises
    `RateLimited` where the lane must wait; its lines stay as they are.
    """
    until = time.monotonic() + (seconds if seconds is not None else _SECONDS + lane * _STAGGER)
    position, faults = -1, list[tuple[BulkLine, Exception]]()
    while time.monotonic() < until:
        run = await BulkRun.get_or_none(id=run_id)
        if run is None or run.state is not RunState.running:
            return False
        lines = await _next(run_id, lane, position)
        if not lines:
            await _fail_each(faults)
            await _finish(run_id)
            return False
        effect = EFFECTS[run.kind]
        shared = await effect.prepare(run)
        for line in lines:
            position = line.position
            try:
                await _try_twice(effect, line, shared)
            except RateLimited:
                raise
            except AppError as refusal:
                await _settle(line, LineState.failed, problem=refusal.message)
            except Exception as fault:
                log.warning("line %s of run %s failed: %r", line.position, run_id, fault)
                faults.append((line, fault))
                if len(faults) >= _FAULTS_IN_A_ROW:
                    raise
                continue
            await _fail_each(faults)
            faults.clear()
    return True


async def _next(run_id: UUID, lane: int, after: int) -> list[BulkLine]:
    rows = await fetch(
        """SELECT id FROM bulk_line WHERE run_id = $1 AND state = 'ready' AND position > $2 AND position % $3 = $4
           ORDER BY position LIMIT $5""",
        run_id,
        after,
        LANES,
        lane,
        _AT_A_TIME,
    )
    return await BulkLine.filter(id__in=[row["id"] for row in rows]).order_by("position") if rows else []


async def _try_twice(effect: Effect, line: BulkLine, shared: Any) -> None:  # Any: what the effect has prepared
    """Carry a line out; two at the same moment may have chosen the same place in a status list, for one."""
    try:
        await _carry_out(effect, line, shared)
    except AppError:
        raise
    except Exception as fault:
        log.warning("line %s of run %s failed and is tried again: %r", line.position, line.run_id, fault)
        await _carry_out(effect, line, shared)


async def _carry_out(effect: Effect, line: BulkLine, shared: Any) -> None:  # Any: as above
    now = datetime.now(UTC)
    if effect.in_one_transaction:
        async with transaction():
            await _note(line, await effect.carry_out(line, shared, now))
    else:
        await _note(line, await effect.carry_out(line, shared, now))


async def _note(line: BulkLine, outcome: Outcome) -> None:
    line.person_id = outcome.person_id or line.person_id
    line.certificate_id = outcome.certificate_id or line.certificate_id
    await _settle(line, LineState.done, problem=outcome.remark)


async def _settle(line: BulkLine, state: LineState, *, problem: str) -> None:
    await execute(
        """UPDATE bulk_line SET state = $2, problem = $3, done_at = now(), person_id = $4, certificate_id = $5
           WHERE id = $1 AND state = 'ready'""",
        line.id,
        state.value,
        problem[:500],
        line.person_id,
        line.certificate_id,
    )


async def _fail_each(faults: list[tuple[BulkLine, Exception]]) -> None:
    for line, fault in faults:
        await _settle(line, LineState.failed, problem=f"{type(fault).__name__}: {fault}")


async def _finish(run_id: UUID) -> None:
    """Close a run of which no line is left; of all lanes that find it so, one does."""
    await execute(
        """UPDATE bulk_run SET state = 'finished', finished_at = now() WHERE id = $1 AND state = 'running'
           AND NOT EXISTS (SELECT 1 FROM bulk_line WHERE run_id = $1 AND state = 'ready')""",
        run_id,
    )
