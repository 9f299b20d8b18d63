"""/verify: anyone may ask whether a certificate is genuine and in force, by its number, its QR code or its file."""

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api import parse
from api.render import FormState, form_state, redirect, render
from certification.certificates import file_verification, findings, statements, verification
from certification.certificates.verification import Verification
from core.errors import InvalidInput
from core.i18n import gettext as _


async def start(request: Request) -> Response:
    """A field for a number or the address of a QR code, and a place for a file."""
    if not (typed := request.query_params.get("number", "").strip()):
        return _start(request)
    try:
        return redirect(f"/verify/{quote(verification.asked_number(typed), safe='')}")
    except InvalidInput as error:
        return _start(request, error, typed=typed[:300])


async def show(request: Request) -> Response:
    """What is true of one number; an unknown one is a 404 page that says so."""
    found = await verification.verify(request.path_params["number"], now=datetime.now(UTC))
    return _show(request, found)


async def check_file(request: Request) -> Response:
    """What an uploaded PDF, picture or badge is, compared with what was issued."""
    now, number = datetime.now(UTC), request.path_params.get("number")
    try:
        _name, content = await parse.upload(request, "file")
        if not content:
            raise InvalidInput({"file": _("This file is empty. Choose a certificate as PDF, or its badge.")})
    except InvalidInput as error:
        if number is None:
            return _start(request, error)
        found = await verification.verify(number, now=now)
        return _show(request, found, form=form_state(request, error=error), status=error.status)
    checked = await file_verification.verify_file(content, number=number, now=now)
    context = {
        "checked": checked,
        "number": number,
        "title": statements.title_of_file(checked),
        "tone": statements.tone_of_file(checked).value,
        "statement": statements.of_file(checked, asked=number),
        "facts": _facts(checked.verification) if checked.verification else None,
        "can_type": statements.may_be_a_print(checked),
    }
    return render(request, "pages/verify/file.html", context)


def _start(request: Request, error: InvalidInput | None = None, *, typed: str = "") -> Response:
    form = form_state(request, {"number": typed}, error=error)
    return render(request, "pages/verify/start.html", {"form": form}, status=error.status if error else 200)


def _show(
    request: Request, found: Verification, *, form: FormState | None = None, status: int | None = None
) -> Response:
    context = {
        "found": found,
        "form": form or form_state(request),
        "title": statements.title_of_number(found),
        "tone": statements.tone_of_number(found).value,
        "statement": statements.of_number(found),
        "facts": _facts(found),
    }
    return render(request, "pages/verify/show.html", context, status=status or (200 if found.certificate else 404))


def _facts(found: Verification) -> dict[str, object] | None:
    """What the public page shows of a certificate; nothing of who its holder is beyond the name."""
    certificate = found.certificate
    if certificate is None:
        return None
    return {
        "certificate": certificate,
        "holder": found.holder,
        "achieved_on": findings.achieved_on(certificate),
        "signature": statements.signature_of(certificate),
    }
