"""Tables of registration: quotas, ticket types, registrations, calendar feeds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Person
from core.database import new_id
from events.catalog.models import Event


class RegistrationStatus(StrEnum):
    """`pending_approval -> pending_payment -> confirmed -> cancelled`; also `declined` and `expired`."""

    pending_approval = "pending_approval"
    pending_payment = "pending_payment"
    confirmed = "confirmed"
    cancelled = "cancelled"
    declined = "declined"
    expired = "expired"

    @property
    def takes_a_place(self) -> bool:
        """Whether a registration in this state counts against its quotas."""
        return self not in (self.cancelled, self.declined, self.expired)


class Quota(Model):
    """A pool of places. `taken <= size` is a check constraint: the database refuses to oversell."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="quotas", on_delete=fields.CASCADE
    )
    event_id: UUID
    name = fields.CharField(100)
    size = fields.IntField()
    taken = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "quota"


class TicketType(Model):
    """What is offered: a name, a price in minor units of `currency` (0 is free), a sale window, its quotas."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="ticket_types", on_delete=fields.CASCADE
    )
    event_id: UUID
    name = fields.CharField(100)
    description = fields.CharField(300, default="", db_default="")
    price_minor = fields.BigIntField(default=0, db_default=0)
    currency = fields.CharField(3, default="EUR", db_default="EUR")
    opens_at = fields.DatetimeField(null=True)
    closes_at = fields.DatetimeField(null=True)
    is_offered = fields.BooleanField(default=True, db_default=True)
    position = fields.IntField(default=0, db_default=0)
    quotas: fields.ManyToManyRelation[Quota] = fields.ManyToManyField(
        "events.Quota",
        related_name="ticket_types",
        through="ticket_type_quota",
        forward_key="quota_id",
        backward_key="ticket_type_id",
    )

    class Meta:
        table = "ticket_type"
        unique_together = (("event", "name"),)

    def is_on_sale_at(self, now: datetime) -> bool:
        """Whether `now` lies in this ticket type's own sale window."""
        return (
            self.is_offered
            and (self.opens_at is None or self.opens_at <= now)
            and (self.closes_at is None or now < self.closes_at)
        )


CODE_LENGTH = 12
"""Crockford characters of a ticket's code: 60 bits, and still short enough to be typed at the door."""


class Registration(Model):
    """One person's place at one event. `code` is the secret in the QR ticket.

    A partial unique index allows one registration that takes a place per person and event.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="registrations", on_delete=fields.RESTRICT
    )
    event_id: UUID
    ticket_type: fields.ForeignKeyRelation[TicketType] = fields.ForeignKeyField(
        "events.TicketType", related_name="registrations", on_delete=fields.RESTRICT
    )
    ticket_type_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="registrations", on_delete=fields.RESTRICT
    )
    person_id: UUID
    attendee_name = fields.CharField(200)
    code = fields.CharField(26, unique=True)
    status = fields.CharEnumField(RegistrationStatus, max_length=20, default=RegistrationStatus.confirmed)
    locale = fields.CharField(16, default="en", db_default="en")
    created_at = fields.DatetimeField(auto_now_add=True)
    cancelled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "registration"
        indexes = (("event_id", "created_at", "id"), ("person_id", "created_at"))


class CalendarFeed(Model):
    """The secret address of one person's calendar, as a keyed hash; making a new one ends the old.

    It counts while `epoch` is the person's `credential_epoch`.
    """

    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "accounts.Person", related_name="calendar_feed", primary_key=True, on_delete=fields.CASCADE
    )
    person_id: UUID
    token_hash = fields.CharField(64, unique=True)
    epoch = fields.IntField(default=0, db_default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "calendar_feed"
