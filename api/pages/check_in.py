"""/organize/events/{slug}/check-in: scan or type the code at the door or at a session; and at which sessions."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.organize_events import find, page
from api.pages.organize_registrations import desk_of
from api.pages.sidebar import permissions_on
from api.render import redirect, render
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from core.templating import format_time
from events.catalog.models import Event
from events.onsite import check_in, queries, session_lists
from events.onsite.schemas import CheckInInput, CheckInQuery
from events.programme import queries as programme
from events.programme import sessions
from events.programme.models import Session


async def show(request: Request) -> Response:
    """The field for the code, the counts and the latest scans of one list."""
    event = await find(request, check_in.SCAN)
    return await _page(request, event, parse.query(request, CheckInQuery).list)


async def scan(request: Request) -> Response:
    """Check in by code; the answer is the same page, or only its result where the browser asked for that."""
    event = await find(request, check_in.SCAN)
    chosen = parse.query(request, CheckInQuery).list
    try:
        data = await parse.form(request, CheckInInput)
        by, now = auth.current_person(request), datetime.now(UTC)
        found = await check_in.scan(desk_of(event), data.code, check_in_list_id=chosen, by=by, now=now)
    except (InvalidInput, Conflict, NotFound) as error:
        return await _page(request, event, chosen, error=error)
    return await _page(request, event, chosen, found)


async def undo(request: Request) -> Response:
    """Take a scan back."""
    event = await find(request, check_in.SCAN)
    chosen = parse.query(request, CheckInQuery).list
    by, now = auth.current_person(request), datetime.now(UTC)
    name = await check_in.undo(desk_of(event), request.path_params["id"], by=by, now=now)
    flash = _("The check-in of %(name)s is undone.") % {"name": name}
    return redirect(_address(event) + (f"?list={chosen}" if chosen else ""), flash=flash)


async def lists(request: Request) -> Response:
    """The sessions, and at which of them people are checked in."""
    event = await find(request, session_lists.EDIT)
    kept = {row.session_id: row for row in await queries.lists(event.id) if row.session_id is not None}
    rows = [(row, kept.get(row.id)) for row in await programme.programme(event.id)]
    return await page(request, event, "check_in_lists", {"rows": rows, "kept": len(kept)}, current="check-in")


async def switch(request: Request) -> Response:
    """Switch check-in on or off for a session, or on for all of them."""
    event = await find(request, session_lists.EDIT)
    by, verb = auth.current_person(request), request.path_params["verb"]
    back = f"{_address(event)}/lists"
    try:
        if verb == "on":
            await session_lists.switch_on(event, await _session(request, event), by=by)
        elif verb == "off":
            await session_lists.switch_off(event, await _session(request, event), by=by)
        else:
            raise NotFound()
    except Conflict as error:
        return redirect(back, flash=error.message, kind="danger")
    return redirect(back, flash=_("Saved."))


async def switch_all(request: Request) -> Response:
    """Switch check-in on for every session but breaks."""
    event = await find(request, session_lists.EDIT)
    back = f"{_address(event)}/lists"
    try:
        await session_lists.switch_on_everywhere(event, by=auth.current_person(request))
    except Conflict as error:
        return redirect(back, flash=error.message, kind="danger")
    return redirect(back, flash=_("Saved."))


async def _session(request: Request, event: Event) -> Session:
    return await sessions.one(event, request.path_params["id"])


def _address(event: Event) -> str:
    return f"/organize/events/{event.slug}/check-in"


async def _page(
    request: Request,
    event: Event,
    list_id: UUID | None,
    found: check_in.Scan | None = None,
    error: AppError | None = None,
) -> Response:
    chosen = await check_in.chosen_list(desk_of(event), list_id)
    minutes = await queries.by_minute(chosen.id)
    first_scan = (error.facts.get("checked_in_at") if error else None) or None
    context: dict[str, Any] = {
        "scan": found,
        "error": error,
        "first_scan_at": datetime.fromisoformat(first_scan) if first_scan else None,
        "counts": await queries.counts(event.id, chosen.id),
        "latest": await queries.latest(chosen.id),
        "minutes": [(format_time(minute, event.zone), scans) for minute, scans in minutes],
        "list_query": f"?list={chosen.id}" if list_id is not None else "",
    }
    if request.headers.get("hx-request") == "true":
        return render(request, "pages/organize/events/_check_in.html", {"event": event, **context})
    held = await permissions_on(auth.current_person(request), event.organization_id, event.id)
    context |= {
        "chosen": chosen,
        "lists": await queries.lists(event.id),
        "can_choose_sessions": session_lists.EDIT in held,
    }
    return await page(request, event, "check_in", context, current="check-in", error=error)
