"""/verify: anyone may ask whether a certificate is genuine and in force."""

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api import parse
from api.render import FormState, form_state, redirect, render
from certification.certificates import verification
from certification.certificates.verification import Verification
from core.errors import InvalidInput
from core.i18n import gettext as _


async def start(request: Request) -> Response:
    """A field for a number, and a place for a PDF."""
    if typed := request.query_params.get("number", "").strip():
        return redirect(f"/verify/{quote(typed[:40], safe='')}")
    return render(request, "pages/verify/start.html", {"form": form_state(request)})


async def show(request: Request) -> Response:
    """What is true of one number; an unknown one is a 404 page that says so."""
    found = await verification.verify(request.path_params["number"], now=datetime.now(UTC))
    return _show(request, found)


async def check_file(request: Request) -> Response:
    """Whether an uploaded PDF is, byte for byte, what was issued."""
    now, number = datetime.now(UTC), request.path_params.get("number")
    try:
        _name, content = await parse.upload(request, "file")
        if not content:
            raise InvalidInput({"file": _("This file is empty. Choose the PDF of a certificate.")})
    except InvalidInput as error:
        form = form_state(request, error=error)
        if number is None:
            return render(request, "pages/verify/start.html", {"form": form}, status=error.status)
        return _show(request, await verification.verify(number, now=now), form=form, status=error.status)
    checked = await verification.verify_file(content, number=number, now=now)
    return render(request, "pages/verify/file.html", {"checked": checked, "number": number})


def _show(
    request: Request, found: Verification, *, form: FormState | None = None, status: int | None = None
) -> Response:
    context = {"found": found, "form": form or form_state(request)}
    return render(request, "pages/verify/show.html", context, status=status or (200 if found.certificate else 404))
