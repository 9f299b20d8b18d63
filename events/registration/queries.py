"""Reads of registration that more than one place needs; plain SQL, because lists of 100,000 pass through here."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from accounts.codes import read_code
from core.database import fetch, fetchrow, fetchval
from core.pages import decode_cursor, encode_cursor
from events.registration.models import CODE_LENGTH, Quota
from events.registration.schemas import QuotaOut, RegistrationsQuery, TicketTypeOut

Row = asyncpg.Record
TAKES_A_PLACE = "status NOT IN ('cancelled', 'declined', 'expired')"


@dataclass(frozen=True, slots=True)
class TicketOffer:
    """A ticket type as a visitor sees it; `places_left` is that of its scarcest quota."""

    id: UUID
    name: str
    description: str
    price_minor: int
    currency: str
    opens_at: datetime | None
    closes_at: datetime | None
    places_left: int
    is_on_sale: bool

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing."""
        return self.price_minor == 0

    @property
    def is_sold_out(self) -> bool:
        """Whether no place is left."""
        return self.places_left <= 0


_OFFER = """
SELECT t.id, t.name, t.description, t.price_minor, t.currency, t.opens_at, t.closes_at, t.is_offered,
       coalesce(min(q.size - q.taken), 0) AS places_left,
       t.is_offered AND (t.opens_at IS NULL OR t.opens_at <= $2) AND (t.closes_at IS NULL OR $2 < t.closes_at)
           AS is_on_sale,
       coalesce(array_agg(q.id ORDER BY q.id) FILTER (WHERE q.id IS NOT NULL), '{}') AS quotas
FROM ticket_type t LEFT JOIN ticket_type_quota tq ON tq.ticket_type_id = t.id LEFT JOIN quota q ON q.id = tq.quota_id
WHERE t.event_id = $1 GROUP BY t.id ORDER BY t.position, t.id"""


async def offer(event_id: UUID, now: datetime) -> list[TicketOffer]:
    """The ticket types offered for an event, in their order, with what is left of each."""
    names = TicketOffer.__slots__
    rows = await fetch(_OFFER, event_id, now)
    return [TicketOffer(**{name: row[name] for name in names}) for row in rows if row["is_offered"]]


async def ticket_types(event_id: UUID, now: datetime) -> list[TicketTypeOut]:
    """All ticket types of an event for its organizers, withdrawn ones included."""
    return [TicketTypeOut(**dict(row)) for row in await fetch(_OFFER, event_id, now)]


async def quotas(event_id: UUID) -> list[QuotaOut]:
    """The quotas of an event, oldest first."""
    rows = await Quota.filter(event_id=event_id).order_by("id")
    return [QuotaOut(id=row.id, name=row.name, size=row.size, taken=row.taken) for row in rows]


async def taken(event_id: UUID) -> int:
    """How many registrations take a place at the event."""
    sql = f"SELECT count(*) FROM registration WHERE event_id = $1 AND {TAKES_A_PLACE}"
    return int(await fetchval(sql, event_id))


async def registration_of(event_id: UUID, person_id: UUID) -> UUID | None:
    """The id of the registration with which the person has a place at the event, or None."""
    sql = f"SELECT id FROM registration WHERE event_id = $1 AND person_id = $2 AND {TAKES_A_PLACE}"
    found: UUID | None = await fetchval(sql, event_id, person_id)
    return found


_JOIN_URL = f"""CASE WHEN e.format <> 'in_person' AND e.status <> 'cancelled' AND r.{TAKES_A_PLACE}
                THEN e.online_url ELSE '' END AS join_url"""
"""Where to attend online, for those who have a place; empty for others, and where everybody meets in person."""

_MINE = f"""
SELECT r.id, r.code, r.status, r.attendee_name, r.created_at, r.cancelled_at, r.ticket_type_id,
       t.name AS ticket_type_name, e.id AS event_id, e.slug AS event_slug, e.title AS event_title,
       e.starts_at AS event_starts_at, e.ends_at AS event_ends_at, e.time_zone AS event_time_zone,
       e.status AS event_status, v.city AS venue_city, {_JOIN_URL},
       (SELECT min(c.checked_in_at) FROM check_in c WHERE c.registration_id = r.id) AS checked_in_at
FROM registration r JOIN event e ON e.id = r.event_id JOIN ticket_type t ON t.id = r.ticket_type_id
LEFT JOIN venue v ON v.id = e.venue_id
WHERE r.person_id = $1"""


async def mine(person_id: UUID, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a person's registrations, the latest made first, and the cursor of the next page."""
    arguments: list[object] = [person_id]
    where = ""
    if cursor is not None:
        arguments += decode_cursor(cursor, datetime, UUID)
        where = " AND (r.created_at, r.id) < ($2, $3)"
    rows = await fetch(f"{_MINE}{where} ORDER BY r.created_at DESC, r.id DESC LIMIT {limit + 1:d}", *arguments)
    page = [dict(row) for row in rows[:limit]]
    return page, encode_cursor(page[-1]["created_at"], page[-1]["id"]) if len(rows) > limit else None


async def all_mine(person_id: UUID) -> list[dict[str, Any]]:
    """All registrations of a person by the time of their event, at most 1,000."""
    return [dict(row) for row in await fetch(f"{_MINE} ORDER BY e.starts_at, r.id LIMIT 1000", person_id)]


@dataclass(frozen=True, slots=True)
class AttendeePage:
    """One page of the organizer's list, newest first, with the cursors to both sides."""

    rows: Sequence[Row]
    next_cursor: str | None
    previous_cursor: str | None


_ATTENDEE = """
SELECT r.id, r.code, r.status, r.attendee_name, p.email, r.ticket_type_id AS ticket_type, t.name AS ticket_type_name,
       r.created_at, r.cancelled_at,
       (SELECT min(c.checked_in_at) FROM check_in c WHERE c.registration_id = r.id) AS checked_in_at
FROM registration r JOIN person p ON p.id = r.person_id JOIN ticket_type t ON t.id = r.ticket_type_id"""


def _matching(event_id: UUID, query: RegistrationsQuery) -> tuple[str, list[Any]]:
    """The WHERE clause of a search and its arguments."""
    arguments: list[Any] = [event_id]
    where = "r.event_id = $1"
    if query.status is not None:
        arguments.append(query.status.value)
        where += f" AND r.status = ${len(arguments)}"
    if query.ticket_type is not None:
        arguments.append(query.ticket_type)
        where += f" AND r.ticket_type_id = ${len(arguments)}"
    if query.checked_in is not None:
        there = "EXISTS" if query.checked_in else "NOT EXISTS"
        where += f" AND {there} (SELECT 1 FROM check_in c WHERE c.registration_id = r.id)"
    if text := query.q.strip():
        escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        arguments += [f"%{escaped}%", read_code(text, CODE_LENGTH)]
        part, code = len(arguments) - 1, len(arguments)
        where += (
            f" AND (unaccent(r.attendee_name) ILIKE unaccent(${part}) OR r.code = ${code}"
            f" OR r.person_id IN (SELECT id FROM person WHERE email ILIKE ${part}))"
        )
    return where, arguments


async def attendees(event_id: UUID, query: RegistrationsQuery, *, back: bool = False) -> AttendeePage:
    """One page of the organizer's list; `back` reads the page before `query.cursor`.

    By the key (created_at, id), so the last of 2,000 pages costs what the first does.
    """
    where, arguments = _matching(event_id, query)
    if query.cursor is not None:
        arguments += decode_cursor(query.cursor, datetime, UUID)
        sign = ">" if back else "<"
        where += f" AND (r.created_at, r.id) {sign} (${len(arguments) - 1}, ${len(arguments)})"
    order = "ASC" if back else "DESC"
    sql = f"{_ATTENDEE} WHERE {where} ORDER BY r.created_at {order}, r.id {order} LIMIT {query.limit + 1:d}"
    rows = await fetch(sql, *arguments)
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    if back:
        rows = rows[::-1]
    if not rows:
        return AttendeePage(rows, None, None)
    has_next, has_previous = (True, has_more) if back else (has_more, query.cursor is not None)
    return AttendeePage(
        rows,
        encode_cursor(rows[-1]["created_at"], rows[-1]["id"]) if has_next else None,
        encode_cursor(rows[0]["created_at"], rows[0]["id"]) if has_previous else None,
    )


async def attendees_in_slices(event_id: UUID, query: RegistrationsQuery, size: int) -> AsyncIterator[Sequence[Row]]:
    """The whole list that a search finds, oldest first, `size` rows at a time, each slice by a statement of its own.

    By the key (created_at, id), so that no connection is held between two slices, and the last costs what the first
    does. Each row comes once; one that is made meanwhile may come or not.
    """
    where, arguments = _matching(event_id, query)
    created_at, registration_id = len(arguments) + 1, len(arguments) + 2
    after: tuple[object, ...] = ()
    while True:
        later = f" AND (r.created_at, r.id) > (${created_at}, ${registration_id})" if after else ""
        sql = f"{_ATTENDEE} WHERE {where}{later} ORDER BY r.created_at, r.id LIMIT {size:d}"
        rows = await fetch(sql, *arguments, *after)
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = (rows[-1]["created_at"], rows[-1]["id"])


async def registrations_by_day(event_id: UUID, time_zone: str) -> list[tuple[date, int]]:
    """Registrations that take a place, added up by the day of the event's zone on which they were made."""
    rows = await fetch(
        f"""SELECT day, sum(made) OVER (ORDER BY day)::int AS standing FROM (
                SELECT (created_at AT TIME ZONE $2)::date AS day, count(*) AS made FROM registration
                WHERE event_id = $1 AND {TAKES_A_PLACE} GROUP BY 1) AS days ORDER BY day""",
        event_id,
        time_zone,
    )
    return [(row["day"], row["standing"]) for row in rows]


_TICKET = f"""
SELECT r.id, r.code, r.status, r.attendee_name, r.locale, r.person_id, r.created_at, r.cancelled_at,
       t.name AS ticket_type_name, p.email, p.display_name,
       e.id AS event_id, e.slug, e.title, e.starts_at, e.ends_at, e.time_zone, e.status AS event_status, e.sequence,
       {_JOIN_URL}, e.updated_at, e.cancellation_reason,
       o.name AS organization_name, o.accent,
       v.name AS venue_name, v.street, v.postal_code, v.city, v.region, v.country
FROM registration r JOIN event e ON e.id = r.event_id JOIN organization o ON o.id = e.organization_id
JOIN ticket_type t ON t.id = r.ticket_type_id JOIN person p ON p.id = r.person_id
LEFT JOIN venue v ON v.id = e.venue_id"""


async def ticket(registration_id: UUID) -> dict[str, Any] | None:
    """A registration with all that its ticket, mail and calendar entry show."""
    row = await fetchrow(f"{_TICKET} WHERE r.id = $1", registration_id)
    return dict(row) if row is not None else None


async def tickets_of_person(person_id: UUID) -> list[dict[str, Any]]:
    """The same for all registrations of a person, cancelled ones included, for the calendar feed; at most 1,000."""
    rows = await fetch(f"{_TICKET} WHERE r.person_id = $1 ORDER BY e.starts_at DESC, r.id LIMIT 1000", person_id)
    return [dict(row) for row in rows]


async def tickets_of_event(event_id: UUID, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The same for a batch of an event's registrations that take a place, by id."""
    rows = await fetch(
        f"{_TICKET} WHERE r.event_id = $1 AND r.{TAKES_A_PLACE} AND ($2::uuid IS NULL OR r.id > $2)"
        f" ORDER BY r.id LIMIT {limit:d}",
        event_id,
        after,
    )
    return [dict(row) for row in rows]
