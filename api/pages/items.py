"""/organize/certifications/{slug}/items: the bank, one item's form and versions, importing and exporting."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from markupsafe import Markup
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from accounts.queries import names_of
from api import auth, parse
from api.pages import item_form
from api.pages.certification_place import certification_page, next_href
from api.pages.item_form import Typed
from api.render import form_state, redirect
from api.v1.items import gift_file
from certification.bank import importing, items, permissions, queries
from certification.bank.content import ItemContent, ItemType, parse_content, public_view
from certification.bank.models import Item, ItemVersion
from certification.bank.prompts import TextFormat
from certification.bank.schemas import ImportReportOut, ItemHead, ItemSearch
from certification.programs.models import Certification, Domain
from certification.programs.queries import count_items, domains_of
from core.errors import AppError, InvalidInput, NotFound
from core.i18n import gettext as _

_LARGEST_VERSION = 2**31 - 1


def type_names() -> dict[ItemType, tuple[str, str]]:
    """Name and explanation of every type of item."""
    return {
        ItemType.SINGLE_CHOICE: (_("Single choice"), _("One of several options is right.")),
        ItemType.MULTIPLE_CHOICE: (_("Multiple choice"), _("Several options are right; partial credit by weights.")),
        ItemType.TRUE_FALSE: (_("True or false"), _("A statement to judge.")),
        ItemType.NUMERIC: (_("Numeric"), _("A number, with a tolerance or within a range.")),
        ItemType.SHORT_ANSWER: (_("Short answer"), _("A word or phrase, compared with the accepted wordings.")),
        ItemType.MATCHING: (_("Matching"), _("Each left side belongs to a right side.")),
        ItemType.ESSAY: (_("Essay"), _("A longer text that a grader marks.")),
    }


async def index(request: Request) -> Response:
    """The items with search and filters."""
    certification = await _bank(request)
    search = parse.query(request, ItemSearch)
    found, cursor = await queries.find(certification.id, search)
    context = {
        "search": search,
        "rows": found,
        "types": type_names(),
        "domains": await domains_of(certification.id),
        "in_use": await count_items(certification.id),
        "retired": await queries.count_retired(certification.id),
        "next_href": next_href(request, cursor),
    }
    return await certification_page(request, certification, "items", "items", context)


async def new(request: Request) -> Response:
    """Choose a type, or the form of the chosen one."""
    certification = await _bank(request)
    chosen = request.query_params.get("type")
    if chosen not in tuple(ItemType):
        return await certification_page(request, certification, "new_item", "items", {"types": type_names()})
    return await _form(request, certification, ItemType(chosen))


async def create(request: Request) -> Response:
    """Create the item, show its preview, or more rows."""
    certification = await _bank(request)
    await parse.read_form(request)
    typed = Typed.of(parse.typed(request))
    if typed.get("type") not in tuple(ItemType):
        raise InvalidInput({"type": _("Choose a type of item.")})
    kind = ItemType(typed.get("type"))
    try:
        title, domain, content = await _read(certification, kind, typed)
        if typed.get("action") in ("more", "preview"):
            return await _form(request, certification, kind, typed=typed, preview=content)
        by, now = auth.current_person(request), datetime.now(UTC)
        item = await items.create(certification, domain, title, content, by=by, now=now)
    except InvalidInput as error:
        shown = None if typed.get("action") == "more" else error
        return await _form(request, certification, kind, typed=typed, error=shown)
    return redirect(_address(certification, item), flash=_("Saved. This is how a learner sees it."))


async def show(request: Request) -> Response:
    """One item: its form, how a learner sees it, and its versions."""
    certification, item = await _item(request)
    content = parse_content((await items.current_version(item.id)).content)
    return await _form(request, certification, content.type, item=item, preview=content)


async def change(request: Request) -> Response:
    """Save the item; other content becomes a new version."""
    certification, item = await _item(request)
    await parse.read_form(request)
    typed = Typed.of(parse.typed(request))
    kind = parse_content((await items.current_version(item.id)).content).type
    try:
        title, domain, content = await _read(certification, kind, typed)
        if typed.get("action") in ("more", "preview"):
            return await _form(request, certification, kind, item=item, typed=typed, preview=content)
        by, now = auth.current_person(request), datetime.now(UTC)
        is_changed = await items.change(
            item, certification, title=title, domain=domain, content=content, by=by, now=now
        )
    except InvalidInput as error:
        shown = None if typed.get("action") == "more" else error
        return await _form(request, certification, kind, item=item, typed=typed, error=shown)
    return redirect(_address(certification, item), flash=_("Saved.") if is_changed else _("Nothing was different."))


async def version(request: Request) -> Response:
    """One version of an item as a learner saw it, with its key."""
    certification, item = await _item(request)
    number = min(request.path_params["version"], _LARGEST_VERSION)
    found = await ItemVersion.get_or_none(item_id=item.id, version=number)
    if found is None:
        raise NotFound()
    content = parse_content(found.content)
    context = {
        "item": item,
        "version": found,
        "preview": preview(content),
        "key": item_form.key_of(content),
        "type": type_names()[content.type][0],
    }
    return await certification_page(request, certification, "item_version", "items", context)


async def retire(request: Request) -> Response:
    """Draw the item into no further form."""
    certification, item = await _item(request)
    await items.retire(item, certification, by=auth.current_person(request), now=datetime.now(UTC))
    return redirect(_address(certification, item), flash=_("Retired. New forms leave it out."))


async def restore(request: Request) -> Response:
    """Draw a retired item into forms again."""
    certification, item = await _item(request)
    await items.restore(item, certification, by=auth.current_person(request), now=datetime.now(UTC))
    return redirect(_address(certification, item), flash=_("The item is in use again."))


async def start_import(request: Request) -> Response:
    """Choose a file or paste its text."""
    return await _import_page(request, await _bank(request))


async def import_file(request: Request) -> Response:
    """Check a file first (a dry run), then import it; either way every item is reported."""
    certification = await _bank(request)
    try:
        raw = await _file_or_text(request)
        typed = Typed.of(parse.typed(request))
        is_import = typed.get("action") == "import"
        report = await importing.import_gift(
            certification,
            raw,
            by=auth.current_person(request),
            now=datetime.now(UTC),
            domain=typed.get("domain") or None,
            dry_run=not is_import,
        )
    except InvalidInput as error:
        return await _import_page(request, certification, error=error)
    finally:
        await request.close()
    text = None if is_import else raw.decode("utf-8-sig")
    return await _import_page(request, certification, report=report, text=text)


async def export(request: Request) -> Response:
    """The items in use as a GIFT file."""
    return await gift_file(await _bank(request))


def preview(content: ItemContent) -> dict[str, Any]:
    """The item as the exam's page takes it, with its texts as HTML."""
    view = public_view(content)
    for part in ("options", "left", "right"):
        # The HTML was sanitised by `public_view`.
        for one in view.get(part, ()):
            one["text"] = Markup(one["text_html"]) if part != "right" else one["text"]  # noqa: S704
    return {"position": 1, **view, "prompt": Markup(view["prompt_html"])}  # noqa: S704


async def _form(
    request: Request,
    certification: Certification,
    kind: ItemType,
    *,
    item: Item | None = None,
    typed: Typed | None = None,
    preview: ItemContent | None = None,
    error: AppError | None = None,
) -> Response:
    initial: dict[str, Any] = {"shuffle": "true", "max_length": "20000", "type": kind.value}
    if item is not None and typed is None and preview is not None:
        initial = {"title": item.title, "domain": str(item.domain_id), **item_form.fill(preview)}
    held = typed or Typed.of(initial)
    versions = await queries.versions_of(item.id) if item else []
    context = {
        "item": item,
        "kind": kind,
        "type": type_names()[kind],
        "domains": [(str(domain.id), domain.name) for domain in await domains_of(certification.id)],
        "formats": _formats(),
        "rows": item_form.row_counts(kind, held, more=held.get("action") == "more"),
        "form": form_state(request, {} if typed else initial, error),
        "preview": _previewed(preview),
        "versions": versions,
        "authors": await names_of(row.created_by_id for row in versions),
        "zone": auth.current_person(request).time_zone,
    }
    return await certification_page(request, certification, "item", "items", context, error=error)


def _formats() -> list[tuple[str, str]]:
    return [
        (TextFormat.MARKDOWN.value, "Markdown"),
        (TextFormat.HTML.value, "HTML"),
        (TextFormat.MOODLE.value, _("Moodle’s own HTML")),
        (TextFormat.PLAIN.value, _("Plain text")),
    ]


def _previewed(content: ItemContent | None) -> dict[str, Any] | None:
    return preview(content) if content is not None else None


async def _read(certification: Certification, kind: ItemType, typed: Typed) -> tuple[str, Domain, ItemContent]:
    """Title, domain and content from the form. Raises `InvalidInput` with all that is wrong."""
    wrong: dict[str, str] = {}
    given = {name: typed.get(name) for name in ("title", "domain") if typed.get(name)}
    title, domain, content = "", None, None
    try:
        head = parse.validate(ItemHead, given)
        title, domain = head.title, await Domain.get_or_none(id=head.domain, certification_id=certification.id)
        if domain is None:
            wrong["domain"] = _("Choose a domain of this certification.")
    except InvalidInput as error:
        wrong |= error.fields
    try:
        content = item_form.read(kind, typed)
    except InvalidInput as error:
        wrong |= error.fields
    if wrong or domain is None or content is None:
        raise InvalidInput(wrong)
    return title, domain, content


async def _import_page(
    request: Request,
    certification: Certification,
    *,
    report: ImportReportOut | None = None,
    text: str | None = None,
    error: AppError | None = None,
) -> Response:
    context = {
        "domains": [(domain.name, domain.name) for domain in await domains_of(certification.id)],
        "form": form_state(request, error=error),
        "report": report,
        "text": text,
        "is_preview": report is not None and text is not None,
    }
    return await certification_page(request, certification, "import", "items", context, error=error)


async def _file_or_text(request: Request) -> bytes:
    """The uploaded file, or the text that was pasted. Raises `InvalidInput` where there is neither."""
    form = await parse.read_form(request)
    chosen = form.get("file")
    if isinstance(chosen, UploadFile) and chosen.filename:
        return await chosen.read()
    pasted = form.get("text")
    if isinstance(pasted, str) and pasted.strip():
        return pasted.encode()
    raise InvalidInput({"file": _("Choose a file, or paste its text below.")})


async def _bank(request: Request) -> Certification:
    return await permissions.access_bank(request.path_params["slug"], auth.current_person(request))


async def _item(request: Request) -> tuple[Certification, Item]:
    identifier: UUID = request.path_params["id"]
    return await permissions.access_item(request.path_params["slug"], identifier, auth.current_person(request))


def _address(certification: Certification, item: Item) -> str:
    return f"/organize/certifications/{certification.slug}/items/{item.id}"
