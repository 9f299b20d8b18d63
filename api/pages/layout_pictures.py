"""/organize/{org}/layouts/pictures: logos, signatures and seals for layouts."""

from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from api import auth, parse
from api.pages.sidebar import organization_sidebar
from api.render import form_state, redirect, render
from certification.layouts import permissions, pictures, queries
from certification.layouts.models import LayoutPicture
from certification.layouts.schemas import LayoutSearch, NameIn
from core import files
from core.errors import AppError, InvalidInput
from core.i18n import gettext as _


async def index(request: Request) -> Response:
    """The pictures, and a form to add one; with `archived=true` those in the archive."""
    return await _index(request, await _organization(request))


async def upload(request: Request) -> Response:
    """Add a picture; without a name it is called as its file."""
    organization = await _organization(request)
    try:
        filename, content = await parse.upload(request, "file")
        name = str(parse.typed(request).get("name", "")).strip() or PurePath(filename).stem
        data = parse.validate(NameIn, {"name": name})
        made = await pictures.upload(
            organization, data.name, content, by=auth.current_person(request), now=datetime.now(UTC)
        )
    except InvalidInput as error:
        return await _index(request, organization, error)
    return redirect(_place(organization), flash=_("“{name}” can be used in layouts now.").format(name=made.name))


async def content(request: Request) -> Response:
    """The picture itself. Its bytes never change."""
    picture = await _picture(request)
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(await files.get(picture.sha256), headers=headers, media_type=picture.content_type)


async def rename(request: Request) -> Response:
    """Give a picture another name."""
    picture = await _picture(request)
    try:
        data = await parse.form(request, NameIn)
    except InvalidInput as error:
        return redirect(_place(picture.organization), flash="; ".join(error.fields.values()), kind="danger")
    await pictures.rename(picture, data.name, by=auth.current_person(request))
    return redirect(_place(picture.organization), flash=_("The picture has a new name."))


async def archive(request: Request) -> Response:
    """Offer a picture no longer; layouts that show it go on doing so."""
    picture = await _picture(request)
    await pictures.archive(picture, by=auth.current_person(request), now=datetime.now(UTC))
    flash = _("“{name}” is in the archive. Layouts that show it go on doing so.").format(name=picture.name)
    return redirect(_place(picture.organization), flash=flash)


async def restore(request: Request) -> Response:
    """Offer an archived picture again."""
    picture = await _picture(request)
    await pictures.restore(picture, by=auth.current_person(request))
    return redirect(_place(picture.organization), flash=_("The picture is back."))


async def _index(request: Request, organization: Organization, error: AppError | None = None) -> Response:
    search = parse.query(request, LayoutSearch)
    place = f"/organize/{organization.slug}"
    context: dict[str, Any] = {
        "organization": organization,
        "place": f"{place}/layouts",
        "sidebar": await organization_sidebar(organization, "layouts", auth.current_person(request)),
        "sidebar_title": organization.name,
        "breadcrumbs": [(organization.name, place), (_("Layouts"), f"{place}/layouts")],
        "rows": await queries.pictures(organization.id, archived=search.archived),
        "search": search,
        "form": form_state(request, error=error),
    }
    return render(request, "pages/layouts/pictures.html", context, status=error.status if error else 200)


def _place(organization: Organization) -> str:
    return f"/organize/{organization.slug}/layouts/pictures"


async def _organization(request: Request) -> Organization:
    return await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))


async def _picture(request: Request) -> LayoutPicture:
    slug, person = request.path_params["slug"], auth.current_person(request)
    return await permissions.access_picture(slug, request.path_params["id"], person)
