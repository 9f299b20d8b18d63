"""/organize/{slug}/keys/{id}/stolen: an owner declares a key stolen, and sees what it signed since; for owners."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from accounts.permissions import access_organization
from api import auth, parse
from api.pages.sidebar import organization_sidebar
from api.render import form_state, redirect, render
from certification.badges import stolen_keys
from certification.certificates import statements, thefts, verification
from certification.signing import keys
from certification.signing.models import IssuerKey
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _
from core.i18n import ngettext

_SHOWN = 50


class StolenForm(BaseModel):
    """The first moment at which somebody else may have signed, by the owner's own clock."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[datetime, Field(description="In the time zone of the owner's profile.")]


async def show(request: Request) -> Response:
    """What declaring a key stolen does, and where it is declared what it signed since."""
    organization, key = await _access(request)
    return await _page(request, organization, key)


async def declare(request: Request) -> Response:
    """Declare the key stolen; a new one signs from now on, and the status lists at once."""
    organization, key = await _access(request)
    person, now = auth.current_person(request), datetime.now(UTC)
    try:
        data = await parse.form(request, StolenForm)
        since = data.since if data.since.tzinfo else data.since.replace(tzinfo=ZoneInfo(person.time_zone))
        await stolen_keys.declare(organization, key.id, since=since.astimezone(UTC), by=person, now=now)
    except (InvalidInput, Conflict) as error:
        return await _page(request, organization, key, error)
    return redirect(_address(organization, key), flash=_("The key is declared stolen. Another one signs from now on."))


async def issue_again(request: Request) -> Response:
    """Have everything that the key signed since then be issued again."""
    organization, key = await _access(request)
    count = await thefts.issue_all_again(key, by=auth.current_person(request), now=datetime.now(UTC))
    text = ngettext("%(n)d certificate is issued again.", "%(n)d certificates are issued again.", count)
    return redirect(_address(organization, key), flash=text % {"n": count})


async def _access(request: Request) -> tuple[Organization, IssuerKey]:
    person = auth.current_person(request)
    organization = await access_organization(request.path_params["slug"], person, permission="organization:key:manage")
    return organization, await keys.one(organization.id, request.path_params["id"])


def _address(organization: Organization, key: IssuerKey) -> str:
    return f"/organize/{organization.slug}/keys/{key.id}/stolen"


async def _page(
    request: Request, organization: Organization, key: IssuerKey, error: AppError | None = None
) -> Response:
    person, now = auth.current_person(request), datetime.now(UTC)
    zone = ZoneInfo(person.time_zone)
    listed = await thefts.signed_since(key, limit=_SHOWN) if key.compromised_since else []
    standings = [verification.standing_of(one, now=now) for one in listed]
    context: dict[str, Any] = {
        "organization": organization,
        "sidebar": await organization_sidebar(organization, "keys", person),
        "sidebar_title": organization.name,
        "breadcrumbs": [
            (_("Organize"), "/organize"),
            (organization.name, f"/organize/{organization.slug}"),
            (_("Keys"), f"/organize/{organization.slug}/keys"),
            (_("Stolen key"), None),
        ],
        "key": key,
        "form": form_state(request, {"since": ""}, error),
        "made_at": f"{key.created_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "latest": f"{now.astimezone(zone):%Y-%m-%dT%H:%M}",
        "affected": await thefts.affected(key, now=now),
        "listed": [
            (one, statements.title_of(standing), statements.tone_of(standing).value)
            for one, standing in zip(listed, standings, strict=True)
        ],
    }
    return render(request, "pages/organizations/stolen_key.html", context, status=error.status if error else 200)
