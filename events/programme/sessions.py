"""The sessions of an event: what happens, where and when, and who speaks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Person
from core.database import execute, fetch, transaction
from core.errors import InvalidInput, NotFound
from core.i18n import gettext as _
from core.markdown import render_markdown
from events.catalog import events, search
from events.catalog.events import EventCancelled
from events.catalog.models import Event, EventStatus, Room
from events.catalog.schemas import to_utc
from events.programme import clashes
from events.programme.models import Session
from events.programme.schemas import SessionIn


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when, in UTC."""

    starts_at: datetime
    ends_at: datetime


async def create(event: Event, data: SessionIn, *, by: Person) -> Session:
    """Add a session. Locks the event, then its speakers.

    Raises `InvalidInput` for a time outside the event, a room of another event and unknown speakers; `RoomTaken` and
    `SpeakerBusy`, which name the clash; and `EventCancelled`.
    """
    async with transaction():
        locked = await _lock(event)
        session = Session(event_id=event.id)
        span = await check(locked, session, data)
        await write(session, data, span, language=locked.languages[0])
        await events.record("session.created", locked, by, after=_facts(session))
        await reindex(locked)
    return session


async def change(event: Event, session: Session, data: SessionIn, *, by: Person) -> Session:
    """Replace what a session says, its room, time and speakers. Locks and refuses like `create`."""
    async with transaction():
        locked = await _lock(event)
        current = await one(locked, session.id)
        before = _facts(current)
        span = await check(locked, current, data)
        await write(current, data, span, language=locked.languages[0])
        await events.record("session.changed", locked, by, before=before, after=_facts(current))
        await reindex(locked)
    return current


async def remove(event: Event, session: Session, *, by: Person) -> None:
    """Take a session off the programme. Raises `EventCancelled`."""
    async with transaction():
        locked = await _lock(event)
        current = await one(locked, session.id)
        await current.delete()
        await events.record("session.removed", locked, by, before=_facts(current))
        await reindex(locked)


async def one(event: Event, session_id: UUID) -> Session:
    """A session of this event. Raises `NotFound`."""
    session = await Session.get_or_none(id=session_id, event_id=event.id)
    if session is None:
        raise NotFound()
    return session


async def check(event: Event, session: Session, data: SessionIn) -> Span | None:
    """The session's time in UTC, None where it has none; refuses as `create` says. Locks the speakers' rows."""
    if data.room is not None and not await Room.exists(id=data.room, event_id=event.id):
        raise InvalidInput({"room": _("Choose a room of this event.")})
    await clashes.lock_speakers(event.organization_id, data.speakers)
    span = span_of(event, data)
    if span is not None:
        await clashes.refuse_taken_room(session.id, data.room, span.starts_at, span.ends_at)
        await clashes.refuse_busy_speakers(session.id, data.speakers, span.starts_at, span.ends_at)
    return span


def span_of(event: Event, data: SessionIn) -> Span | None:
    """The time in UTC; without an offset it is local to the event. Raises `InvalidInput`."""
    if data.starts_at is None and data.ends_at is None:
        return None
    if data.starts_at is None or data.ends_at is None:
        missing = "starts_at" if data.starts_at is None else "ends_at"
        raise InvalidInput({missing: _("Give both the start and the end, or neither.")})
    moments: dict[str, datetime] = {}
    for name, moment in (("starts_at", data.starts_at), ("ends_at", data.ends_at)):
        try:
            moments[name] = to_utc(moment, event.time_zone)
        except ValueError as error:
            raise InvalidInput({name: str(error)}) from None
    span = Span(**moments)
    if span.ends_at <= span.starts_at:
        raise InvalidInput({"ends_at": _("Choose an end after the start.")})
    if span.starts_at < event.starts_at:
        raise InvalidInput({"starts_at": _("Choose a time within the event: it begins later.")})
    if span.ends_at > event.ends_at:
        raise InvalidInput({"ends_at": _("Choose a time within the event: it ends earlier.")})
    return span


async def write(session: Session, data: SessionIn, span: Span | None, *, language: str) -> None:
    """Write the row and its speakers, without any check."""
    was = (session.room_id, session.starts_at, session.ends_at)
    for name in ("title", "kind", "abstract", "track"):
        setattr(session, name, getattr(data, name))
    session.language = data.language or language
    session.abstract_html = render_markdown(data.abstract)
    session.room_id = data.room
    session.starts_at, session.ends_at = (span.starts_at, span.ends_at) if span else (None, None)
    if session._saved_in_db and was != (session.room_id, session.starts_at, session.ends_at):
        session.sequence += 1
    await session.save()
    await execute(
        "DELETE FROM session_speaker WHERE session_id = $1 AND speaker_id <> ALL($2)", session.id, data.speakers
    )
    await execute(
        """INSERT INTO session_speaker (session_id, speaker_id) SELECT $1, s FROM unnest($2::uuid[]) s
           WHERE NOT EXISTS (SELECT 1 FROM session_speaker WHERE session_id = $1 AND speaker_id = s)""",
        session.id,
        list(dict.fromkeys(data.speakers)),
    )


async def move_along(event: Event, *, started_at: datetime) -> None:
    """Keep the sessions inside an event whose dates changed; the caller has locked it.

    Where they all still fit, nothing happens. Else each moves as far as the event's start did, by the wall clock.
    Raises `InvalidInput` where even that leaves one outside, and `SpeakerBusy`.
    """
    rows = await fetch(
        """SELECT id, title, starts_at, ends_at, room_id FROM session
           WHERE event_id = $1 AND starts_at IS NOT NULL ORDER BY starts_at""",
        event.id,
    )
    if all(event.starts_at <= row["starts_at"] and row["ends_at"] <= event.ends_at for row in rows):
        return
    zone = ZoneInfo(event.time_zone)
    shift = _wall(event.starts_at, zone) - _wall(started_at, zone)
    moved = []
    for row in rows:
        starts_at, ends_at = (
            (_wall(row[name], zone) + shift).replace(tzinfo=zone) for name in ("starts_at", "ends_at")
        )
        if starts_at < event.starts_at or ends_at > event.ends_at:
            message = _("“%(title)s” would lie outside the event. Move it, or take it off the programme, first.")
            raise InvalidInput({"ends_at": message % {"title": row["title"]}})
        moved.append((row["id"], starts_at, ends_at, row["room_id"]))
    speakers = await fetch(
        "SELECT DISTINCT speaker_id FROM session_speaker x JOIN session s ON s.id = x.session_id WHERE s.event_id = $1",
        event.id,
    )
    await clashes.lock_speakers(event.organization_id, [row["speaker_id"] for row in speakers])
    # The constraint on rooms looks at each row alone, so everybody leaves the rooms while the times change.
    await execute("UPDATE session SET room_id = NULL WHERE event_id = $1 AND starts_at IS NOT NULL", event.id)
    async with transaction() as connection:
        await connection.executemany(
            """UPDATE session SET starts_at = $2, ends_at = $3, room_id = $4, sequence = sequence + 1,
                      updated_at = now() WHERE id = $1""",
            moved,
        )
    await clashes.refuse_busy_programme(event.id)


async def reindex(event: Event) -> None:
    """Make the event findable by its speakers and sessions; the caller has locked it. Leaves `updated_at` alone."""
    rows = await fetch(
        """SELECT s.title AS words FROM session s WHERE s.event_id = $1
           UNION SELECT p.name FROM session s JOIN session_speaker x ON x.session_id = s.id
                 JOIN speaker p ON p.id = x.speaker_id WHERE s.event_id = $1 ORDER BY 1""",
        event.id,
    )
    event.programme_text = " ".join(row["words"] for row in rows)[:10_000]
    await execute(
        "UPDATE event SET programme_text = $2, search_text = $3 WHERE id = $1",
        event.id,
        event.programme_text,
        search.text_of(event),
    )


async def _lock(event: Event) -> Event:
    locked = await events.lock(event)
    if locked.status is EventStatus.cancelled:
        raise EventCancelled(_("This event is cancelled and can no longer be changed."))
    return locked


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _facts(session: Session) -> dict[str, str | None]:
    return {
        "session": str(session.id),
        "title": session.title,
        "room": str(session.room_id) if session.room_id else None,
        "starts_at": session.starts_at.isoformat() if session.starts_at else None,
        "ends_at": session.ends_at.isoformat() if session.ends_at else None,
    }
