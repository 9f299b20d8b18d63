"""Tables of the catalogue: venues, events, rooms."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from accounts.models import Organization
from core.database import new_id


class EventFormat(StrEnum):
    """Where people attend."""

    in_person = "in_person"
    online = "online"
    hybrid = "hybrid"


class EventStatus(StrEnum):
    """`draft -> published -> cancelled`; a draft may be cancelled as well, nothing goes back."""

    draft = "draft"
    published = "published"
    cancelled = "cancelled"


class Venue(Model):
    """A place with an address; `country` is ISO 3166-1 alpha-2, `city_key` the city as it is searched for."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="venues", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    name = fields.CharField(200)
    street = fields.CharField(200, default="")
    postal_code = fields.CharField(20, default="")
    city = fields.CharField(100)
    region = fields.CharField(100, default="")
    country = fields.CharField(2)
    city_key = fields.CharField(200, default="", db_default="")

    class Meta:
        table = "venue"


class Event(Model):
    """Something people attend. Times are UTC; `time_zone` is the IANA zone they are shown in.

    `description_html` is rendered and sanitised when the Markdown in `description` is saved. `sequence` counts the
    changes that calendars must hear of (RFC 5545 section 3.8.7.4). `programme_text` holds the names of speakers and the
    titles of sessions, for searching. Places are counted by quotas, never here.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="events", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    slug = fields.CharField(80, unique=True)
    title = fields.CharField(200)
    summary = fields.CharField(300, default="", db_default="")
    description = fields.TextField(default="", db_default="")
    description_html = fields.TextField(default="", db_default="")
    format = fields.CharEnumField(EventFormat, max_length=10)
    status = fields.CharEnumField(EventStatus, max_length=10, default=EventStatus.draft)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    time_zone = fields.CharField(64)
    languages: list[str] = ArrayField("text")
    venue: fields.ForeignKeyNullableRelation[Venue] = fields.ForeignKeyField(
        "events.Venue", related_name="events", null=True, on_delete=fields.RESTRICT
    )
    venue_id: UUID | None
    online_url = fields.CharField(500, default="", db_default="")
    registration_opens_at = fields.DatetimeField(null=True)
    registration_closes_at = fields.DatetimeField(null=True)
    sequence = fields.IntField(default=0, db_default=0)
    published_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    cancellation_reason = fields.CharField(500, default="", db_default="")
    programme_text = fields.TextField(default="", db_default="")
    search_text = fields.TextField(default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "event"
        indexes = (("status", "starts_at"), ("organization_id", "starts_at"))

    @property
    def zone(self) -> ZoneInfo:
        """The zone the event happens in."""
        return ZoneInfo(self.time_zone)

    @property
    def is_online(self) -> bool:
        """Whether one can attend from anywhere (online or hybrid)."""
        return self.format is not EventFormat.in_person

    def is_open_at(self, now: datetime) -> bool:
        """Whether registration is open at `now`: published, inside the registration window, not over."""
        return (
            self.status is EventStatus.published
            and (self.registration_opens_at is None or self.registration_opens_at <= now)
            and now < (self.registration_closes_at or self.ends_at)
            and now < self.ends_at
        )


class Room(Model):
    """A room, or an online stage, of one event."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="rooms", on_delete=fields.CASCADE
    )
    event_id: UUID
    name = fields.CharField(100)
    capacity = fields.IntField(null=True)
    features = fields.CharField(300, default="", db_default="")
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "room"
        unique_together = (("event", "name"),)
