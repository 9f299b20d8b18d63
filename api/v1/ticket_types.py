"""Ticket types and quotas of an event."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from core.errors import NotFound
from core.pages import ListQuery, page_of
from events.registration import permissions, queries, quotas, ticket_types
from events.registration.permissions import EventDesk
from events.registration.schemas import QuotaIn, QuotaOut, TicketTypeIn, TicketTypeOut


async def index(request: Request) -> Response:
    """All ticket types with what is left."""
    event = await _desk(request, permissions.VIEW)
    query = parse.query(request, ListQuery)
    found = await queries.ticket_types(event.id, datetime.now(UTC))
    return respond.json(page_of(found, query, key=lambda one: (one.id,), kinds=(UUID,)))


async def create(request: Request) -> Response:
    """Offer a new ticket type."""
    event = await _desk(request, permissions.EDIT)
    data = await parse.body(request, TicketTypeIn)
    now = datetime.now(UTC)
    ticket_type = await ticket_types.create(event, data, by=auth.current_person(request), now=now)
    return respond.json(await _shown(event, ticket_type.id, now), 201)


async def update(request: Request) -> Response:
    """Change a ticket type."""
    event = await _desk(request, permissions.EDIT)
    ticket_type = await ticket_types.find(event, request.path_params["id"])
    data = await parse.body(request, TicketTypeIn)
    now = datetime.now(UTC)
    await ticket_types.edit(event, ticket_type, data, by=auth.current_person(request), now=now)
    return respond.json(await _shown(event, ticket_type.id, now))


async def withdraw(request: Request) -> Response:
    """Offer a ticket type no longer."""
    event = await _desk(request, permissions.EDIT)
    ticket_type = await ticket_types.find(event, request.path_params["id"])
    await ticket_types.withdraw(event, ticket_type, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.empty()


async def index_quotas(request: Request) -> Response:
    """All quotas with what is taken."""
    event = await _desk(request, permissions.VIEW)
    query = parse.query(request, ListQuery)
    return respond.json(page_of(await queries.quotas(event.id), query, key=lambda one: (one.id,), kinds=(UUID,)))


async def create_quota(request: Request) -> Response:
    """Add a pool of places."""
    event = await _desk(request, permissions.EDIT)
    data = await parse.body(request, QuotaIn)
    quota = await quotas.create(event, data, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(QuotaOut(id=quota.id, name=quota.name, size=quota.size, taken=0), 201)


async def update_quota(request: Request) -> Response:
    """Rename or resize a quota."""
    event = await _desk(request, permissions.EDIT)
    quota = await quotas.find(event, request.path_params["id"])
    data = await parse.body(request, QuotaIn)
    await quotas.edit(event, quota, data, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(next(each for each in await queries.quotas(event.id) if each.id == quota.id))


async def remove_quota(request: Request) -> Response:
    """Remove a quota that no ticket type draws on."""
    event = await _desk(request, permissions.EDIT)
    quota = await quotas.find(event, request.path_params["id"])
    await quotas.remove(event, quota, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.empty()


async def _desk(request: Request, permission: str) -> EventDesk:
    return await permissions.access_desk(
        request.path_params["slug"], auth.current_person(request), permission=permission
    )


async def _shown(event: EventDesk, ticket_type_id: UUID, now: datetime) -> TicketTypeOut:
    for each in await queries.ticket_types(event.id, now):
        if each.id == ticket_type_id:
            return each
    raise NotFound()
