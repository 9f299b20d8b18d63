"""Creating and changing items. What an item says is in versions that never change; a change is a new one.

The audit tells that an item changed and to which version, never what it says: the log has more readers than the key.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.bank.content import ItemContent, dump_content, parse_content
from certification.bank.models import Item, ItemVersion
from certification.programs import queries
from certification.programs.models import Certification, Domain
from core.database import execute, transaction
from core.errors import InvalidInput, NotFound
from core.i18n import gettext as _


async def create(
    certification: Certification, domain: Domain, title: str, content: ItemContent, *, by: Person, now: datetime
) -> Item:
    """A new item with version 1 of its content."""
    async with transaction():
        item = await Item.create(certification=certification, domain=domain, title=title)
        await _add_version(item.id, content, version=1, by=by)
        await record("item.created", item, certification, by, after={"type": content.type.value, "version": 1})
    return item


async def change(
    item: Item,
    certification: Certification,
    *,
    title: str | None = None,
    domain: Domain | None = None,
    content: ItemContent | None = None,
    by: Person,
    now: datetime,
) -> bool:
    """Change what is given; content that differs becomes a new version. Returns whether anything differed."""
    async with transaction():
        locked = await _lock(item)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if title is not None and title != locked.title:
            before["title"], after["title"] = locked.title, title
            locked.title = title
        if domain is not None and domain.id != locked.domain_id:
            before["domain"], after["domain"] = str(locked.domain_id), str(domain.id)
            locked.domain_id = domain.id
        if content is not None:
            current = await current_version(item.id)
            if not same_content(parse_content(current.content), content):
                before["version"], after["version"] = current.version, current.version + 1
                await _add_version(item.id, content, version=current.version + 1, by=by)
        if after:
            await locked.save(update_fields=["title", "domain_id"])
            await record("item.changed", locked, certification, by, before=before, after=after)
        item.title, item.domain_id = locked.title, locked.domain_id
    return bool(after)


async def retire(item: Item, certification: Certification, *, by: Person, now: datetime) -> None:
    """Draw the item into no further form; forms that have it keep it. Nothing happens to one that is retired."""
    async with transaction():
        locked = await _lock(item)
        if locked.retired_at is None:
            locked.retired_at = now
            await locked.save(update_fields=["retired_at"])
            await record("item.retired", locked, certification, by)
        item.retired_at = locked.retired_at


async def restore(item: Item, certification: Certification, *, by: Person, now: datetime) -> None:
    """Draw a retired item into forms again. Nothing happens to one that is in use."""
    async with transaction():
        locked = await _lock(item)
        if locked.retired_at is not None:
            locked.retired_at = None
            await locked.save(update_fields=["retired_at"])
            await record("item.restored", locked, certification, by)
        item.retired_at = None


async def domain_named(certification: Certification, name: str) -> Domain:
    """The domain of this name, in any case. Raises `InvalidInput` naming those there are."""
    domains = await queries.domains_of(certification.id)
    for domain in domains:
        if domain.name.casefold() == name.casefold():
            return domain
    known = ", ".join(domain.name for domain in domains[:20])
    raise InvalidInput({"domain": _("There is no such domain. Choose one of: {names}.").format(names=known)})


async def current_version(item_id: UUID) -> ItemVersion:
    """What the item says now: the highest version."""
    found = await ItemVersion.filter(item_id=item_id).order_by("-version").first()
    if found is None:
        raise NotFound()
    return found


def same_content(left: ItemContent, right: ItemContent) -> bool:
    """Whether two contents ask and accept the same; the letters that name options do not matter."""
    return left == right or _without_ids(left) == _without_ids(right)


def _without_ids(content: ItemContent) -> dict[str, Any]:
    document = content.model_dump()
    for option in document.get("options", ()):
        del option["id"]
    return document


async def _lock(item: Item) -> Item:
    # Two changes at once would otherwise write the same version number.
    await execute("SELECT 1 FROM item WHERE id = $1 FOR UPDATE", item.id)
    return await Item.get(id=item.id)


async def _add_version(item_id: UUID, content: ItemContent, *, version: int, by: Person) -> None:
    await ItemVersion.create(
        item_id=item_id, version=version, type=content.type.value, content=dump_content(content), created_by_id=by.id
    )


async def record(
    action: str,
    item: Item,
    certification: Certification,
    by: Person,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append to the audit what became of an item, without what it says."""
    await audit.record(
        action,
        by=by,
        object_kind="item",
        object_id=item.id,
        organization_id=certification.organization_id,
        before=before,
        after=after,
    )
