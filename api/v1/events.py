"""/events and /organizations/{slug}/events."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import roles
from accounts.models import Person
from api import auth, parse, respond
from events.catalog import events, permissions, search
from events.catalog.models import Event
from events.catalog.schemas import CancellationIn, EventChange, EventIn, EventSearch
from events.onsite import opening


async def index(request: Request) -> Response:
    """Published events."""
    query = parse.query(request, EventSearch)
    return respond.json(await search.find(query, datetime.now(UTC)))


async def create(request: Request) -> Response:
    """A draft in an organization."""
    person = auth.current_person(request)
    organization = await permissions.access_new(request.path_params["slug"], person)
    data = await parse.body(request, EventIn)
    now = datetime.now(UTC)
    event = await opening.open_event(organization, data, by=person, now=now)
    out = await opening.described(event, now=now, is_organizer=True)
    return respond.json(out, 201, location=f"/api/v1/events/{event.slug}")


async def show(request: Request) -> Response:
    """One event; drafts for those who work on them."""
    person = auth.caller_of(request).person
    event = await permissions.access_public(request.path_params["slug"], person)
    is_organizer = await _works_on(event, person)
    return respond.json(await opening.described(event, now=datetime.now(UTC), is_organizer=is_organizer))


async def change(request: Request) -> Response:
    """Change what is given."""
    person = auth.current_person(request)
    event = await permissions.access_event(request.path_params["slug"], person, permission="event:event:edit")
    given = await parse.body(request, EventChange)
    changes = given.model_dump(exclude_unset=True, exclude={"version"})
    data = parse.validate(EventIn, {**await opening.values_of(event), **changes})
    now = datetime.now(UTC)
    changed = await opening.change_event(event, data, by=person, now=now, version=given.version or event.updated_at)
    return respond.json(await opening.described(changed, now=now, is_organizer=True))


async def publish(request: Request) -> Response:
    """Show it to everybody."""
    person = auth.current_person(request)
    event = await permissions.access_event(request.path_params["slug"], person, permission="event:event:publish")
    now = datetime.now(UTC)
    published = await events.publish(event, by=person, now=now)
    return respond.json(await opening.described(published, now=now, is_organizer=True), 201)


async def cancel(request: Request) -> Response:
    """Call it off."""
    person = auth.current_person(request)
    event = await permissions.access_event(request.path_params["slug"], person, permission="event:event:cancel")
    data = await parse.body(request, CancellationIn)
    now = datetime.now(UTC)
    cancelled = await events.cancel(event, data.reason, by=person, now=now)
    return respond.json(await opening.described(cancelled, now=now, is_organizer=True), 201)


async def _works_on(event: Event, person: Person | None) -> bool:
    return await roles.is_allowed(
        person, "event:overview:view", organization_id=event.organization_id, scope_id=event.id
    )
