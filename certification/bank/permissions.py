"""Who may see and change items: the authors of their certification, for an item shows its key."""

from uuid import UUID

from accounts.models import Person
from certification.bank.models import Item
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from core.errors import NotFound


async def access_bank(slug: str, person: Person | None) -> Certification:
    """The certification whose items `person` may edit. Raises `NotFound` or `Forbidden`."""
    return await access_certification(slug, person, permission="certification:item:edit")


async def access_item(slug: str, item_id: UUID, person: Person | None) -> tuple[Certification, Item]:
    """An item and its certification for an author. Raises `NotFound` or `Forbidden`."""
    certification = await access_bank(slug, person)
    item = await Item.get_or_none(id=item_id, certification_id=certification.id)
    if item is None:
        raise NotFound()
    return certification, item
