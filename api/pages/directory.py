"""/directory: holders who asked to be found; and a holder's own entry under /me/directory."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import next_href
from api.pages.words import country_name
from api.render import redirect, render
from certification.certificates import directory
from certification.certificates.directory import Wanted
from certification.certificates.schemas import DirectoryIn, DirectorySearch
from core.errors import InvalidInput
from core.i18n import gettext as _


async def index(request: Request) -> Response:
    """The holders by name, narrowed by name, certification and country."""
    search, now = parse.query(request, DirectorySearch), datetime.now(UTC)
    found, cursor = await directory.find(Wanted(**search.model_dump()), now=now)
    choices = await directory.choices(now=now)
    countries = sorted(((code, country_name(code)) for code in choices.countries), key=lambda pair: pair[1])
    context = {
        "search": search,
        "holders": [(holder, country_name(holder.country)) for holder in found],
        "countries": countries,
        "certifications": choices.certifications,
        "is_narrowed": bool(search.q or search.certification or search.country or search.cursor),
        "next_href": next_href(request, cursor),
    }
    return render(request, "pages/directory.html", context)


async def join(request: Request) -> Response:
    """Be listed, or under another country."""
    try:
        data = await parse.form(request, DirectoryIn)
    except InvalidInput:
        return redirect("/me/certificates#directory", flash=_("Choose a country."), kind="danger")
    await directory.join(auth.current_person(request), data.country)
    return redirect("/me/certificates#directory", flash=_("You are in the directory of holders."))


async def leave(request: Request) -> Response:
    """Be listed no more."""
    await directory.leave(auth.current_person(request))
    return redirect("/me/certificates#directory", flash=_("You are no longer in the directory of holders."))
