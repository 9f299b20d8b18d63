"""Tables of check-in."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from core.database import new_id
from events.catalog.models import Event
from events.programme.models import Session
from events.registration.models import Registration


class CheckInList(Model):
    """A list that registrations are checked in at, such as the main entrance; every event has one from the start.

    A list of a `session` tells who attended it; there is at most one for each.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    event: fields.ForeignKeyRelation[Event] = fields.ForeignKeyField(
        "events.Event", related_name="check_in_lists", on_delete=fields.CASCADE
    )
    event_id: UUID
    session: fields.OneToOneNullableRelation[Session] = fields.OneToOneField(
        "events.Session", related_name="check_in_list", null=True, on_delete=fields.CASCADE
    )
    session_id: UUID | None
    name = fields.CharField(300)
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "check_in_list"
        unique_together = (("event", "name"),)


class CheckIn(Model):
    """One scan of one registration at one check-in list; unique, so that a second scan finds the first."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    check_in_list: fields.ForeignKeyRelation[CheckInList] = fields.ForeignKeyField(
        "events.CheckInList", related_name="check_ins", on_delete=fields.CASCADE
    )
    check_in_list_id: UUID
    registration: fields.ForeignKeyRelation[Registration] = fields.ForeignKeyField(
        "events.Registration", related_name="check_ins", on_delete=fields.RESTRICT
    )
    registration_id: UUID
    checked_in_at = fields.DatetimeField(auto_now_add=True)
    checked_in_by_id = fields.UUIDField(null=True)

    class Meta:
        table = "check_in"
        unique_together = (("check_in_list", "registration"),)
