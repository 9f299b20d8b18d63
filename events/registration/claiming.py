"""The one statement that takes places. Claims that arrive together share it, its lock on the quota, and its commit."""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from accounts.tokens import new_code
from core.batching import Batcher
from core.database import fetch, is_in_transaction, new_id, transaction
from events.registration.models import CODE_LENGTH


@dataclass(frozen=True, slots=True)
class Claim:
    """One person's wish for a place; without `ticket_type_id` of the only type that is offered."""

    slug: str
    ticket_type_id: UUID | None
    person_id: UUID
    attendee_name: str
    locale: str
    now: datetime


_OPEN = """e.status = 'published' AND (e.registration_opens_at IS NULL OR e.registration_opens_at <= $3)
       AND $3 < coalesce(e.registration_closes_at, e.ends_at) AND $3 < e.ends_at
       AND t.is_offered AND t.price_minor = 0
       AND (t.opens_at IS NULL OR t.opens_at <= $3) AND (t.closes_at IS NULL OR $3 < t.closes_at)"""

# `place` refuses what is sold out without a lock; `pool` locks the quotas in id order and sees their latest count, also
# where it had to wait; `served` are as many as all of them have room for, first come, first served. `claimed` counts
# them by quota_take, whose statement begins after the lock was granted: an UPDATE in here would hold the count of this
# statement's snapshot against the check, and refuse places that a cancellation gave back meanwhile. The check
# quota_never_oversold and the index registration_once stand behind.
_TAKE = f"""
WITH place AS MATERIALIZED (
    SELECT e.id AS event_id, e.organization_id, t.id AS ticket_type_id
    FROM event e JOIN ticket_type t ON t.event_id = e.id
    WHERE e.slug = $1 AND {_OPEN}
      AND (t.id = $2 OR ($2::uuid IS NULL AND NOT EXISTS (
          SELECT 1 FROM ticket_type o WHERE o.event_id = e.id AND o.is_offered AND o.id <> t.id)))
      AND NOT EXISTS (SELECT 1 FROM ticket_type_quota tq JOIN quota q ON q.id = tq.quota_id
                      WHERE tq.ticket_type_id = t.id AND q.taken >= q.size)
), pool AS MATERIALIZED (
    SELECT q.id, q.size - q.taken AS room FROM quota q
    WHERE q.id IN (SELECT tq.quota_id FROM ticket_type_quota tq, place p WHERE tq.ticket_type_id = p.ticket_type_id)
    ORDER BY q.id FOR NO KEY UPDATE
), served AS MATERIALIZED (
    SELECT w.* FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::bytea[])
        WITH ORDINALITY AS w (id, person_id, attendee_name, code, locale, audit_id, payload, place_in_line)
    WHERE w.place_in_line <= (SELECT min(room) FROM pool)
), claimed AS MATERIALIZED (
    SELECT quota_take(pool.id, (SELECT count(*)::integer FROM served)) FROM pool
), registered AS (
    INSERT INTO registration
        (id, event_id, ticket_type_id, person_id, attendee_name, code, status, locale, created_at, cancelled_at)
    SELECT s.id, p.event_id, p.ticket_type_id, s.person_id, s.attendee_name, s.code, 'confirmed', s.locale, $3, NULL
    FROM served s, place p WHERE (SELECT count(*) FROM claimed) > 0
    RETURNING *
), noted AS (
    INSERT INTO audit_entry (id, at, actor_id, organization_id, action, object_kind, object_id, before, after)
    SELECT s.audit_id, $3, s.person_id, p.organization_id, 'registration.created', 'registration', s.id, NULL,
           jsonb_build_object('event_id', p.event_id, 'ticket_type_id', p.ticket_type_id)
    FROM served s, place p
), queued AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, headers, status)
    SELECT 0, 'registration.confirm', s.payload, now(), 'registration.confirm ' || s.id, '{{}}', 'queued' FROM served s
)
SELECT * FROM registered"""


async def take(wanted: Claim) -> asyncpg.Record | None:
    """The registration's row, or None where nothing was written: no such event, closed, sold out, or no clear type.

    Inside a transaction it is part of that. Raises `asyncpg.UniqueViolationError` on `registration_once`.
    """
    if is_in_transaction():
        async with transaction():
            return (await _take([wanted])).get(wanted.person_id)
    return await _BATCHER.put(wanted)


async def _together(claims: list[Claim]) -> dict[Hashable, asyncpg.Record]:
    """Serve claims for one ticket type; where somebody among them has a place already, each goes alone."""
    if len(claims) == 1:
        return await _take(claims)
    try:
        return await _take(claims)
    except asyncpg.UniqueViolationError:
        served: dict[Hashable, asyncpg.Record] = {}
        for claim in claims:
            served |= await _alone(claim)
        return served


async def _alone(claim: Claim) -> dict[Hashable, asyncpg.Record]:
    """One claim of a batch that failed; who has a place already is left out, and then told why by `_refusal`."""
    try:
        return await _take([claim])
    except asyncpg.UniqueViolationError:
        return {}


async def _take(claims: list[Claim]) -> dict[Hashable, asyncpg.Record]:
    """The rows that were written, by person."""
    ids = [new_id() for _ in claims]
    rows = await fetch(
        _TAKE,
        claims[0].slug,
        claims[0].ticket_type_id,
        claims[0].now,
        ids,
        [claim.person_id for claim in claims],
        [claim.attendee_name for claim in claims],
        [new_code(CODE_LENGTH) for _ in claims],
        [claim.locale for claim in claims],
        [new_id() for _ in claims],
        [json.dumps({"id": str(registration_id)}).encode() for registration_id in ids],
    )
    return {row["person_id"]: row for row in rows}


# One batch at a time: the next claims gather while the quota is locked, instead of waiting for it one by one.
_BATCHER: Batcher[Claim, asyncpg.Record] = Batcher(
    _together,
    key=lambda claim: claim.person_id,
    group=lambda claim: (claim.slug, claim.ticket_type_id),
    parallel=1,
)
