from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.database import new_id
from json import dumps, loads
from uuid import uuid4
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("key", fields.CharField(null=True, unique=True, max_length=200)),
                ("template", fields.CharField(max_length=100)),
                ("to_name", fields.CharField(max_length=200)),
                ("to_address", fields.CharField(max_length=254)),
                ("subject", fields.CharField(max_length=300)),
                ("text", fields.TextField(unique=False)),
                ("html", fields.TextField(unique=False)),
                (
                    "attachments",
                    fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("locale", fields.CharField(default="en", db_default="en", max_length=16)),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(default="", db_default="", max_length=500)),
            ],
            options={
                "table": "outgoing_mail",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A mail, written in the transaction of its cause and sent by a job. `key` makes an occasion's mail unique.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ScheduleTick",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100)),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "schedule_tick",
                "app": "core",
                "pk_attr": "name",
                "table_description": "When a repeated job is due next; one row a schedule, so that one of many workers takes it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "worker_heartbeat",
                "app": "core",
                "pk_attr": "id",
                "table_description": "When a worker was last seen.",
            },
            bases=["Model"],
        ),
    ]
