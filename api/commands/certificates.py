"""`confero certificates`: many certificates at once, from a file, with a dry run and a progress bar."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from accounts.models import Person
from accounts.schemas import normal_email
from api.commands.database import connected
from api.commands.terminal import say
from api.progress import Report, progress
from api.worker import import_jobs
from certification.bulk import permissions, planning, queries, runs, working
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from core import jobs
from core.errors import InvalidInput, NotFound
from core.settings import Settings

_LISTED = 20
_LOOK_EVERY_SECONDS = 0.5
_SPELL_SECONDS = 2.0
_VERBS = {RunKind.issue: "Issue", RunKind.resend: "Send again", RunKind.revoke: "Revoke"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands in the command line."""

    kind: RunKind
    file: Path
    certification: str
    by: str
    reason: str | None = None
    invites: bool = False
    is_dry: bool = False
    is_confirmed: bool = False


@dataclass
class Followed:
    """The run that a command is about, for what is said when somebody ends it by Ctrl-C."""

    run: BulkRun | None = None
    is_workers: bool = False


def carry_out(settings: Settings, wanted: Wanted) -> int:
    """Plan, ask, start and follow; returns the exit code, 1 where a line failed. Raises `AppError`."""
    followed = Followed()

    async def run() -> int:
        async with connected(settings):
            by = await _person(wanted.by)
            now = datetime.now(UTC)
            certification = await permissions.access_new(wanted.certification, by, wanted.kind)
            planned = await planning.plan_file(
                certification,
                wanted.kind,
                wanted.file.read_bytes(),
                reason=wanted.reason,
                invites=wanted.invites,
                source_name=wanted.file.name,
                by=by,
                now=now,
            )
            ready = await _tell_plan(planned)
            if wanted.is_dry or ready == 0:
                say(f"Nothing was changed. Carry it out with: confero certificates resume {planned.id}")
                return 0 if ready else 1
            if not wanted.is_confirmed and not typer.confirm(f"{_VERBS[wanted.kind]} {ready}?"):
                await runs.discard(planned, by=by)
                return 0
            followed.run = await runs.start(planned, by=by, now=now)
            return await _follow(followed)

    return _leaving(followed, run())


def resume(settings: Settings, run_id: UUID, by: str | None) -> int:
    """Start a dry run, go on with a run, or watch one that is at work.

    In the name of who made it, unless another is named. Returns the exit code, 1 where a line failed.
    Raises `AppError`.
    """
    followed = Followed()

    async def run() -> int:
        async with connected(settings):
            found = await BulkRun.get_or_none(id=run_id)
            if found is None:
                raise NotFound("No run has this id. The organizer's pages list them.")
            person = await (Person.get_or_none(id=found.created_by_id) if by is None else _person(by))
            found = await permissions.access_run(run_id, person, to_change=True)
            if person is not None and found.state in (RunState.draft, RunState.stopped):
                found = await runs.start(found, by=person, now=datetime.now(UTC))
            followed.run = found
            return await _follow(followed)

    return _leaving(followed, run())


async def _person(email: str) -> Person:
    try:
        person = await Person.get_or_none(email=normal_email(email))
    except ValueError as error:
        raise InvalidInput({"by": str(error)}) from None
    if person is None:
        raise NotFound("Nobody has an account with this address; name an officer of the certification with --by.")
    return person


async def _tell_plan(planned: BulkRun) -> int:
    """Say what would be done; returns how many lines are ready."""
    counts = await queries.progress_of(planned, now=datetime.now(UTC))
    say(f"{counts.lines} lines: {counts.ready} ready, {counts.refused} left out.")
    refused = await BulkLine.filter(run_id=planned.id, state=LineState.refused).order_by("position").limit(_LISTED)
    for line in refused:
        who = line.given.get("email") or line.given.get("number") or ""
        say(f"  line {line.given.get('line', line.position)}  {who}  {line.problem}")
    if counts.refused > _LISTED:
        say(f"  … and {counts.refused - _LISTED} more")
    return counts.ready


async def _follow(followed: Followed) -> int:
    """Show the progress until the run has ended; without a worker the lines are carried out here."""
    run = followed.run
    if run is None:
        raise NotFound()
    followed.is_workers = await jobs.worker_is_alive(datetime.now(UTC))
    work = None if followed.is_workers else asyncio.create_task(_work_here(run))
    try:
        with progress(run.kind.value) as report:
            while await _is_running(run, report):
                if work is None:
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
                    continue
                done, _ = await asyncio.wait({work}, timeout=_LOOK_EVERY_SECONDS)
                if done:
                    work.result()
                    work = None
    finally:
        if work is not None:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
    return await _tell_end(run)


async def _work_here(run: BulkRun) -> None:
    """Do what the worker would; lane by lane at the same time, so that waiting for the database costs nothing."""
    import_jobs()

    async def lane(number: int) -> None:
        while await working.work(run.id, number, seconds=_SPELL_SECONDS):
            pass

    async with asyncio.TaskGroup() as lanes:
        for number in range(working.LANES):
            lanes.create_task(lane(number))


async def _is_running(run: BulkRun, report: Report) -> bool:
    await run.refresh_from_db(fields=["state"])
    counts = await queries.progress_of(run, now=datetime.now(UTC))
    report(counts.settled, counts.wanted)
    return run.state is RunState.running


async def _tell_end(run: BulkRun) -> int:
    counts = await queries.progress_of(run, now=datetime.now(UTC))
    say(f"{run.state.value}: {counts.done} done, {counts.failed} failed, {counts.ready} left to do.")
    failed = await BulkLine.filter(run_id=run.id, state=LineState.failed).order_by("position").limit(_LISTED)
    for line in failed:
        say(f"  line {line.given.get('line', line.position)}  {line.problem}")
    return 1 if counts.failed or counts.ready else 0


def _leaving(followed: Followed, work: Coroutine[Any, Any, int]) -> int:
    """Run `work`; where somebody ends it by Ctrl-C, say how the run stands and how to come back to it."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        if followed.run is not None:
            goes = "It goes on in the worker" if followed.is_workers else "What is done stays done"
            say(f"\n{goes}. Come back with: confero certificates resume {followed.run.id}")
        return 130
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several
