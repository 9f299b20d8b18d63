"""Reads of the programme that several pages use."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.database import fetch
from events.catalog.models import Event
from events.programme.models import SessionKind, Speaker


@dataclass(frozen=True, slots=True)
class NamedSpeaker:
    """A speaker as a session names them."""

    id: UUID
    name: str
    affiliation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeRow:
    """A session with room and speakers. `sequence` counts the changes of its time and room, for calendars."""

    id: UUID
    title: str
    kind: SessionKind
    abstract: str
    abstract_html: str
    track: str
    language: str
    room_id: UUID | None
    room: str | None
    room_position: int
    starts_at: datetime | None
    ends_at: datetime | None
    sequence: int
    updated_at: datetime
    speakers: list[NamedSpeaker]


_PROGRAMME = """
    SELECT s.id, s.title, s.kind, s.abstract, s.abstract_html, s.track, s.language, s.room_id, r.name AS room,
           coalesce(r.position, 0) AS room_position, s.starts_at, s.ends_at, s.sequence, s.updated_at,
           (SELECT json_agg(json_build_array(p.id, p.name, p.affiliation) ORDER BY p.name, p.id)
            FROM session_speaker x JOIN speaker p ON p.id = x.speaker_id WHERE x.session_id = s.id) AS speakers
    FROM session s LEFT JOIN room r ON r.id = s.room_id
    WHERE s.event_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
    ORDER BY s.starts_at NULLS LAST, r.position, r.name, s.id"""


async def programme(event_id: UUID, *, session_id: UUID | None = None) -> list[ProgrammeRow]:
    """The sessions of an event by time, then room; those without a time last. One statement."""
    rows = await fetch(_PROGRAMME, event_id, session_id)
    plain = [name for name in ProgrammeRow.__slots__ if name not in ("speakers", "kind")]
    return [
        ProgrammeRow(
            kind=SessionKind(row["kind"]),
            speakers=[NamedSpeaker(UUID(id_), name, where) for id_, name, where in json.loads(row["speakers"] or "[]")],
            **{name: row[name] for name in plain},
        )
        for row in rows
    ]


async def speakers_at(event_id: UUID) -> list[Speaker]:
    """Everybody who speaks at an event, by name."""
    return await Speaker.filter(sessions__event_id=event_id).distinct().order_by("name", "id")


async def speakers_of(organization_id: UUID) -> list[Speaker]:
    """Everybody who speaks at an organization's events, by name. At most 1,000."""
    return await Speaker.filter(organization_id=organization_id).order_by("name", "id").limit(1000)


async def events_of_speaker(speaker_id: UUID) -> list[Event]:
    """The events that somebody speaks at, in the order of their ids, which is the order of locking."""
    return await Event.filter(sessions__speakers__id=speaker_id).distinct().order_by("id")
