"""An event in the calendar of somebody who has a place (RFC 5545, RFC 5546)."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parseaddr
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from icalendar import Calendar, vCalAddress, vText
from icalendar import Event as Entry

from core.settings import get_settings

MEDIA_TYPE = "text/calendar; charset=utf-8"
Facts = Mapping[str, Any]
"""A row of `queries.ticket`."""


class Method(StrEnum):
    """What a calendar shall do with an entry (RFC 5546 section 1.4)."""

    publish = "PUBLISH"
    request = "REQUEST"
    cancel = "CANCEL"


def entry_of(facts: Facts, method: Method = Method.request) -> bytes:
    """One registration's event as an .ics file. `cancel` takes it out of the calendar again."""
    return calendar_of([facts], method)


def calendar_of(rows: Iterable[Facts], method: Method = Method.publish) -> bytes:
    """Several registrations as one .ics file, for a calendar that is subscribed to."""
    calendar = Calendar()
    calendar.add("prodid", "-//Confero//Registrations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method.value)
    calendar.add("x-wr-calname", "Confero")
    for facts in rows:
        calendar.add_component(_entry(facts, method))
    return bytes(calendar.to_ical())


def _entry(facts: Facts, method: Method) -> Entry:
    settings = get_settings()
    is_cancelled = method is Method.cancel or not _is_standing(facts)
    entry = Entry()
    entry.add("uid", f"{facts['id']}@{urlsplit(settings.public_url).hostname}")
    entry.add("dtstamp", max(facts["updated_at"], facts["created_at"], facts["cancelled_at"] or facts["created_at"]))
    entry.add("dtstart", facts["starts_at"].astimezone(UTC))
    entry.add("dtend", facts["ends_at"].astimezone(UTC))
    entry.add("summary", facts["title"])
    entry.add("sequence", facts["sequence"] + (1 if facts["cancelled_at"] else 0))
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("url", f"{settings.public_url}/events/{facts['slug']}")
    ticket = f"{settings.public_url}/me/registrations/{facts['id']}"
    lines = (f"{facts['ticket_type_name']}, {facts['attendee_name']}", facts["join_url"], ticket)
    entry.add("description", "\n".join(filter(None, lines)))
    if place := place_of(facts) or facts["join_url"]:
        entry.add("location", place)
    _add_people(entry, facts)
    return entry


def _add_people(entry: Entry, facts: Facts) -> None:
    organizer = vCalAddress(f"mailto:{parseaddr(get_settings().mail_from)[1]}")
    organizer.params["CN"] = vText(facts["organization_name"])
    entry["organizer"] = organizer
    if facts["email"]:
        attendee = vCalAddress(f"mailto:{facts['email']}")
        attendee.params["CN"] = vText(facts["attendee_name"])
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        entry.add("attendee", attendee, encode=False)


def _is_standing(facts: Facts) -> bool:
    return facts["event_status"] != "cancelled" and facts["status"] not in ("cancelled", "declined", "expired")


def place_of(facts: Facts) -> str:
    """Where to go, on one line; empty for an event that is online only."""
    parts = ("venue_name", "street", "postal_code", "city", "region", "country")
    return ", ".join(facts[name] for name in parts if facts[name])


def filename_of(facts: Facts, extension: str) -> str:
    """The name under which a file of this registration is saved: event and code."""
    return f"{facts['slug']}-{facts['code']}.{extension}"
