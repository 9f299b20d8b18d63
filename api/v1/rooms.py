"""/events/{slug}/rooms."""

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from core.pages import ListQuery, page_of
from events.catalog import permissions, rooms
from events.catalog.models import Event
from events.catalog.schemas import RoomChange, RoomIn, RoomOut


async def index(request: Request) -> Response:
    """The rooms of an event."""
    event = await permissions.access_public(request.path_params["slug"], auth.caller_of(request).person)
    items = [RoomOut.of(room) for room in await rooms.of_event(event.id)]
    query = parse.query(request, ListQuery)
    return respond.json(page_of(items, query, key=lambda one: (one.position, one.name), kinds=(int, str)))


async def create(request: Request) -> Response:
    """Add a room."""
    event = await _event(request)
    data = await parse.body(request, RoomIn)
    room = await rooms.create(event, data, by=auth.current_person(request))
    return respond.json(RoomOut.of(room), 201)


async def change(request: Request) -> Response:
    """Change what is given."""
    event = await _event(request)
    room = await rooms.one(event, request.path_params["id"])
    data = await parse.body(request, RoomChange)
    return respond.json(RoomOut.of(await rooms.change(event, room, data, by=auth.current_person(request))))


async def remove(request: Request) -> Response:
    """Take an empty room away."""
    event = await _event(request)
    room = await rooms.one(event, request.path_params["id"])
    await rooms.remove(event, room, by=auth.current_person(request))
    return respond.empty()


async def _event(request: Request) -> Event:
    person = auth.current_person(request)
    return await permissions.access_event(request.path_params["slug"], person, permission="event:programme:edit")
