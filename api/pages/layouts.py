"""/organize/{org}/layouts: the layouts of certificates, a new one, and the editor with its preview and versions."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization, Person
from accounts.queries import names_of
from api import auth, parse, respond
from api.pages.layout_designer import designer, preview
from api.pages.layout_form import Draft
from api.pages.sidebar import organization_sidebar
from api.render import form_state, redirect, render
from certification.layouts import layouts, permissions, previews, queries
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutVersion
from certification.layouts.samples import sample
from certification.layouts.schemas import LayoutForm, LayoutIn, LayoutSearch, NameIn, PictureQuery, SampleQuery
from certification.layouts.shipping import ensure_shipped
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _

_REFUSALS = (InvalidInput, Conflict)
_SAMPLE = ("kind", "holder", "language")


async def index(request: Request) -> Response:
    """The layouts with a picture of each and where it is used; with `archived=true` those in the archive."""
    organization = await _organization(request)
    search = parse.query(request, LayoutSearch)
    await ensure_shipped(organization.id)
    rows = await queries.layouts(organization.id, archived=search.archived)
    return await _page(request, "index", organization, {"rows": rows, "search": search})


async def new(request: Request) -> Response:
    """A form for a new layout; `base` in the address chooses the one to begin with."""
    return await _new(request, await _organization(request))


async def create(request: Request) -> Response:
    """Create a layout as a copy of another and open it in the editor."""
    organization, by = await _organization(request), auth.current_person(request)
    try:
        data = await parse.form(request, LayoutForm)
        chosen = LayoutIn(name=data.name, copy_of=data.base, page=data.page, orientation=data.orientation)
        definition = await layouts.beginning(organization, chosen)
        made = await layouts.create(organization, data.name, definition, by=by, now=datetime.now(UTC))
    except _REFUSALS as error:
        return await _new(request, organization, error)
    return redirect(f"/organize/{organization.slug}/layouts/{made.id}", flash=_("The layout is there. Make it yours."))


async def edit(request: Request) -> Response:
    """The editor, with the present version in it."""
    layout = await _layout(request)
    version = await queries.latest(layout.id)
    draft = Draft.of(LayoutDefinition.model_validate(version.definition))
    asked = parse.query(request, SampleQuery)
    return await _editor(request, layout, draft, asked, seen=version.version)


async def submit(request: Request) -> Response:
    """Save the form as the next version, or show it again with its preview, or with an element added, moved or gone."""
    layout = await _layout(request)
    await parse.read_form(request)
    typed = parse.typed(request)
    draft, asked = Draft.typed(typed).on_its_page(), _sample_of(typed)
    seen, action = _number(typed.get("seen")), str(typed.get("action", "save"))
    if action != "save":
        draft, opened = draft.applied(action)
        return await _editor(request, layout, draft, asked, seen=seen, opened=opened)
    try:
        definition = draft.read()
        before = await queries.latest(layout.id)
        by, now = auth.current_person(request), datetime.now(UTC)
        saved = await layouts.save(layout, definition, seen=seen, by=by, now=now)
    except layouts.SavedMeanwhile as error:
        return await _editor(request, layout, draft, asked, seen=int(error.facts["version"]), error=error)
    except _REFUSALS as error:
        return await _editor(request, layout, draft, asked, seen=seen, error=error)
    flash = _("Nothing has changed.")
    if saved.version != before.version:
        flash = _("Saved as version {number}.").format(number=saved.version)
    return redirect(f"{_base(layout)}?{urlencode(asked.model_dump(mode='json'))}", flash=flash)


async def show_preview(request: Request) -> Response:
    """The picture of the page that the form describes, for the editor to put in place; problems where it is wrong."""
    layout = await _layout(request)
    await parse.read_form(request)
    typed = parse.typed(request)
    shown = await preview(layout, Draft.typed(typed).on_its_page(), _sample_of(typed))
    if shown.picture is not None:
        return render(request, "pages/layouts/_preview.html", {"preview": shown})
    # What cannot be set keeps the last picture: the problems alone are replaced.
    headers = {"HX-Retarget": "#preview-problems", "HX-Reswap": "outerHTML"}
    return render(request, "pages/layouts/_problems.html", {"preview": shown}, headers=headers)


async def sample_of_form(request: Request) -> Response:
    """A sample PDF of the form as it stands, saved or not."""
    layout = await _layout(request)
    await parse.read_form(request)
    typed = parse.typed(request)
    draft, asked = Draft.typed(typed).on_its_page(), _sample_of(typed)
    try:
        return await _document(layout, draft.read(), asked)
    except InvalidInput as error:
        return await _editor(request, layout, draft, asked, seen=_number(typed.get("seen")), error=error)


async def version(request: Request) -> Response:
    """An earlier version with its picture, and the choice to make it the present one again."""
    layout, chosen = await _version(request)
    asked = parse.query(request, SampleQuery)
    latest = await queries.latest(layout.id)
    people = await names_of([chosen.created_by_id])
    context = {
        "layout": layout,
        "base": _base(layout),
        "version": chosen,
        "is_present": chosen.version == latest.version,
        "saved_by": people.get(chosen.created_by_id) if chosen.created_by_id else None,
        "sample": urlencode(asked.model_dump(mode="json")),
    }
    return await _page(request, "version", layout.organization, context)


async def version_picture(request: Request) -> Response:
    """The page of a version as a PNG. A version never changes, but the organization's name and accent may."""
    layout, chosen = await _version(request)
    asked = parse.query(request, PictureQuery)
    definition = LayoutDefinition.model_validate(chosen.definition)
    facts = sample(layout.organization, asked.kind, asked.holder, asked.language)
    content = await previews.picture(definition, facts, organization_id=layout.organization_id, width=asked.width)
    return Response(content, headers={"Cache-Control": "private, max-age=300"}, media_type="image/png")


async def version_sample(request: Request) -> Response:
    """A sample PDF of a version."""
    layout, chosen = await _version(request)
    asked = parse.query(request, SampleQuery)
    return await _document(layout, LayoutDefinition.model_validate(chosen.definition), asked)


async def restore_version(request: Request) -> Response:
    """Make an earlier version the present one again, as a new version."""
    layout, chosen = await _version(request)
    try:
        saved = await layouts.restore_version(layout, chosen, by=auth.current_person(request), now=datetime.now(UTC))
    except _REFUSALS as error:
        return redirect(_base(layout), flash=error.message, kind="danger")
    flash = _("Version {old} is back, as version {number}.").format(old=chosen.version, number=saved.version)
    return redirect(_base(layout), flash=flash)


async def rename(request: Request) -> Response:
    """Give the layout another name."""
    layout = await _layout(request)
    try:
        data = await parse.form(request, NameIn)
        await layouts.rename(layout, data.name, by=auth.current_person(request))
    except _REFUSALS as error:
        latest = await queries.latest(layout.id)
        draft = Draft.of(LayoutDefinition.model_validate(latest.definition))
        return await _editor(request, layout, draft, SampleQuery(), seen=latest.version, error=error)
    return redirect(_base(layout), flash=_("The layout has a new name."))


async def archive(request: Request) -> Response:
    """Offer the layout no longer."""
    layout = await _layout(request)
    try:
        await layouts.archive(layout, by=auth.current_person(request), now=datetime.now(UTC))
    except Conflict as error:
        return redirect(_base(layout), flash=error.message, kind="danger")
    flash = _("“{name}” is in the archive.").format(name=layout.name)
    return redirect(f"/organize/{layout.organization.slug}/layouts", flash=flash)


async def restore(request: Request) -> Response:
    """Offer an archived layout again."""
    layout = await _layout(request)
    try:
        await layouts.restore(layout, by=auth.current_person(request))
    except InvalidInput as error:
        return redirect(_base(layout), flash="; ".join(error.fields.values()), kind="danger")
    return redirect(_base(layout), flash=_("The layout is back."))


async def _new(request: Request, organization: Organization, error: AppError | None = None) -> Response:
    await ensure_shipped(organization.id)
    rows = await queries.layouts(organization.id)
    wanted = request.query_params.get("base", "")
    base = wanted if wanted in {str(row.id) for row in rows} else str(rows[0].id)
    initial = {"base": base, "page": "A4", "orientation": "landscape"}
    context = {"rows": rows, "form": form_state(request, initial, error)}
    return await _page(request, "new", organization, context, error=error)


async def _editor(
    request: Request,
    layout: Layout,
    draft: Draft,
    asked: SampleQuery,
    *,
    seen: int | None,
    opened: int | None = None,
    error: AppError | None = None,
) -> Response:
    """The editor with `draft` in it; `seen` is the version that it started from."""
    opens = {int(one) for one in str(parse.typed(request).get("open", "")).split(",") if one.isdigit()}
    context = {
        "layout": layout,
        "base": _base(layout),
        "versions": await _versions(layout),
        "uses": (await queries.uses(layout.organization_id)).get(layout.id, []),
        **await designer(layout, draft, asked, seen=seen, opened=opened, opens=opens, error=error),
    }
    return await _page(request, "edit", layout.organization, context, error=error)


async def _versions(layout: Layout) -> list[tuple[LayoutVersion, str | None]]:
    found = await queries.versions_of(layout.id)
    people = await names_of(each.created_by_id for each in found)
    return [(each, people.get(each.created_by_id) if each.created_by_id else None) for each in found]


async def _document(layout: Layout, definition: LayoutDefinition, asked: SampleQuery) -> Response:
    facts = sample(layout.organization, asked.kind, asked.holder, asked.language)
    content = await previews.document(definition, facts, organization_id=layout.organization_id)
    return respond.file(content, "application/pdf", f"sample-{layout.id.hex[-6:]}.pdf")


async def _page(
    request: Request,
    name: str,
    organization: Organization,
    context: dict[str, Any],
    *,
    error: AppError | None = None,
) -> Response:
    place = f"/organize/{organization.slug}"
    facts = {
        "organization": organization,
        "place": f"{place}/layouts",
        "sidebar": await organization_sidebar(organization, "layouts", auth.current_person(request)),
        "sidebar_title": organization.name,
        "breadcrumbs": [(organization.name, place), (_("Layouts"), f"{place}/layouts")],
        **context,
    }
    return render(request, f"pages/layouts/{name}.html", facts, status=error.status if error else 200)


def _sample_of(typed: dict[str, Any]) -> SampleQuery:
    """Which sample the form asks for; the usual one where it asks for none there is."""
    try:
        return parse.validate(SampleQuery, {name: typed[name] for name in _SAMPLE if typed.get(name)})
    except InvalidInput:
        return SampleQuery()


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdigit() and len(text) < 10 else None


def _base(layout: Layout) -> str:
    return f"/organize/{layout.organization.slug}/layouts/{layout.id}"


async def _organization(request: Request) -> Organization:
    return await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))


async def _layout(request: Request) -> Layout:
    person: Person = auth.current_person(request)
    layout_id: UUID = request.path_params["id"]
    return await permissions.access_layout(request.path_params["slug"], layout_id, person)


async def _version(request: Request) -> tuple[Layout, LayoutVersion]:
    layout = await _layout(request)
    return layout, await queries.numbered(layout.id, request.path_params["version"])
