"""Layouts: creating one, saving a version of it, naming, archiving. A version never changes."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from accounts import audit
from accounts.models import Organization, Person
from certification.layouts import editing, queries, shipped, words
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutVersion
from certification.layouts.schemas import LayoutIn
from core.complaints import sentence
from core.database import execute, transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _


class SavedMeanwhile(Conflict):
    """Somebody else saved a version since this one was opened; saving again takes that into account."""

    code, message = "saved_meanwhile", N_("Somebody else has saved this layout meanwhile.")


class LayoutInUse(Conflict):
    """A layout that certificates are set from cannot be archived."""

    code, message = "layout_in_use", N_("Choose another layout where this one is used before you archive it.")


class LayoutArchived(Conflict):
    """An archived layout is not changed."""

    code, message = "layout_archived", N_("This layout is archived. Restore it first.")


async def beginning(organization: Organization, data: LayoutIn) -> LayoutDefinition:
    """What a new layout begins as: a shipped one, a copy of another, or what is given, on the page that is asked for.

    Raises `InvalidInput` for a layout of another organization, and where the elements find no room on the page.
    """
    if data.origin is not None:
        shape = data.page or "A4", data.orientation or "landscape"
        return shipped.definition_of(data.origin, *shape)
    if data.definition is not None:
        found = data.definition
    else:
        copied = await Layout.get_or_none(id=data.copy_of, organization_id=organization.id)
        if copied is None:
            raise InvalidInput({"copy_of": _("There is no such layout.")})
        found = LayoutDefinition.model_validate((await queries.latest(copied.id)).definition)
    try:
        return editing.on_page(found, data.page or found.page, data.orientation or found.orientation)
    except ValidationError as error:
        message = _("The elements do not find room on this page: {problem}")
        raise InvalidInput({"page": message.format(problem=sentence(error.errors()[0]))}) from None


async def create(
    organization: Organization, name: str, definition: LayoutDefinition, *, by: Person, now: datetime
) -> Layout:
    """A layout with `definition` as its version 1; a copy of another is made by giving that one's definition.

    Raises `InvalidInput` for a name that another layout in use has, and for pictures that are not the organization's.
    """
    async with transaction():
        await _claim_names(organization.id)
        await _refuse_name_taken(organization.id, name)
        await queries.refuse_foreign_pictures(organization.id, definition)
        layout = await Layout.create(organization=organization, name=name, created_at=now)
        await _add_version(layout.id, definition, 1, by=by)
        await _record("layout.created", layout.id, organization.id, by, after={"name": name, "version": 1})
    return layout


async def save(
    layout: Layout, definition: LayoutDefinition, *, seen: int | None, by: Person, now: datetime
) -> LayoutVersion:
    """Save `definition` as the next version; where it is what stands already, no version is made and that one returned.

    `seen` is the number of the version that the person started from; None saves over whatever stands. Raises
    `SavedMeanwhile` with the present number in `facts`, `LayoutArchived`, and `InvalidInput` for pictures that are not
    the organization's, and where it would be set in a language whose fixed words do not exist. Locks the layout.
    """
    async with transaction():
        locked = await _lock(layout)
        if locked.archived_at is not None:
            raise LayoutArchived()
        current = await queries.latest(layout.id)
        if same(current, definition):
            return current
        if seen is not None and seen != current.version:
            raise SavedMeanwhile(await _who_saved(current), version=current.version)
        await queries.refuse_foreign_pictures(layout.organization_id, definition)
        await _refuse_wordless(locked)
        saved = await _add_version(layout.id, definition, current.version + 1, by=by)
        before, after = {"version": current.version}, {"version": saved.version}
        await _record("layout.saved", layout.id, layout.organization_id, by, before=before, after=after)
    return saved


async def restore_version(layout: Layout, version: LayoutVersion, *, by: Person, now: datetime) -> LayoutVersion:
    """Make an earlier version the present one again, as a new version with the same definition."""
    definition = LayoutDefinition.model_validate(version.definition)
    return await save(layout, definition, seen=None, by=by, now=now)


def same(version: LayoutVersion, definition: LayoutDefinition) -> bool:
    """Whether the version says what `definition` says."""
    return canonical(LayoutDefinition.model_validate(version.definition)) == canonical(definition)


def canonical(definition: LayoutDefinition) -> str:
    """The definition as text that is equal where definitions are."""
    return json.dumps(definition.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)


async def rename(layout: Layout, name: str, *, by: Person) -> None:
    """Give the layout another name. Raises `InvalidInput` where another layout in use has it."""
    async with transaction():
        await _claim_names(layout.organization_id)
        locked = await _lock(layout)
        if locked.name != name:
            await _refuse_name_taken(layout.organization_id, name, besides=layout.id)
            before = {"name": locked.name}
            locked.name = name
            await locked.save(update_fields=["name"])
            await _record("layout.renamed", layout.id, layout.organization_id, by, before=before, after={"name": name})
    layout.name = name


async def archive(layout: Layout, *, by: Person, now: datetime) -> None:
    """Offer the layout no longer; certificates set from it stay as they are.

    Raises `LayoutInUse` where a certification or an event uses it or it is used where nobody chose one.
    """
    async with transaction():
        locked = await _lock(layout)
        if locked.archived_at is None:
            await _refuse_in_use(locked)
            locked.archived_at = now
            await locked.save(update_fields=["archived_at"])
            await _record("layout.archived", layout.id, layout.organization_id, by)
    layout.archived_at = locked.archived_at


async def restore(layout: Layout, *, by: Person) -> None:
    """Offer an archived layout again. Raises `InvalidInput` where another has taken its name meanwhile."""
    async with transaction():
        await _claim_names(layout.organization_id)
        locked = await _lock(layout)
        if locked.archived_at is not None:
            await _refuse_name_taken(layout.organization_id, locked.name, besides=layout.id)
            locked.archived_at = None
            await locked.save(update_fields=["archived_at"])
            await _record("layout.restored", layout.id, layout.organization_id, by)
    layout.archived_at = None


async def _lock(layout: Layout) -> Layout:
    return await Layout.select_for_update().get(id=layout.id)


async def _claim_names(organization_id: UUID) -> None:
    """One at a time names a layout of the organization, so that two never take the same name."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('name of layout', $1))", _key(organization_id))


def _key(organization_id: UUID) -> int:
    return int.from_bytes(organization_id.bytes[-8:], "big", signed=True)


async def _add_version(
    layout_id: UUID, definition: LayoutDefinition, number: int, *, by: Person | None
) -> LayoutVersion:
    return await LayoutVersion.create(
        layout_id=layout_id,
        version=number,
        definition=definition.model_dump(mode="json"),
        created_by_id=by.id if by else None,
    )


async def _refuse_name_taken(organization_id: UUID, name: str, besides: UUID | None = None) -> None:
    taken = Layout.filter(organization_id=organization_id, name__iexact=name, archived_at=None)
    if await (taken.exclude(id=besides) if besides else taken).exists():
        raise InvalidInput({"name": _("Another layout has this name. Choose one that tells them apart.")})


async def _refuse_in_use(layout: Layout) -> None:
    if layout.origin in queries.DEFAULTS.values():
        message = _("Certificates are set from “{name}” where no layout is chosen, so that it stays.")
        raise LayoutInUse(message.format(name=layout.name))
    uses = (await queries.uses(layout.organization_id)).get(layout.id)
    if uses:
        message = _("“{name}” is used by {titles}. Choose another layout there first.")
        raise LayoutInUse(message.format(name=layout.name, titles=", ".join(f"“{one.title}”" for one in uses[:5])))


async def _refuse_wordless(layout: Layout) -> None:
    """A certificate is not set half in English because a language's fixed words are missing."""
    for use in (await queries.uses(layout.organization_id)).get(layout.id, []):
        if words.chosen_from(use.languages) is None:
            message = _("“{title}” confers certificates in “{tag}”, which has no fixed words. These have: {those}.")
            values = {"title": use.title, "tag": ", ".join(use.languages), "those": words.offered()}
            raise InvalidInput({"definition": message.format(**values)})


async def _who_saved(current: LayoutVersion) -> str:
    saver = await Person.get_or_none(id=current.created_by_id) if current.created_by_id else None
    if saver is None:
        return _("Version {number} was saved meanwhile.").format(number=current.version)
    return _("{name} saved version {number} meanwhile.").format(name=saver.display_name, number=current.version)


async def _record(
    action: str,
    layout_id: UUID,
    organization_id: UUID,
    by: Person | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="layout",
        object_id=layout_id,
        organization_id=organization_id,
        before=before,
        after=after,
    )
