"""What the issuer's own register says of a badge whose key was stolen: whether it issued this very badge, and when.

Dates in a badge are its signer's word, and whoever has the key can write them. So only the register tells what was
issued before the theft from what was forged after it. See docs/decisions/0033-stolen-keys.md.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from certification.badges import addresses
from certification.badges.issuer_keys import Asking, Fetch
from certification.badges.reading import Presented, Unreadable, moment
from certification.badges.verdicts import BadgeClaims, Finding, Reason
from certification.signing import multikey
from core.database import fetchrow


@dataclass(frozen=True, slots=True)
class Entry:
    """What a register answered: when it issued this very badge, or None where it issued no such badge."""

    issued_at: datetime | None


async def judge(presented: Presented, signature: bytes, since: datetime, asking: Asking) -> list[Finding]:
    """What speaks against a badge that is rightly signed with a key that was stolen `since` then; nothing where the
    register issued it before."""
    detail = since.isoformat()
    entry = await _entry(presented, signature, asking)
    if entry is None:
        claimed = presented.claims.valid_from
        is_later = claimed is not None and claimed >= since
        return [Finding(Reason.signed_since_theft if is_later else Reason.theft_unclear, detail)]
    if entry.issued_at is None:
        return [Finding(Reason.stolen_key, detail)]
    return [Finding(Reason.signed_since_theft, detail)] if entry.issued_at >= since else []


def digests(credential: str, jwt: str) -> tuple[str, str]:
    """SHA-256 of the signatures of an issued badge, as JSON and as JWT: each tells one badge from all others."""
    proof = json.loads(credential)["proof"]["proofValue"]
    return _digest(multikey.from_base58(proof.removeprefix("z"))), _digest(_jwt_signature(jwt))


async def _entry(presented: Presented, signature: bytes, asking: Asking) -> Entry | None:
    """What the register of the issuer says; None where it cannot be asked."""
    if asking.is_own(presented.claims.issuer_id):
        return await _own_entry(presented.claims, signature)
    return await _fetched(presented.claims, signature, asking.fetch) if asking.fetch is not None else None


async def _own_entry(claims: BadgeClaims, signature: bytes) -> Entry:
    """The certificates lie above this package, so they are read by their table."""
    try:
        certificate_id = UUID(claims.credential_id.removeprefix("urn:uuid:"))
    except ValueError:
        return Entry(None)
    row = await fetchrow(
        """SELECT b.credential, b.jwt, c.issued_at FROM certificate c JOIN badge b ON b.id = c.badge_id
           JOIN organization o ON o.id = c.organization_id WHERE c.id = $1 AND o.slug = $2""",
        certificate_id,
        addresses.slug_of(claims.issuer_id),
    )
    is_held = row is not None and _digest(signature) in digests(row["credential"], row["jwt"])
    return Entry(row["issued_at"] if row is not None and is_held else None)


async def _fetched(claims: BadgeClaims, signature: bytes, fetch: Fetch) -> Entry | None:
    address = register(claims)
    if address is None:
        return None
    try:
        told = json.loads(await fetch(address))
        held, issued_at = told["badge_signatures"], told["issued_at"]
        if _digest(signature) not in held:
            return Entry(None)
        return Entry(moment(issued_at, "issued_at"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, Unreadable):
        return None


def register(claims: BadgeClaims) -> str | None:
    """Where a Confero server tells about the certificate that a badge names: on the host of the issuer's DID alone."""
    document = addresses.did_document(claims.issuer_id)
    number = claims.number.strip().upper()
    if document is None or not number or not number.replace("-", "").isascii() or not number.replace("-", "").isalnum():
        return None
    return f"https://{urlsplit(document).netloc}/api/v1/certificates/{number}"


def _jwt_signature(jwt: str) -> bytes:
    part = jwt.rpartition(".")[2]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _digest(signature: bytes) -> str:
    return hashlib.sha256(signature).hexdigest()
