"""/events/{slug}/register and /me/registrations: taking a place, my tickets, giving a place back."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from api.pages.events import place_state
from api.render import form_state, redirect, render
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from events.catalog import permissions as catalog
from events.catalog.models import Event
from events.registration import calendar, feeds, permissions, queries, registrations, tickets
from events.registration.models import RegistrationStatus
from events.registration.schemas import RegistrationIn

REFUSALS = (InvalidInput, Conflict)


async def ask(request: Request) -> Response:
    """What is offered, whose name goes on the ticket, and one button."""
    event = await catalog.access_public(request.path_params["slug"], auth.current_person(request))
    return await _form(request, event)


async def create(request: Request) -> Response:
    """Take a place."""
    person = auth.current_person(request)
    event = await catalog.access_public(request.path_params["slug"], person)
    try:
        data = await parse.form(request, RegistrationIn)
        registration = await registrations.claim(
            event.slug, data.ticket_type, by=person, attendee_name=data.attendee_name, now=datetime.now(UTC)
        )
    except REFUSALS as error:
        return await _form(request, event, error)
    flash = _("You have a place. The confirmation is on its way to you by mail.")
    return redirect(f"/me/registrations/{registration.id}", flash=flash)


async def index(request: Request) -> Response:
    """My tickets: those to come, those past, those cancelled; and the secret calendar address."""
    return await tickets_page(request)


async def tickets_page(request: Request, *, new_address: str | None = None) -> Response:
    """My tickets, with a calendar address where one was just made: it is shown this once."""
    person = auth.current_person(request)
    now = datetime.now(UTC)
    rows = await queries.all_mine(person.id)
    standing = [row for row in rows if RegistrationStatus(row["status"]).takes_a_place]
    context = {
        "upcoming": [row for row in standing if row["event_ends_at"] > now],
        "past": [row for row in reversed(standing) if row["event_ends_at"] <= now],
        "cancelled": [row for row in reversed(rows) if not RegistrationStatus(row["status"]).takes_a_place],
        "calendar_address": new_address,
        "calendar_made_at": await feeds.made_at(person),
    }
    return render(request, "pages/registrations/index.html", context)


async def show(request: Request) -> Response:
    """One ticket with its QR code."""
    person = auth.current_person(request)
    registration = await permissions.access_own(request.path_params["id"], person)
    facts = await queries.ticket(registration.id)
    if facts is None:
        raise NotFound()
    now = datetime.now(UTC)
    stands = registration.status.takes_a_place
    context = {
        "facts": facts,
        "when": tickets.when_of(facts),
        "place": calendar.place_of(facts) or _("Online"),
        "reader_zone": person.time_zone if person.time_zone != facts["time_zone"] else None,
        "shown_code": tickets.shown_code(facts["code"]),
        "qr": tickets.qr_path(facts["code"]) if stands else None,
        "stands": stands,
        "is_over": facts["ends_at"] <= now,
        "can_cancel": stands and now < facts["ends_at"],
    }
    return render(request, "pages/registrations/show.html", context)


async def cancel(request: Request) -> Response:
    """Give the place back."""
    person = auth.current_person(request)
    registration = await permissions.access_own(request.path_params["id"], person)
    try:
        await registrations.cancel(registration, by=person, now=datetime.now(UTC))
    except Conflict as error:
        return redirect(f"/me/registrations/{registration.id}", flash=error.message, kind="danger")
    return redirect("/me/registrations", flash=_("Your registration is cancelled and the place is free again."))


async def ticket_pdf(request: Request) -> Response:
    """The ticket as a PDF file."""
    registration = await permissions.access_own(request.path_params["id"], auth.current_person(request))
    ticket = await tickets.pdf_of(registration)
    return respond.file(ticket.content, "application/pdf", ticket.filename)


async def event_ics(request: Request) -> Response:
    """The registration as a calendar entry."""
    registration = await permissions.access_own(request.path_params["id"], auth.current_person(request))
    entry = await tickets.calendar_entry_of(registration)
    return respond.file(entry.content, calendar.MEDIA_TYPE, entry.filename)


async def _form(request: Request, event: Event, error: AppError | None = None) -> Response:
    person = auth.current_person(request)
    now = datetime.now(UTC)
    offers = await queries.offer(event.id, now)
    context: dict[str, Any] = {
        "event": event,
        "state": place_state(event, offers, now),
        "offers": [offer for offer in offers if offer.is_on_sale],
        "mine": await queries.registration_of(event.id, person.id),
        "form": form_state(request, {"attendee_name": person.display_name}, error),
    }
    return render(request, "pages/registrations/register.html", context, status=error.status if error else 200)
