"""Registrations: taking a place, giving it back, and the organizer's list."""

from datetime import UTC, datetime

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import auth, parse, respond
from core.pages import PageOf, PageQuery
from events.registration import attendee_list, feeds, permissions, queries, registrations, tickets
from events.registration.schemas import (
    CalendarAddressOut,
    MyRegistrationOut,
    RegistrationIn,
    RegistrationOut,
    RegistrationsQuery,
)


async def create(request: Request) -> Response:
    """Take a place."""
    person = auth.current_person(request)
    data = await parse.body(request, RegistrationIn)
    registration = await registrations.claim(
        request.path_params["slug"],
        data.ticket_type,
        by=person,
        attendee_name=data.attendee_name,
        now=datetime.now(UTC),
    )
    return respond.json(RegistrationOut.of(registration), 201)


async def index(request: Request) -> Response:
    """The organizer's list of an event."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=permissions.VIEW)
    query = parse.query(request, RegistrationsQuery)
    page = await queries.attendees(event.id, query)
    # The rows have the names and types of AttendeeOut; making 50 models of them would cost more than all the rest.
    content = to_json({"items": [dict(row) for row in page.rows], "next_cursor": page.next_cursor})
    return Response(content, media_type="application/json")


async def csv(request: Request) -> Response:
    """The same as a CSV file: everything that the search finds, oldest first."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=permissions.VIEW)
    query = parse.query(request, RegistrationsQuery)
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}-registrations.csv"'}
    return StreamingResponse(attendee_list.as_csv(event, query), headers=headers, media_type="text/csv; charset=utf-8")


async def mine(request: Request) -> Response:
    """My registrations, the latest made first."""
    person = auth.current_person(request)
    query = parse.query(request, PageQuery)
    rows, cursor = await queries.mine(person.id, cursor=query.cursor, limit=query.limit)
    return respond.json(
        PageOf[MyRegistrationOut](items=[MyRegistrationOut.of(row) for row in rows], next_cursor=cursor)
    )


async def delete(request: Request) -> Response:
    """Give a place back."""
    person = auth.current_person(request)
    registration = await permissions.access_registration(request.path_params["id"], person, permission=permissions.EDIT)
    await registrations.cancel(registration, by=person, now=datetime.now(UTC))
    return respond.empty()


async def ticket_pdf(request: Request) -> Response:
    """The ticket as a PDF file."""
    person = auth.current_person(request)
    registration = await permissions.access_registration(request.path_params["id"], person)
    ticket = await tickets.pdf_of(registration)
    return respond.file(ticket.content, "application/pdf", ticket.filename)


async def event_ics(request: Request) -> Response:
    """The registration as a calendar entry."""
    person = auth.current_person(request)
    registration = await permissions.access_registration(request.path_params["id"], person)
    entry = await tickets.calendar_entry_of(registration)
    return respond.file(entry.content, "text/calendar; charset=utf-8", entry.filename)


async def calendar_address(request: Request) -> Response:
    """When the person made the secret address of their calendar; the address itself was shown then."""
    made = await feeds.made_at(auth.current_person(request))
    return respond.json(CalendarAddressOut(address=None, made_at=made))


async def renew_calendar_address(request: Request) -> Response:
    """Make a new secret address and show it, this once; the one before ends at once."""
    now = datetime.now(UTC)
    address = await feeds.renew(auth.current_person(request), now=now)
    return respond.json(CalendarAddressOut(address=address, made_at=now), 201)


async def end_calendar_address(request: Request) -> Response:
    """Take the secret address away."""
    await feeds.end(auth.current_person(request), now=datetime.now(UTC))
    return respond.empty()
