"""What an event offers: ticket types and the quotas that they draw on."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from accounts import audit
from accounts.models import Person
from core.database import execute, fetch, fetchval, transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.registration.models import TicketType
from events.registration.permissions import EventDesk
from events.registration.registrations import recount
from events.registration.schemas import TicketTypeIn


class TooManyTaken(Conflict):
    """409: the quotas cannot hold the registrations that the ticket type would bring to them."""

    code = "too_many_taken"
    message = N_("These quotas are too small for the registrations there are. Enlarge them first.")


async def find(event: EventDesk, ticket_type_id: UUID) -> TicketType:
    """A ticket type of this event. Raises `NotFound`."""
    ticket_type = await TicketType.get_or_none(id=ticket_type_id, event_id=event.id)
    if ticket_type is None:
        raise NotFound()
    return ticket_type


async def create(event: EventDesk, data: TicketTypeIn, *, by: Person, now: datetime) -> TicketType:
    """Offer a new free ticket type. Raises `InvalidInput` for a name that is taken or a quota of another event."""
    async with transaction():
        await _lock_quotas(event, data.quotas)
        position = await fetchval(
            "SELECT coalesce(max(position), -1) + 1 FROM ticket_type WHERE event_id = $1", event.id
        )
        ticket_type = TicketType(event_id=event.id, position=position, **data.model_dump(exclude={"quotas"}))
        await _save(ticket_type)
        await _draw_on(ticket_type.id, data.quotas)
        await _record("ticket_type.created", event, ticket_type, by=by, after=data.model_dump(mode="json"))
    return ticket_type


async def edit(event: EventDesk, ticket_type: TicketType, data: TicketTypeIn, *, by: Person, now: datetime) -> None:
    """Change a ticket type. Locks it, then the quotas of before and after in id order, and counts them anew.

    Raises `InvalidInput` as `create` does, and `TooManyTaken` where a quota cannot hold the registrations there are.
    """
    async with transaction():
        locked = await TicketType.select_for_update(no_key=True).get(id=ticket_type.id)
        drawn = await fetch("SELECT quota_id FROM ticket_type_quota WHERE ticket_type_id = $1", locked.id)
        before = {"name": locked.name, "quotas": sorted(str(row["quota_id"]) for row in drawn)}
        touched = {row["quota_id"] for row in drawn} | set(data.quotas)
        await _lock_quotas(event, list(touched))
        values = data.model_dump(exclude={"quotas"})
        await _save(locked.update_from_dict(values), fields=list(values))
        await execute("DELETE FROM ticket_type_quota WHERE ticket_type_id = $1", locked.id)
        await _draw_on(locked.id, data.quotas)
        try:
            await recount(sorted(touched))
        except asyncpg.CheckViolationError:
            raise TooManyTaken() from None
        after = data.model_dump(mode="json")
        await _record("ticket_type.changed", event, locked, by=by, before=before, after=after)
    await ticket_type.refresh_from_db()


async def withdraw(event: EventDesk, ticket_type: TicketType, *, by: Person, now: datetime) -> None:
    """Offer it no longer; those who have it keep it. A second time changes nothing."""
    await _set_offered(event, ticket_type, False, by=by)


async def offer_again(event: EventDesk, ticket_type: TicketType, *, by: Person, now: datetime) -> None:
    """Offer a withdrawn ticket type again. A second time changes nothing."""
    await _set_offered(event, ticket_type, True, by=by)


async def _set_offered(event: EventDesk, ticket_type: TicketType, is_offered: bool, *, by: Person) -> None:
    async with transaction():
        changed = await fetchval(
            "UPDATE ticket_type SET is_offered = $2 WHERE id = $1 AND is_offered <> $2 RETURNING id",
            ticket_type.id,
            is_offered,
        )
        if changed is not None:
            action = "ticket_type.offered" if is_offered else "ticket_type.withdrawn"
            await _record(action, event, ticket_type, by=by, after={"is_offered": is_offered})
    ticket_type.is_offered = is_offered


async def _lock_quotas(event: EventDesk, quota_ids: list[UUID]) -> None:
    rows = await fetch(
        "SELECT id FROM quota WHERE event_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE", event.id, quota_ids
    )
    if len(rows) != len(set(quota_ids)):
        raise InvalidInput({"quotas": _("Choose quotas of this event.")})


async def _draw_on(ticket_type_id: UUID, quota_ids: list[UUID]) -> None:
    await execute(
        "INSERT INTO ticket_type_quota (ticket_type_id, quota_id) SELECT $1, q FROM unnest($2::uuid[]) AS q",
        ticket_type_id,
        sorted(set(quota_ids)),
    )


async def _save(ticket_type: TicketType, *, fields: list[str] | None = None) -> None:
    """Write a new row, or the fields named of one that is locked."""
    try:
        await ticket_type.save(force_create=fields is None, update_fields=fields)
    except IntegrityError:
        raise InvalidInput({"name": _("This event has a ticket type of this name. Choose another.")}) from None


async def _record(
    action: str,
    event: EventDesk,
    ticket_type: TicketType,
    *,
    by: Person,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="ticket_type",
        object_id=ticket_type.id,
        organization_id=event.organization_id,
        before=before,
        after=after,
    )
