"""Status lists: one bit for each badge, for revocation and for suspension, published signed and as a whole.

A badge's place is random, so that a list tells nothing about who is on it, and serves both purposes. A list is opened
with both documents signed, in one transaction; after a change of status a job writes both anew, one job at a time for
each list. Source: W3C Bitstring Status List 1.0.
"""

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from accounts.models import Organization
from certification.badges import addresses
from certification.badges.facts import StatusPlace
from certification.badges.models import Badge, StatusList, StatusListPublication, StatusPurpose
from certification.signing.keys import SigningKey, key_held
from core.database import execute, fetch, fetchval, transaction
from core.jobs import enqueue

VALID_FOR: Final = timedelta(days=7)
REPUBLISHED_BEFORE_END: Final = timedelta(days=3)
SECONDS_FRESH: Final = 300
"""How long a reader may rely on a copy (`ttl`, section 2.2, and Cache-Control): five minutes, the source's default."""

_SAMPLE: Final = 32
_STATUSES: Final = {StatusPurpose.revocation: ["revoked", "superseded"], StatusPurpose.suspension: ["suspended"]}


async def allocate(organization_id: UUID, *, now: datetime) -> StatusPlace:
    """A random free place in the organization's latest list; half full, the next list is opened.

    The place is taken when the badge is saved. Two who get the same one at the same moment are told apart there by a
    unique constraint, and the later one starts over.
    """
    while True:
        latest = await StatusList.filter(organization_id=organization_id).order_by("-position").first()
        if latest is None:
            await _open(organization_id, 1, now=now)
            continue
        candidates = [secrets.randbelow(latest.size) for _ in range(_SAMPLE)]
        rows = await Badge.filter(status_list_id=latest.id, status_index__in=candidates).only("status_index")
        taken = {row.status_index for row in rows}
        if len(taken) > _SAMPLE // 3 and await Badge.filter(status_list_id=latest.id).count() >= latest.size // 2:
            await _open(organization_id, latest.position + 1, now=now)
            continue
        for index in candidates:
            if index not in taken:
                return StatusPlace(latest.id, index)


async def changed(badge_id: UUID | None) -> None:
    """Have the badge's list published anew, in the running transaction; nothing where a certificate has no badge."""
    if badge_id is None:
        return
    list_id = await fetchval("SELECT status_list_id FROM badge WHERE id = $1", badge_id)
    # One job for each list and transaction. A job that runs already may have read the bits before this change commits,
    # so its key must not keep this one from being written.
    change = await fetchval("SELECT pg_current_xact_id()::text")
    await enqueue("badges.publish_status", {"list": str(list_id)}, key=f"badges.publish_status {list_id} {change}")


async def publish(list_id: UUID, *, now: datetime) -> None:
    """Write both documents of a list as its badges are now; does nothing where they say so already and last."""
    async with transaction():
        # NO KEY: badges may take their places meanwhile.
        await execute("SELECT 1 FROM status_list WHERE id = $1 FOR NO KEY UPDATE", list_id)
        status_list = await StatusList.get(id=list_id)
        issuer = addresses.issuer_did((await Organization.get(id=status_list.organization_id)).slug)
        published = {one.purpose: one for one in await StatusListPublication.filter(status_list_id=list_id)}
        bits = {purpose: await _bits(status_list, purpose) for purpose in StatusPurpose}
        stolen = await _stolen_keys(status_list.organization_id)
        if all(_still_holds(published.get(purpose), bits[purpose], stolen, now) for purpose in StatusPurpose):
            return
        key = await key_held(status_list.organization_id)
        for purpose in StatusPurpose:
            document = await asyncio.to_thread(_signed, status_list, issuer, purpose, bits[purpose], key, now)
            await _replace(list_id, purpose, document, now=now)


async def republish_all(organization_id: UUID) -> list[UUID]:
    """Have every list of an organization published anew by jobs, in the running transaction; returns the lists."""
    lists = await StatusList.filter(organization_id=organization_id).order_by("position")
    change = await fetchval("SELECT pg_current_xact_id()::text")
    for one in lists:
        await enqueue("badges.publish_status", {"list": str(one.id)}, key=f"badges.publish_status {one.id} {change}")
    return [one.id for one in lists]


async def due(*, now: datetime) -> list[UUID]:
    """The lists whose published documents near their end."""
    rows = await fetch(
        "SELECT DISTINCT status_list_id FROM status_list_publication WHERE valid_until < $1",
        now + REPUBLISHED_BEFORE_END,
    )
    return [row["status_list_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class BadgeStatus:
    """A badge's two bits as they are in the database now."""

    is_revoked: bool
    is_suspended: bool


async def status_at(list_id: UUID, index: int, *, slug: str) -> BadgeStatus | None:
    """The bits at a place of a list of the organization called `slug`, straight from the certificates.

    None where that organization has no such list.
    """
    size = await fetchval(
        """SELECT l.size FROM status_list l JOIN organization o ON o.id = l.organization_id
           WHERE l.id = $1 AND o.slug = $2""",
        list_id,
        slug,
    )
    if size is None or not 0 <= index < size:
        return None
    status = await fetchval(
        """SELECT c.status FROM badge b JOIN certificate c ON c.badge_id = b.id
           WHERE b.status_list_id = $1 AND b.status_index = $2""",
        list_id,
        index,
    )
    return BadgeStatus(
        is_revoked=status in _STATUSES[StatusPurpose.revocation],
        is_suspended=status in _STATUSES[StatusPurpose.suspension],
    )


async def _open(organization_id: UUID, position: int, *, now: datetime) -> None:
    """Make an organization's list and publish it; of many who want the same position, one does."""
    async with transaction():
        await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"status lists {organization_id}")
        if await StatusList.filter(organization_id=organization_id, position=position).exists():
            return
        made = await StatusList.create(organization_id=organization_id, position=position)
        await publish(made.id, now=now)


async def _bits(status_list: StatusList, purpose: StatusPurpose) -> frozenset[int]:
    """The set bits. The certificates lie above this package, so they are read by their table."""
    rows = await fetch(
        """SELECT b.status_index FROM badge b JOIN certificate c ON c.badge_id = b.id
           WHERE b.status_list_id = $1 AND c.status = ANY($2)""",
        status_list.id,
        _STATUSES[purpose],
    )
    return frozenset(row["status_index"] for row in rows)


async def _stolen_keys(organization_id: UUID) -> frozenset[str]:
    rows = await fetch(
        "SELECT public_key FROM issuer_key WHERE organization_id = $1 AND compromised_since IS NOT NULL",
        organization_id,
    )
    return frozenset(row["public_key"] for row in rows)


def _still_holds(
    published: StatusListPublication | None, bits: frozenset[int], stolen: frozenset[str], now: datetime
) -> bool:
    """Whether a list says what it must, for long enough, by a key that is good."""
    from openbadgeslib import ob3

    if published is None or published.valid_until < now + REPUBLISHED_BEFORE_END:
        return False
    document = json.loads(published.document)
    if document["proof"]["verificationMethod"].partition("#")[2] in stolen:
        return False
    encoded: str = document["credentialSubject"]["encodedList"]
    return bool(ob3.set_indices(ob3.decode_encoded_list(encoded)) == bits)


def _signed(
    status_list: StatusList, issuer: str, purpose: StatusPurpose, bits: frozenset[int], key: SigningKey, now: datetime
) -> str:
    from openbadgeslib import ob3

    from certification.badges import proofs

    document: dict[str, Any] = ob3.build_status_list_credential(
        issuer,
        addresses.status_list(status_list.id, purpose),
        purpose.value,
        bits,
        status_list.size,
        issued=now,
        valid_until=now + VALID_FOR,
        ttl=SECONDS_FRESH * 1000,
    )
    address = addresses.key_address(issuer, key.public_key)
    return proofs.dump(proofs.prove(document, key, address=address, now=now))


async def _replace(list_id: UUID, purpose: StatusPurpose, document: str, *, now: datetime) -> None:
    etag = hashlib.sha256(document.encode()).hexdigest()
    await StatusListPublication.update_or_create(
        {"document": document, "etag": etag, "published_at": now, "valid_until": now + VALID_FOR},
        status_list_id=list_id,
        purpose=purpose,
    )
