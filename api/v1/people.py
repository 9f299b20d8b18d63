"""/people: signing up, confirming an address, and setting a new password, all without being signed in."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import addresses, links, sign_in
from accounts import people as people_commands
from accounts.models import LinkPurpose
from accounts.schemas import (
    AddressKept,
    ConfirmationIn,
    Done,
    LinkIn,
    NewPasswordIn,
    ResetIn,
    SignUpIn,
    SignUpOut,
)
from api import auth, parse, respond
from api.routing import Scope
from certification.erasure import decline as decline_confirmation
from certification.erasure import keep_address as keep_old_address
from core.i18n import current_locale
from core.i18n import gettext as _


async def create(request: Request) -> Response:
    """Sign up. The answer is the same for new and known addresses; a mail says which it was."""
    data = await parse.body(request, SignUpIn)
    await people_commands.sign_up(
        data.email,
        password=data.password,
        name=data.name,
        locale=current_locale(),
        time_zone="UTC",
        address=auth.client_address(request),
        now=datetime.now(UTC),
    )
    message = _("We have sent a mail to this address. It says how to go on.")
    return respond.json(SignUpOut(email=data.email, message=message), 201)


async def confirm(request: Request) -> Response:
    """Confirm an e-mail address with the secret at the end of the link.

    Signed in to the account (a token needs the scope `account`), or with its password, nothing else changes. Otherwise
    every credential of whoever made the account ends, and the password is `new_password` or has to be set by a link.
    """
    data, now, caller = await parse.body(request, ConfirmationIn), datetime.now(UTC), auth.caller_of(request)
    by = caller.person if caller.may_use(Scope.account) else None  # another token says nothing about the account
    link = await links.find(data.token, LinkPurpose.confirm_email, now=now)
    if data.current_password is not None:
        by = link.person
        await people_commands.require_password(by, data.current_password, field="current_password", now=now)
    await addresses.confirm(data.token, by=by, password=data.new_password, now=now)
    return respond.json(Done(message=_("The address is confirmed.")))


async def decline(request: Request) -> Response:
    """Say of a confirming link that it was not you: an account made with your address is erased."""
    data = await parse.body(request, LinkIn)
    was_erased = await decline_confirmation(data.token, now=datetime.now(UTC))
    message = _("The account is erased.") if was_erased else _("The change is stopped.")
    return respond.json(Done(message=message))


async def keep_address(request: Request) -> Response:
    """Stop or undo a change of address with the secret mailed to the old one; every credential ends."""
    data = await parse.body(request, LinkIn)
    _person, secret = await keep_old_address(data.token, now=datetime.now(UTC))
    message = _("You keep your address, and everybody is signed out. Set a new password.")
    return respond.json(AddressKept(message=message, token=secret))


async def request_reset(request: Request) -> Response:
    """Ask for a link to set a new password. The answer is the same whether or not the address has an account."""
    data = await parse.body(request, ResetIn)
    await sign_in.request_reset(data.email, address=auth.client_address(request), now=datetime.now(UTC))
    return respond.json(Done(message=_("If the address has an account, a mail with a link is on its way.")), 202)


async def reset(request: Request) -> Response:
    """Set a new password with the secret at the end of the link; every session, token and link ends."""
    data = await parse.body(request, NewPasswordIn)
    await sign_in.reset_password(data.token, data.password, now=datetime.now(UTC))
    return respond.json(Done(message=_("The new password is set. Sign in with it.")))
