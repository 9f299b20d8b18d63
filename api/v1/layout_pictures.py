"""/organizations/{slug}/layout-pictures: logos, signatures, seals and backgrounds for layouts."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Person
from api import auth, parse, respond
from certification.layouts import permissions, pictures, queries
from certification.layouts.models import LayoutPicture
from certification.layouts.schemas import LayoutPictureOut, LayoutSearch, PictureChange, UploadQuery
from core import files
from core.database import transaction
from core.pages import page_of

_FILE_MEDIA = ("", "application/octet-stream", "image/png", "image/jpeg")


async def index(request: Request) -> Response:
    """The organization's pictures by name; with `archived=true` those in the archive."""
    organization = await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))
    search = parse.query(request, LayoutSearch)
    found = [LayoutPictureOut.of(row) for row in await queries.pictures(organization.id, archived=search.archived)]
    return respond.json(page_of(found, search, key=lambda one: (one.name, str(one.id)), kinds=(str, str)))


async def upload(request: Request) -> Response:
    """Add a PNG or JPEG: the body is the file. The same picture again is answered with the one that is there."""
    person = auth.current_person(request)
    organization = await permissions.access_layouts(request.path_params["slug"], person)
    query = parse.query(request, UploadQuery)
    made = await pictures.upload(organization, query.name, await _file(request), by=person, now=datetime.now(UTC))
    location = f"/api/v1/organizations/{organization.slug}/layout-pictures/{made.id}"
    return respond.json(LayoutPictureOut.of(made), 201, location=location)


async def show(request: Request) -> Response:
    """A picture's name and size."""
    _person, picture = await _picture(request)
    return respond.json(LayoutPictureOut.of(picture))


async def content(request: Request) -> Response:
    """The picture itself, as it is set into pages."""
    _person, picture = await _picture(request)
    extension = picture.content_type.rpartition("/")[2]
    return respond.file(await files.get(picture.sha256), picture.content_type, f"picture.{extension}", inline=True)


async def change(request: Request) -> Response:
    """Give a picture another name, move it to the archive, or take it out; layouts that show it go on doing so."""
    person, picture = await _picture(request)
    data = await parse.body(request, PictureChange)
    async with transaction():
        if data.name is not None:
            await pictures.rename(picture, data.name, by=person)
        if data.is_archived is True:
            await pictures.archive(picture, by=person, now=datetime.now(UTC))
        elif data.is_archived is False:
            await pictures.restore(picture, by=person)
    return respond.json(LayoutPictureOut.of(picture))


async def _file(request: Request) -> bytes:
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media == "multipart/form-data":
        try:
            return (await parse.upload(request, "file"))[1]
        finally:
            await request.close()
    if media in _FILE_MEDIA:
        return await request.body()
    raise parse.UnsupportedMedia("Send the picture itself as image/png or image/jpeg.")


async def _picture(request: Request) -> tuple[Person, LayoutPicture]:
    person = auth.current_person(request)
    return person, await permissions.access_picture(request.path_params["slug"], request.path_params["id"], person)
