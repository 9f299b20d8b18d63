"""Tables of bulk runs and their lines."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization
from certification.programs.models import Certification
from core.database import new_id


class RunKind(StrEnum):
    """What a run does with each of its lines."""

    issue = "issue"
    resend = "resend"
    revoke = "revoke"
    attendance = "attendance"


class RunState(StrEnum):
    """`draft` (the dry run) `-> running -> finished`; `stopped` by an officer, from where it can be started again."""

    draft = "draft"
    running = "running"
    finished = "finished"
    stopped = "stopped"


class LineState(StrEnum):
    """`refused` in the dry run and never carried out; `failed` with its problem, and can be tried again."""

    ready = "ready"
    refused = "refused"
    done = "done"
    failed = "failed"


class BulkRun(Model):
    """One run over many lines. `parameters` holds what all lines share, such as the reason of a revocation.

    `event_id` names the event of an attendance run, one for each.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="bulk_runs", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    certification: fields.ForeignKeyNullableRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="bulk_runs", null=True, on_delete=fields.RESTRICT
    )
    certification_id: UUID | None
    event_id = fields.UUIDField(null=True)
    kind = fields.CharEnumField(RunKind, max_length=12)
    state = fields.CharEnumField(RunState, max_length=10, default=RunState.draft)
    parameters: dict[str, Any] = fields.JSONField(default=dict)
    source_name = fields.CharField(200, default="", db_default="")
    created_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at: datetime | None = fields.DatetimeField(null=True)
    finished_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "bulk_run"
        indexes = (("organization_id", "created_at"),)


class BulkLine(Model):
    """One line of a run: what was given, whom or what it concerns, and what came of it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    run: fields.ForeignKeyRelation[BulkRun] = fields.ForeignKeyField(
        "certification.BulkRun", related_name="lines", on_delete=fields.CASCADE
    )
    run_id: UUID
    position = fields.IntField()
    given: dict[str, Any] = fields.JSONField(default=dict)
    person_id = fields.UUIDField(null=True)
    certificate_id = fields.UUIDField(null=True)
    state = fields.CharEnumField(LineState, max_length=10, default=LineState.ready)
    problem = fields.CharField(500, default="", db_default="")
    done_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "bulk_line"
        unique_together = (("run", "position"),)
        indexes = (("run_id", "state", "position"),)
