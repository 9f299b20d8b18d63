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
from certification.programs.schemas import CertificationSearch, EntitlementSearch
from core.database import fetchval
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


async def count_items(certification_id: UUID) -> int:
    """Items of the bank that are in use."""
    found: int = await fetchval(
        "SELECT count(*) FROM item WHERE certification_id = $1 AND retired_at IS NULL", certification_id
    )
    return found


async def published(search: CertificationSearch) -> tuple[list[Certification], str | None]:
    """A page of the published certifications by title, and the cursor to the next."""
    rows = Certification.filter(status=CertificationStatus.published)
    if search.q:
        rows = rows.filter(
            Q(title__icontains=search.q)
            | Q(summary__icontains=search.q)
            | Q(statement__icontains=search.q)
            | Q(organization__name__icontains=search.q)
        )
    if search.cursor:
        # The id alone stands in the cursor: a title may hold signs that a cursor may not.
        (row_id,) = decode_cursor(search.cursor, UUID)
        title = await fetchval("SELECT title FROM certification WHERE id = $1", row_id)
        rows = rows.filter(Q(title__gt=title or "") | Q(title=title or "", id__gt=row_id))
    found = await rows.order_by("title", "id").limit(search.limit + 1).select_related("organization")
    shown = found[: search.limit]
    more = len(found) > search.limit
    return shown, encode_cursor(shown[-1].id) if more else None


async def entitlements_of(person_id: UUID, certification_id: UUID, *, now: datetime) -> list[Entitlement]:
    """Entitlements that still allow an attempt at `now`, the one that ends first in front."""
    rows = await Entitlement.filter(
        person_id=person_id, certification_id=certification_id, valid_until__gt=now
    ).order_by("valid_until", "id")
    return [row for row in rows if row.attempts_left > 0]


async def entitlements_for(
    certification_id: UUID, search: EntitlementSearch, *, now: datetime
) -> tuple[list[Entitlement], str | None]:
    """A page of a certification's entitlements with their people, the newest first."""
    rows = Entitlement.filter(certification_id=certification_id)
    if search.q:
        rows = rows.filter(Q(person__display_name__icontains=search.q) | Q(person__email__icontains=search.q))
    if not search.ended:
        rows = rows.filter(valid_until__gt=now)
    if search.cursor:
        created_at, row_id = decode_cursor(search.cursor, datetime, UUID)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=row_id))
    found = await rows.order_by("-created_at", "-id").limit(search.limit + 1).select_related("person")
    shown = found[: search.limit]
    more = len(found) > search.limit
    return shown, encode_cursor(shown[-1].created_at, shown[-1].id) if more else None


async def of_organizations(organization_ids: list[UUID]) -> list[Certification]:
    """Every certification of these organizations, drafts included, the newest first."""
    return await Certification.filter(organization_id__in=organization_ids).order_by("-created_at", "-id")
