"""/verify/several: an employer looks several certificates up at once, from a pasted list or a CSV file."""

from datetime import UTC, datetime

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api import parse, respond
from api.render import form_state, render
from certification.bulk import lookup
from certification.bulk.lookup import Asked, LookupOutcome
from core.errors import InvalidInput
from core.i18n import gettext as _


async def start(request: Request) -> Response:
    """A field for a list and one for a file."""
    return _start(request)


async def look_up(request: Request) -> Response:
    """What is true of each number, in a table, and the same as a file."""
    try:
        asked = await _asked(request)
    except InvalidInput as error:
        return _start(request, error)
    looked = await lookup.look_up(asked, now=datetime.now(UTC))
    words = _words()
    context = {
        "rows": [(one, *words[one.outcome]) for one in looked],
        "counts": [(*words[outcome], count) for outcome, count in lookup.counts(looked).items()],
        "numbers": lookup.as_text(asked),
    }
    return render(request, "pages/verify/looked_up.html", context)


async def as_csv(request: Request) -> Response:
    """The same answers as a CSV file."""
    try:
        asked = await _asked(request)
    except InvalidInput as error:
        return _start(request, error)
    looked = await lookup.look_up(asked, now=datetime.now(UTC))
    return respond.file(lookup.as_csv(looked), "text/csv; charset=utf-8", "certificates.csv")


async def _asked(request: Request) -> list[Asked]:
    """The numbers of the file where one was chosen, else of the list."""
    form = await parse.read_form(request)
    chosen = form.get("file")
    if isinstance(chosen, UploadFile) and chosen.filename:
        return await lookup.read_file(await chosen.read())
    return lookup.read_text(str(parse.typed(request).get("numbers", "")))


def _start(request: Request, error: InvalidInput | None = None) -> Response:
    context = {"form": form_state(request, error=error), "limit": lookup.MOST_NUMBERS}
    return render(request, "pages/verify/several.html", context, status=error.status if error else 200)


def _words() -> dict[LookupOutcome, tuple[str, str]]:
    """Kind and text of the badge of each outcome."""
    return {
        LookupOutcome.valid: ("success", _("Valid")),
        LookupOutcome.expired: ("warning", _("Expired")),
        LookupOutcome.suspended: ("warning", _("Suspended")),
        LookupOutcome.revoked: ("danger", _("Revoked")),
        LookupOutcome.superseded: ("info", _("Superseded")),
        LookupOutcome.unknown: ("danger", _("Unknown")),
        LookupOutcome.impossible: ("danger", _("No certificate number")),
        LookupOutcome.repeated: ("neutral", _("Repeated")),
    }
