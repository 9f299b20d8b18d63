"""/calendars/{token}.ics, the secret address that calendar programs read, and making a new one."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth
from api.pages import registrations
from api.render import redirect
from core.i18n import gettext as _
from events.registration import calendar, feeds, queries


async def show(request: Request) -> Response:
    """All registrations of the person behind the address."""
    person_id = await feeds.person_behind(request.path_params["token"])
    content = calendar.calendar_of(await queries.tickets_of_person(person_id))
    return Response(content, headers={"X-Robots-Tag": "noindex"}, media_type=calendar.MEDIA_TYPE)


async def renew(request: Request) -> Response:
    """Make a new secret address and show it, this once."""
    address = await feeds.renew(auth.current_person(request), now=datetime.now(UTC))
    return await registrations.tickets_page(request, new_address=address)


async def end(request: Request) -> Response:
    """Take the secret address away."""
    await feeds.end(auth.current_person(request), now=datetime.now(UTC))
    return redirect("/me/registrations#calendar", flash=_("The calendar address no longer works."))
