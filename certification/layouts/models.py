"""Tables of layouts: a layout, its immutable versions, and the pictures that they show."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization
from core.database import new_id


class Layout(Model):
    """A design of an organization. `origin` names the shipped one that it began as a copy of, once each."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="layouts", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    name = fields.CharField(120)
    origin = fields.CharField(20, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    archived_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "layout"
        unique_together = (("organization", "origin"),)


class LayoutVersion(Model):
    """One state of a layout; a trigger refuses to change or delete it. `definition` is a `LayoutDefinition`."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    layout: fields.ForeignKeyRelation[Layout] = fields.ForeignKeyField(
        "certification.Layout", related_name="versions", on_delete=fields.RESTRICT
    )
    layout_id: UUID
    version = fields.IntField()
    definition: dict[str, Any] = fields.JSONField()
    created_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "layout_version"
        unique_together = (("layout", "version"),)


class LayoutPicture(Model):
    """A logo, signature, seal or background of an organization; its bytes lie in the file store by their SHA-256."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="layout_pictures", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    name = fields.CharField(120)
    sha256 = fields.CharField(64)
    content_type = fields.CharField(40)
    width = fields.IntField()
    height = fields.IntField()
    created_at = fields.DatetimeField(auto_now_add=True)
    archived_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "layout_picture"
        unique_together = (("organization", "sha256"),)
