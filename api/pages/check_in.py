"""/organize/events/{slug}/check-in: scan or type the code at the door."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.organize_events import find, page
from api.pages.organize_registrations import desk_of
from api.render import redirect, render
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from core.templating import format_time
from events.catalog.models import Event
from events.onsite import check_in, queries
from events.onsite.schemas import CheckInInput


async def show(request: Request) -> Response:
    """The field for the code, the counts and the latest scans."""
    return await _page(request, await find(request, check_in.SCAN), None, None)


async def scan(request: Request) -> Response:
    """Check in by code; the answer is the same page, or only its result where the browser asked for that."""
    event = await find(request, check_in.SCAN)
    try:
        data = await parse.form(request, CheckInInput)
        found = await check_in.scan(desk_of(event), data.code, by=auth.current_person(request), now=datetime.now(UTC))
    except (InvalidInput, Conflict, NotFound) as error:
        return await _page(request, event, None, error)
    return await _page(request, event, found, None)


async def undo(request: Request) -> Response:
    """Take a scan back."""
    event = await find(request, check_in.SCAN)
    by, now = auth.current_person(request), datetime.now(UTC)
    name = await check_in.undo(desk_of(event), request.path_params["id"], by=by, now=now)
    flash = _("The check-in of %(name)s is undone.") % {"name": name}
    return redirect(f"/organize/events/{event.slug}/check-in", flash=flash)


async def _page(request: Request, event: Event, found: check_in.Scan | None, error: AppError | None) -> Response:
    first = await check_in.first_list(desk_of(event))
    minutes = await queries.by_minute(first.id)
    first_scan = (error.facts.get("checked_in_at") if error else None) or None
    context = {
        "scan": found,
        "error": error,
        "first_scan_at": datetime.fromisoformat(first_scan) if first_scan else None,
        "counts": await queries.counts(event.id, first.id),
        "latest": await queries.latest(first.id),
        "minutes": [(format_time(minute, event.zone), scans) for minute, scans in minutes],
    }
    if request.headers.get("hx-request") == "true":
        return render(request, "pages/organize/events/_check_in.html", {"event": event, **context})
    return await page(request, event, "check_in", context, current="check-in", error=error)
