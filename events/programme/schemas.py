"""What comes in and goes out about sessions and speakers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.text import OneLine, SeveralLines
from events.catalog.schemas import LanguageTag, Markdown
from events.programme.models import SessionKind, Speaker

Abstract = Annotated[str, SeveralLines(10_000, 0), Field(description="Markdown.")]
SpeakerIds = Annotated[list[UUID], Field(max_length=20, description="Speakers of the organization.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SessionIn(_In):
    """A session as a whole. Times without an offset are local to the event; without time it is not scheduled yet."""

    title: Annotated[str, OneLine(250)]
    kind: SessionKind = SessionKind.talk
    abstract: Abstract = ""
    track: Annotated[str, OneLine(100, 0)] = ""
    language: LanguageTag | None = None
    room: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    speakers: SpeakerIds = []


class SessionChange(_In):
    """What may be changed about a session; what is left out stays, a room or time of null takes it off the grid."""

    title: Annotated[str | None, OneLine(250)] = None
    kind: SessionKind | None = None
    abstract: Abstract | None = None
    track: Annotated[str | None, OneLine(100, 0)] = None
    language: LanguageTag | None = None
    room: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    speakers: SpeakerIds | None = None


class SpeakerIn(_In):
    """Somebody who speaks at the organization's events."""

    name: Annotated[str, OneLine(200)]
    affiliation: Annotated[str, OneLine(200, 0)] = ""
    biography: Markdown = ""


class SpeakerChange(_In):
    """What may be changed about a speaker; what is left out stays."""

    name: Annotated[str | None, OneLine(200)] = None
    affiliation: Annotated[str | None, OneLine(200, 0)] = None
    biography: Markdown | None = None


class SpeakerOut(BaseModel):
    """A speaker."""

    id: UUID
    name: str
    affiliation: str
    biography: str
    biography_html: str

    @classmethod
    def of(cls, speaker: Speaker) -> Self:
        """From the row."""
        return cls(**{name: getattr(speaker, name) for name in cls.model_fields})


class SpeakerRef(BaseModel):
    """A speaker, named in a session."""

    id: UUID
    name: str
    affiliation: str


class RoomRef(BaseModel):
    """The room of a session."""

    id: UUID
    name: str


class EventSessionOut(BaseModel):
    """One item of the programme. Without time it is not scheduled yet."""

    id: UUID
    title: str
    kind: SessionKind
    abstract: str
    abstract_html: str
    track: str
    language: str
    room: RoomRef | None
    starts_at: datetime | None
    ends_at: datetime | None
    speakers: list[SpeakerRef]

    @classmethod
    def of(cls, row: Any) -> Self:  # Any: a ProgrammeRow, which stands above this module
        """From a row of queries.programme."""
        return cls(
            room=RoomRef(id=row.room_id, name=row.room) if row.room_id else None,
            speakers=[SpeakerRef(id=s.id, name=s.name, affiliation=s.affiliation) for s in row.speakers],
            **{name: getattr(row, name) for name in cls.model_fields if name not in ("room", "speakers")},
        )
