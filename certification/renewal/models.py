"""Tables of renewal: credits, and the reminders that were sent."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Person
from certification.certificates.models import Certificate, IssueRequest
from certification.programs.models import Certification
from core.database import new_id


class CreditSource(StrEnum):
    """What a credit was earned by; `source_id` names a session, an event or a course without a foreign key."""

    session = "session"
    event = "event"
    course = "course"
    evidence = "evidence"


class CreditState(StrEnum):
    """`claimed -> approved` or `refused`; what the platform itself saw is approved from the start."""

    claimed = "claimed"
    approved = "approved"
    refused = "refused"


class Credit(Model):
    """Continuing education of one person towards one certification. `amount` is in credits, usually hours.

    The same source counts once for each person and certification, and so does the same file of evidence.
    `claimed_amount` is what the holder asked for, where an officer approved another amount. `spent_on` is the renewal
    that used it up.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="credits", on_delete=fields.RESTRICT
    )
    certification_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="credits", on_delete=fields.RESTRICT
    )
    person_id: UUID
    amount = fields.DecimalField(6, 2)
    claimed_amount = fields.DecimalField(6, 2, null=True)
    source = fields.CharEnumField(CreditSource, max_length=10)
    source_id = fields.UUIDField(null=True)
    title = fields.CharField(200)
    description = fields.CharField(1000, default="", db_default="")
    evidence_sha256 = fields.CharField(64, null=True)
    evidence_name = fields.CharField(200, default="", db_default="")
    earned_on = fields.DateField()
    state = fields.CharEnumField(CreditState, max_length=10, default=CreditState.claimed)
    reason = fields.CharField(500, default="", db_default="")
    decided_by_id = fields.UUIDField(null=True)
    decided_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    spent_on: fields.ForeignKeyNullableRelation[IssueRequest] = fields.ForeignKeyField(
        "certification.IssueRequest", related_name="spent_credits", null=True, on_delete=fields.RESTRICT
    )
    spent_on_id: UUID | None

    class Meta:
        table = "credit"
        indexes = (("person_id", "certification_id"),)


class RenewalReminder(Model):
    """A reminder that was sent: one for each certificate and distance."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    certificate: fields.ForeignKeyRelation[Certificate] = fields.ForeignKeyField(
        "certification.Certificate", related_name="reminders", on_delete=fields.CASCADE
    )
    certificate_id: UUID
    days_before = fields.IntField()
    sent_at = fields.DatetimeField()

    class Meta:
        table = "renewal_reminder"
        unique_together = (("certificate", "days_before"),)
