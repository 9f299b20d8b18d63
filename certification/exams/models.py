"""Tables of exams: attempts, responses (which are also the frozen form), results."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Person
from certification.bank.models import ItemVersion
from certification.programs.models import Certification, CertificationPolicy, Entitlement
from core.database import new_id

GRACE = timedelta(seconds=10)
"""Saves in flight at the deadline are accepted this much longer (product.md, Policies)."""


class AttemptStatus(StrEnum):
    """`in_progress -> submitted -> graded`; also `voided`. Never backwards."""

    in_progress = "in_progress"
    submitted = "submitted"
    graded = "graded"
    voided = "voided"


class SubmittedBy(StrEnum):
    """Who closed the attempt."""

    learner = "learner"
    deadline = "deadline"


class Attempt(Model):
    """One person sitting once. A partial unique index allows one in progress per person and certification."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="attempts", on_delete=fields.RESTRICT
    )
    certification_id: UUID
    policy: fields.ForeignKeyRelation[CertificationPolicy] = fields.ForeignKeyField(
        "certification.CertificationPolicy", related_name="attempts", on_delete=fields.RESTRICT
    )
    policy_id: UUID
    entitlement: fields.ForeignKeyRelation[Entitlement] = fields.ForeignKeyField(
        "certification.Entitlement", related_name="attempts", on_delete=fields.RESTRICT
    )
    entitlement_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="attempts", on_delete=fields.RESTRICT
    )
    person_id: UUID
    seed = fields.BigIntField()
    certificate_name = fields.CharField(200)
    locale = fields.CharField(16, default="en", db_default="en")
    status = fields.CharEnumField(AttemptStatus, max_length=12, default=AttemptStatus.in_progress)
    started_at = fields.DatetimeField()
    deadline = fields.DatetimeField()
    submitted_at = fields.DatetimeField(null=True)
    submitted_by = fields.CharEnumField(SubmittedBy, max_length=10, null=True)
    graded_at = fields.DatetimeField(null=True)
    voided_reason = fields.CharField(500, default="", db_default="")
    regraded_reason = fields.CharField(500, default="", db_default="")

    class Meta:
        table = "attempt"
        indexes = (("person_id", "started_at"), ("certification_id", "started_at"))

    def takes_answers_at(self, now: datetime) -> bool:
        """Whether a save at `now` is accepted: in progress and not past the deadline plus the grace."""
        return self.status is AttemptStatus.in_progress and now <= self.deadline + GRACE


class Response(Model):
    """One position of an attempt's frozen form and the learner's answer to it.

    `option_order` is the order in which this attempt shows the options (and `right_order` the right sides of a
    matching item). `sequence` is the client's counter: an older one never overwrites a newer one. `score` lies in
    [0, 1] and is None until graded.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    attempt: fields.ForeignKeyRelation[Attempt] = fields.ForeignKeyField(
        "certification.Attempt", related_name="responses", on_delete=fields.CASCADE
    )
    attempt_id: UUID
    position = fields.SmallIntField()
    item_version: fields.ForeignKeyRelation[ItemVersion] = fields.ForeignKeyField(
        "certification.ItemVersion", related_name="responses", on_delete=fields.RESTRICT
    )
    item_version_id: UUID
    domain_name = fields.CharField(150)
    option_order: list[str] = fields.JSONField()
    right_order: list[str] = fields.JSONField()
    sequence = fields.BigIntField(default=0, db_default=0)
    response: Any = fields.JSONField(null=True)  # Any: the shape depends on the item's type
    saved_at = fields.DatetimeField(null=True)
    score = fields.DecimalField(7, 6, null=True)
    graded_by_id = fields.UUIDField(null=True)
    graded_at = fields.DatetimeField(null=True)
    comment = fields.CharField(1000, default="", db_default="")

    class Meta:
        table = "response"
        unique_together = (("attempt", "position"),)


class Result(Model):
    """What grading found; a regrade adds a version and never changes an old one. `score` is a percentage."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    attempt: fields.ForeignKeyRelation[Attempt] = fields.ForeignKeyField(
        "certification.Attempt", related_name="results", on_delete=fields.RESTRICT
    )
    attempt_id: UUID
    version = fields.IntField(default=1)
    score = fields.DecimalField(5, 2)
    cut_score = fields.DecimalField(5, 2)
    is_passed = fields.BooleanField()
    domains: list[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "result"
        unique_together = (("attempt", "version"),)
