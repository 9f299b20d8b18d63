"""Tables of the programme: speakers and sessions."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization, Person
from core.database import new_id
from events.catalog.models import Event, Room


class SessionKind(StrEnum):
    """What a session is."""

    talk = "talk"
    workshop = "workshop"
    keynote = "keynote"
    panel = "panel"
    break_ = "break"
    exam_sitting = "exam_sitting"


class Speaker(Model):
    """Somebody who speaks at an organization's events; their row is the lock that keeps them in one place."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="speakers", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="speakers", null=True, on_delete=fields.SET_NULL
    )
    person_id: UUID | None
    name = fields.CharField(200)
    affiliation = fields.CharField(200, default="", db_default="")
    biography = fields.TextField(default="", db_default="")
    biography_html = fields.TextField(default="", db_default="")

    class Meta:
        table = "speaker"


class Session(Model):
    """One item of the programme. Without room or time it is not scheduled yet.

    An exclusion constraint keeps a room from holding two sessions at once; touching ends are no overlap. `sequence`
    counts the changes of time and room that calendars must hear of.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="sessions", on_delete=fields.CASCADE
    )
    event_id: UUID
    room: fields.ForeignKeyNullableRelation[Room] = fields.ForeignKeyField(
        "events.Room", related_name="sessions", null=True, on_delete=fields.RESTRICT
    )
    room_id: UUID | None
    kind = fields.CharEnumField(SessionKind, max_length=20, default=SessionKind.talk)
    title = fields.CharField(250)
    abstract = fields.TextField(default="", db_default="")
    abstract_html = fields.TextField(default="", db_default="")
    track = fields.CharField(100, default="", db_default="")
    language = fields.CharField(16, default="en", db_default="en")
    starts_at = fields.DatetimeField(null=True)
    ends_at = fields.DatetimeField(null=True)
    sequence = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)
    speakers: fields.ManyToManyRelation[Speaker] = fields.ManyToManyField(
        "events.Speaker",
        related_name="sessions",
        through="session_speaker",
        forward_key="speaker_id",
        backward_key="session_id",
    )

    class Meta:
        table = "session"
        indexes = (("event_id", "starts_at"),)
