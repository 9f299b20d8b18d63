"""iCalendar files (RFC 5545): an event, or the events of one person, as calendars show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from icalendar import Calendar
from icalendar import Event as CalendarEvent

from events.catalog.models import Event, EventStatus, Venue


class Method(StrEnum):
    """What a calendar does with the file (RFC 5546 section 1.4): show it, or take it off."""

    publish = "PUBLISH"
    cancel = "CANCEL"


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
    is_cancelled: bool
    changed_at: datetime


def entry_of(event: Event, *, public_url: str, join_url: str = "", is_cancelled: bool = False) -> Entry:
    """The event as an entry; its venue must be fetched. `join_url` is for attendees only.

    `is_cancelled` takes it off one person's calendar while the event itself takes place.
    """
    url = f"{public_url}/events/{event.slug}"
    return Entry(
        uid=f"event-{event.id}@{urlsplit(public_url).hostname}",
        sequence=event.sequence,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        summary=event.title,
        location=address_of(event.venue) or join_url or url,
        url=url,
        description="\n\n".join(filter(None, (event.summary, join_url, url))),
        is_cancelled=is_cancelled or event.status is EventStatus.cancelled,
        changed_at=event.updated_at,
    )


def address_of(venue: Venue | None) -> str:
    """A venue's address in one line; empty where there is none."""
    if venue is None:
        return ""
    town = " ".join(filter(None, (venue.postal_code, venue.city)))
    return ", ".join(filter(None, (venue.name, venue.street, town, venue.region, venue.country)))


def calendar_of(entries: Iterable[Entry], *, name: str, method: Method = Method.publish) -> bytes:
    """A calendar file with these entries, in UTC; the same entries always give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Confero//Events//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method.value)
    calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(_component(entry))
    content: bytes = calendar.to_ical()
    return content


def _component(entry: Entry) -> CalendarEvent:
    component = CalendarEvent()
    component.add("uid", entry.uid)
    component.add("sequence", entry.sequence)
    component.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    component.add("dtstart", entry.starts_at.astimezone(UTC))
    component.add("dtend", entry.ends_at.astimezone(UTC))
    component.add("summary", entry.summary)
    component.add("location", entry.location)
    component.add("url", entry.url)
    component.add("description", entry.description)
    component.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    return component
