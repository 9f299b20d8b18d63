"""Asking for the password again before what a route table or a handler calls sensitive (accounts/proofs.py).

A call of the API is refused with what to do. A page shows a form that holds everything that was typed, asks for the
password, and posts it all to where it was going, so that nothing is lost and nothing is done twice.
"""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from accounts import proofs
from api import auth, parse
from api.render import render, safe_next
from core.errors import AppError, InvalidInput, RateLimited

FIELD = "password_again"


class AskedAgain(Exception):
    """A page asks for the password; `reason` is shown with the field."""

    def __init__(self, reason: AppError) -> None:
        self.reason = reason
        super().__init__(str(reason))


async def require(request: Request) -> None:
    """Go on only with a recent proof, or with the right password that the page's form brings.

    Raises `PasswordAgain` on the API and `AskedAgain` on a page, which its route turns into the form.
    """
    caller, now = auth.caller_of(request), datetime.now(UTC)
    typed = await _take_password(request) if "confero.page" in request.scope else None
    try:
        if typed and caller.session_id is not None:
            person = caller.require_person()
            await proofs.prove(person, typed, session_id=caller.session_id, field=FIELD, now=now)
            caller.proved_at = now
        proofs.require_recent(caller.proved_at, now=now)
    except (proofs.PasswordAgain, InvalidInput, RateLimited) as refusal:
        if "confero.page" in request.scope:
            raise AskedAgain(refusal) from None
        raise


async def ask(request: Request, asked: AskedAgain) -> Response:
    """The page with the password's field, and everything that was typed before it, hidden."""
    reason, form = asked.reason, await parse.read_form(request)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    headers = {"Retry-After": str(reason.retry_after)} if isinstance(reason, RateLimited) else None
    errors = reason.fields if isinstance(reason, InvalidInput) else {}
    context = {
        "fields": fields,
        "errors": errors,
        "message": reason.message if isinstance(reason, RateLimited) else "",
        "back": safe_next(urlsplit(request.headers.get("referer", "")).path),
    }
    return render(request, "pages/accounts/password_again.html", context, status=reason.status, headers=headers)


async def _take_password(request: Request) -> str | None:
    """Take the field out of the form, which goes on to the handler without it."""
    form = await parse.read_form(request)
    typed = form.get(FIELD)
    if typed is None:
        return None
    rest = FormData([(name, value) for name, value in form.multi_items() if name != FIELD])
    request._form = rest  # what `Request.form` gives from now on
    request.scope["confero.form"] = rest
    return typed if isinstance(typed, str) else None
