"""Tables of people, organizations, roles, sign-in and the audit log."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from core.database import new_id


class Role(StrEnum):
    """What somebody may do in an organization; roles.py says which permissions each carries."""

    owner = "owner"
    organizer = "organizer"
    programme_chair = "programme_chair"
    reviewer = "reviewer"
    check_in_staff = "check_in_staff"
    finance = "finance"
    exam_author = "exam_author"
    grader = "grader"
    certification_officer = "certification_officer"
    proctor = "proctor"
    viewer = "viewer"


class ScopeKind(StrEnum):
    """How wide a role reaches."""

    organization = "organization"
    event = "event"
    certification = "certification"


class LinkPurpose(StrEnum):
    """What a single-use link in a mail is good for."""

    confirm_email = "confirm_email"
    reset_password = "reset_password"  # noqa: S105  a purpose, not a password
    keep_email = "keep_email"


class SignInOutcome(StrEnum):
    """How an attempt to sign in ended."""

    signed_in = "signed_in"
    wrong_password = "wrong_password"  # noqa: S105  an outcome, not a password
    disabled = "disabled"


class SignInWay(StrEnum):
    """What was asked for with address and password."""

    browser = "browser"
    token = "token"  # noqa: S105  a way, not a token


class Person(Model):
    """One human with an account. `email` is stored in lower case; an erased person keeps only the row.

    `credential_epoch` grows whenever every credential ends (accounts/credentials.py); what was made under an earlier
    one is good for nothing.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    email = fields.CharField(254, null=True, unique=True)
    password_hash = fields.CharField(255, null=True)
    display_name = fields.CharField(200)
    certificate_name = fields.CharField(200, default="", db_default="")
    locale = fields.CharField(16, default="en", db_default="en")
    time_zone = fields.CharField(64, default="UTC", db_default="UTC")
    email_confirmed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    erased_at = fields.DatetimeField(null=True)
    disabled_at = fields.DatetimeField(null=True)
    credential_epoch = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "person"

    @property
    def is_confirmed(self) -> bool:
        """Whether the person has proved that the e-mail address is theirs."""
        return self.email_confirmed_at is not None


class SignInSession(Model):
    """One signed-in browser. The cookie holds the token; the table holds only its hash.

    `proved_at` is when the person last typed their password in it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="sessions", on_delete=fields.CASCADE
    )
    person_id: UUID
    token_hash = fields.CharField(64, unique=True)
    user_agent = fields.CharField(300, default="")
    address = fields.CharField(64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_seen_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    proved_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_in_session"


class SignInEvent(Model):
    """One attempt to sign in to an account, for its owner to look through; kept for 90 days."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="sign_in_events", on_delete=fields.CASCADE
    )
    person_id: UUID
    at = fields.DatetimeField(db_index=True)
    way = fields.CharEnumField(SignInWay, max_length=20)
    outcome = fields.CharEnumField(SignInOutcome, max_length=20)
    user_agent = fields.CharField(300, default="")
    address = fields.CharField(64, default="")
    is_new_browser = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "sign_in_event"
        indexes = (("person_id", "at"),)


class ApiToken(Model):
    """A bearer token for programs: scopes, an expiry, shown once, stored hashed."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="api_tokens", on_delete=fields.CASCADE
    )
    person_id: UUID
    name = fields.CharField(100)
    prefix = fields.CharField(12)
    token_hash = fields.CharField(64, unique=True)
    scopes: list[str] = ArrayField("text")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"


class SingleUseLink(Model):
    """A link sent by mail that works once and expires; only its hash is kept.

    `device_hash` names the browser in which the account was just made, and `next_path` where it was going.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="links", on_delete=fields.CASCADE
    )
    person_id: UUID
    purpose = fields.CharEnumField(LinkPurpose, max_length=20)
    token_hash = fields.CharField(64, unique=True)
    email = fields.CharField(254)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)
    device_hash = fields.CharField(64, default="", db_default="")
    next_path = fields.CharField(1000, default="", db_default="")

    class Meta:
        table = "single_use_link"


class Organization(Model):
    """A foundation or chapter that runs events and certifications; may have a parent."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    slug = fields.CharField(63, unique=True)
    name = fields.CharField(200)
    parent: fields.ForeignKeyNullableRelation["Organization"] = fields.ForeignKeyField(
        "accounts.Organization", related_name="chapters", null=True, on_delete=fields.RESTRICT
    )
    parent_id: UUID | None
    accent = fields.CharField(7, default="#0f5f5c", db_default="#0f5f5c")
    website = fields.CharField(300, default="", db_default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "organization"


class RoleGrant(Model):
    """One person's role in one organization, whole or narrowed to one event or certification."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="grants", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="grants", on_delete=fields.CASCADE
    )
    person_id: UUID
    role = fields.CharEnumField(Role, max_length=30)
    scope_kind = fields.CharEnumField(ScopeKind, max_length=20, default=ScopeKind.organization)
    scope_id = fields.UUIDField(null=True)
    granted_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "role_grant"


class InvitationKind(StrEnum):
    """What an invitation brings once its address is confirmed."""

    role = "role"
    entitlement = "entitlement"


class Invitation(Model):
    """A role or an entitlement for an address that nobody has confirmed: it counts once its owner has, until it ends.

    `scope_id` names an event or a certification without a foreign key. `terms` holds what else was decided, by kind.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="invitations", on_delete=fields.CASCADE
    )
    organization_id: UUID
    email = fields.CharField(254, db_index=True)
    kind = fields.CharEnumField(InvitationKind, max_length=12)
    role: Role | None = fields.CharEnumField(Role, max_length=30, null=True)  # type: ignore[assignment]  # null
    scope_kind = fields.CharEnumField(ScopeKind, max_length=20, default=ScopeKind.organization)
    scope_id: UUID | None = fields.UUIDField(null=True)
    terms: dict[str, Any] = fields.JSONField(default=dict)
    invited_by_id: UUID | None = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "invitation"


class AuditEntry(Model):
    """Who did what to which object, before and after; append-only by a trigger.

    It names people by id only, so that erasing a person leaves no personal data here.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    at = fields.DatetimeField(auto_now_add=True)
    actor_id = fields.UUIDField(null=True)
    organization_id = fields.UUIDField(null=True, db_index=True)
    action = fields.CharField(80)
    object_kind = fields.CharField(40)
    object_id = fields.UUIDField()
    before: dict[str, Any] | None = fields.JSONField(null=True)
    after: dict[str, Any] | None = fields.JSONField(null=True)

    class Meta:
        table = "audit_entry"
        indexes = (("object_kind", "object_id"),)


class RefusalKind(StrEnum):
    """What was refused."""

    sign_in_failed = "sign_in_failed"
    slowed = "slowed"
    forbidden = "forbidden"
    cross_origin = "cross_origin"


class Refusal(Model):
    """One refused request: whose, from where, on which route. Kept for 90 days (accounts/refusals.py)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    at = fields.DatetimeField(db_index=True)
    kind = fields.CharEnumField(RefusalKind, max_length=20)
    person_id = fields.UUIDField(null=True, db_index=True)
    organization_id = fields.UUIDField(null=True, db_index=True)
    address = fields.CharField(64)
    route = fields.CharField(200)
    code = fields.CharField(80)
    request_id = fields.CharField(32)

    class Meta:
        table = "refusal"


class FailureCount(Model):
    """Failures of one kind from one account or address in one window of time, shared by all processes.

    `next_try_at` says when the next try is heard, where waits grow instead of refusing (accounts/guesses.py).
    """

    bucket = fields.CharField(160, primary_key=True)
    window_ends_at = fields.DatetimeField()
    failures = fields.IntField(default=0)
    next_try_at = fields.DatetimeField(null=True)

    class Meta:
        table = "failure_count"


class IdempotentRequest(Model):
    """The answer to a POST that carried an Idempotency-Key, kept with the change that it acknowledged.

    `person_id` is who sent it. `body` is empty where the answer must not be shown again.
    """

    id = fields.CharField(64, primary_key=True)
    person_id: UUID | None = fields.UUIDField(null=True, db_index=True)
    fingerprint = fields.CharField(64)
    status = fields.SmallIntField()
    content_type = fields.CharField(100)
    location = fields.CharField(300, default="")
    body = fields.BinaryField()
    created_at = fields.DatetimeField(auto_now_add=True, db_index=True)

    class Meta:
        table = "idempotent_request"
