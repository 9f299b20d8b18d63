"""/organizations/{slug}/refusals: what was refused on the organization's objects and to its members."""

from starlette.requests import Request
from starlette.responses import Response

from accounts import queries, refusals
from accounts.permissions import access_organization
from accounts.schemas import RefusalOut, RefusalSearch
from api import auth, parse, respond
from core.pages import PageOf


async def listed(request: Request) -> Response:
    """The refusals, the newest first."""
    organization = await access_organization(
        request.path_params["slug"], auth.current_person(request), permission="organization:audit:view"
    )
    found, cursor = await refusals.of_organization(organization, parse.query(request, RefusalSearch))
    names = await queries.names_of(refusal.person_id for refusal in found)
    items = [RefusalOut.of(refusal, names) for refusal in found]
    return respond.json(PageOf[RefusalOut](items=items, next_cursor=cursor))
