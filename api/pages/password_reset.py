"""/reset: asking for a link by mail; /reset/{token}: setting the new password."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import links, sign_in
from accounts.models import LinkPurpose
from accounts.schemas import NewPasswordForm, ResetIn
from api import auth, parse
from api.render import form_state, redirect, render
from core.errors import AppError, InvalidInput, RateLimited
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """A field for the address."""
    return _ask(request)


async def submit(request: Request) -> Response:
    """Send the mail; the page is the same whether or not the address has an account."""
    try:
        data = await parse.form(request, ResetIn)
        await sign_in.request_reset(data.email, address=auth.client_address(request), now=datetime.now(UTC))
    except (InvalidInput, RateLimited) as error:
        return _ask(request, error)
    return render(request, "pages/accounts/reset_sent.html", {"email": data.email})


async def choose(request: Request) -> Response:
    """The page behind a reset link; opening it changes nothing."""
    link = await links.find(request.path_params["token"], LinkPurpose.reset_password, now=datetime.now(UTC))
    return _choose(request, link.email)


async def set_password(request: Request) -> Response:
    """Use the link and set the password; every browser is signed out, this one too."""
    secret, now = request.path_params["token"], datetime.now(UTC)
    link = await links.find(secret, LinkPurpose.reset_password, now=now)
    try:
        data = await parse.form(request, NewPasswordForm)
        person = await sign_in.reset_password(secret, data.password, now=now)
    except InvalidInput as error:
        return _choose(request, link.email, error)
    response = redirect("/sign-in", flash=_("Your new password is set. Sign in with it."))
    auth.forget(response)
    auth.remember_device(response, auth.device_of(request).remembering(person))
    return response


def _ask(request: Request, error: AppError | None = None) -> Response:
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else None
    context = {"form": form_state(request, error=error)}
    return render(request, "pages/accounts/reset.html", context, status=error.status if error else 200, headers=headers)


def _choose(request: Request, email: str, error: AppError | None = None) -> Response:
    form = form_state(request, error=error)
    form.values.pop("password", None)
    context = {"form": form, "email": email}
    return render(request, "pages/accounts/new_password.html", context, status=error.status if error else 200)
