"""/events/{slug}/sessions and /organizations/{slug}/speakers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from api import auth, parse, respond
from core.errors import NotFound
from core.pages import ListQuery, PageOf, page_of
from events.catalog import permissions
from events.catalog.models import Event
from events.onsite import session_lists
from events.programme import queries, sessions, speakers
from events.programme.models import Session
from events.programme.permissions import access_speakers
from events.programme.schemas import (
    EventSessionOut,
    SessionChange,
    SessionIn,
    SpeakerChange,
    SpeakerIn,
    SpeakerOut,
)

_WITHOUT_TIME = datetime.max.replace(tzinfo=UTC)


async def index(request: Request) -> Response:
    """The programme of an event."""
    event = await permissions.access_public(request.path_params["slug"], auth.caller_of(request).person)
    rows = page_of(
        await queries.programme(event.id),
        parse.query(request, ListQuery),
        key=lambda row: (row.starts_at or _WITHOUT_TIME, row.room_position, row.room or "", row.id),
        kinds=(datetime, int, str, UUID),
    )
    items = [EventSessionOut.of(row) for row in rows.items]
    return respond.json(PageOf[EventSessionOut](items=items, next_cursor=rows.next_cursor))


async def show(request: Request) -> Response:
    """One session."""
    event = await permissions.access_public(request.path_params["slug"], auth.caller_of(request).person)
    return respond.json(await _out(event, request.path_params["id"]))


async def create(request: Request) -> Response:
    """Add a session."""
    event = await _event(request)
    data = await parse.body(request, SessionIn)
    session = await sessions.create(event, data, by=auth.current_person(request))
    return respond.json(await _out(event, session.id), 201)


async def change(request: Request) -> Response:
    """Change what is given."""
    event = await _event(request)
    session = await sessions.one(event, request.path_params["id"])
    given = await parse.body(request, SessionChange)
    data = parse.validate(SessionIn, {**await values_of(session), **given.model_dump(exclude_unset=True)})
    await sessions.change(event, session, data, by=auth.current_person(request))
    return respond.json(await _out(event, session.id))


async def remove(request: Request) -> Response:
    """Take a session off the programme."""
    event = await _event(request)
    session = await sessions.one(event, request.path_params["id"])
    await session_lists.remove_session(event, session, by=auth.current_person(request))
    return respond.empty()


async def list_speakers(request: Request) -> Response:
    """Those who speak at an organization's events."""
    organization = await _organization(request)
    items = [SpeakerOut.of(speaker) for speaker in await queries.speakers_of(organization.id)]
    query = parse.query(request, ListQuery)
    return respond.json(page_of(items, query, key=lambda one: (one.name.lower(), one.id), kinds=(str, UUID)))


async def create_speaker(request: Request) -> Response:
    """Add a speaker."""
    organization = await _organization(request)
    data = await parse.body(request, SpeakerIn)
    speaker = await speakers.create(organization, data, by=auth.current_person(request))
    return respond.json(SpeakerOut.of(speaker), 201)


async def change_speaker(request: Request) -> Response:
    """Change what is given."""
    organization = await _organization(request)
    speaker = await speakers.one(organization.id, request.path_params["id"])
    data = await parse.body(request, SpeakerChange)
    return respond.json(SpeakerOut.of(await speakers.change(speaker, data, by=auth.current_person(request))))


async def remove_speaker(request: Request) -> Response:
    """Remove a speaker without sessions."""
    organization = await _organization(request)
    speaker = await speakers.one(organization.id, request.path_params["id"])
    await speakers.remove(speaker, by=auth.current_person(request))
    return respond.empty()


async def values_of(session: Session) -> dict[str, Any]:  # Any: values of many types
    """The session as the document it would be created from."""
    plain = {name: getattr(session, name) for name in SessionIn.model_fields if name not in ("room", "speakers")}
    chosen = await session.speakers.all().order_by("name", "id")
    return {**plain, "room": session.room_id, "speakers": [speaker.id for speaker in chosen]}


async def _out(event: Event, session_id: Any) -> EventSessionOut:  # Any: a UUID of the path or of a row
    rows = await queries.programme(event.id, session_id=session_id)
    if not rows:
        raise NotFound()
    return EventSessionOut.of(rows[0])


async def _event(request: Request) -> Event:
    person = auth.current_person(request)
    return await permissions.access_event(request.path_params["slug"], person, permission="event:programme:edit")


async def _organization(request: Request) -> Organization:
    return await access_speakers(request.path_params["slug"], auth.current_person(request))
