"""Issuer keys: an organization's Ed25519 keys, of which one signs and all stay published, so that old badges verify.

A private key is sealed in the database (see sealing.py) or stays in a PKCS#11 token (token.py); it is never written
anywhere else, and no object here shows it. Engines are loaded with the first key, since web processes seldom need one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from certification.signing import multikey
from certification.signing.models import IssuerKey
from core.database import execute, new_id, transaction
from core.settings import get_settings


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that can sign: `public_key` is its Multikey, `sign` returns the 64-byte signature and may block."""

    id: UUID
    public_key: str
    sign: Callable[[bytes], bytes] = field(repr=False)


async def key_in_use(organization_id: UUID) -> SigningKey:
    """The key that signs for an organization; the first one is made when there is none, once under concurrency.

    Raises `KeySealed` where the settings' secret does not open it.
    """
    found = await IssuerKey.get_or_none(organization_id=organization_id, retired_at=None)
    if found is None:
        async with transaction():
            await _lock(organization_id)
            found = await IssuerKey.get_or_none(organization_id=organization_id, retired_at=None)
            if found is None:
                found = await _make(organization_id, by=None, replaced=None)
    return signing_key(found)


async def rotate(organization: Organization, *, by: Person, now: datetime) -> IssuerKey:
    """Make a new key that signs from now on. The one before is retired: it signs no more and stays published."""
    async with transaction():
        await _lock(organization.id)
        before = await IssuerKey.get_or_none(organization_id=organization.id, retired_at=None)
        if before is not None:
            before.retired_at = now
            await before.save(update_fields=["retired_at"])
        return await _make(organization.id, by=by, replaced=before)


async def published(organization_id: UUID) -> list[IssuerKey]:
    """Every key of an organization, the one in use first, then the latest."""
    found = await IssuerKey.filter(organization_id=organization_id).order_by("-created_at", "-id")
    return sorted(found, key=lambda key: key.retired_at is not None)


def signing_key(key: IssuerKey) -> SigningKey:
    """The stored key, able to sign. Raises `KeySealed` where the settings' secret does not open it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from certification.signing import sealing, token

    if key.token_label is not None:
        label = key.token_label
        return SigningKey(key.id, key.public_key, lambda content: token.sign(label, content))
    assert key.sealed is not None  # a constraint of the table
    private = Ed25519PrivateKey.from_private_bytes(sealing.unseal(bytes(key.sealed), key.id))
    return SigningKey(key.id, key.public_key, private.sign)


async def _make(organization_id: UUID, *, by: Person | None, replaced: IssuerKey | None) -> IssuerKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from certification.signing import sealing, token

    key_id = new_id()
    sealed, label = None, None
    if get_settings().keys_pkcs11 is not None:
        label = f"confero {key_id}"
        public = await asyncio.to_thread(token.make_key, label)
    else:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        sealed = sealing.seal(private.private_bytes_raw(), key_id)
    made = await IssuerKey.create(
        id=key_id,
        organization_id=organization_id,
        public_key=multikey.encode(public),
        sealed=sealed,
        token_label=label,
    )
    await audit.record(
        "issuer_key.made",
        by=by,
        object_kind="issuer_key",
        object_id=key_id,
        organization_id=organization_id,
        before={"public_key": replaced.public_key} if replaced else None,
        after={"public_key": made.public_key, "kept": "token" if label else "database"},
    )
    return made


async def _lock(organization_id: UUID) -> None:
    """Let one key of an organization be made at a time; held until the transaction ends."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"issuer keys {organization_id}")
