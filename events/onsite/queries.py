"""Reads of check-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from core.database import fetch, fetchrow


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of those who registered are there."""

    registered: int
    checked_in: int


async def counts(event_id: UUID, list_id: UUID) -> Counts:
    """The counts of one check-in list."""
    row = await fetchrow(
        """SELECT (SELECT count(*) FROM registration WHERE event_id = $1 AND status = 'confirmed') AS registered,
                  (SELECT count(*) FROM check_in WHERE check_in_list_id = $2) AS checked_in""",
        event_id,
        list_id,
    )
    return Counts(row["registered"], row["checked_in"]) if row else Counts(0, 0)


@dataclass(frozen=True, slots=True)
class ListRow:
    """A check-in list with the session it belongs to, if any, and how many were checked in there."""

    id: UUID
    name: str
    session_id: UUID | None
    starts_at: datetime | None
    checked_in: int


async def lists(event_id: UUID) -> list[ListRow]:
    """The check-in lists of an event: entrances in their order, then sessions by time. One statement."""
    rows = await fetch(
        """SELECT l.id, coalesce(s.title, l.name) AS name, l.session_id, s.starts_at,
                  (SELECT count(*) FROM check_in c WHERE c.check_in_list_id = l.id) AS checked_in
           FROM check_in_list l LEFT JOIN session s ON s.id = l.session_id WHERE l.event_id = $1
           ORDER BY l.session_id IS NOT NULL, l.position, s.starts_at NULLS LAST, name, l.id""",
        event_id,
    )
    return [ListRow(**dict(row)) for row in rows]


async def latest(list_id: UUID, limit: int = 10) -> Sequence[asyncpg.Record]:
    """The last scans of a list, newest first: id, checked_in_at, attendee_name, ticket_type, checked_in_by."""
    return await fetch(
        """SELECT c.id, c.checked_in_at, r.attendee_name, t.name AS ticket_type, p.display_name AS checked_in_by
           FROM check_in c JOIN registration r ON r.id = c.registration_id JOIN ticket_type t ON t.id = r.ticket_type_id
           LEFT JOIN person p ON p.id = c.checked_in_by_id
           WHERE c.check_in_list_id = $1 ORDER BY c.checked_in_at DESC, c.id DESC LIMIT $2""",
        list_id,
        limit,
    )


async def by_minute(list_id: UUID, limit: int = 60) -> list[tuple[datetime, int]]:
    """Scans in each of the last minutes that had any, oldest first."""
    rows = await fetch(
        """SELECT date_trunc('minute', checked_in_at) AS minute, count(*) AS scans FROM check_in
           WHERE check_in_list_id = $1 GROUP BY 1 ORDER BY 1 DESC LIMIT $2""",
        list_id,
        limit,
    )
    return [(row["minute"], row["scans"]) for row in reversed(rows)]
