"""/people: signing up, confirming an address, and setting a new password, all without being signed in."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import people as people_commands
from accounts import sign_in
from accounts.schemas import Done, LinkIn, NewPasswordIn, ResetIn, SignUpIn, SignUpOut
from api import auth, parse, respond
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
    """Confirm an e-mail address with the secret at the end of the link."""
    data = await parse.body(request, LinkIn)
    await people_commands.confirm_email(data.token, now=datetime.now(UTC))
    return respond.json(Done(message=_("The address is confirmed.")))


async def request_reset(request: Request) -> Response:
    """Ask for a link to set a new password. The answer is the same whether or not the address has an account."""
    data = await parse.body(request, ResetIn)
    await sign_in.request_reset(data.email, address=auth.client_address(request), now=datetime.now(UTC))
    return respond.json(Done(message=_("If the address has an account, a mail with a link is on its way.")), 202)


async def reset(request: Request) -> Response:
    """Set a new password with the secret at the end of the link; every browser is signed out."""
    data = await parse.body(request, NewPasswordIn)
    await sign_in.reset_password(data.token, data.password, now=datetime.now(UTC))
    return respond.json(Done(message=_("The new password is set. Sign in with it.")))
