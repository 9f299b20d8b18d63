"""Jobs of registration: the mails that follow a registration, a cancellation, and a change of the event."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from core.announce import on
from core.database import transaction
from core.jobs import enqueue, job
from events.registration import emails, queries

BATCH = 200
"""Attendees told by one job: a second or two of work, so that a failure repeats little."""

Facts = Mapping[str, Any]
_TELL: dict[str, Callable[[Facts, Facts], Awaitable[None]]] = {
    "event.moved": emails.tell_event_moved,
    "event.cancelled": emails.tell_event_cancelled,
}


@job("registration.confirm", attempts=10)
async def confirm(payload: dict[str, Any]) -> None:
    """Send the confirmation of one registration; none if it, or the event, was cancelled in the meantime."""
    facts = await queries.ticket(UUID(payload["id"]))
    if facts is not None and facts["status"] == "confirmed" and facts["event_status"] != "cancelled":
        await emails.confirm(facts)


@job("registration.tell_cancelled", attempts=10)
async def tell_cancelled(payload: dict[str, Any]) -> None:
    """Tell the attendee that the registration was cancelled."""
    facts = await queries.ticket(UUID(payload["id"]))
    if facts is not None:
        await emails.tell_cancelled(facts)


@on("event.moved", name="registration.event_moved")
async def event_moved(event_id: UUID, facts: dict[str, Any]) -> None:
    """Start telling the attendees of an event that its time or place changed."""
    await _tell_from(event_id, "event.moved", facts, after=None)


@on("event.cancelled", name="registration.event_cancelled")
async def event_cancelled(event_id: UUID, facts: dict[str, Any]) -> None:
    """Start telling the attendees of an event that it is cancelled."""
    await _tell_from(event_id, "event.cancelled", facts, after=None)


@job("registration.tell_attendees", attempts=10)
async def tell_attendees(payload: dict[str, Any]) -> None:
    """Tell the next attendees, and leave the rest to the next job, in one transaction.

    The mails' keys hold the event's sequence, so that a second run writes none twice.
    """
    tell = _TELL[payload["topic"]]
    event_id, after = UUID(payload["event"]), UUID(payload["after"]) if payload["after"] else None
    async with transaction():
        batch = await queries.tickets_of_event(event_id, after=after, limit=BATCH)
        for facts in batch:
            await tell(facts, payload["facts"])
        if len(batch) == BATCH:
            await _tell_from(event_id, payload["topic"], payload["facts"], after=batch[-1]["id"])


async def _tell_from(event_id: UUID, topic: str, facts: Facts, *, after: UUID | None) -> None:
    """Queue telling those after `after`; its key holds the change, for a job that runs may have read an earlier one."""
    payload = {"event": str(event_id), "topic": topic, "facts": facts, "after": str(after) if after else None}
    key = f"registration.tell {topic} {event_id} {facts['sequence']} {after}"
    await enqueue("registration.tell_attendees", payload, key=key)
