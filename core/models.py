"""Tables of the technology itself: mails, workers, schedules. The queue's own tables come from PgQueuer."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from core.database import new_id


class OutgoingMail(Model):
    """A mail, written in the transaction of its cause and sent by a job. `key` makes an occasion's mail unique.

    `attachments` lists file name, media type and SHA-256; the bytes are in the file store. `sent_at` is set before
    the answer of the mail server is acted upon again, so that no second run sends it; `failed_at` when it was refused.
    `has_secret` marks those whose words go as soon as they are sent; `is_last` those of which nothing stays then.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    key = fields.CharField(200, null=True, unique=True)
    template = fields.CharField(100)
    to_name = fields.CharField(200)
    to_address = fields.CharField(254)
    subject = fields.CharField(300)
    text = fields.TextField()
    html = fields.TextField()
    attachments: list[dict[str, Any]] = fields.JSONField()
    locale = fields.CharField(16, default="en", db_default="en")
    created_at = fields.DatetimeField(auto_now_add=True, db_index=True)
    sent_at = fields.DatetimeField(null=True)
    failed_at = fields.DatetimeField(null=True)
    last_error = fields.CharField(500, default="", db_default="")
    has_secret = fields.BooleanField(default=False, db_default=False)
    is_last = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "outgoing_mail"


class WorkerHeartbeat(Model):
    """When a worker was last seen."""

    id = fields.UUIDField(primary_key=True)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "worker_heartbeat"


class ScheduleTick(Model):
    """When a repeated job is due next; one row a schedule, so that one of many workers takes it."""

    name = fields.CharField(100, primary_key=True)
    next_at = fields.DatetimeField()

    class Meta:
        table = "schedule_tick"
