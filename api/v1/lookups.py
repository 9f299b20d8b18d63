"""/certificate-lookups: several numbers at once."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import parse, respond
from certification.bulk import lookup
from certification.bulk.lookup import Asked
from certification.bulk.schemas import LookedOut, LookupIn, LookupOut


async def create(request: Request) -> Response:
    """What anyone may learn about each of up to 500 numbers; repeated and impossible ones are named."""
    data = await parse.body(request, LookupIn)
    asked = [Asked(position, typed) for position, typed in enumerate(data.numbers, start=1)]
    looked = await lookup.look_up(asked, now=datetime.now(UTC))
    return respond.json(LookupOut(items=[LookedOut.of(one) for one in looked]))
