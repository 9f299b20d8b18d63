"""Who may see and change a run: whoever may do to one certificate what the run does to many."""

from uuid import UUID

from accounts import roles
from accounts.models import Person
from certification.bulk.models import BulkRun, RunKind
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from core.errors import NotFound

VIEW = "certification:certificate:view"
ATTENDANCE = "event:attendance:edit"
_NEEDED = {
    RunKind.issue: "certification:certificate:issue",
    RunKind.resend: "certification:certificate:issue",
    RunKind.revoke: "certification:certificate:revoke",
    RunKind.attendance: ATTENDANCE,
}


def needed_for(kind: RunKind) -> str:
    """The permission that a run of this kind asks for."""
    return _NEEDED[kind]


async def access_new(slug: str, person: Person | None, kind: RunKind) -> Certification:
    """The certification for somebody who may start a run of this kind on it. Raises `NotFound` or `Forbidden`."""
    return await access_certification(slug, person, permission=needed_for(kind))


async def access_run(run_id: UUID, person: Person | None, *, to_change: bool) -> BulkRun:
    """The run, with certification and organization, for somebody who may read it, or act on it with `to_change`.

    Raises `NotFound` or `Forbidden`.
    """
    found = await BulkRun.get_or_none(id=run_id).select_related("certification__organization", "organization")
    if found is None:
        raise NotFound()
    of_event = found.kind is RunKind.attendance
    permission = needed_for(found.kind) if to_change or of_event else VIEW
    await roles.require(
        person,
        permission,
        organization_id=found.organization_id,
        scope_id=found.event_id if of_event else found.certification_id,
    )
    return found
