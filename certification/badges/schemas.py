"""What the API says about issuer keys, and about badges that were checked."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from certification.badges import addresses
from certification.badges.verdicts import BadgeCheck, KeySource, Reason, Verdict
from certification.signing.models import IssuerKey


class StolenIn(BaseModel):
    """The first moment at which somebody else may have signed with the key."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime


class IssuerKeyOut(BaseModel):
    """A key of an organization; the one without `retired_at` signs."""

    id: UUID
    public_key: str = Field(description="Multikey (z6Mk…), an Ed25519 public key.")
    address: str = Field(description="Where badges say the key is: the DID document, and the key in its fragment.")
    kept: Literal["database", "token"] = Field(description="Where the private key is: sealed here, or in a token.")
    created_at: datetime
    retired_at: datetime | None
    compromised_since: datetime | None = Field(description="Since when others may have signed with it.")

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
            compromised_since=key.compromised_since,
        )


class BadgeFindingOut(BaseModel):
    """Why a badge is not simply valid; `detail` names the type, context, key or member that it is about."""

    reason: Reason
    detail: str


class BadgeCheckOut(BaseModel):
    """What the signature of an Open Badge shows, the same in the API and in `confero verify --json`.

    A name is a claim: the issuer's stands without reserve only where `is_issuer_known` is true.
    """

    verdict: Verdict
    reasons: list[Reason]
    findings: list[BadgeFindingOut]
    suite: str | None
    public_key: str | None
    key_source: KeySource | None
    signed_by: str | None = Field(description="The DID whose key signed it; where that is not confirmed, the key.")
    is_issuer_known: bool = Field(description="The key is of an issuer of this server, or of one that is trusted.")
    key_stolen_since: datetime | None = Field(description="Since when the issuer says that others may have the key.")
    unjudged: list[str] = Field(description="JSON pointers to endorsements and extensions, which were not judged.")

    @classmethod
    def of(cls, found: BadgeCheck) -> Self:
        """From what checking found."""
        return cls(
            verdict=found.verdict,
            reasons=list(found.reasons),
            findings=[BadgeFindingOut(reason=one.reason, detail=one.detail) for one in found.findings],
            suite=found.suite,
            public_key=found.public_key,
            key_source=found.key_source,
            signed_by=found.signer or None,
            is_issuer_known=found.is_issuer_known,
            key_stolen_since=found.key_stolen_since,
            unjudged=list(found.unjudged),
        )
