"""Reads of certifications used more than once."""

from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q

from certification.programs.models import (
    Certification,
    CertificationPolicy,
    CertificationStatus,
    Domain,
    Entitlement,
)
from certification.programs.schemas import CertificationSearch
from core.errors import NotFound
from core.pages import decode_cursor, encode_cursor


async def current_policy(certification_id: UUID) -> CertificationPolicy:
    """The rules that an attempt started now would follow: the highest version."""
    policy = await CertificationPolicy.filter(certification_id=certification_id).order_by("-version").first()
    if policy is None:
        raise NotFound()
    return policy


async def domains_of(certification_id: UUID) -> list[Domain]:
    """The certification's domains in their order."""
    return await Domain.filter(certification_id=certification_id).order_by("position", "name")


async def published(search: CertificationSearch) -> tuple[list[Certification], str | None]:
    """A page of the published certifications by title, and the cursor to the next."""
    rows = Certification.filter(status=CertificationStatus.published)
    if search.q:
        rows = rows.filter(title__icontains=search.q)
    if search.cursor:
        title, row_id = decode_cursor(search.cursor, str, UUID)
        rows = rows.filter(Q(title__gt=title) | Q(title=title, id__gt=row_id))
    found = await rows.order_by("title", "id").limit(search.limit + 1).select_related("organization")
    shown = found[: search.limit]
    more = len(found) > search.limit
    return shown, encode_cursor(shown[-1].title, shown[-1].id) if more else None


async def entitlements_of(person_id: UUID, certification_id: UUID, *, now: datetime) -> list[Entitlement]:
    """Entitlements that still allow an attempt at `now`, the one that ends first in front."""
    rows = await Entitlement.filter(
        person_id=person_id, certification_id=certification_id, valid_until__gt=now
    ).order_by("valid_until", "id")
    return [row for row in rows if row.attempts_left > 0]
