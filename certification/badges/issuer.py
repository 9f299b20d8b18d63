"""The issuer's DID document: under which keys an organization's badges verify. Loads no engine.

Sources: W3C Decentralized Identifiers 1.0, section 5.2; Controlled Identifiers 1.0, section 2.2.2 (Multikey); did:web.
"""

from collections.abc import Sequence
from typing import Any

from certification.badges import addresses
from certification.signing.models import IssuerKey


def did_document(slug: str, keys: Sequence[IssuerKey]) -> dict[str, Any]:
    """The document of the organization called `slug`, with every key that ever signed for it."""
    did = addresses.issuer_did(slug)
    methods = [
        {
            "id": addresses.key_address(did, key.public_key),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.public_key,
        }
        for key in keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
