"""/events: finding events, one event's page with its programme, and its calendar file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates
from starlette.requests import Request
from starlette.responses import Response

from accounts import roles
from api import auth, parse, respond
from api.pages.words import country_name, format_name, language_name, locale_now, zone_name
from api.render import form_state, render
from core.errors import InvalidInput
from core.i18n import listed
from core.settings import get_settings
from core.templating import format_date, format_time
from events.catalog import permissions, search
from events.catalog.models import Event, EventStatus
from events.catalog.schemas import EventSearch
from events.programme import calendar, grid, queries
from events.registration import queries as registration


async def index(request: Request) -> Response:
    """Published events with a form to search and filter them."""
    now = datetime.now(UTC)
    error = None
    try:
        query = parse.query(request, EventSearch)
    except InvalidInput as problem:
        error, query = problem, EventSearch()
    page = await search.find(query, now)
    countries = sorted((country_name(code), code) for code in await search.countries(now))
    values = {name: request.query_params.get(name, "") for name in EventSearch.model_fields}
    context = {
        "cards": page.items,
        "next_href": str(request.url.include_query_params(cursor=page.next_cursor).query) if page.next_cursor else None,
        "is_first": query.cursor is None,
        "is_filtered": any(value for name, value in values.items() if name not in ("cursor", "limit")),
        "countries": [(code, name) for name, code in countries],
        "languages": [(tag, language_name(tag)) for tag in await search.languages(now)],
        "card_date": card_date,
        "country_name": country_name,
        "form": form_state(request, values, error),
    }
    return render(request, "pages/events/index.html", context, status=error.status if error else 200)


async def show(request: Request) -> Response:
    """One event: when, where, how to get a place, programme and speakers."""
    person = auth.caller_of(request).person
    event = await permissions.access_public(request.path_params["slug"], person)
    now = datetime.now(UTC)
    programme = await queries.programme(event.id)
    is_organizer = person is not None and await roles.is_allowed(
        person, "event:overview:view", organization_id=event.organization_id, scope_id=event.id
    )
    context = {
        "event": event,
        "state": place_state(event, await registration.offer(event.id, now), now),
        "mine": await registration.registration_of(event.id, person.id) if person else None,
        "is_organizer": is_organizer,
        "reader_zone": person.time_zone if person and person.time_zone != event.time_zone else None,
        "zone_name": zone_name(event.zone, event.starts_at),
        "languages": [language_name(tag) for tag in event.languages],
        "format_name": format_name(event.format),
        "country": country_name(event.venue.country) if event.venue else "",
        "days": [schedule(day, event) for day in grid.days_of(programme, event.zone)],
        "unscheduled": [row for row in programme if row.starts_at is None],
        "details": [row for row in programme if row.abstract_html],
        "speakers": await queries.speakers_at(event.id) if any(row.speakers for row in programme) else [],
    }
    return render(request, "pages/events/show.html", context)


async def calendar_file(request: Request) -> Response:
    """The event and its sessions for a calendar."""
    event = await permissions.access_public(request.path_params["slug"], auth.caller_of(request).person)
    content = calendar.calendar_of(event, await queries.programme(event.id), public_url=get_settings().public_url)
    return respond.file(content, "text/calendar; charset=utf-8", f"{event.slug}.ics")


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What a visitor can do about a place: the state's name, the lowest price and the places left over all types."""

    name: str
    price_minor: int
    currency: str
    places_left: int

    @property
    def is_open(self) -> bool:
        """Whether a place can be taken now."""
        return self.name == "open"


def place_state(event: Event, offers: list[registration.TicketOffer], now: datetime) -> PlaceState:
    """Cancelled, over, a draft, not open yet, closed, sold out, or open with the cheapest ticket type on sale."""
    on_sale = [offer for offer in offers if offer.is_on_sale]
    available = [offer for offer in on_sale if not offer.is_sold_out]
    shown = min(available or on_sale or offers, key=lambda offer: offer.price_minor, default=None)
    left = max((offer.places_left for offer in available), default=0)
    if event.status is EventStatus.cancelled:
        name = "cancelled"
    elif event.ends_at <= now:
        name = "over"
    elif event.status is EventStatus.draft:
        name = "draft"
    elif event.registration_opens_at is not None and now < event.registration_opens_at:
        name = "not_yet"
    elif not event.is_open_at(now) or not on_sale:
        name = "closed"
    else:
        name = "open" if available else "sold_out"
    return PlaceState(name, shown.price_minor if shown else 0, shown.currency if shown else "EUR", left)


def schedule(day: grid.Day, event: Event, href: str | None = None) -> dict[str, Any]:
    """One day for ui.schedule; `href` with `{id}` is where a session's title leads, else to its abstract below."""
    zone = event.zone
    slots = []
    for slot in day.slots:
        cells = [None if cell is None else _cell(cell, event, href) for cell in slot.cells]
        iso = slot.starts_at.astimezone(zone).isoformat()
        slots.append({"time": format_time(slot.starts_at, zone), "iso": iso, "cells": cells})
    return {"caption": format_date(day.day, style="full"), "rooms": day.rooms, "slots": slots}


def _cell(cell: grid.Cell, event: Event, href: str | None) -> dict[str, Any]:
    row = cell.session
    if row is None or cell.starts_at is None or cell.ends_at is None:
        return {"empty": True}
    target = href.format(id=row.id) if href else (f"#session-{row.id}" if row.abstract_html else "")
    return {
        "title": row.title,
        "href": target,
        "speakers": listed(speaker.name for speaker in row.speakers),
        "room": row.room or "",
        "until": f"{format_time(cell.starts_at, event.zone)} – {format_time(cell.ends_at, event.zone)}",
        "is_break": row.kind.value == "break",
        "rowspan": cell.rows,
        "colspan": cell.columns,
    }


def card_date(starts_at: datetime, zone: str) -> tuple[str, str, str, str]:
    """Day, month and weekday of a date block, and the day as ISO 8601."""
    day = starts_at.astimezone(ZoneInfo(zone)).date()
    locale = locale_now()
    return (
        str(day.day),
        dates.format_skeleton("yMMM", day, locale=locale),
        dates.format_date(day, "EEE", locale=locale),
        day.isoformat(),
    )
