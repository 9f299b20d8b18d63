"""The append-only record of who did what."""

from typing import Any
from uuid import UUID

from accounts.models import AuditEntry, Person


async def record(
    action: str,
    *,
    by: Person | None,
    object_kind: str,
    object_id: UUID,
    organization_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append one entry, in the running transaction.

    `action` is a past fact such as `event.published`; `by` is None for the platform itself. `before` and `after` hold
    only the fields that changed, JSON-serialisable, and never personal data of attendees, answers or secrets.
    """
    await AuditEntry.create(
        action=action,
        actor_id=by.id if by else None,
        object_kind=object_kind,
        object_id=object_id,
        organization_id=organization_id,
        before=before,
        after=after,
    )
