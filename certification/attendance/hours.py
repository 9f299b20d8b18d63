"""Hours attended: of each registration that was checked in, by one rule for the whole event.

1. Where check-in is switched on for at least one scheduled session, hours are those of the sessions a person was
   checked in at. Sessions without check-in do not count then, and who only passed the entrance has none.
2. Else they are the length of the programme: every scheduled session, for everybody who was checked in.
3. Else, without a scheduled session, they are the event's own length; of an event of several days, each day from the
   time it starts to the time it ends on the clock of its zone.

Sessions at the same time count once, breaks never. Hours are rounded to hundredths, half up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from core.database import fetch, fetchrow
from core.errors import NotFound
from events.catalog.models import Event

_CENT = Decimal("0.01")
_DAY = timedelta(days=1)


class HoursRule(StrEnum):
    """What an event's hours rest on."""

    sessions = "sessions"
    programme = "programme"
    event = "event"


@dataclass(frozen=True, slots=True)
class Basis:
    """The rule of an event and, where everybody attended the same, how many hours that are."""

    rule: HoursRule
    hours_of_all: Decimal | None


@dataclass(frozen=True, slots=True)
class Attended:
    """One registration that was checked in. `number` is that of its certificate, `problem` why there is none yet."""

    registration_id: UUID
    person_id: UUID
    name: str
    registered_at: datetime
    hours: Decimal
    credits: Decimal
    number: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Summary:
    """How many were checked in, how many of them have a certificate, and the hours of all together."""

    there: int
    issued: int
    hours: Decimal


# The union of time ranges as a multirange: what overlaps counts once (PostgreSQL 14, section 8.17).
_SPAN = "sum(extract(epoch FROM upper(u) - lower(u))) / 3600"
_BASIS = f"""
SELECT EXISTS (SELECT 1 FROM session s JOIN check_in_list l ON l.session_id = s.id
               WHERE s.event_id = $1 AND s.kind <> 'break' AND s.starts_at IS NOT NULL) AS is_kept,
       (SELECT {_SPAN} FROM (SELECT unnest(range_agg(tstzrange(starts_at, ends_at))) AS u FROM session
                             WHERE event_id = $1 AND kind <> 'break' AND starts_at IS NOT NULL) x) AS programme"""

CHECKED_IN = f"""
SELECT r.id AS registration_id, r.person_id, r.created_at AS registered_at,
       coalesce(nullif(p.certificate_name, ''), r.attendee_name) AS name,
       round(coalesce($2::numeric, (
           SELECT {_SPAN} FROM (
               SELECT unnest(range_agg(tstzrange(s.starts_at, s.ends_at))) AS u
               FROM check_in c JOIN check_in_list l ON l.id = c.check_in_list_id JOIN session s ON s.id = l.session_id
               WHERE c.registration_id = r.id AND s.kind <> 'break' AND s.starts_at IS NOT NULL) x), 0), 2) AS hours
FROM registration r JOIN person p ON p.id = r.person_id
WHERE r.event_id = $1 AND r.status = 'confirmed' AND p.erased_at IS NULL
  AND EXISTS (SELECT 1 FROM check_in c WHERE c.registration_id = r.id)"""
"""Who was checked in at the event $1, with hours; $2 is the hours of all, or NULL where each has their own."""


async def basis_of(event: Event) -> Basis:
    """The rule that an event's hours follow as its programme stands now."""
    row = await fetchrow(_BASIS, event.id)
    if row is None:
        raise NotFound()
    if row["is_kept"]:
        return Basis(HoursRule.sessions, None)
    if row["programme"]:
        return Basis(HoursRule.programme, rounded(row["programme"]))
    return Basis(HoursRule.event, own_length(event))


def own_length(event: Event) -> Decimal:
    """The event's length in hours by its own clock: 9:00 to 17:00 on three days are 24, 20:00 to 2:00 are 6."""
    starts, ends = (moment.astimezone(event.zone).replace(tzinfo=None) for moment in (event.starts_at, event.ends_at))
    whole = ends - starts
    a_day = (ends - starts) % _DAY
    if whole <= _DAY or not a_day:
        return _hours(whole)
    return _hours(a_day * ((whole - a_day) // _DAY + 1))


def credits_for(hours: Decimal, credits_per_hour: Decimal) -> Decimal:
    """What these hours are worth, rounded to hundredths, half up."""
    return rounded(hours * credits_per_hour)


async def attended(
    event: Event, *, credits_per_hour: Decimal, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[Attended]:
    """Who was checked in, in the order of registering, with their certificates; from after a registration on."""
    basis = await basis_of(event)
    rows = await fetch(
        f"""WITH there AS ({CHECKED_IN} AND ($3::timestamptz IS NULL OR (r.created_at, r.id) > ($3, $4::uuid))
                           ORDER BY r.created_at, r.id LIMIT $5)
            SELECT t.*, c.number, c.hours AS frozen_hours, c.credits AS frozen_credits, q.problem
            FROM there t LEFT JOIN issue_request q ON q.source_kind = 'attendance' AND q.source_id = t.registration_id
            LEFT JOIN certificate c ON c.issue_request_id = q.id ORDER BY t.registered_at, t.registration_id""",
        event.id,
        basis.hours_of_all,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [
        Attended(
            registration_id=row["registration_id"],
            person_id=row["person_id"],
            name=row["name"],
            registered_at=row["registered_at"],
            hours=row["hours"] if row["frozen_hours"] is None else row["frozen_hours"],
            credits=row["frozen_credits"] if row["number"] else credits_for(row["hours"], credits_per_hour),
            number=row["number"],
            problem=row["problem"] or "",
        )
        for row in rows
    ]


async def summary(event: Event) -> Summary:
    """The counts of everybody who was checked in."""
    row = await fetchrow(
        f"""WITH there AS ({CHECKED_IN})
            SELECT count(*) AS there, count(c.id) AS issued, coalesce(sum(t.hours), 0) AS hours
            FROM there t LEFT JOIN issue_request q ON q.source_kind = 'attendance' AND q.source_id = t.registration_id
            LEFT JOIN certificate c ON c.issue_request_id = q.id""",
        event.id,
        (await basis_of(event)).hours_of_all,
    )
    return Summary(row["there"], row["issued"], row["hours"]) if row else Summary(0, 0, Decimal(0))


def rounded(value: Decimal) -> Decimal:
    """To hundredths, half up."""
    return Decimal(value).quantize(_CENT, ROUND_HALF_UP)


def _hours(span: timedelta) -> Decimal:
    return rounded(Decimal(round(span.total_seconds())) / 3600)
