"""/organize/events/{slug}/tickets: ticket types and the quotas they draw on."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.organize_events import find, page
from api.pages.organize_registrations import desk_of
from api.render import FormState, form_state, redirect
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _
from core.templating import format_date
from events.catalog.models import Event
from events.registration import permissions, queries, quotas, ticket_types
from events.registration.schemas import QuotaIn, TicketTypeIn

REFUSALS = (InvalidInput, Conflict)


async def index(request: Request) -> Response:
    """What is offered, what is taken, and forms to add to it."""
    return await _page(request, await find(request, permissions.EDIT))


async def create(request: Request) -> Response:
    """Offer a new ticket type."""
    event = await find(request, permissions.EDIT)
    try:
        data = await parse.form(request, TicketTypeIn)
        await ticket_types.create(desk_of(event), data, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _page(request, event, error=error, failed="ticket_type")
    return redirect(_base(event), flash=_("The ticket type is offered."))


async def edit(request: Request) -> Response:
    """The form of one ticket type."""
    event = await find(request, permissions.EDIT)
    return await _page(request, event, ticket_type=await ticket_types.find(desk_of(event), request.path_params["id"]))


async def save(request: Request) -> Response:
    """Change a ticket type."""
    event = await find(request, permissions.EDIT)
    ticket_type = await ticket_types.find(desk_of(event), request.path_params["id"])
    try:
        data = await parse.form(request, TicketTypeIn)
        # The page has no fields for the sale window, so what the API set stays.
        data = data.model_copy(update={"opens_at": ticket_type.opens_at, "closes_at": ticket_type.closes_at})
        by, now = auth.current_person(request), datetime.now(UTC)
        await ticket_types.edit(desk_of(event), ticket_type, data, by=by, now=now)
    except REFUSALS as error:
        return await _page(request, event, ticket_type=ticket_type, error=error, failed="ticket_type")
    return redirect(_base(event), flash=_("Saved."))


async def withdraw(request: Request) -> Response:
    """Offer a ticket type no longer."""
    event = await find(request, permissions.EDIT)
    ticket_type = await ticket_types.find(desk_of(event), request.path_params["id"])
    await ticket_types.withdraw(desk_of(event), ticket_type, by=auth.current_person(request), now=datetime.now(UTC))
    return redirect(_base(event), flash=_("This ticket type is no longer offered."))


async def offer_again(request: Request) -> Response:
    """Offer a withdrawn ticket type again."""
    event = await find(request, permissions.EDIT)
    ticket_type = await ticket_types.find(desk_of(event), request.path_params["id"])
    await ticket_types.offer_again(desk_of(event), ticket_type, by=auth.current_person(request), now=datetime.now(UTC))
    return redirect(_base(event), flash=_("This ticket type is offered again."))


async def create_quota(request: Request) -> Response:
    """Add a pool of places."""
    event = await find(request, permissions.EDIT)
    try:
        data = await parse.form(request, QuotaIn)
        await quotas.create(desk_of(event), data, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _page(request, event, error=error, failed="quota")
    return redirect(_base(event), flash=_("The quota is there. Choose it in a ticket type."))


async def edit_quota(request: Request) -> Response:
    """The form of one quota."""
    event = await find(request, permissions.EDIT)
    return await _page(request, event, quota=await quotas.find(desk_of(event), request.path_params["id"]))


async def save_quota(request: Request) -> Response:
    """Rename or resize a quota."""
    event = await find(request, permissions.EDIT)
    quota = await quotas.find(desk_of(event), request.path_params["id"])
    try:
        data = await parse.form(request, QuotaIn)
        await quotas.edit(desk_of(event), quota, data, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _page(request, event, quota=quota, error=error, failed="quota")
    return redirect(_base(event), flash=_("Saved."))


async def remove_quota(request: Request) -> Response:
    """Remove a quota that no ticket type draws on."""
    event = await find(request, permissions.EDIT)
    quota = await quotas.find(desk_of(event), request.path_params["id"])
    try:
        await quotas.remove(desk_of(event), quota, by=auth.current_person(request), now=datetime.now(UTC))
    except Conflict as error:
        return redirect(_base(event), flash=error.message, kind="danger")
    return redirect(_base(event), flash=_("The quota is removed."))


def _base(event: Event) -> str:
    return f"/organize/events/{event.slug}/tickets"


async def _page(
    request: Request,
    event: Event,
    *,
    ticket_type: Any = None,  # Any: a TicketType or None
    quota: Any = None,  # Any: a Quota or None
    error: AppError | None = None,
    failed: str = "",
) -> Response:
    listed = await queries.ticket_types(event.id, datetime.now(UTC))
    pools = await queries.quotas(event.id)
    days = await queries.registrations_by_day(event.id, event.time_zone)
    drawn = next((one.quotas for one in listed if ticket_type and one.id == ticket_type.id), [])
    chosen = [str(one) for one in drawn] or [str(pool.id) for pool in pools[:1]]
    type_values = {"name": "", "description": "", "quotas": chosen}
    if ticket_type is not None:
        type_values |= {"name": ticket_type.name, "description": ticket_type.description}
    quota_values = {"name": quota.name, "size": quota.size} if quota is not None else {"name": "", "size": ""}
    context = {
        "listed": listed,
        "pools": pools,
        "pool_names": {pool.id: pool.name for pool in pools},
        "ticket_type": ticket_type,
        "quota": quota,
        "type_form": form_state(request, type_values, error) if failed == "ticket_type" else _fresh(type_values),
        "quota_form": form_state(request, quota_values, error) if failed == "quota" else _fresh(quota_values),
        "size": sum(pool.size for pool in pools),
        "chart": [(format_date(day, style="short"), standing) for day, standing in days],
    }
    return await page(request, event, "tickets", context, error=error)


def _fresh(values: dict[str, Any]) -> FormState:
    return FormState(values, {}, "")
