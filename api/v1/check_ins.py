"""Check-ins of an event, and the lists they are made at."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from core.pages import ListQuery, page_of
from events.catalog.models import Event
from events.catalog.permissions import access_event
from events.onsite import check_in, queries, session_lists
from events.onsite.schemas import CheckInInput, CheckInListOut, CheckInOut
from events.programme import sessions
from events.registration import permissions


async def create(request: Request) -> Response:
    """Scan a code."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=check_in.SCAN)
    data = await parse.body(request, CheckInInput)
    scan = await check_in.scan(event, data.code, check_in_list_id=data.list_id, by=person, now=datetime.now(UTC))
    answer = CheckInOut.model_construct(
        id=scan.id,
        registration=scan.registration_id,
        attendee_name=scan.attendee_name,
        ticket_type=scan.ticket_type,
        checked_in_at=scan.checked_in_at,
    )
    return respond.json(answer, 201)


async def delete(request: Request) -> Response:
    """Take a scan back."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=check_in.SCAN)
    await check_in.undo(event, request.path_params["id"], by=person, now=datetime.now(UTC))
    return respond.empty()


async def lists(request: Request) -> Response:
    """Where codes are scanned: the entrances, then the sessions whose attendance is kept."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=check_in.SCAN)
    rows = [_list_out(row) for row in await queries.lists(event.id)]
    found = page_of(
        rows,
        parse.query(request, ListQuery),
        key=lambda row: (int(row.session is not None), row.name, row.id),
        kinds=(int, str, UUID),
    )
    return respond.json(found)


async def switch_on(request: Request) -> Response:
    """Keep the attendance of a session: codes can be scanned at its own list. Doing so again changes nothing."""
    event = await _event(request)
    session = await sessions.one(event, request.path_params["id"])
    made = await session_lists.switch_on(event, session, by=auth.current_person(request))
    row = next(row for row in await queries.lists(event.id) if row.id == made.id)
    return respond.json(_list_out(row))


async def switch_off(request: Request) -> Response:
    """Keep the attendance of a session no longer; refused once somebody was checked in there."""
    event = await _event(request)
    session = await sessions.one(event, request.path_params["id"])
    await session_lists.switch_off(event, session, by=auth.current_person(request))
    return respond.empty()


async def _event(request: Request) -> Event:
    person = auth.current_person(request)
    return await access_event(request.path_params["slug"], person, permission=session_lists.EDIT)


def _list_out(row: queries.ListRow) -> CheckInListOut:
    return CheckInListOut(id=row.id, name=row.name, session=row.session_id, checked_in=row.checked_in)
