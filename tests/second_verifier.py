"""A second way to verify what Confero issues, by pyld and cryptography alone. It shares no code with the issuing way.

Written from the specifications: W3C Data Integrity EdDSA Cryptosuites 1.0 (section 3.2), RFC 7515 and RFC 8037 for
VC-JWT, Bitstring Status List 1.0 (section 3.3). Contexts are files that installed packages carry.
"""

import base64
import gzip
import hashlib
import json
from importlib import resources
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pyld import jsonld

Json = dict[str, Any]

_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PACKAGE_OF = {
    "https://www.w3.org/ns/credentials/v2": ("pyld", "documentloader/frozen/bundled/credentials-v2.jsonld"),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": (
        "openbadgeslib",
        "ob3/contexts/ob-v3p0-context-3.0.3.json",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": (
        "openbadgeslib",
        "ob3/contexts/ob-v3p0-extensions.json",
    ),
}


class Refused(Exception):
    """The signature is not the key's over this content."""


def verify(credential: str) -> Json:
    """Check the proof of a credential in JSON with the key in its address's fragment; returns the credential."""
    document = json.loads(credential)
    proof = document.pop("proof")
    if (proof["type"], proof["cryptosuite"]) != ("DataIntegrityProof", "eddsa-rdfc-2022"):
        raise Refused("suite")
    if proof["proofPurpose"] != "assertionMethod":
        raise Refused("purpose")
    value = proof.pop("proofValue")
    if value[:1] != "z":
        raise Refused("multibase")
    content = b"".join(
        hashlib.sha256(_canonical(part).encode("utf-8")).digest()
        for part in ({**proof, "@context": document["@context"]}, document)
    )
    _check(proof["verificationMethod"], _base58(value[1:]), content)
    document["proof"] = proof
    return dict(document)


def verify_jwt(token: str) -> Json:
    """Check a compact JWS signed with EdDSA with the key in the fragment of its `kid`; returns the payload."""
    header, payload, signature = token.split(".")
    stated = json.loads(_base64url(header))
    if stated["alg"] != "EdDSA":
        raise Refused("algorithm")
    _check(stated["kid"], _base64url(signature), f"{header}.{payload}".encode("ascii"))
    return dict(json.loads(_base64url(payload)))


def bits_of(encoded_list: str) -> list[int]:
    """The indexes that are set, the most significant bit of the first byte being index 0."""
    if encoded_list[:1] != "u":
        raise Refused("multibase")
    content = gzip.decompress(_base64url(encoded_list[1:]))
    digits = "".join(f"{byte:08b}" for byte in content)
    if len(digits) < 131_072:
        raise Refused("too short a list")
    return [index for index, digit in enumerate(digits) if digit == "1"]


def _canonical(document: Json) -> str:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _load}
    return str(jsonld.normalize(document, options))


def _load(address: str, _options: Any) -> Json:
    package, path = _PACKAGE_OF[address]
    content = json.loads(resources.files(package).joinpath(path).read_text("utf-8"))
    return {"contextUrl": None, "documentUrl": address, "document": content}


def _check(address: str, signature: bytes, content: bytes) -> None:
    key = _base58(address.split("#")[1][1:])
    if key[:2] != bytes.fromhex("ed01"):
        raise Refused("no Ed25519 key")
    try:
        Ed25519PublicKey.from_public_bytes(key[2:]).verify(signature, content)
    except InvalidSignature:
        raise Refused("signature") from None


def _base58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + _LETTERS.index(letter)
    size = (number.bit_length() + 7) // 8
    return bytes(len(text) - len(text.lstrip("1"))) + number.to_bytes(size, "big")


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
