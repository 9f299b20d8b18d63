"""Giving every organization the shipped layouts as rows of its own, which it may then change."""

from uuid import UUID

from accounts import audit
from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutVersion
from core.database import fetchval, new_id, transaction


async def ensure_shipped(organization_id: UUID) -> None:
    """Give the organization the shipped layouts that it lacks, each once however many ask for them at the same time."""
    rows = await Layout.filter(organization_id=organization_id, origin__not_isnull=True)
    present = {row.origin for row in rows}
    for origin, definition in shipped.DEFINITIONS.items():
        if origin not in present:
            await _ship(organization_id, origin, definition)


async def _ship(organization_id: UUID, origin: str, definition: LayoutDefinition) -> None:
    async with transaction():
        # Whoever comes second waits here for the first, and then finds the row and version of the first.
        made = await fetchval(
            """INSERT INTO layout (id, organization_id, name, origin, created_at)
               VALUES ($1, $2, $3, $4, now()) ON CONFLICT (organization_id, origin) DO NOTHING RETURNING id""",
            new_id(),
            organization_id,
            origin.capitalize(),
            origin,
        )
        if made is not None:
            await LayoutVersion.create(layout_id=made, version=1, definition=definition.model_dump(mode="json"))
            await audit.record(
                "layout.created",
                by=None,
                object_kind="layout",
                object_id=made,
                organization_id=organization_id,
                after={"origin": origin, "version": 1},
            )
