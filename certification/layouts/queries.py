"""Reads of layouts: the version to set a certificate from, its pictures, lists, and where a layout is used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutPicture, LayoutVersion
from certification.layouts.shipping import ensure_shipped
from core import files
from core.database import fetch
from core.errors import InvalidInput, NotFound
from core.i18n import gettext as _

DEFAULTS = {"certification": "classic", "event": "plain"}
"""The origin of the layout that is used where nobody chose one: at a certification, and for attendance of an event."""


@dataclass(frozen=True, slots=True)
class Use:
    """Something whose certificates are set from a layout; `is_chosen` is False where it is merely the default.

    A certificate is set in the first of `languages` that has fixed words.
    """

    kind: Literal["certification", "event"]
    slug: str
    title: str
    is_chosen: bool
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A layout in a list, with the number and moment of its present version and its uses."""

    id: UUID
    name: str
    origin: str | None
    archived_at: datetime | None
    version: int
    saved_at: datetime
    uses: tuple[Use, ...]


async def current_version(organization_id: UUID, layout_id: UUID | None, *, default_origin: str) -> LayoutVersion:
    """The version that a certificate issued now is set from, archived layouts included.

    `layout_id` is the layout that was chosen; without one it is the organization's own copy of the shipped layout
    `default_origin`, which is made where it is missing. Raises `NotFound` for a layout of another organization.
    """
    if layout_id is None:
        chosen = await Layout.get_or_none(organization_id=organization_id, origin=default_origin)
        if chosen is None:
            await ensure_shipped(organization_id)
            chosen = await Layout.get(organization_id=organization_id, origin=default_origin)
        return await latest(chosen.id)
    if not await Layout.exists(id=layout_id, organization_id=organization_id):
        raise NotFound()
    return await latest(layout_id)


async def latest(layout_id: UUID) -> LayoutVersion:
    """The present version: the one with the highest number."""
    found = await LayoutVersion.filter(layout_id=layout_id).order_by("-version").first()
    if found is None:
        raise NotFound()
    return found


async def numbered(layout_id: UUID, number: int) -> LayoutVersion:
    """The version of this number. Raises `NotFound`."""
    found = await LayoutVersion.get_or_none(layout_id=layout_id, version=number) if number < 2**31 else None
    if found is None:
        raise NotFound()
    return found


async def versions_of(layout_id: UUID) -> list[LayoutVersion]:
    """Every version, the newest first."""
    return await LayoutVersion.filter(layout_id=layout_id).order_by("-version")


def picture_ids(definition: LayoutDefinition) -> dict[str, UUID]:
    """The pictures that a definition shows, by the dotted path of the field that names each."""
    return dict(_ids(definition.model_dump(), ""))


def _ids(value: Any, path: str) -> Iterator[tuple[str, UUID]]:
    # Nothing in a definition but pictures is named by a UUID.
    if isinstance(value, UUID):
        yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, inner in parts:
        yield from _ids(inner, f"{path}.{name}" if path else str(name))


async def refuse_foreign_pictures(organization_id: UUID, definition: LayoutDefinition) -> None:
    """Raise `InvalidInput` by field for pictures that the organization does not have."""
    wanted = picture_ids(definition)
    if not wanted:
        return
    known = set(
        await LayoutPicture.filter(organization_id=organization_id, id__in=list(wanted.values())).values_list(
            "id", flat=True
        )
    )
    if missing := {path: _("Choose one of your pictures.") for path, one in wanted.items() if one not in known}:
        raise InvalidInput(missing)


async def pictures_of(definition: LayoutDefinition) -> dict[UUID, bytes]:
    """The bytes of the pictures that a definition shows, archived ones too. Raises `NotFound` where one is gone."""
    wanted = definition.pictures()
    if not wanted:
        return {}
    found = await LayoutPicture.filter(id__in=list(wanted))
    if len(found) < len(wanted):
        raise NotFound()
    return {picture.id: await files.get(picture.sha256) for picture in found}


async def pictures(organization_id: UUID, *, archived: bool = False) -> list[LayoutPicture]:
    """The organization's pictures by name: those on offer, or those in the archive."""
    return await LayoutPicture.filter(organization_id=organization_id, archived_at__isnull=not archived).order_by(
        "name", "id"
    )


async def layouts(organization_id: UUID, *, archived: bool = False) -> list[LayoutRow]:
    """The organization's layouts by name, with their uses: those on offer, or those in the archive. Two queries."""
    rows = await fetch(
        """SELECT layout.id, name, origin, archived_at, version.version, version.created_at AS saved_at
           FROM layout JOIN LATERAL
             (SELECT version, created_at FROM layout_version WHERE layout_id = layout.id
              ORDER BY version DESC LIMIT 1) AS version ON true
           WHERE organization_id = $1 AND (archived_at IS NOT NULL) = $2
           ORDER BY name, layout.id""",
        organization_id,
        archived,
    )
    used = await uses(organization_id)
    return [LayoutRow(**row, uses=tuple(used.get(row["id"], ()))) for row in rows]


async def uses(organization_id: UUID) -> dict[UUID, list[Use]]:
    """What each layout of the organization is used for; certifications and events that chose none count for defaults.

    Retired certifications count too: a name on one of their certificates may still be corrected.
    """
    rows = await fetch(
        """SELECT layout.id, used.kind, used.slug, used.title, used.layout_id IS NOT NULL AS is_chosen, used.languages
           FROM (SELECT 'certification' AS kind, organization_id, slug, title, layout_id,
                        ARRAY[language::text] AS languages FROM certification
                 UNION ALL
                 SELECT 'event', event.organization_id, event.slug, event.title, offer.layout_id, event.languages
                 FROM attendance_offer AS offer JOIN event ON event.id = offer.event_id WHERE offer.is_on) AS used
           JOIN layout ON layout.id = used.layout_id
             OR (used.layout_id IS NULL AND layout.organization_id = used.organization_id
                 AND layout.origin = CASE used.kind WHEN 'certification' THEN $2 ELSE $3 END)
           WHERE used.organization_id = $1 ORDER BY used.kind, used.title""",
        organization_id,
        DEFAULTS["certification"],
        DEFAULTS["event"],
    )
    found: dict[UUID, list[Use]] = {}
    for layout_id, kind, slug, title, is_chosen, languages in rows:
        found.setdefault(layout_id, []).append(Use(kind, slug, title, is_chosen, tuple(languages)))
    return found
