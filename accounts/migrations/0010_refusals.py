from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from accounts.models import RefusalKind
from core.database import new_id


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_nothing_for_erased")]
    operations = [
        ops.CreateModel(
            name="Refusal",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                (
                    "kind",
                    fields.CharEnumField(
                        description="sign_in_failed: sign_in_failed\nslowed: slowed\nforbidden: forbidden\n"
                        "cross_origin: cross_origin",
                        enum_type=RefusalKind,
                        max_length=20,
                    ),
                ),
                ("person_id", fields.UUIDField(null=True, db_index=True)),
                ("organization_id", fields.UUIDField(null=True, db_index=True)),
                ("address", fields.CharField(max_length=64)),
                ("route", fields.CharField(max_length=200)),
                ("code", fields.CharField(max_length=80)),
                ("request_id", fields.CharField(max_length=32)),
            ],
            options={
                "table": "refusal",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "One refused request: whose, from where, on which route. Kept for 90 days (accounts/refusals.py).",  # noqa: E501  generated
            },
            bases=["Model"],
        )
    ]
