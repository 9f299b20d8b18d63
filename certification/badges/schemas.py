"""What the API says about issuer keys."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from certification.badges import addresses
from certification.signing.models import IssuerKey


class IssuerKeyOut(BaseModel):
    """A key of an organization; the one without `retired_at` signs."""

    id: UUID
    public_key: str = Field(description="Multikey (z6Mk…), an Ed25519 public key.")
    address: str = Field(description="Where badges say the key is: the DID document, and the key in its fragment.")
    kept: Literal["database", "token"] = Field(description="Where the private key is: sealed here, or in a token.")
    created_at: datetime
    retired_at: datetime | None

    @classmethod
    def of(cls, key: IssuerKey, slug: str) -> Self:
        """From the row, for the organization called `slug`."""
        return cls(
            id=key.id,
            public_key=key.public_key,
            address=addresses.key_address(addresses.issuer_did(slug), key.public_key),
            kept="token" if key.token_label is not None else "database",
            created_at=key.created_at,
            retired_at=key.retired_at,
        )
