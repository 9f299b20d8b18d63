"""/sign-in and /sign-out."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import sign_in
from accounts.models import SignInWay
from accounts.schemas import SignInForm
from api import auth, parse
from api.render import form_state, redirect, render, safe_next
from core.errors import AppError, InvalidInput, NotFound, RateLimited


async def show(request: Request) -> Response:
    """The form; whoever is signed in already goes on to where they were going."""
    target = safe_next(request.query_params.get("next"))
    if auth.caller_of(request).person is not None:
        return redirect(target)
    return _page(request, target)


async def submit(request: Request) -> Response:
    """Check address and password, and go on to `next`."""
    device = auth.device_of(request)
    try:
        data = await parse.form(request, SignInForm)
        attempt = sign_in.Attempt(
            address=auth.client_address(request),
            user_agent=request.headers.get("user-agent", ""),
            device=device,
            way=SignInWay.browser,
        )
        person, secret = await sign_in.sign_in(data.email, data.password, attempt=attempt, now=datetime.now(UTC))
    except (InvalidInput, sign_in.InvalidCredentials, sign_in.AccountDisabled, RateLimited) as error:
        return _page(request, safe_next(str(parse.typed(request).get("next", ""))), error)
    await _end_present(request)
    response = redirect(safe_next(data.next))
    auth.remember(response, secret)
    auth.remember_device(response, device.remembering(person))
    return response


async def sign_out(request: Request) -> Response:
    """End the session of this browser, and go on to `next`, to sign in to another account."""
    await parse.read_form(request)
    await _end_present(request)
    response = redirect(safe_next(str(parse.typed(request).get("next", "")), "/"))
    auth.forget(response)
    return response


async def _end_present(request: Request) -> None:
    """A browser holds one session: the one it had ends, so that no forgotten one stays behind."""
    caller = auth.caller_of(request)
    if caller.person is None or caller.session_id is None:
        return
    try:
        session = await sign_in.access_session(caller.session_id, caller.person)
    except NotFound:
        return
    await sign_in.end_session(session, by=caller.person)


def _page(request: Request, target: str, error: AppError | None = None) -> Response:
    form = form_state(request, error=error)
    form.values.pop("password", None)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else None
    return render(
        request,
        "pages/accounts/sign_in.html",
        {"form": form, "next": target, "is_slowed": isinstance(error, RateLimited)},
        status=error.status if error else 200,
        headers=headers,
    )
