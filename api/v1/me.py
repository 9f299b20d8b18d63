"""/me: the signed-in person, their profile, their data, and the end of their account."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import people, queries, sign_in
from accounts.schemas import (
    Done,
    EmailChangeIn,
    ErasureIn,
    MembershipOut,
    PasswordChangeIn,
    PersonOut,
    ProfileIn,
)
from api import auth, parse, respond
from api.personal_data import file_of
from certification.erasure import erase_person
from core.i18n import gettext as _
from core.pages import ListQuery, page_of


async def show(request: Request) -> Response:
    """The signed-in person and their roles."""
    person = auth.current_person(request)
    return respond.json(PersonOut.of(person, await queries.memberships(person)))


async def change(request: Request) -> Response:
    """Change names, language or time zone; absent fields stay."""
    person = auth.current_person(request)
    data = await parse.body(request, ProfileIn)
    changed = await people.change_profile(person, data, by=person, now=datetime.now(UTC))
    return respond.json(PersonOut.of(changed, await queries.memberships(changed)))


async def organizations(request: Request) -> Response:
    """The organizations in which the person has a role."""
    person = auth.current_person(request)
    items = PersonOut.of(person, await queries.memberships(person)).memberships
    query = parse.query(request, ListQuery)
    return respond.json(page_of(items, query, key=_by_organization, kinds=(str, str, str, str)))


def _by_organization(one: MembershipOut) -> tuple[str, str, str, str]:
    return one.organization_name, one.organization, one.role.value, str(one.scope_id or "")


async def data(request: Request) -> Response:
    """Everything that is kept about the person, as one JSON file."""
    return await file_of(auth.current_person(request), now=datetime.now(UTC))


async def change_password(request: Request) -> Response:
    """Set a new password; the other browsers are signed out."""
    caller, now = auth.caller_of(request), datetime.now(UTC)
    person = caller.require_person()
    data = await parse.body(request, PasswordChangeIn)
    await people.require_password(person, data.current_password, field="current_password", now=now)
    await sign_in.change_password(person, data.new_password, keep=caller.session_id, by=person, now=now)
    return respond.json(Done(message=_("The new password is set.")))


async def change_email(request: Request) -> Response:
    """Ask for another address; it counts once the link sent to it is used."""
    person = auth.current_person(request)
    data = await parse.body(request, EmailChangeIn)
    await people.request_email(
        person, data.email, password=data.password, address=auth.client_address(request), now=datetime.now(UTC)
    )
    return respond.json(Done(message=_("We have sent a mail to the new address. Use the link in it.")), 202)


async def send_confirmation(request: Request) -> Response:
    """Send the link that confirms the address again."""
    await people.send_confirmation(
        auth.current_person(request), address=auth.client_address(request), now=datetime.now(UTC)
    )
    return respond.json(
        Done(message=_("If the address is not confirmed yet, a mail with a new link is on its way.")), 202
    )


async def erase(request: Request) -> Response:
    """Erase the account for good. Certificates keep what a verifier needs, everything else goes."""
    person, now = auth.current_person(request), datetime.now(UTC)
    data = await parse.body(request, ErasureIn)
    await people.require_password(person, data.password, field="password", now=now)
    await erase_person(person, by=person, now=now)
    return respond.empty()
