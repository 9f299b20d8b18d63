"""Tables of certifications: the program, its versioned policy, its domains, and entitlements."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization, Person
from certification.layouts.models import Layout
from core.database import new_id


class CertificationStatus(StrEnum):
    """`draft -> published -> retired`; a retired certification starts no attempts, its certificates stay."""

    draft = "draft"
    published = "published"
    retired = "retired"


class CertificationAccess(StrEnum):
    """Who may sit: everybody, or only those who hold an entitlement."""

    open = "open"
    by_entitlement = "by_entitlement"


class EntitlementSource(StrEnum):
    """Where the right to sit came from."""

    open_certification = "open_certification"
    granted = "granted"
    order = "order"
    voucher = "voucher"


class Certification(Model):
    """A program: what it attests and who may sit its exam."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="certifications", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    slug = fields.CharField(80, unique=True)
    title = fields.CharField(200)
    summary = fields.CharField(300, default="", db_default="")
    statement = fields.CharField(500)
    description = fields.TextField(default="", db_default="")
    description_html = fields.TextField(default="", db_default="")
    language = fields.CharField(16, default="en", db_default="en")
    status = fields.CharEnumField(CertificationStatus, max_length=10, default=CertificationStatus.draft)
    access = fields.CharEnumField(CertificationAccess, max_length=20, default=CertificationAccess.open)
    layout: fields.ForeignKeyNullableRelation[Layout] = fields.ForeignKeyField(
        "certification.Layout", related_name="certifications", null=True, on_delete=fields.RESTRICT
    )
    layout_id: UUID | None
    published_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "certification"


class CertificationPolicy(Model):
    """One version of a certification's rules; immutable, so that an attempt keeps the rules it was started under.

    `cut_score` is a percentage. `attempts_allowed` counts the first attempt and the retakes inside one entitlement.
    `form_length` is how many items a form draws; None takes every item of the bank. `renewal_credits` is how many
    continuing-education credits renew a certificate, None where only passing again does; `grace_days` is how long
    after its end it can still be renewed. `shows_score` puts the score on the certificate and its band in the badge.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="policies", on_delete=fields.RESTRICT
    )
    certification_id: UUID
    version = fields.IntField()
    cut_score = fields.DecimalField(5, 2, default=Decimal("66.00"))
    time_limit_minutes = fields.IntField(default=90)
    form_length = fields.IntField(null=True)
    attempts_allowed = fields.IntField(default=2)
    entitlement_months = fields.IntField(default=12)
    retake_wait_days = fields.IntField(default=0)
    validity_months = fields.IntField(null=True, default=24)
    renewal_credits = fields.DecimalField(6, 2, null=True)
    grace_days = fields.IntField(default=0, db_default=0)
    shows_score = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "certification_policy"
        unique_together = (("certification", "version"),)


class Domain(Model):
    """A topic of the exam; `weight` is its share of a form relative to the other domains."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="domains", on_delete=fields.CASCADE
    )
    certification_id: UUID
    name = fields.CharField(150)
    weight = fields.IntField(default=1)
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "domain"
        unique_together = (("certification", "name"),)


class Entitlement(Model):
    """The right to sit: how many attempts, until when, and where it came from."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="entitlements", on_delete=fields.RESTRICT
    )
    certification_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "accounts.Person", related_name="entitlements", on_delete=fields.RESTRICT
    )
    person_id: UUID
    attempts_allowed = fields.IntField()
    attempts_used = fields.IntField(default=0, db_default=0)
    valid_until = fields.DatetimeField()
    source = fields.CharEnumField(EntitlementSource, max_length=20)
    source_reference = fields.CharField(100, default="", db_default="")
    granted_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "entitlement"
        indexes = (("person_id", "certification_id"),)

    @property
    def attempts_left(self) -> int:
        """How many more attempts this entitlement allows."""
        return self.attempts_allowed - self.attempts_used
