"""Mails about registrations; each occasion's mail is written once, by its key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core import mail
from core.settings import get_settings
from events.registration import tickets
from events.registration.calendar import MEDIA_TYPE, Method, place_of

Facts = Mapping[str, Any]
"""A row of `queries.ticket`."""


async def confirm(facts: Facts) -> None:
    """Confirm a registration, with the ticket as PDF and the calendar entry."""
    pdf = await tickets.pdf_from(facts)
    attachments = [mail.Attachment(pdf.filename, "application/pdf", pdf.content), _entry(facts, Method.request)]
    await _send("confirmation", facts, key=f"registration.confirm {facts['id']}", attachments=attachments)


async def tell_cancelled(facts: Facts) -> None:
    """Say that a registration was cancelled, and take the entry out of the calendar."""
    entry = _entry(facts, Method.cancel)
    await _send("cancellation", facts, key=f"registration.cancelled {facts['id']}", attachments=[entry])


async def tell_event_moved(facts: Facts, change: Facts) -> None:
    """Tell an attendee the event's new time or place and what it was, with the entry that replaces the old one.

    `change["was"]` holds what the event was before, by field, as `events.change` announces it.
    """
    key = f"event.moved {facts['sequence']} {facts['id']}"
    before = _before(facts, change["was"])
    await _send("event_moved", facts, key=key, attachments=[_entry(facts, Method.request)], before=before)


async def tell_event_cancelled(facts: Facts, change: Facts) -> None:
    """Tell an attendee that the event will not happen, and take the entry out of the calendar."""
    entry = _entry(facts, Method.cancel)
    await _send("event_cancelled", facts, key=f"event.cancelled {facts['id']}", attachments=[entry])


def _entry(facts: Facts, method: Method) -> mail.Attachment:
    file = tickets.calendar_entry_from(facts, method)
    return mail.Attachment(file.filename, f"{MEDIA_TYPE}; method={method.value}", file.content)


def _before(facts: Facts, was: Facts) -> dict[str, Any]:
    """What changed, as it was: `span` with times and zone, `place` (empty: online); None for what stayed."""
    span = None
    if not {"starts_at", "ends_at", "time_zone"}.isdisjoint(was):
        span = {name: was.get(name, facts[name]) for name in ("starts_at", "ends_at", "time_zone")}
        for name in ("starts_at", "ends_at"):
            if isinstance(span[name], str):
                span[name] = datetime.fromisoformat(span[name])
    return {
        "span": span,
        "place": (was["venue"] or "") if "venue" in was else None,
        "has_new_link": "online_url" in was,
    }


async def _send(
    template: str, facts: Facts, *, key: str, attachments: Sequence[mail.Attachment], **context: object
) -> None:
    if facts["email"] is None:
        return
    await mail.send(
        f"registration/{template}",
        to=(facts["display_name"], facts["email"]),
        context={
            "facts": facts,
            "place": place_of(facts),
            "shown_code": tickets.shown_code(facts["code"]),
            "registration_url": f"{get_settings().public_url}/me/registrations/{facts['id']}",
            "event_url": f"{get_settings().public_url}/events/{facts['slug']}",
            **context,
        },
        locale=facts["locale"],
        key=key,
        attachments=attachments,
    )
