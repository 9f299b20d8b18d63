"""iCalendar files (RFC 5545): an event, its sessions, or somebody's places, as calendars show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from enum import StrEnum
from urllib.parse import urlsplit

from icalendar import Calendar, Timezone, TimezoneStandard, vCalAddress, vText
from icalendar import Event as CalendarEvent

from core.settings import get_settings
from events.catalog.models import Event, EventStatus, Venue

MEDIA_TYPE = "text/calendar; charset=utf-8"


class Method(StrEnum):
    """What a calendar does with the file (RFC 5546 section 1.4)."""

    publish = "PUBLISH"
    request = "REQUEST"
    cancel = "CANCEL"


@dataclass(frozen=True, slots=True)
class Attendee:
    """Whose place it is."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing on a calendar. `uid` stays for ever; a higher `sequence` replaces what a calendar holds."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    url: str
    description: str
    organizer: str
    is_cancelled: bool
    changed_at: datetime
    attendee: Attendee | None = None


def entry_of(event: Event, *, public_url: str) -> Entry:
    """The event as an entry; its venue and organization must be fetched."""
    url = f"{public_url}/events/{event.slug}"
    return Entry(
        uid=f"event-{event.id}@{urlsplit(public_url).hostname}",
        sequence=event.sequence,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        summary=event.title,
        location=address_of(event.venue) or url,
        url=url,
        description="\n\n".join(filter(None, (event.summary, url))),
        organizer=event.organization.name,
        is_cancelled=event.status is EventStatus.cancelled,
        changed_at=event.updated_at,
    )


def address_of(venue: Venue | None) -> str:
    """A venue's address in one line; empty where there is none."""
    if venue is None:
        return ""
    town = " ".join(filter(None, (venue.postal_code, venue.city)))
    return ", ".join(filter(None, (venue.name, venue.street, town, venue.region, venue.country)))


def calendar_of(entries: Iterable[Entry], *, name: str, method: Method = Method.publish) -> bytes:
    """A calendar file with these entries, in UTC; the same entries always give the same bytes.

    What is published names its organizer and nobody who attends; a request or a cancellation names both. Source:
    RFC 5546 sections 3.2.1, 3.2.2 and 3.2.5. Without entries the file has no method, since each asks for one at least.
    """
    components: list[CalendarEvent | Timezone] = [_component(entry, method) for entry in entries]
    calendar = Calendar()
    calendar.add("prodid", "-//Confero//Events//EN")
    calendar.add("version", "2.0")
    if components:
        calendar.add("method", method.value)
    calendar.add("x-wr-calname", vText(name))
    for component in components or [_utc()]:
        calendar.add_component(component)
    content: bytes = calendar.to_ical()
    return content


def _component(entry: Entry, method: Method) -> CalendarEvent:
    component = CalendarEvent()
    component.add("uid", entry.uid)
    component.add("sequence", entry.sequence)
    component.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    component.add("dtstart", entry.starts_at.astimezone(UTC))
    component.add("dtend", entry.ends_at.astimezone(UTC))
    component.add("summary", entry.summary)
    if entry.location:
        component.add("location", entry.location)
    component.add("url", entry.url)
    component.add("description", entry.description)
    component.add("status", "CANCELLED" if entry.is_cancelled or method is Method.cancel else "CONFIRMED")
    component["organizer"] = _address(parseaddr(get_settings().mail_from)[1], entry.organizer)
    if entry.attendee is not None and method is not Method.publish:
        attendee = _address(entry.attendee.email, entry.attendee.name)
        attendee.params["PARTSTAT"] = vText("ACCEPTED")
        attendee.params["RSVP"] = vText("FALSE")
        component.add("attendee", attendee, encode=False)
    return component


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    # A parameter cannot hold a double quote, and RFC 6868's way of writing one is known to few calendars.
    address.params["CN"] = vText(name.replace('"', "'"))
    return address


def _utc() -> Timezone:
    """A component for a calendar that has nothing on it: a file without any is not valid (RFC 5545 section 3.6)."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))
    standard["TZOFFSETFROM"] = standard["TZOFFSETTO"] = vText("+0000")
    zone.add_component(standard)
    return zone
