"""Tables of attendance certificates: what an event offers, and to which certifications its hours count."""

from decimal import Decimal
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from certification.layouts.models import Layout
from certification.programs.models import Certification
from core.database import new_id


class AttendanceOffer(Model):
    """That an event confers certificates of attendance, how they look, and how many credits an hour is worth.

    `event_id` is a foreign key in the database only: Tortoise cannot order migrations of relations across packages.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    event_id = fields.UUIDField(unique=True)
    layout: fields.ForeignKeyNullableRelation[Layout] = fields.ForeignKeyField(
        "certification.Layout", related_name="attendance_offers", null=True, on_delete=fields.RESTRICT
    )
    layout_id: UUID | None
    is_on = fields.BooleanField(default=True, db_default=True)
    statement = fields.CharField(500, default="", db_default="")
    credits_per_hour = fields.DecimalField(5, 2, default=Decimal("1.00"))
    certifications: fields.ManyToManyRelation[Certification] = fields.ManyToManyField(
        "certification.Certification",
        related_name="attendance_offers",
        through="attendance_offer_certification",
        forward_key="certification_id",
        backward_key="attendance_offer_id",
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "attendance_offer"
