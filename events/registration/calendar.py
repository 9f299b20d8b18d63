"""An event in the calendar of somebody who has a place."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from core.settings import get_settings
from events.catalog import calendar
from events.catalog.calendar import MEDIA_TYPE, Attendee, Entry, Method

__all__ = ["MEDIA_TYPE", "Facts", "Method", "calendar_of", "entry_of", "filename_of", "place_of"]

Facts = Mapping[str, Any]
"""A row of `queries.ticket`."""


def entry_of(facts: Facts, method: Method = Method.request) -> bytes:
    """One registration's event as an .ics file. `cancel` takes it out of the calendar again."""
    return calendar_of([facts], method)


def calendar_of(rows: Iterable[Facts], method: Method = Method.publish) -> bytes:
    """Several registrations as one .ics file, for a calendar that is subscribed to."""
    return calendar.calendar_of((_entry(facts) for facts in rows), name="Confero", method=method)


def _entry(facts: Facts) -> Entry:
    settings = get_settings()
    ticket = f"{settings.public_url}/me/registrations/{facts['id']}"
    lines = (f"{facts['ticket_type_name']}, {facts['attendee_name']}", facts["join_url"], ticket)
    return Entry(
        uid=f"{facts['id']}@{urlsplit(settings.public_url).hostname}",
        sequence=facts["sequence"] + (1 if facts["cancelled_at"] else 0),
        starts_at=facts["starts_at"],
        ends_at=facts["ends_at"],
        summary=facts["title"],
        location=place_of(facts) or facts["join_url"],
        url=f"{settings.public_url}/events/{facts['slug']}",
        description="\n".join(filter(None, lines)),
        organizer=facts["organization_name"],
        is_cancelled=not _is_standing(facts),
        changed_at=max(facts["updated_at"], facts["created_at"], facts["cancelled_at"] or facts["created_at"]),
        attendee=Attendee(facts["attendee_name"], facts["email"]) if facts["email"] else None,
    )


def _is_standing(facts: Facts) -> bool:
    return facts["event_status"] != "cancelled" and facts["status"] not in ("cancelled", "declined", "expired")


def place_of(facts: Facts) -> str:
    """Where to go, on one line; empty for an event that is online only."""
    parts = ("venue_name", "street", "postal_code", "city", "region", "country")
    return ", ".join(facts[name] for name in parts if facts[name])


def filename_of(facts: Facts, extension: str) -> str:
    """The name under which a file of this registration is saved: event and code."""
    return f"{facts['slug']}-{facts['code']}.{extension}"
