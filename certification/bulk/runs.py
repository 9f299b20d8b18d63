"""What an officer does with a run: start it, stop it, go on, try failed lines again, discard a draft."""

from datetime import datetime

from accounts import audit
from accounts.models import Person
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from certification.bulk.working import enqueue_lanes
from certification.certificates.models import SourceKind
from core.database import execute, transaction
from core.errors import Conflict
from core.i18n import N_
from core.i18n import gettext as _


class NothingToDo(Conflict):
    """No line of the run can be carried out."""

    code, message = "nothing_to_do", N_("No line of this run is left to carry out.")


class NotInThisState(Conflict):
    """The run is not in the state that this begins from, such as stopping one that has finished."""

    code, message = "run_not_in_this_state", N_("This run was changed in the meantime. Look at it again.")


async def start(run: BulkRun, *, by: Person, now: datetime) -> BulkRun:
    """Carry out a draft, or go on with a run that was stopped; the worker does the lines.

    Raises `NotInThisState`, and `NothingToDo` where every line is refused or done.
    """
    async with transaction():
        locked = await _lock(run, RunState.draft, RunState.stopped)
        if not await BulkLine.exists(run_id=run.id, state=LineState.ready):
            raise NothingToDo(_("No line of this run is left to carry out."))
        action = "bulk_run.started" if locked.state is RunState.draft else "bulk_run.continued"
        await set_going(locked, action, by=by, now=now)
    return locked


async def set_going(locked: BulkRun, action: str, *, by: Person | None, now: datetime) -> None:
    """Let a run whose row is locked work, and enqueue its lanes; `by` is None for the platform itself."""
    locked.state, locked.finished_at = RunState.running, None
    locked.started_at = locked.started_at or now
    if by is not None:
        locked.parameters = {**locked.parameters, "started_by": str(by.id)}
    await locked.save(update_fields=["state", "started_at", "finished_at", "parameters"])
    await _record(action, locked, by)
    await enqueue_lanes(locked.id)


async def stop(run: BulkRun, *, by: Person, now: datetime) -> BulkRun:
    """Stop after the lines that are in hand; what is done stays done. Raises `NotInThisState`."""
    async with transaction():
        locked = await _lock(run, RunState.running)
        locked.state = RunState.stopped
        await locked.save(update_fields=["state"])
        await _record("bulk_run.stopped", locked, by)
    return locked


async def retry_failed(run: BulkRun, *, by: Person, now: datetime) -> BulkRun:
    """Try the failed lines again, and go on with what is left. Raises `NotInThisState`, `NothingToDo`."""
    async with transaction():
        locked = await _lock(run, RunState.running, RunState.stopped, RunState.finished)
        changed = await execute(
            "UPDATE bulk_line SET state = 'ready', problem = '', done_at = NULL WHERE run_id = $1 AND state = 'failed'",
            run.id,
        )
        if changed == "UPDATE 0":
            raise NothingToDo(_("No line of this run has failed."))
        await _release_held(locked)
        await set_going(locked, "bulk_run.retried", by=by, now=now)
    return locked


async def discard(run: BulkRun, *, by: Person) -> None:
    """Throw a draft away; a run that was started stays as the record of what it did. Raises `NotInThisState`."""
    async with transaction():
        locked = await _lock(run, RunState.draft)
        await _record("bulk_run.discarded", locked, by)
        await locked.delete()


async def forget_drafts(before: datetime) -> None:
    """Delete drafts older than `before`, since they hold names and addresses that nothing came of."""
    await BulkRun.filter(state=RunState.draft, created_at__lt=before).delete()


async def _lock(run: BulkRun, *states: RunState) -> BulkRun:
    locked = await BulkRun.select_for_update().get_or_none(id=run.id)
    if locked is None or locked.state not in states:
        raise NotInThisState(_("This run was changed in the meantime. Look at it again."))
    return locked


async def _release_held(run: BulkRun) -> None:
    """Let the requests of failed lines be carried out again, such as after a font was added."""
    source = SourceKind.attendance if run.kind is RunKind.attendance else SourceKind.bulk_line
    await execute(
        """UPDATE issue_request r SET state = 'waiting', problem = ''
           FROM bulk_line l WHERE l.run_id = $1 AND l.state = 'ready' AND r.state = 'held' AND r.source_kind = $2
           AND r.source_id = CASE WHEN $2 = 'attendance' THEN (l.given->>'registration')::uuid ELSE l.id END""",
        run.id,
        source.value,
    )


async def _record(action: str, run: BulkRun, by: Person | None) -> None:
    await audit.record(action, by=by, object_kind="bulk_run", object_id=run.id, organization_id=run.organization_id)
