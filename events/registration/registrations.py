"""Taking a place and giving it back. Each is one statement, so that the contended row is locked for one round trip."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from accounts import roles
from accounts.models import Person
from core.database import execute, fetchrow, fetchval, new_id
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.catalog.models import Event
from events.registration import claiming
from events.registration.claiming import Claim
from events.registration.models import Registration, TicketType
from events.registration.permissions import EDIT


class SoldOut(Conflict):
    """409: no place is left."""

    code = "sold_out"
    message = N_("All places are taken. Look again later: a place that somebody gives back is free at once.")


class AlreadyRegistered(Conflict):
    """409: this person has a place at this event."""

    code = "already_registered"
    message = N_("You are registered for this event already. Your ticket is under “My tickets”.")


class RegistrationClosed(Conflict):
    """409: registration is not open at this moment."""

    code = "registration_closed"
    message = N_("Registration for this event is not open.")


class CancellationClosed(Conflict):
    """409: the event is over."""

    code = "cancellation_closed"
    message = N_("This event is over, so the registration can no longer be cancelled.")


# The quotas are locked before the registration, as `_CLAIM` does, so that the two never wait for each other in a ring.
_CANCEL = """
WITH pool AS MATERIALIZED (
    SELECT q.id FROM quota q
    WHERE q.id IN (SELECT tq.quota_id FROM ticket_type_quota tq JOIN registration r USING (ticket_type_id)
                   WHERE r.id = $1)
    ORDER BY q.id FOR NO KEY UPDATE
), cancelled AS (
    UPDATE registration SET status = 'cancelled', cancelled_at = $2
    WHERE id = $1 AND status NOT IN ('cancelled', 'declined', 'expired') AND (SELECT count(*) FROM pool) >= 0
    RETURNING *
), freed AS MATERIALIZED (
    SELECT quota_take(pool.id, -1) FROM pool WHERE EXISTS (SELECT 1 FROM cancelled)
), noted AS (
    INSERT INTO audit_entry (id, at, actor_id, organization_id, action, object_kind, object_id, before, after)
    SELECT $3, $2, $4, e.organization_id, 'registration.cancelled', 'registration', c.id,
           '{"status": "confirmed"}', '{"status": "cancelled"}'
    FROM cancelled c JOIN event e ON e.id = c.event_id
), queued AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
    SELECT 0, 'registration.tell_cancelled', $5, now(), 'registration.tell_cancelled ' || c.id, '{}', 'queued'
    FROM cancelled c
)
SELECT * FROM cancelled WHERE (SELECT count(*) FROM freed) >= 0"""


async def register(
    event: Event, ticket_type: TicketType | None = None, *, by: Person, attendee_name: str | None = None, now: datetime
) -> Registration:
    """Take one place at `event` for the person `by`; see `claim`."""
    chosen = ticket_type.id if ticket_type is not None else None
    return await claim(event.slug, chosen, by=by, attendee_name=attendee_name, now=now)


async def claim(
    slug: str, ticket_type_id: UUID | None, *, by: Person, attendee_name: str | None = None, now: datetime
) -> Registration:
    """Take one place at the event `slug`: place, registration, audit row and the job of the mail in one statement.

    Without `ticket_type_id` it is the only one offered. Finding the event, whether it is open and the place itself are
    one statement, because 400 people press the button at once; those who press it together share one (claiming.py), and
    only a refusal asks again for its reason. Locks the ticket type's quotas in id order. Raises `NotFound`,
    `RegistrationClosed`, `SoldOut`, `AlreadyRegistered`, and `InvalidInput` for a ticket type that is not of this
    event, or none where there are several.
    """
    wanted = Claim(slug, ticket_type_id, by.id, attendee_name or by.display_name, by.locale, now)
    try:
        row = await claiming.take(wanted)
    except asyncpg.UniqueViolationError as violation:
        if violation.constraint_name != "registration_once":
            raise
        raise AlreadyRegistered() from None
    if row is None:
        raise await _refusal(slug, ticket_type_id, by=by, now=now)
    return _registration(row)


async def cancel(registration: Registration, *, by: Person, now: datetime) -> None:
    """Give the place back, at once; a second time changes nothing.

    Allowed to the attendee until the event ends and to whoever may edit its registrations. Locks the quotas in id
    order, then the registration. Queues the mail that says so. Raises `CancellationClosed`, `Forbidden`.
    """
    if not registration.status.takes_a_place:
        return
    event = await fetchrow("SELECT organization_id, ends_at FROM event WHERE id = $1", registration.event_id)
    if event is None:
        raise NotFound()
    is_organizer = await roles.is_allowed(
        by, EDIT, organization_id=event["organization_id"], scope_id=registration.event_id
    )
    if not is_organizer:
        if registration.person_id != by.id:
            raise Forbidden()
        if now >= event["ends_at"]:
            raise CancellationClosed()
    row = await fetchrow(
        _CANCEL,
        registration.id,
        now,
        new_id(),
        by.id,
        json.dumps({"id": str(registration.id)}).encode(),
    )
    if row is not None:
        registration.status, registration.cancelled_at = _registration(row).status, now


async def recount(quota_ids: list[UUID]) -> None:
    """Set `taken` of these quotas to what their ticket types' registrations take; their rows must be locked.

    Raises `asyncpg.CheckViolationError` where that is more than a quota's size.
    """
    await execute(
        """UPDATE quota q SET taken = (
               SELECT count(*) FROM registration r JOIN ticket_type_quota tq USING (ticket_type_id)
               WHERE tq.quota_id = q.id AND r.status NOT IN ('cancelled', 'declined', 'expired'))
           WHERE q.id = ANY($1)""",
        quota_ids,
    )


def _registration(row: Any) -> Registration:  # Any: an asyncpg record, which Tortoise takes by keyword
    return Registration._init_from_db(**dict(row))


async def _refusal(slug: str, ticket_type_id: UUID | None, *, by: Person, now: datetime) -> Exception:
    """Why the claim wrote nothing, in the words of the most helpful error."""
    event = await Event.get_or_none(slug=slug)
    if event is None:
        return NotFound()
    if event.published_at is None and not await roles.is_allowed(
        by, "event:overview:view", organization_id=event.organization_id, scope_id=event.id
    ):
        return NotFound()
    if await fetchval(
        """SELECT EXISTS (SELECT 1 FROM registration WHERE event_id = $1 AND person_id = $2
                          AND status NOT IN ('cancelled', 'declined', 'expired'))""",
        event.id,
        by.id,
    ):
        return AlreadyRegistered()
    if not event.is_open_at(now):
        return RegistrationClosed()
    ticket_types = await TicketType.filter(event_id=event.id)
    if ticket_type_id is not None:
        ticket_types = [each for each in ticket_types if each.id == ticket_type_id]
        if not ticket_types:
            return InvalidInput({"ticket_type": _("Choose one of this event's ticket types.")})
    offered = [each for each in ticket_types if each.is_offered]
    if len(offered) > 1:
        return InvalidInput({"ticket_type": _("Choose a ticket type; this event has several.")})
    if not offered or not offered[0].is_on_sale_at(now):
        return RegistrationClosed()
    return SoldOut()
