from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from accounts.models import LinkPurpose, Role, ScopeKind
from core.database import new_id
from json import dumps, loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("actor_id", fields.UUIDField(null=True)),
                ("organization_id", fields.UUIDField(null=True, db_index=True)),
                ("action", fields.CharField(max_length=80)),
                ("object_kind", fields.CharField(max_length=40)),
                ("object_id", fields.UUIDField()),
                (
                    "before",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                (
                    "after",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
            ],
            options={
                "table": "audit_entry",
                "app": "accounts",
                "indexes": [Index(fields=["object_kind", "object_id"])],
                "pk_attr": "id",
                "table_description": "Who did what to which object, before and after; append-only by a trigger.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FailureCount",
            fields=[
                ("bucket", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=160)),
                ("window_ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
            ],
            options={
                "table": "failure_count",
                "app": "accounts",
                "pk_attr": "bucket",
                "table_description": "Failures of one kind from one account or address in one window of time, shared by all processes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("status", fields.SmallIntField()),
                ("content_type", fields.CharField(max_length=100)),
                ("location", fields.CharField(default="", max_length=300)),
                ("body", fields.BinaryField()),
                ("created_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "idempotent_request",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "The answer to a POST that carried an Idempotency-Key, kept with the change that it acknowledged.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Organization",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("slug", fields.CharField(unique=True, max_length=63)),
                ("name", fields.CharField(max_length=200)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "accounts.Organization",
                        source_field="parent_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="chapters",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("accent", fields.CharField(default="#0f5f5c", db_default="#0f5f5c", max_length=7)),
                ("website", fields.CharField(default="", db_default="", max_length=300)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "organization",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "A foundation or chapter that runs events and certifications; may have a parent.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Person",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("email", fields.CharField(null=True, unique=True, max_length=254)),
                ("password_hash", fields.CharField(null=True, max_length=255)),
                ("display_name", fields.CharField(max_length=200)),
                ("certificate_name", fields.CharField(default="", db_default="", max_length=200)),
                ("locale", fields.CharField(default="en", db_default="en", max_length=16)),
                ("time_zone", fields.CharField(default="UTC", db_default="UTC", max_length=64)),
                ("email_confirmed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("erased_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "person",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "One human with an account. `email` is stored in lower case; an erased person keeps only the row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "accounts.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="api_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("prefix", fields.CharField(max_length=12)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("scopes", ArrayField(element_type="TEXT")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_token",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "A bearer token for programs: scopes, an expiry, shown once, stored hashed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RoleGrant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "organization",
                    fields.ForeignKeyField(
                        "accounts.Organization",
                        source_field="organization_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "accounts.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="owner: owner\norganizer: organizer\nprogramme_chair: programme_chair\nreviewer: reviewer\ncheck_in_staff: check_in_staff\nfinance: finance\nexam_author: exam_author\ngrader: grader\ncertification_officer: certification_officer\nproctor: proctor\nviewer: viewer",
                        enum_type=Role,
                        max_length=30,
                    ),
                ),
                (
                    "scope_kind",
                    fields.CharEnumField(
                        default=ScopeKind.organization,
                        description="organization: organization\nevent: event\ncertification: certification",
                        enum_type=ScopeKind,
                        max_length=20,
                    ),
                ),
                ("scope_id", fields.UUIDField(null=True)),
                ("granted_by_id", fields.UUIDField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "role_grant",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "One person's role in one organization, whole or narrowed to one event or certification.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignInSession",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "accounts.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("user_agent", fields.CharField(default="", max_length=300)),
                ("address", fields.CharField(default="", max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_in_session",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "One signed-in browser. The cookie holds the token; the table holds only its hash.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SingleUseLink",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "accounts.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "purpose",
                    fields.CharEnumField(
                        description="confirm_email: confirm_email\nreset_password: reset_password",
                        enum_type=LinkPurpose,
                        max_length=20,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("email", fields.CharField(max_length=254)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "single_use_link",
                "app": "accounts",
                "pk_attr": "id",
                "table_description": "A link sent by mail that works once and expires; only its hash is kept.",
            },
            bases=["Model"],
        ),
    ]
