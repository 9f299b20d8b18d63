"""Tables of badges: the frozen credential, its place in a status list, and what was published of each list."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization
from certification.signing.models import IssuerKey
from core.database import new_id


class StatusPurpose(StrEnum):
    """What a set bit means (Bitstring Status List 1.0, section 2.1)."""

    revocation = "revocation"
    suspension = "suspension"


class StatusList(Model):
    """Places of an organization's badges; the same place serves both purposes. A full one is followed by the next."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="status_lists", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    position = fields.IntField(default=1, db_default=1)
    size = fields.IntField(default=131_072, db_default=131_072)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "status_list"
        unique_together = (("organization", "position"),)


class StatusListPublication(Model):
    """The signed list as it is served, replaced whenever a bit changes or its validity nears its end."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    status_list: fields.ForeignKeyRelation[StatusList] = fields.ForeignKeyField(
        "certification.StatusList", related_name="publications", on_delete=fields.CASCADE
    )
    status_list_id: UUID
    purpose = fields.CharEnumField(StatusPurpose, max_length=12)
    document = fields.TextField()
    etag = fields.CharField(64)
    published_at = fields.DatetimeField()
    valid_until = fields.DatetimeField()

    class Meta:
        table = "status_list_publication"
        unique_together = (("status_list", "purpose"),)


class Badge(Model):
    """A signed credential, frozen by a trigger: as JSON with a Data Integrity proof, and as a VC-JWT.

    Its place in the status list is random and its own, so that lists tell nothing about who is on them.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    status_list: fields.ForeignKeyRelation[StatusList] = fields.ForeignKeyField(
        "certification.StatusList", related_name="badges", on_delete=fields.RESTRICT
    )
    status_list_id: UUID
    status_index = fields.IntField()
    issuer_key: fields.ForeignKeyRelation[IssuerKey] = fields.ForeignKeyField(
        "certification.IssuerKey", related_name="badges", on_delete=fields.RESTRICT
    )
    issuer_key_id: UUID
    credential = fields.TextField()
    jwt = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "badge"
        unique_together = (("status_list", "status_index"),)
