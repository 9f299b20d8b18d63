"""/me/profile and what belongs to it: password, address, sessions, API tokens, all data, erasure."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from babel import Locale
from starlette.requests import Request
from starlette.responses import Response

from accounts import people, queries, sign_in, sign_in_history
from accounts.browsers import browser_name
from accounts.models import ApiToken
from accounts.schemas import EmailChangeIn, ErasureIn, PasswordChangeIn, ProfileIn
from api import auth, parse
from api.pages.places import profile_tabs
from api.personal_data import file_of
from api.render import FormState, form_state, redirect, render
from api.routing import Scope
from api.v1.tokens import NewTokenIn, scopes_of
from certification.erasure import erase_person
from core.errors import AppError, Conflict, InvalidInput, RateLimited
from core.i18n import SUPPORTED
from core.i18n import gettext as _
from core.pages import ListQuery

_REFUSALS = (InvalidInput, Conflict, RateLimited)


async def show(request: Request) -> Response:
    """Names, language and time zone; password and address below."""
    return _profile(request)


async def change(request: Request) -> Response:
    """Save names, language and time zone."""
    person = auth.current_person(request)
    try:
        data = await parse.form(request, ProfileIn)
        await people.change_profile(person, data, by=person, now=datetime.now(UTC))
    except _REFUSALS as error:
        return _profile(request, profile=error)
    return redirect("/me/profile", flash=_("Saved."))


async def change_password(request: Request) -> Response:
    """Set a new password and sign the other browsers out."""
    caller, now = auth.caller_of(request), datetime.now(UTC)
    person = caller.require_person()
    try:
        data = await parse.form(request, PasswordChangeIn)
        await people.require_password(person, data.current_password, field="current_password", now=now)
        await sign_in.change_password(person, data.new_password, keep=caller.session_id, by=person, now=now)
    except _REFUSALS as error:
        return _profile(request, password=error)
    response = redirect("/me/profile", flash=_("Your new password is set. Your other browsers were signed out."))
    auth.remember_device(response, auth.device_of(request).remembering(person))
    return response


async def change_email(request: Request) -> Response:
    """Send a link to the new address."""
    person = auth.current_person(request)
    try:
        data = await parse.form(request, EmailChangeIn)
        await people.request_email(
            person, data.email, password=data.password, address=auth.client_address(request), now=datetime.now(UTC)
        )
    except _REFUSALS as error:
        return _profile(request, email=error)
    return redirect(
        "/me/profile",
        flash=_("We have sent a mail to the new address. It counts once you use the link in it."),
        kind="info",
    )


async def send_confirmation(request: Request) -> Response:
    """Send the confirming link again."""
    await people.send_confirmation(
        auth.current_person(request), address=auth.client_address(request), now=datetime.now(UTC)
    )
    return redirect("/me/profile", flash=_("A mail with a new link is on its way."), kind="info")


async def sessions(request: Request) -> Response:
    """Where the person is signed in."""
    caller = auth.caller_of(request)
    found = await queries.sessions_of(caller.require_person(), now=datetime.now(UTC))
    rows = [{"session": session, "browser": browser_name(session.user_agent)} for session in found]
    context = {"sessions": rows, "current": caller.session_id, "tabs": profile_tabs("sessions")}
    return render(request, "pages/accounts/sessions.html", context)


async def sign_ins(request: Request) -> Response:
    """Who signed in to the account or failed to, the newest first."""
    found, cursor = await sign_in_history.of(
        auth.current_person(request), parse.query(request, ListQuery), now=datetime.now(UTC)
    )
    rows = [{"event": event, "browser": browser_name(event.user_agent)} for event in found]
    next_href = "?" + urlencode({"cursor": cursor}) if cursor else None
    context = {"rows": rows, "next_href": next_href, "tabs": profile_tabs("sign-ins")}
    return render(request, "pages/accounts/sign_ins.html", context)


async def end_session(request: Request) -> Response:
    """Sign one browser out."""
    caller = auth.caller_of(request)
    person = caller.require_person()
    session = await sign_in.access_session(request.path_params["id"], person)
    await sign_in.end_session(session, by=person)
    if session.id == caller.session_id:
        response = redirect("/", flash=_("You are signed out."))
        auth.forget(response)
        return response
    return redirect("/me/sessions", flash=_("That browser is signed out."))


async def end_other_sessions(request: Request) -> Response:
    """Sign every other browser out."""
    caller = auth.caller_of(request)
    person = caller.require_person()
    await sign_in.end_sessions(person, by=person, except_for=caller.session_id)
    return redirect("/me/sessions", flash=_("All other browsers are signed out."))


async def tokens(request: Request) -> Response:
    """The API tokens that still work, and a form for another."""
    return await _tokens(request)


async def create_token(request: Request) -> Response:
    """Make a token and show it, this once."""
    person, now = auth.current_person(request), datetime.now(UTC)
    try:
        data = await parse.form(request, NewTokenIn)
        if data.scopes is None:
            raise InvalidInput({"scopes": _("This field is required.")})
        expires_at = now + timedelta(days=data.expires_in_days)
        made = await sign_in.create_token(
            person, name=data.name, scopes=scopes_of(data), now=now, expires_at=expires_at
        )
    except _REFUSALS as error:
        return await _tokens(request, error)
    return await _tokens(request, made=made)


async def revoke_token(request: Request) -> Response:
    """Revoke one token."""
    person = auth.current_person(request)
    token = await sign_in.access_token(request.path_params["id"], person)
    await sign_in.revoke_token(token, by=person, now=datetime.now(UTC))
    return redirect("/me/tokens", flash=_("The token no longer works."))


async def data(request: Request) -> Response:
    """Everything that is kept about the person, as one file."""
    return await file_of(auth.current_person(request), now=datetime.now(UTC))


async def ask_erasure(request: Request) -> Response:
    """What erasing means, and the password once more."""
    return _erase(request)


async def erase(request: Request) -> Response:
    """Erase the account for good."""
    person, now = auth.current_person(request), datetime.now(UTC)
    try:
        typed = await parse.form(request, ErasureIn)
        await people.require_password(person, typed.password, field="password", now=now)
        await erase_person(person, by=person, now=now)
    except _REFUSALS as error:
        return _erase(request, error)
    response = redirect("/", flash=_("Your account is erased. Thank you for having been here."))
    auth.forget(response)
    return response


def _profile(
    request: Request,
    *,
    profile: AppError | None = None,
    password: AppError | None = None,
    email: AppError | None = None,
) -> Response:
    person = auth.current_person(request)
    initial = {
        "display_name": person.display_name,
        "certificate_name": person.certificate_name,
        "locale": person.locale,
        "time_zone": person.time_zone,
    }
    error = profile or password or email
    context: dict[str, Any] = {
        "form": form_state(request, initial, profile) if profile else _state(initial),
        "password_form": form_state(request, error=password) if password else _state(),
        "email_form": form_state(request, error=email) if email else _state(),
        "languages": [(tag, _language(tag)) for tag in SUPPORTED],
        "zones": [(zone, zone.replace("_", " ")) for zone in _zones(person.time_zone)],
        "tabs": profile_tabs("profile"),
    }
    return render(request, "pages/accounts/profile.html", context, status=error.status if error else 200)


def _state(values: dict[str, Any] | None = None) -> FormState:
    """A form that was not sent: several stand on one page, and each shows only its own errors."""
    return FormState(values or {}, {}, "")


def _language(tag: str) -> str:
    name = Locale.parse(tag).get_display_name(tag) or tag
    return name[:1].upper() + name[1:]


def _zones(present: str) -> list[str]:
    """The zones named after places, and UTC; the person's own is always among them."""
    places = {
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "US/", "SystemV/"))
    }
    return sorted(places | {"UTC", present})


async def _tokens(
    request: Request, error: AppError | None = None, *, made: tuple[ApiToken, str] | None = None
) -> Response:
    found = await queries.tokens_of(auth.current_person(request), now=datetime.now(UTC))
    initial: dict[str, Any] = {"expires_in_days": "90", "scopes": [str(Scope.read)]}
    form = form_state(request, initial, error) if error else _state(initial)
    if isinstance(form.values.get("scopes"), str):
        form.values["scopes"] = [form.values["scopes"]]
    context = {
        "tokens": found,
        "form": form,
        "scopes": scope_options(),
        "secret": made[1] if made else None,
        "made": made[0] if made else None,
        "tabs": profile_tabs("tokens"),
    }
    return render(request, "pages/accounts/tokens.html", context, status=error.status if error else 200)


def scope_options() -> list[tuple[str, str, str]]:
    """The scopes with their names and what each covers."""
    return [
        (Scope.read, _("Read"), _("See what you may see.")),
        (Scope.register, _("Register"), _("Register for events and cancel registrations.")),
        (Scope.learn, _("Learn"), _("Sit exams.")),
        (Scope.organize, _("Organize"), _("Run events and organizations.")),
        (Scope.certify, _("Certify"), _("Work on certifications, grade, issue and revoke certificates.")),
        (Scope.account, _("Account"), _("Change your profile and your account.")),
    ]


def _erase(request: Request, error: AppError | None = None) -> Response:
    form = form_state(request, error=error)
    form.values.pop("password", None)
    context = {"form": form, "tabs": profile_tabs("profile")}
    return render(request, "pages/accounts/erase.html", context, status=error.status if error else 200)
