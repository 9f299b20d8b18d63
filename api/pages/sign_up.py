"""/sign-up."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import people, sign_in
from accounts.schemas import SignUpForm
from accounts.tokens import new_secret
from api import auth, parse
from api.render import form_state, redirect, render, safe_next
from core.database import new_id
from core.errors import AppError, InvalidInput, RateLimited
from core.i18n import current_locale
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """The form; `next` is kept for after it."""
    target = safe_next(request.query_params.get("next"))
    if auth.caller_of(request).person is not None:
        return redirect(target)
    return _page(request, target)


async def submit(request: Request) -> Response:
    """Make the account and go on to `next` at once, signed in; the confirmation of the address can wait.

    For a known address the answer is the same, but the cookie opens nothing: the next page asks to sign in
    (docs/decisions, sign-up does not reveal).
    """
    now = datetime.now(UTC)
    try:
        data = await parse.form(request, SignUpForm)
        person = await people.sign_up(
            data.email,
            password=data.password,
            name=data.name,
            locale=current_locale(),
            time_zone=data.time_zone,
            address=auth.client_address(request),
            now=now,
        )
    except (InvalidInput, RateLimited) as error:
        return _page(request, safe_next(str(parse.typed(request).get("next", ""))), error)
    secret = new_secret()
    if person is not None:
        secret = await sign_in.start_session(
            person,
            user_agent=request.headers.get("user-agent", ""),
            address=auth.client_address(request),
            now=now,
        )
    flash = _("We have sent a mail to this address. If you are asked to sign in now, it says why.")
    response = redirect(safe_next(data.next), flash=flash, kind="info")
    auth.remember(response, secret)
    # The same cookies for a known address: their marks tell nobody whose they are.
    auth.remember_device(response, auth.device_of(request).remembering(person.id if person else new_id()))
    return response


def _page(request: Request, target: str, error: AppError | None = None) -> Response:
    form = form_state(request, error=error)
    form.values.pop("password", None)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else None
    return render(
        request,
        "pages/accounts/sign_up.html",
        {"form": form, "next": target},
        status=error.status if error else 200,
        headers=headers,
    )
