"""Items from a file into the bank, with a report on every one; and the bank as a file."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.bank import items, queries
from certification.bank.content import dump_content
from certification.bank.gift import GiftItem, ImportEntry, parse_gift
from certification.bank.gift_write import write_gift
from certification.bank.models import Item, ItemVersion
from certification.bank.queries import ItemRow
from certification.bank.schemas import ImportedItem, ImportOutcome, ImportReportOut
from certification.programs import certifications
from certification.programs.models import Certification, Domain
from certification.programs.queries import domains_of
from certification.programs.schemas import MAX_DOMAINS
from core import confinement
from core.database import execute, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _

LONGEST_DOMAIN = 150
_BATCH = 500
_SECONDS = 20.0
"""Of a core, for reading a file of items; 5 MB of the most involved take half of it."""


@dataclass(slots=True)
class _Step:
    """What is to be done about one entry of the file."""

    entry: ImportEntry
    outcome: ImportOutcome
    messages: list[str]
    existing: ItemRow | None = None
    domain: str = ""
    is_new_version: bool = False
    is_moved: bool = False

    def reported(self) -> ImportedItem:
        return ImportedItem(
            index=self.entry.index,
            line=self.entry.line,
            title=self.entry.title,
            outcome=self.outcome,
            messages=self.messages,
        )


@dataclass(slots=True)
class _Bank:
    """The bank as it stands: items by title in the order in which they were made, and domains by folded name."""

    default: str
    domains: dict[str, str]
    by_title: dict[str, list[ItemRow]]
    seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def next_with_title(self, title: str) -> ItemRow | None:
        """The n-th item of this title for its n-th occurrence in the file: two of one name stay two."""
        alike = self.by_title.get(title, [])
        index = self.seen[title]
        self.seen[title] += 1
        return alike[index] if index < len(alike) else None


async def import_gift(
    certification: Certification,
    raw: bytes,
    *,
    by: Person,
    now: datetime,
    domain: str | None = None,
    dry_run: bool = False,
) -> ImportReportOut:
    """Read a GIFT file into the bank; refused items do not stop the others, and importing it again changes nothing.

    An item goes to the domain that the last part of its category names, which is made where it is missing; without a
    category to `domain`, else to the first one. An item whose title is in the bank is compared: the same content is
    left alone, other content becomes a new version. All in one transaction, under a lock on the certification.
    Raises `InvalidInput` for a file that cannot be read at all and for a `domain` that does not exist.
    """
    try:
        report = await confinement.run(parse_gift, raw, seconds=_SECONDS)
    except (confinement.Stopped, confinement.Failed):
        raise InvalidInput({"file": _("This file is too involved to be read. Cut it into several.")}) from None
    async with transaction():
        await execute("SELECT 1 FROM certification WHERE id = $1 FOR UPDATE", certification.id)
        bank = await _bank(certification, domain)
        steps = [_plan(entry, bank) for entry in report.entries]
        if not dry_run:
            await _carry_out(certification, steps, by=by)
    return ImportReportOut.of([step.reported() for step in steps])


async def export_gift(certification: Certification) -> str:
    """The items in use as one GIFT file, each under its domain as its category."""
    rows = await queries.every_row(certification.id, retired=False)
    rows.sort(key=lambda row: (row.domain, row.id))
    written = [GiftItem(title=row.title, category=row.domain.replace("/", "//"), content=row.read()) for row in rows]
    return await asyncio.to_thread(write_gift, written)


async def _bank(certification: Certification, wanted: str | None) -> _Bank:
    domains = {domain.name.casefold(): domain.name for domain in await domains_of(certification.id)}
    by_title: dict[str, list[ItemRow]] = defaultdict(list)
    for row in await queries.every_row(certification.id):
        by_title[row.title].append(row)
    default = next(iter(domains.values()), "General")
    if wanted is not None:
        default = (await items.domain_named(certification, wanted)).name
    return _Bank(default, domains, by_title)


def _plan(entry: ImportEntry, bank: _Bank) -> _Step:
    if entry.item is None:
        return _Step(entry, ImportOutcome.refused, list(entry.messages))
    step = _Step(entry, ImportOutcome(entry.outcome.value), list(entry.messages))
    if entry.item.tags:
        step.messages.append(_("Left out, since items have no tags: {tags}.").format(tags=", ".join(entry.item.tags)))
        step.outcome = ImportOutcome.changed
    try:
        step.domain = _domain_of(entry.item, bank, step)
    except InvalidInput as error:
        step.outcome = ImportOutcome.refused
        step.messages.extend(error.fields.values())
        return step
    if existing := bank.next_with_title(entry.item.title):
        _compare(step, entry.item, existing)
    return step


def _domain_of(item: GiftItem, bank: _Bank, step: _Step) -> str:
    """The domain of an item by its category; a new name is noted in `bank`. Raises `InvalidInput` for one too many."""
    # Moodle writes a slash that belongs to a name twice.
    last = item.category.replace("//", "\x00").rstrip("/").rpartition("/")[2].replace("\x00", "/")
    name = " ".join(last.split())
    if not name or name == "top":
        return bank.default
    if len(name) > LONGEST_DOMAIN:
        name = name[:LONGEST_DOMAIN].strip()
        step.messages.append(_("The name of the domain was cut: “{name}”.").format(name=name))
        step.outcome = ImportOutcome.changed
    if name.casefold() not in bank.domains:
        if len(bank.domains) >= MAX_DOMAINS:
            message = _("Its category would be domain {number}; a certification has at most {limit}.")
            raise InvalidInput({"domain": message.format(number=len(bank.domains) + 1, limit=MAX_DOMAINS)})
        bank.domains[name.casefold()] = name
        step.messages.append(_("The domain “{name}” is new.").format(name=name))
    return bank.domains[name.casefold()]


def _compare(step: _Step, item: GiftItem, existing: ItemRow) -> None:
    """Decide what an item of the file means for the one of the same title in the bank."""
    step.existing = existing
    is_same = existing.content == dump_content(item.content) or items.same_content(existing.read(), item.content)
    step.is_new_version = not is_same
    step.is_moved = bool(item.category) and existing.domain != step.domain
    if step.is_new_version:
        step.messages.append(_("It is version {version} of the item in the bank.").format(version=existing.version + 1))
    if step.is_moved:
        step.messages.append(_("Moved to the domain “{name}”.").format(name=step.domain))
    if existing.retired_at is not None:
        step.messages.append(_("The item is retired; restore it to use it."))
    is_changed = step.is_new_version or step.is_moved
    step.outcome = ImportOutcome.changed if is_changed else ImportOutcome.unchanged
    if not is_changed:
        step.messages.append(_("It is in the bank already."))


async def _carry_out(certification: Certification, steps: list[_Step], *, by: Person) -> None:
    wanted = [step for step in steps if step.outcome is not ImportOutcome.refused]
    domains = {domain.name: domain for domain in await domains_of(certification.id)}
    for name in dict.fromkeys(step.domain for step in wanted if step.existing is None or step.is_moved):
        if name not in domains:
            domains[name] = await certifications.add_domain(certification, name, by=by)
    await _add_new(certification, [step for step in wanted if step.existing is None], domains, by=by)
    for step in wanted:
        if step.existing is not None and (step.is_new_version or step.is_moved):
            await _change(certification, step, step.existing, domains, by=by)
    report = ImportReportOut.of([step.reported() for step in steps])
    await audit.record(
        "items.imported",
        by=by,
        object_kind="certification",
        object_id=certification.id,
        organization_id=certification.organization_id,
        after=report.model_dump(exclude={"items"}),
    )


async def _add_new(certification: Certification, steps: list[_Step], domains: dict[str, Domain], *, by: Person) -> None:
    """All new items at once: a file may hold thousands, and one entry in the audit tells of them."""
    rows: list[Item] = []
    versions: list[ItemVersion] = []
    for step in steps:
        if step.entry.item is None:
            continue
        item = Item(certification_id=certification.id, domain_id=domains[step.domain].id, title=step.entry.item.title)
        rows.append(item)
        versions.append(_version(item.id, 1, step.entry.item, by))
    await Item.bulk_create(rows, batch_size=_BATCH)
    await ItemVersion.bulk_create(versions, batch_size=_BATCH)


async def _change(
    certification: Certification, step: _Step, existing: ItemRow, domains: dict[str, Domain], *, by: Person
) -> None:
    item = await Item.get(id=existing.id)
    if step.is_moved:
        item.domain_id = domains[step.domain].id
        await item.save(update_fields=["domain_id"])
    after: dict[str, object] = {"domain": str(item.domain_id)} if step.is_moved else {}
    if step.is_new_version and step.entry.item is not None:
        await _version(item.id, existing.version + 1, step.entry.item, by).save()
        after["version"] = existing.version + 1
    await items.record("item.changed", item, certification, by, before={"version": existing.version}, after=after)


def _version(item_id: UUID, number: int, item: GiftItem, by: Person) -> ItemVersion:
    return ItemVersion(
        item_id=item_id,
        version=number,
        type=item.content.type.value,
        content=dump_content(item.content),
        created_by_id=by.id,
    )
