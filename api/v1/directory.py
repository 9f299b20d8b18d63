"""/api/v1: the public directory of holders, and one's own entry in it."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.certificates import directory
from certification.certificates.directory import Wanted
from certification.certificates.schemas import DirectoryEntryOut, DirectoryIn, DirectorySearch, ListedHolderOut
from core.pages import PageOf


async def index(request: Request) -> Response:
    """Holders who asked to be found, by name, with the certificates that are in force."""
    search = parse.query(request, DirectorySearch)
    found, cursor = await directory.find(Wanted(**search.model_dump()), now=datetime.now(UTC))
    items = [ListedHolderOut.of(holder) for holder in found]
    return respond.json(PageOf[ListedHolderOut](items=items, next_cursor=cursor))


async def show(request: Request) -> Response:
    """Whether the signed-in person is in the directory."""
    return respond.json(DirectoryEntryOut.of(await directory.entry_of(auth.current_person(request))))


async def join(request: Request) -> Response:
    """Be in the directory, or under another country."""
    data = await parse.body(request, DirectoryIn)
    return respond.json(DirectoryEntryOut.of(await directory.join(auth.current_person(request), data.country)))


async def leave(request: Request) -> Response:
    """Be in the directory no more."""
    await directory.leave(auth.current_person(request))
    return respond.empty()
