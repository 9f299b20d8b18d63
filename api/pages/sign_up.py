"""/sign-up."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import people
from accounts.schemas import SignUpForm
from api import auth, parse
from api.render import form_state, redirect, render, safe_next
from core.errors import AppError, InvalidInput, RateLimited
from core.i18n import current_locale


async def show(request: Request) -> Response:
    """The form; `next` is kept for after it. The browser is named here, so that two clicks come from one."""
    target = safe_next(request.query_params.get("next"))
    if auth.caller_of(request).person is not None:
        return redirect(target)
    response = _page(request, target)
    auth.remember_device(response, auth.device_of(request))
    return response


async def submit(request: Request) -> Response:
    """Make the account and say to look into the mail; its link leads on to `next`, signed in.

    The answer is the same for a known address, whose owner gets another mail (docs/decisions, sign-up leads to the
    mail).
    """
    device = auth.device_of(request)
    now = datetime.now(UTC)
    try:
        data = await parse.form(request, SignUpForm)
        await people.sign_up(
            data.email,
            password=data.password,
            name=data.name,
            locale=current_locale(),
            time_zone=data.time_zone,
            address=auth.client_address(request),
            device=device,
            next_path=safe_next(data.next),
            now=now,
        )
    except (InvalidInput, RateLimited) as error:
        return _page(request, safe_next(str(parse.typed(request).get("next", ""))), error)
    response = render(request, "pages/accounts/sign_up_sent.html", {"email": data.email, "next": safe_next(data.next)})
    auth.remember_device(response, device)
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
