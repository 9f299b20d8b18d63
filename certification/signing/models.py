"""The table of issuer keys."""

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from accounts.models import Organization
from core.database import new_id


class IssuerKey(Model):
    """An Ed25519 key of an organization. One is in use; those retired stay published, so that old badges verify.

    `public_key` is a Multikey (`z6Mk…`), which also ends the key's address in the organization's DID document. The
    private key is `sealed` (encrypted under the settings' key), or stays in a PKCS#11 token as `token_label`.
    `compromised_since` is from when on others may have signed with it: it is retired, and trusted for nothing later.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    organization: fields.ForeignKeyRelation[Organization] = fields.ForeignKeyField(
        "accounts.Organization", related_name="issuer_keys", on_delete=fields.RESTRICT
    )
    organization_id: UUID
    public_key = fields.CharField(60, unique=True)
    sealed: bytes | None = fields.BinaryField(null=True)
    token_label = fields.CharField(100, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    retired_at: datetime | None = fields.DatetimeField(null=True)
    compromised_since: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "issuer_key"
