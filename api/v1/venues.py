"""/organizations/{slug}/venues."""

from starlette.requests import Request
from starlette.responses import Response

from api import auth, respond
from events.catalog import permissions, queries
from events.catalog.schemas import VenueList, VenueOut


async def index(request: Request) -> Response:
    """Where the organization has held events, for choosing again."""
    organization = await permissions.access_new(request.path_params["slug"], auth.current_person(request))
    venues = await queries.venues_of(organization.id)
    return respond.json(VenueList(items=[VenueOut.of(venue) for venue in venues]))
