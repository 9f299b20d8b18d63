"""Reads of runs: how far one is, its lines, and the runs of a certification."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from tortoise.expressions import Q

from certification.bulk.models import BulkLine, BulkRun, LineState, RunState
from certification.certificates.models import Certificate
from core.database import fetch
from core.pages import PageQuery, decode_cursor, encode_cursor

_LATELY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Progress:
    """Lines by state; how many a second lately and how long the rest will take, where it works and that is known."""

    lines: int = 0
    ready: int = 0
    refused: int = 0
    done: int = 0
    failed: int = 0
    per_second: float | None = None
    seconds_left: int | None = None

    @property
    def wanted(self) -> int:
        """Lines that are carried out: all but those refused."""
        return self.lines - self.refused

    @property
    def settled(self) -> int:
        """Lines that came to an end, good or bad."""
        return self.done + self.failed


async def progress_of(run: BulkRun, *, now: datetime) -> Progress:
    """The counts of a run and its speed over the last minute."""
    return (await progress_of_each([run], now=now))[run.id]


async def progress_of_each(runs: Sequence[BulkRun], *, now: datetime) -> dict[UUID, Progress]:
    """The counts of runs by their id, in one statement."""
    rows = await fetch(
        """SELECT run_id, count(*) AS lines, count(*) FILTER (WHERE state = 'ready') AS ready,
                  count(*) FILTER (WHERE state = 'refused') AS refused,
                  count(*) FILTER (WHERE state = 'done') AS done,
                  count(*) FILTER (WHERE state = 'failed') AS failed,
                  count(*) FILTER (WHERE done_at > $2) AS lately,
                  extract(epoch FROM $3 - min(done_at) FILTER (WHERE done_at > $2))::float8 AS seconds
           FROM bulk_line WHERE run_id = ANY($1) GROUP BY run_id""",
        [run.id for run in runs],
        now - _LATELY,
        now,
    )
    counted = {row["run_id"]: row for row in rows}
    return {run.id: _progress(run, counted[run.id]) if run.id in counted else Progress() for run in runs}


def _progress(run: BulkRun, row: asyncpg.Record) -> Progress:
    counts = {name: row[name] for name in ("lines", "ready", "refused", "done", "failed")}
    if run.state is not RunState.running or row["lately"] < 2 or row["seconds"] <= 0:
        return Progress(**counts)
    speed = row["lately"] / row["seconds"]
    return Progress(**counts, per_second=round(speed, 1), seconds_left=round(row["ready"] / speed))


async def lines_of(
    run: BulkRun, query: PageQuery, *, state: LineState | None = None
) -> tuple[list[tuple[BulkLine, str | None]], str | None]:
    """A page of a run's lines in the order of the file, each with its certificate's number."""
    rows = BulkLine.filter(run_id=run.id)
    if state is not None:
        rows = rows.filter(state=state)
    if query.cursor:
        (position,) = decode_cursor(query.cursor, int)
        rows = rows.filter(position__gt=min(int(str(position)), 2**31 - 1))
    found = await rows.order_by("position").limit(query.limit + 1)
    shown = found[: query.limit]
    numbers = await _numbers([line.certificate_id for line in shown if line.certificate_id is not None])
    more = encode_cursor(shown[-1].position) if len(found) > query.limit else None
    return [(line, numbers.get(line.certificate_id) if line.certificate_id else None) for line in shown], more


async def runs_of(certification_id: UUID, query: PageQuery) -> tuple[list[BulkRun], str | None]:
    """A page of a certification's runs, the newest first."""
    rows = BulkRun.filter(certification_id=certification_id)
    if query.cursor:
        created_at, row_id = decode_cursor(query.cursor, datetime, UUID)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=row_id))
    found = await rows.order_by("-created_at", "-id").limit(query.limit + 1).select_related("certification")
    shown = found[: query.limit]
    return shown, encode_cursor(shown[-1].created_at, shown[-1].id) if len(found) > query.limit else None


async def waiting_until(run: BulkRun) -> datetime | None:
    """When a run whose surroundings failed (storage, time stamps) is tried again; None where it is not waiting."""
    rows = await fetch(
        """SELECT execute_after FROM pgqueuer WHERE entrypoint = 'bulk.work' AND status = 'queued'
           AND attempts > 0 AND execute_after > now() AND dedupe_key LIKE $1 ORDER BY execute_after LIMIT 1""",
        f"bulk.work {run.id} %",
    )
    found: datetime | None = rows[0]["execute_after"] if rows else None
    return found


async def _numbers(ids: list[UUID]) -> dict[UUID, str]:
    return dict(await Certificate.filter(id__in=ids).values_list("id", "number")) if ids else {}
