"""Creating, changing, publishing and cancelling events; every change is one transaction with its audit entry."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import AuditEntry, Organization, Person
from core.announce import announce
from core.database import execute, transaction
from core.errors import Conflict
from core.i18n import N_
from core.i18n import gettext as _
from core.markdown import render_markdown
from core.slugs import free_slug
from events.catalog import search
from events.catalog.models import Event, EventStatus, Venue
from events.catalog.schemas import EventIn, VenueIn

MOVED_BY = frozenset({"starts_at", "ends_at", "time_zone", "format", "venue", "online_url"})
"""What attendees are told about when it changes after publishing."""
_PLAIN = [name for name in EventIn.model_fields if name not in ("capacity", "venue")]


class EventCancelled(Conflict):
    """A cancelled event stays as it was."""

    code, message = "event_cancelled", N_("This event is cancelled and can no longer be changed.")


class AlreadyCancelled(Conflict):
    """An event is cancelled once."""

    code, message = "already_cancelled", N_("This event is cancelled already.")


class AlreadyPublished(Conflict):
    """An event is published once."""

    code, message = "already_published", N_("This event is published already.")


class EventOver(Conflict):
    """What is over can be neither published nor cancelled."""

    code, message = "event_over", N_("This event is over. Change its dates first.")


class ChangedMeanwhile(Conflict):
    """Somebody changed the event after the state that a change is based on; the message says what."""

    code, message = "changed_meanwhile", N_("Somebody changed this event while you were editing it.")


async def create(organization: Organization, data: EventIn, *, by: Person, now: datetime) -> Event:
    """A draft with a slug made from its title. Its places belong to a higher package: see events/onsite/opening.py."""
    async with transaction():
        await execute("SELECT pg_advisory_xact_lock(hashtext('event.slug'))")  # two at once find different slugs
        event = Event(organization=organization, slug=await free_slug("event", data.title))
        await _fill(event, data)
        await event.save(force_create=True)
        after = {"title": event.title, "slug": event.slug, "capacity": data.capacity}
        await record("event.created", event, by, after=after)
    return event


async def lock(event: Event) -> Event:
    """The event's row as it is now, locked until the transaction ends, with organization and venue.

    The lock lets registrations pass: they only hold the row's key. Locks go event, then quota, then speakers.
    """
    locked = await Event.select_for_update(no_key=True).get(id=event.id)
    await locked.fetch_related("organization", "venue")
    return locked


async def change(
    locked: Event, data: EventIn, *, by: Person, now: datetime, capacity_before: int, version: datetime | None = None
) -> dict[str, Any]:
    """Write `data` into an event that the caller has locked; returns what it was before, by changed field.

    `version` is the `updated_at` of the state that the person saw. Raises `EventCancelled` and `ChangedMeanwhile`.
    Announces `event.moved` where a published event's time, place or form changed, with a new `sequence`.
    """
    if locked.status is EventStatus.cancelled:
        raise EventCancelled(_("This event is cancelled and can no longer be changed."))
    if version is not None and version != locked.updated_at:
        raise ChangedMeanwhile(await _what_changed(locked.id, version))
    before = _facts(locked, capacity_before)
    await _fill(locked, data)
    after = _facts(locked, data.capacity)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return {}
    is_move = locked.status is EventStatus.published and not MOVED_BY.isdisjoint(changed)
    if is_move or (locked.status is EventStatus.published and "title" in changed):
        locked.sequence += 1
    await locked.save()
    was = {name: before[name] for name in changed}
    await record("event.changed", locked, by, before=was, after={name: after[name] for name in changed})
    if is_move and locked.ends_at > now:
        moved = {name: value for name, value in was.items() if name in MOVED_BY}
        await announce("event.moved", locked.id, was=moved, sequence=locked.sequence)
    return was


async def publish(event: Event, *, by: Person, now: datetime) -> Event:
    """Show the event to everybody and open its registration; announces `event.published`.

    Raises `AlreadyPublished`, `EventCancelled` and `EventOver`.
    """
    async with transaction():
        locked = await lock(event)
        if locked.status is EventStatus.published:
            raise AlreadyPublished(_("This event is published already."))
        if locked.status is EventStatus.cancelled:
            raise EventCancelled(_("This event is cancelled and can no longer be changed."))
        if locked.ends_at <= now:
            raise EventOver(_("This event is over. Change its dates first."))
        locked.status, locked.published_at = EventStatus.published, now
        await locked.save()
        await record("event.published", locked, by, before={"status": "draft"}, after={"status": "published"})
        await announce("event.published", locked.id)
    return locked


async def cancel(event: Event, reason: str, *, by: Person, now: datetime) -> Event:
    """Call the event off for good; announces `event.cancelled`, which tells its attendees.

    Raises `AlreadyCancelled` and `EventOver`.
    """
    async with transaction():
        locked = await lock(event)
        if locked.status is EventStatus.cancelled:
            raise AlreadyCancelled(_("This event is cancelled already."))
        if locked.ends_at <= now:
            raise EventOver(_("This event is over and can no longer be cancelled."))
        before = {"status": locked.status.value}
        locked.status, locked.cancelled_at, locked.cancellation_reason = EventStatus.cancelled, now, reason
        locked.sequence += 1
        await locked.save()
        await record("event.cancelled", locked, by, before=before, after={"status": "cancelled", "reason": reason})
        await announce("event.cancelled", locked.id, reason=reason, sequence=locked.sequence)
    return locked


async def record(
    action: str,
    event: Event,
    by: Person,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """An audit entry about the event, in the running transaction."""
    await audit.record(
        action,
        by=by,
        object_kind="event",
        object_id=event.id,
        organization_id=event.organization_id,
        before=before,
        after=after,
    )


async def _fill(event: Event, data: EventIn) -> None:
    for name in _PLAIN:
        setattr(event, name, getattr(data, name))
    event.venue = await _venue(event.organization_id, data.venue) if data.venue else None
    event.description_html = render_markdown(data.description)
    event.search_text = search.text_of(event)


async def _venue(organization_id: UUID, data: VenueIn) -> Venue:
    """The organization's venue with exactly these facts. A venue never changes, so that other events keep theirs."""
    known = await Venue.filter(organization_id=organization_id, **data.model_dump()).order_by("id").first()
    if known is not None:
        return known
    city_key = search.normalise(data.city)
    return await Venue.create(organization_id=organization_id, city_key=city_key, **data.model_dump())


def _facts(event: Event, capacity: int) -> dict[str, Any]:
    facts = {name: _plain(getattr(event, name)) for name in _PLAIN}
    venue = event.venue
    where = ", ".join(filter(None, (venue.name, venue.street, venue.city, venue.country))) if venue else None
    return {**facts, "venue": where, "capacity": capacity}


def _plain(value: Any) -> Any:  # Any: column values of many types
    return value.isoformat() if isinstance(value, datetime) else value


async def _what_changed(event_id: UUID, since: datetime) -> str:
    """One sentence that names what others changed after `since` and to what."""
    actions = ["event.created", "event.changed", "event.published", "event.cancelled"]
    entries = await AuditEntry.filter(object_id=event_id, action__in=actions, at__gte=since).order_by("at", "id")
    latest: dict[str, Any] = {}
    for entry in entries[1:]:  # the first one was written together with the state that was read
        latest.update(entry.after or {})
    changes = "; ".join(f"{name.replace('_', ' ')}: {str(value)[:80]}" for name, value in latest.items())
    return _(
        "Somebody changed this event while you were editing it (%(changes)s). "
        "Nothing of yours was saved. Check your text and save again to replace theirs."
    ) % {"changes": changes or _("its state")}
