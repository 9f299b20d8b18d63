"""/certifications/{slug}/entitlements: who holds the right to sit, for certification officers."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.programs import entitlements, permissions, queries
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
    """Give somebody with an account the right to sit; attempts and end follow the policy where left out."""
    by, now = auth.current_person(request), datetime.now(UTC)
    certification = await permissions.access_certification(request.path_params["slug"], by, permission=GRANT)
    data = await parse.body(request, EntitlementIn)
    entitlement = await entitlements.grant(
        certification,
        await entitlements.person_by_address(data.email),
        await queries.current_policy(certification.id),
        by=by,
        now=now,
        source_reference=data.note,
        attempts_allowed=data.attempts_allowed,
        valid_until=data.valid_until,
    )
    return respond.json(EntitlementOut.of(entitlement), 201)


async def revoke(request: Request) -> Response:
    """End an entitlement that still allows an attempt; a running attempt goes on."""
    by = auth.current_person(request)
    entitlement = await permissions.access_entitlement(request.path_params["slug"], request.path_params["id"], by)
    await entitlements.revoke(entitlement, by=by, now=datetime.now(UTC))
    return respond.empty()
