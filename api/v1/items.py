"""/certifications/{slug}/items: the bank, for the authors of the certification."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.bank import importing, items, permissions, queries
from certification.bank.content import parse_content
from certification.bank.schemas import (
    BankItemOut,
    ExportQuery,
    ImportQuery,
    ImportReportOut,
    ItemChange,
    ItemIn,
    ItemSearch,
    ItemSummary,
    ItemVersionOut,
)
from certification.programs.models import Certification
from core.database import transaction
from core.errors import NotFound
from core.pages import ListQuery, PageOf, page_of

_FILE_MEDIA = ("", "application/octet-stream", "application/x-www-form-urlencoded")


async def index(request: Request) -> Response:
    """The items, the newest first; with `retired=true` those that no form draws any more."""
    certification = await permissions.access_bank(request.path_params["slug"], auth.current_person(request))
    found, cursor = await queries.find(certification.id, parse.query(request, ItemSearch))
    return respond.json(PageOf[ItemSummary](items=[ItemSummary.of(row) for row in found], next_cursor=cursor))


async def create(request: Request) -> Response:
    """Create an item. Options without an id get letters that tell nothing about the key."""
    person = auth.current_person(request)
    certification = await permissions.access_bank(request.path_params["slug"], person)
    data = await parse.body(request, ItemIn)
    domain = await items.domain_named(certification, data.domain)
    item = await items.create(certification, domain, data.title, data.content, by=person, now=datetime.now(UTC))
    location = f"/api/v1/certifications/{certification.slug}/items/{item.id}"
    return respond.json(await _full(certification, item.id), 201, location=location)


async def show(request: Request) -> Response:
    """An item with its current content, key included."""
    certification, item = await permissions.access_item(
        request.path_params["slug"], request.path_params["id"], auth.current_person(request)
    )
    return respond.json(await _full(certification, item.id))


async def change(request: Request) -> Response:
    """Change what is given. Other content becomes a new version; forms that exist keep the version they have."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certification, item = await permissions.access_item(request.path_params["slug"], request.path_params["id"], person)
    data = await parse.body(request, ItemChange)
    domain = await items.domain_named(certification, data.domain) if data.domain is not None else None
    async with transaction():
        await items.change(
            item, certification, title=data.title, domain=domain, content=data.content, by=person, now=now
        )
        if data.is_retired is True:
            await items.retire(item, certification, by=person, now=now)
        elif data.is_retired is False:
            await items.restore(item, certification, by=person, now=now)
    return respond.json(await _full(certification, item.id))


async def versions(request: Request) -> Response:
    """Every version of an item's content, the newest first."""
    _, item = await permissions.access_item(
        request.path_params["slug"], request.path_params["id"], auth.current_person(request)
    )
    query = parse.query(request, ListQuery)
    found = [ItemVersionOut.of(row, parse_content(row.content)) for row in await queries.versions_of(item.id)]
    newest_first = page_of(found, query, key=lambda one: (one.version,), kinds=(int,), descending=True)
    return respond.json(newest_first)


async def import_file(request: Request) -> Response:
    """Import a GIFT file: the body is the file, UTF-8 text. The report says of each item what became of it.

    `taken` is new as written; `changed` is new but differs from the file, or gave an item of the bank a new version;
    `unchanged` is in the bank already; `refused` is left out; `messages` say why. A dry run answers 200.
    """
    person = auth.current_person(request)
    certification = await permissions.access_bank(request.path_params["slug"], person)
    query = parse.query(request, ImportQuery)
    report: ImportReportOut = await importing.import_gift(
        certification,
        await _file(request),
        by=person,
        now=datetime.now(UTC),
        domain=query.domain,
        dry_run=query.dry_run,
    )
    return respond.json(report, 200 if query.dry_run else 201)


async def export(request: Request) -> Response:
    """The items in use as a GIFT file that imports here and into Moodle, key included."""
    certification = await permissions.access_bank(request.path_params["slug"], auth.current_person(request))
    parse.query(request, ExportQuery)
    return await gift_file(certification)


async def gift_file(certification: Certification) -> Response:
    """The bank as a download."""
    content = (await importing.export_gift(certification)).encode()
    return respond.file(content, "text/plain; charset=utf-8", f"{certification.slug}.gift")


async def _file(request: Request) -> bytes:
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media == "multipart/form-data":
        try:
            return (await parse.upload(request, "file"))[1]
        finally:
            await request.close()
    # Programs label a raw body as they please; JSON is no question file for certain.
    if media in _FILE_MEDIA or media.startswith("text/"):
        return await request.body()
    raise parse.UnsupportedMedia("Send the file itself as text/plain.")


async def _full(certification: Certification, item_id: UUID) -> BankItemOut:
    row = await queries.row_of(certification.id, item_id)
    if row is None:
        raise NotFound()
    return BankItemOut.full(row)
