"""Pools of places. A size below what is taken is refused with the number."""

from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from core.database import fetchrow, transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.registration.models import Quota
from events.registration.permissions import EventDesk
from events.registration.schemas import QuotaIn


class QuotaInUse(Conflict):
    """409: a ticket type still draws on it."""

    code = "quota_in_use"
    message = N_("A ticket type draws on this quota. Change the ticket type first.")


async def create(event: EventDesk, data: QuotaIn, *, by: Person, now: datetime) -> Quota:
    """Add a pool of places to an event; it counts for nothing until a ticket type draws on it."""
    async with transaction():
        quota = await Quota.create(event_id=event.id, name=data.name, size=data.size)
        await _record("quota.created", event, quota, by=by, after={"name": data.name, "size": data.size})
    return quota


async def find(event: EventDesk, quota_id: UUID) -> Quota:
    """A quota of this event. Raises `NotFound`."""
    quota = await Quota.get_or_none(id=quota_id, event_id=event.id)
    if quota is None:
        raise NotFound()
    return quota


async def edit(event: EventDesk, quota: Quota, data: QuotaIn, *, by: Person, now: datetime) -> Quota:
    """Rename or resize a quota. Raises `InvalidInput` with the number for a size below what is taken.

    Locks the row, so a registration that comes at the same moment is counted or refused.
    """
    async with transaction():
        locked = await Quota.select_for_update(no_key=True).get_or_none(id=quota.id, event_id=event.id)
        if locked is None:
            raise NotFound()
        if locked.taken > data.size:
            raise too_small(locked.taken)
        before = {"name": locked.name, "size": locked.size}
        locked.name, locked.size = data.name, data.size
        await locked.save(update_fields=["name", "size"])
        await _record("quota.changed", event, locked, by=by, before=before, after=data.model_dump())
    return locked


async def remove(event: EventDesk, quota: Quota, *, by: Person, now: datetime) -> None:
    """Remove a quota that no ticket type draws on. Raises `QuotaInUse`."""
    async with transaction():
        gone = await fetchrow(
            """DELETE FROM quota WHERE id = $1
               AND NOT EXISTS (SELECT 1 FROM ticket_type_quota WHERE quota_id = $1) RETURNING id""",
            quota.id,
        )
        if gone is None:
            raise QuotaInUse()
        await _record("quota.removed", event, quota, by=by, before={"name": quota.name, "size": quota.size})


def too_small(taken: int) -> InvalidInput:
    """The refusal of a size that cannot hold what is taken."""
    return InvalidInput({"size": _("%(taken)s places are taken already; give at least that many.") % {"taken": taken}})


async def _record(
    action: str,
    event: EventDesk,
    quota: Quota,
    *,
    by: Person,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="quota",
        object_id=quota.id,
        organization_id=event.organization_id,
        before=before,
        after=after,
    )
