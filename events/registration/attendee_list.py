"""The organizer's list as a CSV file, in slices: its length is no matter to memory, nor a slow reader to others."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

from core.i18n import gettext as _
from core.spreadsheets import Row, streamed
from events.registration import queries
from events.registration.permissions import EventDesk
from events.registration.schemas import RegistrationsQuery

_BATCH = 500


def as_csv(event: EventDesk, query: RegistrationsQuery) -> AsyncIterator[bytes]:
    """All registrations that `query` finds, oldest first, in pieces of 500 lines.

    Times are those of the event's zone, ISO 8601. Holds nothing of the database while its reader reads.
    """
    headings = (
        _("Code"),
        _("Attendee"),
        _("E-mail"),
        _("Ticket type"),
        _("Status"),
        _("Registered"),
        _("Cancelled"),
        _("Checked in"),
    )
    return streamed(headings, _batches(event, query))


async def _batches(event: EventDesk, query: RegistrationsQuery) -> AsyncIterator[list[Row]]:
    zone = ZoneInfo(event.time_zone)
    async for rows in queries.attendees_in_slices(event.id, query, _BATCH):
        yield [
            (
                row["code"],
                row["attendee_name"],
                row["email"] or "",
                row["ticket_type_name"],
                row["status"],
                _local(row["created_at"], zone),
                _local(row["cancelled_at"], zone),
                _local(row["checked_in_at"], zone),
            )
            for row in rows
        ]


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""
