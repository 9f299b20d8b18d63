"""An event with its sessions as a calendar file."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from core.i18n import gettext as _
from events.catalog import calendar
from events.catalog.calendar import Entry
from events.catalog.models import Event
from events.programme.queries import ProgrammeRow


def calendar_of(event: Event, programme: Sequence[ProgrammeRow], *, public_url: str) -> bytes:
    """The event and each session that has a time, as iCalendar; the event's venue must be fetched."""
    whole = calendar.entry_of(event, public_url=public_url)
    host = urlsplit(public_url).hostname or ""
    sessions = [
        _entry(row, row.starts_at, row.ends_at, whole, host)
        for row in programme
        if row.starts_at is not None and row.ends_at is not None
    ]
    return calendar.calendar_of([whole, *sessions], name=event.title)


def _entry(row: ProgrammeRow, starts_at: datetime, ends_at: datetime, whole: Entry, host: str) -> Entry:
    speakers = ", ".join(speaker.name for speaker in row.speakers)
    return Entry(
        uid=f"session-{row.id}@{host}",
        sequence=row.sequence,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=row.title,
        location=", ".join(filter(None, (row.room, whole.location))),
        url=whole.url,
        description="\n\n".join(filter(None, (speakers and _("With %(names)s") % {"names": speakers}, whole.summary))),
        organizer=whole.organizer,
        is_cancelled=whole.is_cancelled,
        changed_at=row.updated_at,
    )
