"""/certifications/{slug}/entitlements: who holds the right to sit, for certification officers."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts import invitations
from accounts.models import Invitation, InvitationKind
from accounts.schemas import InvitationOut
from api import auth, parse, respond
from api.v1.organizations import invitations_page
from certification.programs import entitlements, permissions, queries
from certification.programs.invitations import grant_to_address
from certification.programs.schemas import EntitlementIn, EntitlementOut, EntitlementSearch
from core.pages import PageOf

GRANT = "certification:entitlement:grant"


async def index(request: Request) -> Response:
    """The entitlements that still run, the newest first; with `ended=true` all of them."""
    certification = await permissions.access_certification(
        request.path_params["slug"], auth.current_person(request), permission=GRANT
    )
    search = parse.query(request, EntitlementSearch)
    found, cursor = await queries.entitlements_for(certification.id, search, now=datetime.now(UTC))
    items = [EntitlementOut.of(entitlement) for entitlement in found]
    return respond.json(PageOf[EntitlementOut](items=items, next_cursor=cursor))


async def grant(request: Request) -> Response:
    """Give the right to sit; attempts and end follow the policy where left out.

    202 and an invitation where nobody has confirmed the address.
    """
    by, now = auth.current_person(request), datetime.now(UTC)
    certification = await permissions.access_certification(request.path_params["slug"], by, permission=GRANT)
    data = await parse.body(request, EntitlementIn)
    given = await grant_to_address(
        certification,
        data.email,
        await queries.current_policy(certification.id),
        note=data.note,
        attempts_allowed=data.attempts_allowed,
        valid_until=data.valid_until,
        by=by,
        now=now,
    )
    if isinstance(given, Invitation):
        return respond.json(InvitationOut.of(given), 202)
    await given.fetch_related("person")
    return respond.json(EntitlementOut.of(given), 201)


async def list_invitations(request: Request) -> Response:
    """Entitlements that wait for the owner of an address to confirm it, the newest first."""
    by = auth.current_person(request)
    certification = await permissions.access_certification(request.path_params["slug"], by, permission=GRANT)
    kind = InvitationKind.entitlement
    waiting = await invitations.waiting(certification.organization, kind, certification.id)
    return respond.json(invitations_page(request, waiting))


async def withdraw_invitation(request: Request) -> Response:
    """Take an invitation back."""
    by = auth.current_person(request)
    slug, invitation_id = request.path_params["slug"], request.path_params["id"]
    await invitations.withdraw(await permissions.access_invitation(slug, invitation_id, by), by=by)
    return respond.empty()


async def revoke(request: Request) -> Response:
    """End an entitlement that still allows an attempt; a running attempt goes on."""
    by = auth.current_person(request)
    entitlement = await permissions.access_entitlement(request.path_params["slug"], request.path_params["id"], by)
    await entitlements.revoke(entitlement, by=by, now=datetime.now(UTC))
    return respond.empty()
