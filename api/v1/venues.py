"""/organizations/{slug}/venues."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from core.pages import ListQuery, PageOf, page_of
from events.catalog import permissions, queries
from events.catalog.schemas import VenueOut


async def index(request: Request) -> Response:
    """Where the organization has held events, for choosing again."""
    organization = await permissions.access_new(request.path_params["slug"], auth.current_person(request))
    venues = await queries.venues_of(organization.id)
    query = parse.query(request, ListQuery)
    rows = page_of(venues, query, key=lambda row: (row.name.lower(), row.city.lower(), row.id), kinds=(str, str, UUID))
    items = [VenueOut.of(venue) for venue in rows.items]
    return respond.json(PageOf[VenueOut](items=items, next_cursor=rows.next_cursor))
