"""Check-ins of an event."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from events.onsite import check_in
from events.onsite.schemas import CheckInInput, CheckInOut
from events.registration import permissions


async def create(request: Request) -> Response:
    """Scan a code."""
    person = auth.current_person(request)
    event = await permissions.access_desk(request.path_params["slug"], person, permission=check_in.SCAN)
    data = await parse.body(request, CheckInInput)
    scan = await check_in.scan(event, data.code, check_in_list_id=data.check_in_list, by=person, now=datetime.now(UTC))
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
