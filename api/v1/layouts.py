"""/organizations/{slug}/layouts: layouts of certificates, their versions and samples, for those who design them."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization, Person
from api import auth, parse, respond
from certification.layouts import layouts, permissions, previews, queries
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutVersion
from certification.layouts.samples import sample
from certification.layouts.schemas import (
    LayoutCard,
    LayoutChange,
    LayoutIn,
    LayoutOut,
    LayoutSearch,
    PictureQuery,
    PreviewIn,
    SampleQuery,
    VersionIn,
    VersionOut,
)
from certification.layouts.shipping import ensure_shipped
from core.database import transaction
from core.pages import ListQuery, page_of


async def index(request: Request) -> Response:
    """The organization's layouts by name, the shipped ones among them; with `archived=true` those in the archive."""
    organization = await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))
    search = parse.query(request, LayoutSearch)
    await ensure_shipped(organization.id)
    found = [LayoutCard.of(row) for row in await queries.layouts(organization.id, archived=search.archived)]
    return respond.json(page_of(found, search, key=lambda one: (one.name, str(one.id)), kinds=(str, str)))


async def create(request: Request) -> Response:
    """Create a layout: a shipped one by its `origin`, a `copy_of` another, or from a `definition`."""
    person = auth.current_person(request)
    organization = await permissions.access_layouts(request.path_params["slug"], person)
    data = await parse.body(request, LayoutIn)
    definition = await layouts.beginning(organization, data)
    made = await layouts.create(organization, data.name, definition, by=person, now=datetime.now(UTC))
    location = f"/api/v1/organizations/{organization.slug}/layouts/{made.id}"
    return respond.json(LayoutOut.of(made, await queries.latest(made.id)), 201, location=location)


async def show(request: Request) -> Response:
    """A layout with its present definition."""
    _person, layout = await _layout(request)
    return respond.json(LayoutOut.of(layout, await queries.latest(layout.id)))


async def change(request: Request) -> Response:
    """Give a layout another name, move it to the archive, or take it out. One that is used stays out of it."""
    person, layout = await _layout(request)
    data = await parse.body(request, LayoutChange)
    async with transaction():
        if data.name is not None:
            await layouts.rename(layout, data.name, by=person)
        if data.is_archived is True:
            await layouts.archive(layout, by=person, now=datetime.now(UTC))
        elif data.is_archived is False:
            await layouts.restore(layout, by=person)
    return respond.json(LayoutOut.of(layout, await queries.latest(layout.id)))


async def versions(request: Request) -> Response:
    """Every version of a layout, the newest first."""
    _person, layout = await _layout(request)
    query = parse.query(request, ListQuery)
    found = [VersionOut.of(row) for row in await queries.versions_of(layout.id)]
    return respond.json(page_of(found, query, key=lambda one: (one.version,), kinds=(int,), descending=True))


async def save(request: Request) -> Response:
    """Save a definition as the next version. One that stands already makes none and is answered with 200."""
    person, layout = await _layout(request)
    data = await parse.body(request, VersionIn)
    before = await queries.latest(layout.id)
    saved = await layouts.save(layout, data.definition, seen=data.seen, by=person, now=datetime.now(UTC))
    return _saved(layout, saved, is_new=saved.version > before.version)


async def show_version(request: Request) -> Response:
    """One version of a layout."""
    _layout_of_it, version = await _version(request)
    return respond.json(VersionOut.of(version))


async def restore_version(request: Request) -> Response:
    """Make an earlier version the present one again, as a new version."""
    person, layout = await _layout(request)
    version = await queries.numbered(layout.id, request.path_params["version"])
    before = await queries.latest(layout.id)
    saved = await layouts.restore_version(layout, version, by=person, now=datetime.now(UTC))
    return _saved(layout, saved, is_new=saved.version > before.version)


async def version_picture(request: Request) -> Response:
    """The page of a version with a sample on it, as PNG."""
    layout, version = await _version(request)
    query = parse.query(request, PictureQuery)
    return await _picture(layout.organization, LayoutDefinition.model_validate(version.definition), query)


async def version_sample(request: Request) -> Response:
    """A sample of a version as PDF, as certificates are made from it but for the signature."""
    layout, version = await _version(request)
    query = parse.query(request, SampleQuery)
    return await _document(layout.organization, LayoutDefinition.model_validate(version.definition), query)


async def preview_picture(request: Request) -> Response:
    """The page of a layout that is not saved, with a sample on it, as PNG."""
    organization = await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))
    data = await parse.body(request, PreviewIn)
    return await _picture(organization, data.definition, data)


async def preview_document(request: Request) -> Response:
    """A sample of a layout that is not saved, as PDF."""
    organization = await permissions.access_layouts(request.path_params["slug"], auth.current_person(request))
    data = await parse.body(request, PreviewIn)
    return await _document(organization, data.definition, data)


async def _picture(organization: Organization, definition: LayoutDefinition, query: PictureQuery) -> Response:
    facts = sample(organization, query.kind, query.holder, query.language)
    content = await previews.picture(definition, facts, organization_id=organization.id, width=query.width)
    return respond.file(content, "image/png", "sample.png", inline=True)


async def _document(organization: Organization, definition: LayoutDefinition, query: SampleQuery) -> Response:
    facts = sample(organization, query.kind, query.holder, query.language)
    content = await previews.document(definition, facts, organization_id=organization.id)
    return respond.file(content, "application/pdf", "sample.pdf")


def _saved(layout: Layout, version: LayoutVersion, *, is_new: bool) -> Response:
    location = f"/api/v1/organizations/{layout.organization.slug}/layouts/{layout.id}/versions/{version.version}"
    return respond.json(VersionOut.of(version), 201 if is_new else 200, location=location)


async def _layout(request: Request) -> tuple[Person, Layout]:
    person = auth.current_person(request)
    return person, await permissions.access_layout(request.path_params["slug"], request.path_params["id"], person)


async def _version(request: Request) -> tuple[Layout, LayoutVersion]:
    _person, layout = await _layout(request)
    return layout, await queries.numbered(layout.id, request.path_params["version"])
