"""/organize/events/{slug}/registrations: the list, its CSV file, and cancelling for an attendee."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import auth, parse
from api.pages.organize_events import find, page
from api.pages.sidebar import permissions_on
from api.render import redirect
from core.errors import Conflict, NotFound
from core.i18n import gettext as _
from events.catalog.models import Event
from events.registration import attendee_list, permissions, queries, registrations
from events.registration.models import RegistrationStatus
from events.registration.permissions import EventDesk
from events.registration.schemas import RegistrationsPageQuery, RegistrationsQuery


async def index(request: Request) -> Response:
    """One page of the list that the search finds."""
    event = await find(request, permissions.VIEW)
    query = parse.query(request, RegistrationsPageQuery)
    found = await queries.attendees(event.id, query, back=query.back)
    base = f"/organize/events/{event.slug}/registrations"
    facts = _filters(query)
    held = await permissions_on(auth.current_person(request), event.organization_id, event.id)
    context = {
        "rows": found.rows,
        "query": query,
        "is_filtered": bool(facts),
        "quotas": await queries.quotas(event.id),
        "ticket_types": await queries.ticket_types(event.id, datetime.now(UTC)),
        "statuses": _statuses(),
        "next_href": f"{base}?{urlencode({**facts, 'cursor': found.next_cursor})}" if found.next_cursor else None,
        "prev_href": (
            f"{base}?{urlencode({**facts, 'cursor': found.previous_cursor, 'back': 'true'})}"
            if found.previous_cursor
            else None
        ),
        "csv_href": f"{base}.csv" + (f"?{urlencode(facts)}" if facts else ""),
        "can_edit": permissions.EDIT in held,
    }
    return await page(request, event, "registrations", context)


async def csv(request: Request) -> Response:
    """The whole list that the search finds, as a file that is written while it is read."""
    event = await find(request, permissions.VIEW)
    query = parse.query(request, RegistrationsQuery)
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}-registrations.csv"'}
    return StreamingResponse(
        attendee_list.as_csv(desk_of(event), query), headers=headers, media_type="text/csv; charset=utf-8"
    )


async def cancel(request: Request) -> Response:
    """Cancel for an attendee."""
    event = await find(request, permissions.EDIT)
    person = auth.current_person(request)
    registration = await permissions.access_registration(request.path_params["id"], person, permission=permissions.EDIT)
    if registration.event_id != event.id:
        raise NotFound()
    base = f"/organize/events/{event.slug}/registrations"
    try:
        await registrations.cancel(registration, by=person, now=datetime.now(UTC))
    except Conflict as error:
        return redirect(base, flash=error.message, kind="danger")
    flash = _("The registration of %(name)s is cancelled; they are told by mail.")
    return redirect(base, flash=flash % {"name": registration.attendee_name})


def desk_of(event: Event) -> EventDesk:
    """The same event as the commands of registration and check-in take it."""
    return EventDesk(event.id, event.organization_id, event.slug, event.title, event.time_zone)


def _filters(query: RegistrationsQuery) -> dict[str, str]:
    facts = {"q": query.q, "status": query.status or "", "ticket_type": str(query.ticket_type or "")}
    if query.checked_in is not None:
        facts["checked_in"] = "true" if query.checked_in else "false"
    return {name: value for name, value in facts.items() if value}


def _statuses() -> dict[str, tuple[str, str]]:
    """Badge kind and word of each state."""
    return {
        RegistrationStatus.confirmed.value: ("success", _("Confirmed")),
        RegistrationStatus.pending_approval.value: ("warning", _("Waits for approval")),
        RegistrationStatus.pending_payment.value: ("warning", _("Waits for payment")),
        RegistrationStatus.cancelled.value: ("neutral", _("Cancelled")),
        RegistrationStatus.declined.value: ("neutral", _("Declined")),
        RegistrationStatus.expired.value: ("neutral", _("Expired")),
    }
