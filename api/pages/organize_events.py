"""/organize/{org}/events/new and /organize/events/{slug}: overview, details, publishing, cancelling, rooms."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization, Person
from api import auth, parse
from api.pages import words
from api.pages.sidebar import event_sidebar, organization_sidebar, permissions_on
from api.render import FormState, form_state, redirect, render
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _
from core.settings import get_settings
from core.templating import format_date
from events.catalog import events, permissions, queries, rooms
from events.catalog.models import Event, EventFormat, Room
from events.catalog.schemas import CancellationIn, EventForm, EventIn, RoomIn
from events.onsite import opening
from events.programme import queries as programme
from events.registration import queries as registration

REFUSALS = (InvalidInput, Conflict)
_MOMENTS = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")


async def new(request: Request) -> Response:
    """A form for an event, filled with what is likely."""
    organization = await _organization(request)
    return await _new_page(request, organization)


async def create(request: Request) -> Response:
    """Create a draft."""
    organization = await _organization(request)
    try:
        data = await parse.form(request, EventIn)
        event = await opening.open_event(organization, data, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _new_page(request, organization, error)
    return redirect(f"/organize/events/{event.slug}", flash=_("The draft is there. Publish it when it is complete."))


async def overview(request: Request) -> Response:
    """How the event stands, and what is next."""
    event = await find(request, "event:overview:view")
    now = datetime.now(UTC)
    places = await opening.places_of(event.id)
    sessions = await programme.programme(event.id)
    days = await registration.registrations_by_day(event.id, event.time_zone)
    context = {
        "places": places,
        "is_over": event.ends_at <= now,
        "is_on": event.starts_at - timedelta(hours=12) <= now < event.ends_at,
        "sessions": len(sessions),
        "unscheduled": sum(1 for session in sessions if session.starts_at is None),
        "speakers": len({speaker.id for session in sessions for speaker in session.speakers}),
        "chart": [(format_date(day, style="short"), standing) for day, standing in days],
        "public_address": f"{get_settings().public_url}/events/{event.slug}",
        "format_name": words.format_name(event.format),
        "country": words.country_name(event.venue.country) if event.venue else "",
        "can": await _abilities(request, event),
    }
    return await page(request, event, "overview", context)


async def edit(request: Request) -> Response:
    """The form with all facts of the event."""
    return await _edit_page(request, await find(request, "event:event:edit"))


async def save(request: Request) -> Response:
    """Save the form; a state that somebody else changed meanwhile is not overwritten unseen."""
    event = await find(request, "event:event:edit")
    try:
        form = await parse.form(request, EventForm)
        data = EventIn(**{name: getattr(form, name) for name in EventIn.model_fields})
        by, now = auth.current_person(request), datetime.now(UTC)
        await opening.change_event(event, data, by=by, now=now, version=form.version)
    except REFUSALS as error:
        return await _edit_page(request, event, error)
    return redirect(f"/organize/events/{event.slug}", flash=_("Saved."))


async def publish(request: Request) -> Response:
    """Show it to everybody."""
    event = await find(request, "event:event:publish")
    try:
        await events.publish(event, by=auth.current_person(request), now=datetime.now(UTC))
    except Conflict as error:
        return redirect(f"/organize/events/{event.slug}", flash=error.message, kind="danger")
    return redirect(f"/organize/events/{event.slug}", flash=_("The event is published and registration is open."))


async def ask_cancel(request: Request) -> Response:
    """What cancelling means, and a field for the reason."""
    return await _cancel_page(request, await find(request, "event:event:cancel"))


async def cancel(request: Request) -> Response:
    """Call it off; the attendees are told by mail."""
    event = await find(request, "event:event:cancel")
    try:
        data = await parse.form(request, CancellationIn)
        await events.cancel(event, data.reason, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _cancel_page(request, event, error)
    return redirect(
        f"/organize/events/{event.slug}", flash=_("The event is cancelled. Its attendees are told by mail.")
    )


async def list_rooms(request: Request) -> Response:
    """The rooms, and a form to add one."""
    return await _rooms_page(request, await find(request, "event:programme:edit"))


async def add_room(request: Request) -> Response:
    """Add a room."""
    event = await find(request, "event:programme:edit")
    try:
        await rooms.create(event, await parse.form(request, RoomIn), by=auth.current_person(request))
    except REFUSALS as error:
        return await _rooms_page(request, event, error=error)
    return redirect(f"/organize/events/{event.slug}/rooms", flash=_("The room is added."))


async def edit_room(request: Request) -> Response:
    """The rooms, with a form for one of them."""
    event = await find(request, "event:programme:edit")
    return await _rooms_page(request, event, await rooms.one(event, request.path_params["id"]))


async def save_room(request: Request) -> Response:
    """Change a room."""
    event = await find(request, "event:programme:edit")
    room = await rooms.one(event, request.path_params["id"])
    try:
        await rooms.replace(event, room, await parse.form(request, RoomIn), by=auth.current_person(request))
    except REFUSALS as error:
        return await _rooms_page(request, event, room, error)
    return redirect(f"/organize/events/{event.slug}/rooms", flash=_("Saved."))


async def remove_room(request: Request) -> Response:
    """Take an empty room away."""
    event = await find(request, "event:programme:edit")
    room = await rooms.one(event, request.path_params["id"])
    try:
        await rooms.remove(event, room, by=auth.current_person(request))
    except Conflict as error:
        return redirect(f"/organize/events/{event.slug}/rooms", flash=error.message, kind="danger")
    return redirect(f"/organize/events/{event.slug}/rooms", flash=_("The room is removed."))


async def find(request: Request, permission: str) -> Event:
    """The event of the path, for somebody with `permission`."""
    person = auth.current_person(request)
    return await permissions.access_event(request.path_params["slug"], person, permission=permission)


async def page(
    request: Request,
    event: Event,
    name: str,
    context: dict[str, Any],
    *,
    current: str | None = None,
    error: AppError | None = None,
) -> Response:
    """One of the event's pages for organizers, with its side bar."""
    facts = {
        "event": event,
        "badge": words.status_badge(event.status),
        "sidebar": await event_sidebar(event, current or name, auth.current_person(request)),
        "sidebar_title": event.title,
        "breadcrumbs": [
            (_("Organize"), "/organize"),
            (event.organization.name, f"/organize/{event.organization.slug}"),
            (event.title, None),
        ],
        **context,
    }
    return render(request, f"pages/organize/events/{name}.html", facts, status=error.status if error else 200)


async def _organization(request: Request) -> Organization:
    return await permissions.access_new(request.path_params["slug"], auth.current_person(request))


async def _abilities(request: Request, event: Event) -> frozenset[str]:
    return await permissions_on(auth.current_person(request), event.organization_id, event.id)


async def _new_page(request: Request, organization: Organization, error: AppError | None = None) -> Response:
    person = auth.current_person(request)
    initial = await _likely(organization, person)
    context = {
        "organization": organization,
        "form": _form(request, initial, error),
        "sidebar": await organization_sidebar(organization, "overview", person),
        "sidebar_title": organization.name,
        "breadcrumbs": [
            (_("Organize"), "/organize"),
            (organization.name, f"/organize/{organization.slug}"),
            (_("New event"), None),
        ],
        **_choices(initial),
    }
    return render(request, "pages/organize/events/new.html", context, status=error.status if error else 200)


async def _edit_page(request: Request, event: Event, error: AppError | None = None) -> Response:
    fresh = await permissions.access_event(event.slug, auth.current_person(request), permission="event:event:edit")
    initial = {**_as_typed(await opening.values_of(fresh)), "version": fresh.updated_at.isoformat()}
    form = _form(request, initial, error)
    if isinstance(error, events.ChangedMeanwhile):
        form.values["version"] = fresh.updated_at.isoformat()  # saving again replaces what the message names
    return await page(request, fresh, "edit", {"form": form, **_choices(initial)}, error=error)


def _form(request: Request, initial: dict[str, Any], error: AppError | None) -> FormState:
    form = form_state(request, initial, error)
    if isinstance(form.values.get("languages"), str):
        form.values["languages"] = [form.values["languages"]]
    return form


def _choices(initial: dict[str, Any]) -> dict[str, Any]:
    tags = list(dict.fromkeys((*words.LANGUAGES, *initial["languages"])))
    named = sorted(((tag, words.language_name(tag)) for tag in tags), key=lambda pair: pair[1])
    zones = list(dict.fromkeys((*words.time_zones(), initial["time_zone"])))
    return {
        "formats": [(value.value, words.format_name(value)) for value in EventFormat],
        "language_choices": named,
        "zones": [(zone, zone.replace("_", " ")) for zone in zones],
        "countries": [("", _("Choose a country")), *words.countries()],
    }


async def _likely(organization: Organization, person: Person) -> dict[str, Any]:
    """What a new event is likely to be: like the latest one, in four weeks."""
    latest = (await queries.events_of(organization.id))[:1]
    zone = latest[0].time_zone if latest else person.time_zone
    day = (datetime.now(ZoneInfo(zone)) + timedelta(days=28)).replace(tzinfo=None)
    likely: dict[str, Any] = {
        "format": EventFormat.in_person.value,
        "time_zone": zone,
        "starts_at": day.replace(hour=9).strftime("%Y-%m-%dT%H:00"),
        "ends_at": day.replace(hour=17).strftime("%Y-%m-%dT%H:00"),
        "languages": latest[0].languages if latest else [person.locale],
        "capacity": 100,
    }
    if latest and latest[0].venue:
        likely["venue.country"] = latest[0].venue.country
    return likely


def _as_typed(values: dict[str, Any]) -> dict[str, Any]:
    """An event as its form shows it: moments by the event's wall clock, the venue's fields by dotted name."""
    zone = ZoneInfo(values["time_zone"])
    shown = {name: value for name, value in values.items() if name not in (*_MOMENTS, "venue")}
    for name in _MOMENTS:
        moment = values[name]
        shown[name] = moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""
    shown["format"] = values["format"].value
    return {**shown, **{f"venue.{name}": value for name, value in (values["venue"] or {}).items()}}


async def _cancel_page(request: Request, event: Event, error: AppError | None = None) -> Response:
    context = {"form": form_state(request, error=error), "places": await opening.places_of(event.id)}
    return await page(request, event, "cancel", context, current="overview", error=error)


async def _rooms_page(
    request: Request, event: Event, room: Room | None = None, error: AppError | None = None
) -> Response:
    initial = {name: getattr(room, name) for name in RoomIn.model_fields} if room else {}
    context = {"rooms": await rooms.of_event(event.id), "room": room, "form": form_state(request, initial, error)}
    return await page(request, event, "rooms", context, error=error)
