"""Tables of certificates: the request to issue one, and what was conferred."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization, Person
from certification.badges.models import Badge
from certification.layouts.models import Layout, LayoutVersion
from certification.programs.models import Certification, CertificationPolicy
from certification.signing.levels import SignatureLevel
from core.database import new_id


class SourceKind(StrEnum):
    """What a certificate rests on; `source_id` names it without a foreign key, since the source lives above."""

    attempt = "attempt"
    attendance = "attendance"
    correction = "correction"
    bulk_line = "bulk_line"
    credits = "credits"


class IssueState(StrEnum):
    """`waiting -> issued`; `held` when it cannot be issued until an officer acts."""

    waiting = "waiting"
    issued = "issued"
    held = "held"


class CertificateStatus(StrEnum):
    """What is stored; `expired` follows from the date and `unknown` from absence."""

    valid = "valid"
    suspended = "suspended"
    revoked = "revoked"
    superseded = "superseded"


class IssueRequest(Model):
    """The decision to confer a certificate, written with the result; a job carries it out, exactly once.

    `source` is unique, so a pass decided twice is one request; `certificate` refers to the request, uniquely.
    `certification` and `policy` are absent where attendance is attested; `event_id`, `hours` and `credits` then tell
    of what. `predecessor` is the certificate that the new one corrects, `reason` why.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    source_kind = fields.CharEnumField(SourceKind, max_length=20)
    source_id = fields.UUIDField()
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="issue_requests", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    certification: fields.ForeignKeyNullableRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="issue_requests", null=True, on_delete=fields.RESTRICT
    )
    certification_id: UUID | None
    policy: fields.ForeignKeyNullableRelation[CertificationPolicy] = fields.ForeignKeyField(
        "certification.CertificationPolicy", related_name="issue_requests", null=True, on_delete=fields.RESTRICT
    )
    policy_id: UUID | None
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="issue_requests", on_delete=fields.RESTRICT
    )
    person_id: UUID
    holder_name = fields.CharField(200)
    achievement = fields.CharField(200, default="", db_default="")
    statement = fields.CharField(500, default="", db_default="")
    achieved_at = fields.DatetimeField()
    score = fields.DecimalField(5, 2, null=True)
    event_id = fields.UUIDField(null=True)
    hours = fields.DecimalField(6, 2, null=True)
    credits = fields.DecimalField(6, 2, null=True)
    layout: fields.ForeignKeyNullableRelation[Layout] = fields.ForeignKeyField(
        "certification.Layout", related_name="issue_requests", null=True, on_delete=fields.RESTRICT
    )
    layout_id: UUID | None
    predecessor: fields.ForeignKeyNullableRelation["Certificate"] = fields.ForeignKeyField(
        "certification.Certificate", related_name="corrections", null=True, on_delete=fields.RESTRICT
    )
    predecessor_id: UUID | None
    reason = fields.CharField(500, default="", db_default="")
    locale = fields.CharField(16, default="en", db_default="en")
    state = fields.CharEnumField(IssueState, max_length=10, default=IssueState.waiting)
    problem = fields.CharField(500, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "issue_request"
        unique_together = (("source_kind", "source_id"),)


class Certificate(Model):
    """What is conferred. Everything but the status is frozen when issued (a trigger refuses changes and deletion).

    `number` is what people read and type; `pdf_sha256` names the PDF's bytes in the file store. `layout_version` and
    `badge` are absent on certificates from before layouts and badges. A `successor` corrects it (it is then
    superseded), or renews it (it then stays in force until its own end). `event_id` names the event attended.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.CharField(20, unique=True)
    issue_request: fields.OneToOneRelation[IssueRequest] = fields.OneToOneField(
        "certification.IssueRequest", related_name="certificate", on_delete=fields.RESTRICT
    )
    issue_request_id: UUID
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="certificates", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    certification: fields.ForeignKeyNullableRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="certificates", null=True, on_delete=fields.RESTRICT
    )
    certification_id: UUID | None
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="certificates", on_delete=fields.RESTRICT
    )
    person_id: UUID
    holder_name = fields.CharField(200)
    achievement = fields.CharField(200)
    issuer_name = fields.CharField(200)
    achieved_at = fields.DatetimeField()
    issued_at = fields.DatetimeField()
    valid_until = fields.DatetimeField(null=True)
    event_id = fields.UUIDField(null=True, db_index=True)
    hours = fields.DecimalField(6, 2, null=True)
    credits = fields.DecimalField(6, 2, null=True)
    facts: dict[str, Any] = fields.JSONField()
    layout_version: fields.ForeignKeyNullableRelation[LayoutVersion] = fields.ForeignKeyField(
        "certification.LayoutVersion", related_name="certificates", null=True, on_delete=fields.RESTRICT
    )
    layout_version_id: UUID | None
    badge: fields.OneToOneNullableRelation[Badge] = fields.OneToOneField(
        "certification.Badge", related_name="certificate", null=True, on_delete=fields.RESTRICT
    )
    badge_id: UUID | None
    pdf_sha256 = fields.CharField(64, db_index=True)
    pdf_size = fields.IntField()
    signature = fields.CharEnumField(SignatureLevel, max_length=4, default=SignatureLevel.none, db_default="none")
    is_name_hidden = fields.BooleanField(default=False, db_default=False)
    status = fields.CharEnumField(CertificateStatus, max_length=12, default=CertificateStatus.valid)
    status_reason = fields.CharField(500, default="", db_default="")
    status_changed_at = fields.DatetimeField(null=True)
    successor: fields.ForeignKeyNullableRelation["Certificate"] = fields.ForeignKeyField(
        "certification.Certificate", related_name="predecessors", null=True, on_delete=fields.RESTRICT
    )
    successor_id: UUID | None

    class Meta:
        table = "certificate"
        indexes = (("person_id", "issued_at"), ("certification_id", "issued_at"), ("certification_id", "valid_until"))

    def is_expired_at(self, now: datetime) -> bool:
        """Whether the validity had ended at `now`."""
        return self.valid_until is not None and self.valid_until <= now


class DirectoryEntry(Model):
    """A holder who asked to be in the public directory of holders, and the country they gave (ISO 3166-1 alpha-2)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "accounts.Person", related_name="directory_entry", on_delete=fields.CASCADE
    )
    person_id: UUID
    country = fields.CharField(2)
    listed_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "directory_entry"
