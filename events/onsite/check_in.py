"""Scanning codes at the door. A scan is one statement; a second scan finds the first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from tortoise.expressions import Q

from accounts import audit
from accounts.codes import read_code
from accounts.models import Person
from core.database import execute, fetchrow, new_id, transaction
from core.errors import Conflict, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.onsite.models import CheckInList
from events.registration.models import CODE_LENGTH
from events.registration.permissions import EventDesk

SCAN = "event:check_in:scan"


class UnknownCode(NotFound):
    """404: no registration of this event has this code."""

    code = "unknown_code"
    message = N_("No ticket of this event has this code. Check that it is a ticket for this event.")


class AlreadyCheckedIn(Conflict):
    """409: scanned before; `checked_in_at` says when, `checked_in_by` by whom."""

    code = "already_checked_in"
    message = N_("This ticket was checked in before.")


class RegistrationCancelled(Conflict):
    """409: the registration was cancelled, so the ticket is void."""

    code = "registration_cancelled"
    message = N_("This registration was cancelled. The ticket is no longer valid.")


class NotConfirmed(Conflict):
    """409: the registration waits for an approval or a payment."""

    code = "registration_not_confirmed"
    message = N_("This registration is not confirmed yet.")


@dataclass(frozen=True, slots=True)
class Scan:
    """A successful check-in, with what the person at the door wants to read."""

    id: UUID
    registration_id: UUID
    attendee_name: str
    ticket_type: str
    checked_in_at: datetime


_SCAN = """
WITH found AS (
    SELECT r.id, r.status, r.attendee_name, t.name AS ticket_type, l.id AS list_id
    FROM registration r JOIN ticket_type t ON t.id = r.ticket_type_id
    CROSS JOIN LATERAL (SELECT id FROM check_in_list
                        WHERE event_id = $1 AND ($3::uuid IS NULL AND session_id IS NULL OR id = $3 OR session_id = $3)
                        ORDER BY position, id LIMIT 1) AS l
    WHERE r.code = $2 AND r.event_id = $1
), scanned AS (
    INSERT INTO check_in (id, check_in_list_id, registration_id, checked_in_at, checked_in_by_id)
    SELECT $4, f.list_id, f.id, $5, $6 FROM found f WHERE f.status = 'confirmed'
    ON CONFLICT (check_in_list_id, registration_id) DO NOTHING
    RETURNING id, registration_id
), noted AS (
    INSERT INTO audit_entry (id, at, actor_id, organization_id, action, object_kind, object_id, before, after)
    SELECT $8, $5, $6, $7, 'registration.checked_in', 'registration', s.registration_id, NULL,
           jsonb_build_object('check_in_id', s.id)
    FROM scanned s
)
SELECT f.id, f.status, f.attendee_name, f.ticket_type, f.list_id, EXISTS (SELECT 1 FROM scanned) AS is_scanned
FROM found f"""


async def scan(event: EventDesk, code: str, *, check_in_list_id: UUID | None = None, by: Person, now: datetime) -> Scan:
    """Check in the registration with this code, at the event's first list unless another is named by its id.

    The id of a session names the list of that session.

    `code` is read as people type, paste and scan it (`accounts.codes`). Raises `UnknownCode`, `AlreadyCheckedIn` (with
    the first scan's time and who made it), `RegistrationCancelled`, `NotConfirmed`.
    """
    check_in_id = new_id()
    try:
        row = await fetchrow(
            _SCAN,
            event.id,
            read_code(code, CODE_LENGTH),
            check_in_list_id,
            check_in_id,
            now,
            by.id,
            event.organization_id,
            new_id(),
        )
    except asyncpg.ForeignKeyViolationError:  # the session's list was switched off at this moment
        raise await _nothing_found(event, check_in_list_id) from None
    if row is None:
        raise await _nothing_found(event, check_in_list_id)
    if row["is_scanned"]:
        return Scan(check_in_id, row["id"], row["attendee_name"], row["ticket_type"], now)
    if row["status"] in ("cancelled", "declined", "expired"):
        raise RegistrationCancelled(attendee_name=row["attendee_name"])
    if row["status"] != "confirmed":
        raise NotConfirmed(attendee_name=row["attendee_name"])
    raise await _first_scan(row["id"], row["list_id"], row["attendee_name"], row["ticket_type"])


async def undo(event: EventDesk, check_in_id: UUID, *, by: Person, now: datetime) -> str:
    """Take back a scan made by mistake and return the attendee's name; the audit log keeps that it was made.

    Raises `NotFound` where it is not of this event or was taken back already.
    """
    async with transaction():
        row = await fetchrow(
            """DELETE FROM check_in c USING registration r
               WHERE c.id = $1 AND r.id = c.registration_id AND r.event_id = $2
               RETURNING c.registration_id, c.checked_in_at, c.checked_in_by_id, r.attendee_name""",
            check_in_id,
            event.id,
        )
        if row is None:
            raise NotFound()
        scanned_by = row["checked_in_by_id"]
        await audit.record(
            "registration.check_in_undone",
            by=by,
            object_kind="registration",
            object_id=row["registration_id"],
            organization_id=event.organization_id,
            before={
                "checked_in_at": row["checked_in_at"].isoformat(),
                "checked_in_by": str(scanned_by) if scanned_by else None,
            },
        )
    return str(row["attendee_name"])


async def first_list(event: EventDesk) -> CheckInList:
    """The event's first check-in list that is no session's; made where an event has none."""
    entrances = CheckInList.filter(event_id=event.id, session_id=None).order_by("position", "id")
    if (found := await entrances.first()) is not None:
        return found
    await execute(
        "INSERT INTO check_in_list (id, event_id, name) VALUES ($1, $2, $3) ON CONFLICT (event_id, name) DO NOTHING",
        new_id(),
        event.id,
        _("Main entrance"),
    )
    return (await entrances.limit(1))[0]


async def chosen_list(event: EventDesk, list_id: UUID | None) -> CheckInList:
    """The list of this id, or the event's first one. Raises `NotFound` where it is not of this event."""
    if list_id is None:
        return await first_list(event)
    found = await CheckInList.get_or_none(id=list_id, event_id=event.id)
    if found is None:
        raise NotFound()
    return found


async def _nothing_found(event: EventDesk, check_in_list_id: UUID | None) -> NotFound:
    if check_in_list_id is not None:
        named = Q(id=check_in_list_id) | Q(session_id=check_in_list_id)
        if not await CheckInList.exists(named, event_id=event.id):
            return NotFound(_("This event has no such check-in list, or check-in is not switched on for the session."))
    return UnknownCode()


async def _first_scan(registration_id: UUID, list_id: UUID, attendee_name: str, ticket_type: str) -> AlreadyCheckedIn:
    first = await fetchrow(
        """SELECT c.checked_in_at, p.display_name FROM check_in c LEFT JOIN person p ON p.id = c.checked_in_by_id
           WHERE c.registration_id = $1 AND c.check_in_list_id = $2""",
        registration_id,
        list_id,
    )
    return AlreadyCheckedIn(
        checked_in_at=first["checked_in_at"].isoformat() if first else None,
        checked_in_by=first["display_name"] if first else None,
        attendee_name=attendee_name,
        ticket_type=ticket_type,
    )
