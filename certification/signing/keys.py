"""Issuer keys: an organization's Ed25519 keys, of which one signs and all stay published, so that old badges verify.

A private key is sealed in the database (see sealing.py) or stays in a PKCS#11 token (token.py); it is never written
anywhere else, and no object here shows it. Engines are loaded with the first key, since web processes seldom need one.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from certification.signing import multikey
from certification.signing.models import IssuerKey
from core.database import execute, fetchrow, new_id, transaction
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.i18n import N_
from core.i18n import gettext as _
from core.settings import get_settings

log = logging.getLogger("confero.keys")


class AlreadyStolen(Conflict):
    """409: the key was declared stolen before, since the same moment or an earlier one (`compromised_since`)."""

    code, message = "key_already_stolen", N_("This key was declared stolen already, since then or earlier.")


class KeyStolen(Conflict):
    """The key was declared stolen while it signed; what it signed is thrown away, and made again by the next key."""

    code, message = "key_stolen", N_("The key was declared stolen while it signed.")


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


async def key_held(organization_id: UUID) -> SigningKey:
    """The key that signs, which nobody can declare stolen or retire until the running transaction ends.

    For a transaction that stores what is signed at once and is not made again by itself. Raises as `key_in_use` does.
    """
    while True:
        key = await key_in_use(organization_id)
        held = await fetchrow("SELECT 1 FROM issuer_key WHERE id = $1 AND retired_at IS NULL FOR SHARE", key.id)
        if held is not None:
            return key


async def rotate(organization: Organization, *, by: Person, now: datetime) -> IssuerKey:
    """Make a new key that signs from now on. The one before is retired: it signs no more and stays published."""
    async with transaction():
        await _lock(organization.id)
        before = await IssuerKey.get_or_none(organization_id=organization.id, retired_at=None)
        if before is not None:
            before.retired_at = now
            await before.save(update_fields=["retired_at"])
        return await _make(organization.id, by=by, replaced=before)


async def declare_stolen(
    organization: Organization, key_id: UUID, *, since: datetime, by: Person, now: datetime
) -> IssuerKey:
    """Say that others may have signed with a key `since` then: it is retired and no longer trusted for what is later.

    A moment that was declared can be corrected to an earlier one only, since what was refused must not come back. Where
    the key was in use a new one is made, unless the database's secret or the token is away: then the next that is
    needed is. Raises `NotFound`, `InvalidInput` for a moment in the future or before the key's making, `AlreadyStolen`.
    """
    async with transaction():
        await _lock(organization.id)
        found = await IssuerKey.select_for_update().get_or_none(id=key_id, organization_id=organization.id)
        if found is None:
            raise NotFound()
        _check_moment(found, since, now)
        before, was_in_use = found.compromised_since, found.retired_at is None
        found.compromised_since = since
        found.retired_at = found.retired_at or now
        await found.save(update_fields=["compromised_since", "retired_at"])
        await audit.record(
            "issuer_key.declared_stolen",
            by=by,
            object_kind="issuer_key",
            object_id=found.id,
            organization_id=organization.id,
            before={"compromised_since": before.isoformat() if before else None},
            after={"compromised_since": since.isoformat()},
        )
        if was_in_use:
            try:
                await _make(organization.id, by=by, replaced=found)
            except Unavailable:
                log.warning("No new key could be made for %s in place of the stolen one.", organization.slug)
    return found


def _check_moment(key: IssuerKey, since: datetime, now: datetime) -> None:
    """A form knows minutes, so that the minute of the making is none before it."""
    if since > now:
        raise InvalidInput({"since": _("This lies in the future. Give the first moment when it may have happened.")})
    if since < key.created_at.replace(second=0, microsecond=0):
        raise InvalidInput({"since": _("The key did not exist yet. If you do not know when, give when it was made.")})
    if key.compromised_since is not None and since >= key.compromised_since:
        raise AlreadyStolen(compromised_since=key.compromised_since.isoformat())


async def refuse_stolen(key_id: UUID) -> None:
    """Raise `KeyStolen` where the key was declared stolen; else nobody can declare it until the transaction ends.

    For the transaction that stores what the key signed.
    """
    row = await fetchrow("SELECT compromised_since FROM issuer_key WHERE id = $1 FOR SHARE", key_id)
    if row is not None and row["compromised_since"] is not None:
        raise KeyStolen()


async def one(organization_id: UUID, key_id: UUID) -> IssuerKey:
    """A key of the organization. Raises `NotFound`."""
    found = await IssuerKey.get_or_none(id=key_id, organization_id=organization_id)
    if found is None:
        raise NotFound()
    return found


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
