"""Tables of the item bank."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from certification.programs.models import Certification, Domain
from core.database import new_id


class Item(Model):
    """An exam question; what it says lives in its versions."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    certification: fields.ForeignKeyRelation[Certification] = fields.ForeignKeyField(
        "certification.Certification", related_name="items", on_delete=fields.RESTRICT
    )
    certification_id: UUID
    domain: fields.ForeignKeyRelation[Domain] = fields.ForeignKeyField(
        "certification.Domain", related_name="items", on_delete=fields.RESTRICT
    )
    domain_id: UUID
    title = fields.CharField(200)
    retired_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "item"
        indexes = (("certification_id", "created_at"),)


class ItemVersion(Model):
    """What an item says, key included; `content` is a `certification.bank.content` document.

    Rows never change (a trigger refuses it): a change is a new version, and the highest version is the current one.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    item: fields.ForeignKeyRelation[Item] = fields.ForeignKeyField(
        "certification.Item", related_name="versions", on_delete=fields.RESTRICT
    )
    item_id: UUID
    version = fields.IntField()
    type = fields.CharField(20)
    content: dict[str, Any] = fields.JSONField()
    created_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "item_version"
        unique_together = (("item", "version"),)
