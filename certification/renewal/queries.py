"""Reads of credits used more than once."""

from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q

from certification.renewal.models import Credit, CreditState
from certification.renewal.schemas import CreditSearch
from core.pages import decode_cursor, encode_cursor


async def ledger(person_id: UUID, certification_id: UUID) -> list[Credit]:
    """A person's credits towards a certification with the renewals that used them, the latest earned first."""
    rows = Credit.filter(person_id=person_id, certification_id=certification_id)
    return await rows.order_by("-earned_on", "-created_at", "-id")


async def find(certification_id: UUID, search: CreditSearch) -> tuple[list[Credit], str | None]:
    """A page of a certification's credits in a state, with their people: the longest waiting first, else the newest."""
    rows = Credit.filter(certification_id=certification_id, state=search.state)
    waits = search.state is CreditState.claimed
    if search.cursor:
        created_at, row_id = decode_cursor(search.cursor, datetime, UUID)
        later = Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=row_id)
        earlier = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=row_id)
        rows = rows.filter(later if waits else earlier)
    ordered = rows.order_by("created_at", "id") if waits else rows.order_by("-created_at", "-id")
    found = await ordered.limit(search.limit + 1).select_related("person")
    shown = found[: search.limit]
    more = len(found) > search.limit
    return shown, encode_cursor(shown[-1].created_at, shown[-1].id) if more else None


async def count_waiting(certification_id: UUID, *, officer_id: UUID) -> int:
    """Claims that wait for a decision which this officer may take: all but their own."""
    rows = Credit.filter(certification_id=certification_id, state=CreditState.claimed)
    return await rows.exclude(person_id=officer_id).count()
