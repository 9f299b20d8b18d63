"""Reads of the catalogue that several pages use."""

from collections.abc import Sequence
from uuid import UUID

from events.catalog.models import Event, Venue


async def events_of(organization_id: UUID, *, only: Sequence[UUID] | None = None) -> list[Event]:
    """An organization's events with their venues, the latest first; `only` narrows them to some. At most 500."""
    found = Event.filter(organization_id=organization_id).select_related("venue", "organization")
    if only is not None:
        found = found.filter(id__in=list(only))
    return await found.order_by("-starts_at", "id").limit(500)


async def venues_of(organization_id: UUID) -> list[Venue]:
    """The places where an organization has held events, by name. At most 500."""
    return await Venue.filter(organization_id=organization_id).order_by("name", "city", "id").limit(500)
