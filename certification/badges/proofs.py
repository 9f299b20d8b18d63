"""Securing a credential: a Data Integrity proof `eddsa-rdfc-2022` inside it, or a VC-JWT around it.

Sources: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2; Open Badges 3.0, section 8.2 (JSON Web Token Proof
Format), with EdDSA of RFC 8037.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

from certification.badges import canonical
from certification.badges.linked_data import Document
from certification.signing import multikey
from certification.signing.keys import SigningKey

SUITE: Final = "eddsa-rdfc-2022"


def prove(document: Document, key: SigningKey, *, address: str, now: datetime) -> Document:
    """The document with a proof by the key found at `address`. Raises `Unprocessable`; may block while it signs."""
    proof: Document = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": timestamp(now),
        "verificationMethod": address,
        "proofPurpose": "assertionMethod",
    }
    signature = key.sign(hash_data(canonical.canonize, document, proof))
    return {**document, "proof": {**proof, "proofValue": "z" + multikey.to_base58(signature)}}


def hash_data(canonize: Any, document: Document, proof: Document) -> bytes:
    """What is signed (section 3.3.4): the hash of the proof's options, then that of the document without its proof.

    `canonize` makes canonical N-Quads of a document: `canonical.canonize`, or the engine's for documents of others.
    """
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    options = {"@context": document.get("@context")}
    options |= {name: value for name, value in proof.items() if name not in ("proofValue", "@context")}
    return b"".join(hashlib.sha256(canonize(part).encode()).digest() for part in (options, unsecured))


def jwt(payload: Document, key: SigningKey, *, address: str) -> str:
    """A compact JWS of the payload, whose header names the key by its address. May block while it signs."""
    header = {"alg": "EdDSA", "typ": "JWT", "kid": address}
    signed = f"{_part(header)}.{_part(payload)}"
    return f"{signed}.{_base64url(key.sign(signed.encode()))}"


def registered_claims(document: Document) -> Document:
    """The JWT claims that mirror members of the credential (section 8.2.4.1); times in whole seconds."""
    issuer = document["issuer"]
    claims: Document = {
        "iss": issuer["id"] if isinstance(issuer, dict) else issuer,
        "jti": document["id"],
        "nbf": int(datetime.fromisoformat(document["validFrom"]).timestamp()),
    }
    if "validUntil" in document:
        claims["exp"] = int(datetime.fromisoformat(document["validUntil"]).timestamp())
    return claims


def timestamp(moment: datetime) -> str:
    """An XMLSchema dateTimeStamp in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def dump(document: Document) -> str:
    """The document as the JSON text that is stored, served and baked."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _part(content: Document) -> str:
    return _base64url(dump(content).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
