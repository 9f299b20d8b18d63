"""The issuer's DID document: under which keys an organization's badges verify. Loads no engine.

Sources: W3C Decentralized Identifiers 1.0, section 5.2; Controlled Identifiers 1.0, section 2.2.2 (Multikey); did:web.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from certification.badges import addresses
from certification.signing.models import IssuerKey


def did_document(slug: str, keys: Sequence[IssuerKey]) -> dict[str, Any]:
    """The document of the organization called `slug`, with every key that ever signed for it.

    A key that was stolen is still described, as `revoked` since then, and asserts nothing any more: no proof by it is
    to be believed for its dates, which whoever has it can write (Controlled Identifiers 1.0, section 2.2, `revoked`).
    """
    did = addresses.issuer_did(slug)
    methods = [_method(did, key) for key in keys]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods if "revoked" not in method],
    }


def _method(did: str, key: IssuerKey) -> dict[str, Any]:
    method: dict[str, Any] = {
        "id": addresses.key_address(did, key.public_key),
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": key.public_key,
    }
    if key.compromised_since is not None:
        method["revoked"] = f"{key.compromised_since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return method
