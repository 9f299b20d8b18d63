"""The organizer's list as a CSV file, read with a cursor, so that its length does not matter to memory."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

from core.database import transaction
from core.i18n import gettext as _
from events.registration import queries
from events.registration.permissions import EventDesk
from events.registration.schemas import RegistrationsQuery

_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"
"""Spreadsheet programs take a file without it for the local 8-bit encoding."""


async def as_csv(event: EventDesk, query: RegistrationsQuery) -> AsyncIterator[bytes]:
    """All registrations that `query` finds, oldest first, as UTF-8 CSV (RFC 4180) in pieces of 500 lines.

    Times are those of the event's zone, ISO 8601. A cell that a spreadsheet would take for a formula begins with an
    apostrophe (OWASP, CSV Injection). Holds one read-only snapshot of the database while it is read.
    """
    zone = ZoneInfo(event.time_zone)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow(
        (
            _("Code"),
            _("Attendee"),
            _("E-mail"),
            _("Ticket type"),
            _("Status"),
            _("Registered"),
            _("Cancelled"),
            _("Checked in"),
        )
    )
    sql, arguments = queries.every_attendee(event.id, query)
    async with transaction() as connection:
        cursor = await connection.cursor(sql, *arguments)
        while rows := await cursor.fetch(_BATCH):
            writer.writerows(
                (
                    row["code"],
                    _harmless(row["attendee_name"]),
                    _harmless(row["email"] or ""),
                    _harmless(row["ticket_type_name"]),
                    row["status"],
                    _local(row["created_at"], zone),
                    _local(row["cancelled_at"], zone),
                    _local(row["checked_in_at"], zone),
                )
                for row in rows
            )
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""
