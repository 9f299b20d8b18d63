"""Two sessions at once: in one room, or with one speaker. The callers hold the locks that make the answers last."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from core.database import fetch, fetchrow
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _


class RoomTaken(Conflict):
    """A room holds one session at a time; the message names the other."""

    code, message = "room_taken", N_("Another session is in this room at that time.")


class SpeakerBusy(Conflict):
    """A speaker is in one place at a time; the message names speaker, session and time."""

    code, message = "speaker_busy", N_("A speaker of this session is elsewhere at that time.")


async def lock_speakers(organization_id: UUID, speaker_ids: Sequence[UUID]) -> None:
    """Lock the speakers' rows until the transaction ends, always in the order of their ids, so that no two wait in a
    circle. Raises `InvalidInput` for ids that are not speakers of the organization.
    """
    rows = await fetch(
        "SELECT id FROM speaker WHERE id = ANY($1) AND organization_id = $2 ORDER BY id FOR UPDATE",
        list(speaker_ids),
        organization_id,
    )
    if len(rows) < len(set(speaker_ids)):
        raise InvalidInput({"speakers": _("Choose speakers of this organization.")})


async def refuse_taken_room(session_id: UUID, room_id: UUID | None, starts_at: datetime, ends_at: datetime) -> None:
    """Raises `RoomTaken` where another session is in the room. Touching ends are no overlap."""
    if room_id is None:
        return
    row = await fetchrow(
        """SELECT s.title, r.name AS room, s.starts_at, s.ends_at, e.time_zone
           FROM session s JOIN room r ON r.id = s.room_id JOIN event e ON e.id = s.event_id
           WHERE s.room_id = $1 AND s.id <> $2 AND s.starts_at IS NOT NULL
                 AND tstzrange(s.starts_at, s.ends_at) && tstzrange($3, $4)
           ORDER BY s.starts_at LIMIT 1""",
        room_id,
        session_id,
        starts_at,
        ends_at,
    )
    if row is not None:
        message = _("“%(title)s” is in %(room)s from %(time)s. Choose another room or time.")
        raise RoomTaken(
            message % {"title": row["title"], "room": row["room"], "time": _span(row)},
            session=row["title"],
            starts_at=row["starts_at"].isoformat(),
            ends_at=row["ends_at"].isoformat(),
        )


async def refuse_busy_speakers(
    session_id: UUID, speaker_ids: Sequence[UUID], starts_at: datetime, ends_at: datetime
) -> None:
    """Raises `SpeakerBusy` where one of them is in another session, at any event of the organization."""
    row = await fetchrow(
        """SELECT p.name, s.title, s.starts_at, s.ends_at, e.time_zone, e.title AS event
           FROM session_speaker x JOIN session s ON s.id = x.session_id JOIN event e ON e.id = s.event_id
                JOIN speaker p ON p.id = x.speaker_id
           WHERE x.speaker_id = ANY($1) AND s.id <> $2 AND e.status <> 'cancelled'
                 AND s.starts_at IS NOT NULL AND tstzrange(s.starts_at, s.ends_at) && tstzrange($3, $4)
           ORDER BY p.name, s.starts_at LIMIT 1""",
        list(speaker_ids),
        session_id,
        starts_at,
        ends_at,
    )
    if row is not None:
        raise _busy(row)


async def refuse_busy_programme(event_id: UUID) -> None:
    """Raises `SpeakerBusy` where a speaker of this event is at another event of the organization at the same time."""
    row = await fetchrow(
        """SELECT p.name, o.title, o.starts_at, o.ends_at, e.time_zone, e.title AS event
           FROM session s JOIN session_speaker x ON x.session_id = s.id
                JOIN session_speaker y ON y.speaker_id = x.speaker_id JOIN session o ON o.id = y.session_id
                JOIN event e ON e.id = o.event_id JOIN speaker p ON p.id = x.speaker_id
           WHERE s.event_id = $1 AND o.event_id <> $1 AND e.status <> 'cancelled'
                 AND s.starts_at IS NOT NULL AND o.starts_at IS NOT NULL
                 AND tstzrange(s.starts_at, s.ends_at) && tstzrange(o.starts_at, o.ends_at)
           ORDER BY p.name, o.starts_at LIMIT 1""",
        event_id,
    )
    if row is not None:
        raise _busy(row)


def _busy(row: asyncpg.Record) -> SpeakerBusy:
    message = _("%(name)s is in “%(title)s” (%(event)s) from %(time)s. Choose another time or speaker.")
    facts = {"name": row["name"], "title": row["title"], "event": row["event"], "time": _span(row)}
    return SpeakerBusy(
        message % facts,
        speaker=row["name"],
        session=row["title"],
        starts_at=row["starts_at"].isoformat(),
        ends_at=row["ends_at"].isoformat(),
    )


def _span(row: asyncpg.Record) -> str:
    zone = ZoneInfo(row["time_zone"])
    starts_at, ends_at = row["starts_at"].astimezone(zone), row["ends_at"].astimezone(zone)
    return _("%(start)s to %(end)s (%(zone)s)") % {
        "start": f"{starts_at:%Y-%m-%d %H:%M}",
        "end": f"{ends_at:%H:%M}",
        "zone": row["time_zone"],
    }
