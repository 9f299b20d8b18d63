"""/confirm/{token}: whose address it is, asked of whoever has the mail; /keep-address/{token}: keeping the old one.

Opening a link changes nothing, since mail scanners open every link; the buttons do.
"""

import hmac
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from accounts import addresses, links, people, sign_in
from accounts.models import LinkPurpose, SignInWay, SingleUseLink
from accounts.schemas import ConfirmationForm
from api import auth, parse
from api.render import form_state, redirect, render, safe_next
from certification import erasure
from core.errors import AppError, InvalidInput, RateLimited
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """Who asks decides what is asked: the owner, or the browser that signed up, confirms; anybody else types the
    password or takes the account over."""
    try:
        return _page(request, await _link(request, LinkPurpose.confirm_email))
    except links.LinkGone:
        return await _confirmed_before(request)


async def confirm(request: Request) -> Response:
    """Confirm the address; who has not shown to own the account chooses a new password with it."""
    try:
        return await _confirm(request, await _link(request, LinkPurpose.confirm_email))
    except links.LinkGone:
        return await _confirmed_before(request)


async def _confirm(request: Request, link: SingleUseLink) -> Response:
    person, now = auth.caller_of(request).person, _now()
    if _is_owner(request, link):
        await addresses.confirm(_secret(request), by=person, now=now)
        return redirect("/me", flash=_("Your e-mail address is confirmed."))
    if _is_same_browser(request, link):
        return await _enter(request, link, is_proved=False)
    if link.email != link.person.email:
        return _page(request, link, addresses.SignInToConfirm())
    try:
        data = await parse.form(request, ConfirmationForm)
        if data.current_password is not None:
            await people.prove(
                link,
                data.current_password,
                device=auth.device_of(request),
                address=auth.client_address(request),
                now=now,
            )
            return await _enter(request, link, is_proved=True)
        if data.password is None:
            raise InvalidInput({"password": _("This field is required.")})
        owner = await addresses.confirm(_secret(request), by=person, password=data.password, now=now)
    except (InvalidInput, RateLimited) as error:
        return _page(request, link, error)
    response = redirect("/sign-in", flash=_("Your e-mail address is confirmed. Sign in with your new password."))
    auth.remember_device(response, auth.device_of(request).remembering(owner))
    return response


async def _confirmed_before(request: Request) -> Response:
    """After a second click, whose first one did it: on to where the link leads.

    Raises `LinkGone` for other links, and for whoever is signed in to another account.
    """
    link = await links.find_done(_secret(request))
    flash, target = _("Your e-mail address is confirmed."), safe_next(link.next_path)
    if _is_owner(request, link):
        return redirect(target, flash=flash)
    if auth.caller_of(request).person is not None:
        raise links.LinkGone()
    return redirect(f"/sign-in?next={quote(target, safe='')}", flash=flash)


async def _enter(request: Request, link: SingleUseLink, *, is_proved: bool) -> Response:
    """Confirm as the account's owner, sign in, and go on to where the sign-up was on the way to."""
    person = await addresses.confirm(_secret(request), by=link.person, now=_now())
    attempt = sign_in.Attempt(
        address=auth.client_address(request),
        user_agent=request.headers.get("user-agent", ""),
        device=auth.device_of(request).remembering(person),  # the link has shown whose browser this is
        way=SignInWay.browser,
    )
    secret = await sign_in.enter(person, attempt=attempt, is_proved=is_proved, now=_now())
    response = redirect(safe_next(link.next_path), flash=_("Your e-mail address is confirmed."))
    auth.remember(response, secret)
    auth.remember_device(response, auth.device_of(request).remembering(person))
    return response


async def decline(request: Request) -> Response:
    """That was not me: the account that was made with the address is erased, or the change to it is stopped."""
    was_erased = await erasure.decline(_secret(request), now=_now())
    erased = _("The account is erased. You will not hear of it again.")
    stopped = _("The change is stopped. Your address is not used.")
    return redirect("/", flash=erased if was_erased else stopped)


async def show_keep(request: Request) -> Response:
    """What keeping the address means."""
    link = await _link(request, LinkPurpose.keep_email)
    has_changed = link.person.email != link.email
    return render(request, "pages/accounts/keep_address.html", {"email": link.email, "has_changed": has_changed})


async def keep(request: Request) -> Response:
    """Keep the address, sign everybody out, and go on to a new password."""
    _person, reset = await erasure.keep_address(_secret(request), now=_now())
    flash = _("You keep your address, and everybody is signed out. Set a new password.")
    response = redirect(f"/reset/{reset}", flash=flash)
    auth.forget(response)
    return response


def _page(request: Request, link: SingleUseLink, error: AppError | None = None) -> Response:
    form = form_state(request, error=error)
    for secret in ("password", "current_password"):
        form.values.pop(secret, None)
    context = {
        "email": link.email,
        "made_at": link.person.created_at,
        "is_change": link.email != link.person.email,
        "is_owner": _is_owner(request, link) or _is_same_browser(request, link),
        "form": form,
        "sign_in": f"/sign-in?next={quote(request.url.path, safe='')}",
    }
    return render(request, "pages/accounts/confirm.html", context, status=error.status if error else 200)


def _is_owner(request: Request, link: SingleUseLink) -> bool:
    person = auth.caller_of(request).person
    return person is not None and person.id == link.person_id


def _is_same_browser(request: Request, link: SingleUseLink) -> bool:
    """Whether the account was made in this browser, where its password was typed; nobody else may be signed in."""
    is_of_sign_up = link.device_hash != "" and link.email == link.person.email and not link.person.is_confirmed
    return (
        is_of_sign_up
        and auth.caller_of(request).person is None
        and (hmac.compare_digest(link.device_hash, auth.device_of(request).hash))
    )


async def _link(request: Request, purpose: LinkPurpose) -> SingleUseLink:
    return await links.find(_secret(request), purpose, now=_now())


def _secret(request: Request) -> str:
    secret: str = request.path_params["token"]
    return secret


def _now() -> datetime:
    return datetime.now(UTC)
