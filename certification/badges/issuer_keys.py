"""Whose key signed: the issuer's own where it can be asked, else the one that the badge itself names.

Sources: did:key and did:web method specifications; W3C Controlled Identifiers 1.0 (Multikey, assertionMethod); RFC 7517
(JWK). A web server never fetches what a stranger names: `fetch` is given by the command line alone.
"""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certification.badges import addresses
from certification.badges.linked_data import Document
from certification.badges.reading import Presented, Unreadable, members, strings
from certification.badges.verdicts import KeySource, Reason
from certification.signing import multikey
from certification.signing.models import IssuerKey

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Gets what an https address serves; raises `OSError` where it cannot."""

ALGORITHMS: Final = frozenset({"EdDSA", "ES256", "RS256"})
"""Of JWTs: what Open Badges 3.0 requires (RS256) and its neighbours."""

_DID_KEY: Final = "did:key:"
_RSA_BITS: Final = range(2048, 8192 + 1)
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A public key: an Ed25519 Multikey, or a JWK of another kind; and where it was found."""

    source: KeySource
    public_key: str | None = None
    jwk: Document | None = None


async def find(presented: Presented, address: str | None, *, has_database: bool, fetch: Fetch | None) -> FoundKey:
    """The key called `address` (a `verificationMethod` or `kid`), preferably as its issuer publishes it.

    Raises `Unreadable` with `foreign_key` where the issuer publishes no such key, and `key_unavailable` where nothing
    tells the key.
    """
    issuer = presented.claims.issuer_id
    if address is not None and address.startswith("#"):
        address = issuer + address
    controller, _, fragment = (address or "").partition("#")
    if controller == issuer:
        published = await _published(issuer, fragment, has_database=has_database, fetch=fetch)
        if published is not None:
            return published
    return _named(controller, fragment, presented)


def verify(key: FoundKey, signature: bytes, content: bytes, *, algorithm: str) -> bool:
    """Whether the key made the signature over `content`; `algorithm` is a name of JWA (RFC 7518, RFC 8037)."""
    if key.public_key is not None:
        public = Ed25519PublicKey.from_public_bytes(multikey.decode(key.public_key))
        try:
            public.verify(signature, content)
        except InvalidSignature:
            return False
        return algorithm == "EdDSA"
    return _verify_jwk(key.jwk or {}, signature, content, algorithm)


async def _published(did: str, fragment: str, *, has_database: bool, fetch: Fetch | None) -> FoundKey | None:
    """The key as the issuer itself publishes it; None where the issuer cannot be asked."""
    if did.startswith(_DID_KEY) and did.removeprefix(_DID_KEY) == fragment and _is_multikey(fragment):
        return FoundKey(KeySource.did_key, fragment)
    slug = addresses.slug_of(did) if has_database else None
    if slug is not None:
        if not await IssuerKey.filter(organization__slug=slug, public_key=fragment).exists():
            raise Unreadable(Reason.foreign_key, fragment)
        return FoundKey(KeySource.database, fragment)
    document_address = addresses.did_document(did)
    if fetch is None or document_address is None:
        return None
    try:
        document = json.loads(await fetch(document_address))
    except (OSError, ValueError, RecursionError):
        return None
    return _in_document(document, did, fragment)


def _in_document(document: Any, did: str, fragment: str) -> FoundKey:
    """The key of a DID document that may sign credentials. Raises `Unreadable` (`foreign_key`)."""
    if not isinstance(document, dict) or document.get("id") != did:
        raise Unreadable(Reason.foreign_key, did)
    wanted = (f"{did}#{fragment}", f"#{fragment}")
    methods = [*members(document.get("assertionMethod"))]
    if set(wanted) & set(strings(document.get("assertionMethod"))):
        methods += members(document.get("verificationMethod"))
    for method in methods:
        if method.get("id") not in wanted or "revoked" in method:
            continue
        published, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
        if isinstance(published, str) and _is_multikey(published):
            return FoundKey(KeySource.did_web, published)
        if isinstance(jwk, dict):
            return _of_jwk(KeySource.did_web, jwk)
    raise Unreadable(Reason.foreign_key, fragment)


def _named(controller: str, fragment: str, presented: Presented) -> FoundKey:
    """The key as the badge itself names it: in the address, or in the JWT's header. Whose it is remains open."""
    if controller.startswith(_DID_KEY) and _is_multikey(controller.removeprefix(_DID_KEY)):
        return FoundKey(KeySource.file, controller.removeprefix(_DID_KEY))
    if _is_multikey(fragment):
        return FoundKey(KeySource.file, fragment)
    jwk = presented.jws.header.get("jwk") if presented.jws else None
    if isinstance(jwk, dict):
        return _of_jwk(KeySource.file, jwk)
    raise Unreadable(Reason.key_unavailable, f"{controller}#{fragment}" if fragment else controller)


def _of_jwk(source: KeySource, jwk: Document) -> FoundKey:
    if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519" and isinstance(jwk.get("x"), str):
        try:
            raw = base64.urlsafe_b64decode(jwk["x"] + "==")
        except ValueError:
            raw = b""
        if len(raw) != 32:
            raise Unreadable(Reason.key_unavailable, "jwk")
        return FoundKey(source, multikey.encode(raw))
    return FoundKey(source, jwk=jwk)


def _verify_jwk(jwk: Document, signature: bytes, content: bytes, algorithm: str) -> bool:
    """ES256 and RS256 by PyJWT. Raises `Unreadable` (`key_unavailable`) for a key that is none of these."""
    from jwt.algorithms import get_default_algorithms
    from jwt.exceptions import PyJWTError

    wanted = {"ES256": "EC", "RS256": "RSA"}.get(algorithm)
    if wanted is None or jwk.get("kty") != wanted or (wanted == "EC" and jwk.get("crv") != "P-256"):
        raise Unreadable(Reason.key_unavailable, "jwk")
    engine: Any = get_default_algorithms()[algorithm]
    try:
        public = engine.from_jwk({name: value for name, value in jwk.items() if name in _PUBLIC_MEMBERS})
        if wanted == "EC" or public.key_size in _RSA_BITS:
            return bool(engine.verify(content, public, signature))
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Unreadable(Reason.key_unavailable, "jwk")


def _is_multikey(text: str) -> bool:
    try:
        multikey.decode(text)
    except multikey.NotAMultikey:
        return False
    return True
