"""Pictures that layouts show: uploading, naming, archiving. Their bytes never change, nor what shows them."""

from datetime import datetime
from typing import Any

from accounts import audit
from accounts.models import Organization, Person
from certification.layouts.checking_pictures import CheckedPicture, check
from certification.layouts.models import LayoutPicture
from core import confinement, files
from core.database import fetchval, new_id, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _

_SECONDS = 10.0
"""Of a core, for opening, sizing and writing a picture of 25 million pixels; it takes two."""


async def upload(organization: Organization, name: str, content: bytes, *, by: Person, now: datetime) -> LayoutPicture:
    """Keep a PNG or JPEG under `name`, checked, upright, in sRGB and without metadata.

    The same picture again is the one that is there, out of the archive if need be, under its old name. Raises
    `InvalidInput` on `file`. Side effect: the bytes are in the file store before the row refers to them.
    """
    checked = await _checked(content)
    sha256 = await files.put(checked.content)
    async with transaction():
        made = await fetchval(
            """INSERT INTO layout_picture
                 (id, organization_id, name, sha256, content_type, width, height, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (organization_id, sha256) DO NOTHING RETURNING id""",
            new_id(),
            organization.id,
            name,
            sha256,
            checked.content_type,
            checked.width,
            checked.height,
            now,
        )
        picture = await LayoutPicture.select_for_update().get(organization_id=organization.id, sha256=sha256)
        picture.organization = organization
        if made is not None:
            after = {"name": name, "width": picture.width, "height": picture.height}
            await _record("layout_picture.uploaded", picture, by, after=after)
        elif picture.archived_at is not None:
            await _set_archived(picture, None, by=by)
    return picture


async def _checked(content: bytes) -> CheckedPicture:
    try:
        return await confinement.run(check, content, seconds=_SECONDS)
    except (confinement.Stopped, confinement.Failed):
        raise InvalidInput({"file": _("This picture is too involved to be read. Save it anew, or smaller.")}) from None


async def rename(picture: LayoutPicture, name: str, *, by: Person) -> None:
    """Give the picture another name; layouts know it by its id."""
    async with transaction():
        locked = await LayoutPicture.select_for_update().get(id=picture.id)
        if locked.name != name:
            before = {"name": locked.name}
            locked.name = name
            await locked.save(update_fields=["name"])
            await _record("layout_picture.renamed", locked, by, before=before, after={"name": name})
    picture.name = name


async def archive(picture: LayoutPicture, *, by: Person, now: datetime) -> None:
    """Offer the picture no longer. Layouts that show it go on doing so."""
    async with transaction():
        locked = await LayoutPicture.select_for_update().get(id=picture.id)
        if locked.archived_at is None:
            await _set_archived(locked, now, by=by)
    picture.archived_at = locked.archived_at


async def restore(picture: LayoutPicture, *, by: Person) -> None:
    """Offer an archived picture again."""
    async with transaction():
        locked = await LayoutPicture.select_for_update().get(id=picture.id)
        if locked.archived_at is not None:
            await _set_archived(locked, None, by=by)
    picture.archived_at = None


async def _set_archived(locked: LayoutPicture, moment: datetime | None, *, by: Person) -> None:
    locked.archived_at = moment
    await locked.save(update_fields=["archived_at"])
    await _record("layout_picture.archived" if moment else "layout_picture.restored", locked, by)


async def _record(
    action: str,
    picture: LayoutPicture,
    by: Person,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="layout_picture",
        object_id=picture.id,
        organization_id=picture.organization_id,
        before=before,
        after=after,
    )
