"""Whose key signed: the issuer's own where it can be asked, else the one that the badge itself names.

Sources: did:key and did:web method specifications; W3C Controlled Identifiers 1.0 (Multikey, assertionMethod); RFC 7517
(JWK). A web server never fetches what a stranger names: `fetch` is given by the command line alone.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certification.badges import addresses
from certification.badges.linked_data import Document
from certification.badges.reading import Presented, Unreadable, members, moment, strings
from certification.badges.verdicts import KeySource, Reason
from certification.signing import multikey
from certification.signing.models import IssuerKey

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Gets what an https address serves; raises `OSError` where it cannot."""

ALGORITHMS: Final = frozenset({"EdDSA", "ES256", "RS256"})
"""Of JWTs: what Open Badges 3.0 requires (RS256) and its neighbours."""

_DID_KEY: Final = "did:key:"
_ED25519_PREFIX: Final = "z6Mk"
"""How every Ed25519 Multikey begins."""
_SCHEMES: Final = ("did:", "https://", "http://", "urn:")
_NOWHERE: Final = ("did:example:",)
"""Kept for examples by Decentralized Identifiers 1.0; no such DID leads anywhere."""
_RSA_BITS: Final = range(2048, 8192 + 1)
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})
_THUMBPRINT_MEMBERS: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom keys and statuses may be asked of, and whom the reader trusts.

    `trusted` holds DIDs of issuers, or single keys of theirs as `key_address` writes them.
    """

    has_database: bool = True
    fetch: Fetch | None = None
    trusted: frozenset[str] = frozenset()

    def is_own(self, issuer: str) -> bool:
        """Whether only this server's own register can speak for the issuer."""
        return self.has_database and addresses.is_here(issuer)

    def trusts_key(self, issuer: str, key: "FoundKey") -> bool:
        """Whether the reader named this very key as the issuer's."""
        return key.public_key is not None and addresses.key_address(issuer, key.public_key) in self.trusted

    def knows(self, issuer: str, key: "FoundKey") -> bool:
        """Whether the key is one of this server's issuers, or of one that the reader trusts."""
        if key.source in (KeySource.database, KeySource.trusted):
            return True
        return key.source is not KeySource.file and (issuer in self.trusted or self.trusts_key(issuer, key))


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A public key: an Ed25519 Multikey, or a JWK of another kind; and where it was found.

    `stolen_since` is from when on its issuer says that others may have signed with it.
    """

    source: KeySource
    public_key: str | None = None
    jwk: Document | None = None
    stolen_since: datetime | None = None

    @property
    def name(self) -> str | None:
        """What the key is called: its Multikey, or the thumbprint of the JWK. Sources: RFC 7638, RFC 9278."""
        if self.jwk is None:
            return self.public_key
        wanted = _THUMBPRINT_MEMBERS.get(str(self.jwk.get("kty")))
        if wanted is None:
            return None
        text = json.dumps({member: self.jwk.get(member) for member in wanted}, separators=(",", ":"))
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        return f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{digest}"


async def find(presented: Presented, address: str | None, asking: Asking) -> FoundKey:
    """The key called `address` (a `verificationMethod` or `kid`), as its issuer lists it wherever that can be asked.

    Where the badge itself brings a key, the issuer must list the very same one. Raises `Unreadable` with `foreign_key`
    where it does not, `bad_key_address` where the address leads nowhere, `key_unavailable` where nothing tells the key.
    """
    issuer = presented.claims.issuer_id
    if address is not None and address.startswith("#"):
        address = issuer + address
    named = _named(address, presented)
    listed = await _listed(issuer, address, named, asking)
    if listed is not None:
        return listed
    if named is None:
        raise Unreadable(Reason.key_unavailable, address or "")
    return replace(named, source=KeySource.trusted) if asking.trusts_key(issuer, named) else named


def is_address(text: str) -> bool:
    """Whether a key could be called so: an address, or the fragment of the issuer's own."""
    return text.startswith((*_SCHEMES, "#"))


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


async def _listed(issuer: str, address: str | None, named: FoundKey | None, asking: Asking) -> FoundKey | None:
    """The key as the issuer itself lists it; None where the issuer cannot be asked."""
    if issuer.startswith(_DID_KEY):
        return _of_did_key(issuer.removeprefix(_DID_KEY), named)
    if asking.is_own(issuer):
        return await _of_own(issuer, address, named)
    document_address = addresses.did_document(issuer)
    if asking.fetch is None or document_address is None or (address is None and named is None):
        return None
    try:
        document = json.loads(await asking.fetch(document_address))
    except (OSError, ValueError, RecursionError):
        return None
    return _in_document(document, issuer, address, named)


def _of_did_key(key: str, named: FoundKey | None) -> FoundKey:
    """An issuer that is a key has no other."""
    if named is not None and named.public_key != key:
        raise Unreadable(Reason.foreign_key, named.name or "")
    if not _is_multikey(key):
        raise Unreadable(Reason.bad_key_address if key.startswith(_ED25519_PREFIX) else Reason.key_unavailable, key)
    return FoundKey(KeySource.did_key, key)


async def _of_own(issuer: str, address: str | None, named: FoundKey | None) -> FoundKey:
    """A key of an organization of this server; whatever else signed in its name is a forgery."""
    slug = addresses.slug_of(issuer)
    key = named.public_key if named is not None else None
    found = await IssuerKey.get_or_none(organization__slug=slug, public_key=key) if slug and key else None
    if found is None:
        raise Unreadable(Reason.foreign_key, (named.name if named is not None else address) or "")
    return FoundKey(KeySource.database, key, stolen_since=found.compromised_since)


def _in_document(document: Any, did: str, address: str | None, named: FoundKey | None) -> FoundKey:
    """The key of a DID document that may sign credentials, or was revoked: by its address there, else the very key that
    the badge brings. Raises `Unreadable` (`foreign_key`)."""
    if not isinstance(document, dict) or document.get("id") != did:
        raise Unreadable(Reason.foreign_key, did)
    references = strings(document.get("assertionMethod"))
    methods = [
        *members(document.get("assertionMethod")),
        *(
            one
            for one in members(document.get("verificationMethod"))
            if "revoked" in one or _absolute(one, did) in _all(references, did)
        ),
    ]
    for method in methods:
        found = _of_method(method)
        if found is not None and (_absolute(method, did) == address or (named is not None and _is_same(found, named))):
            return found
    raise Unreadable(Reason.foreign_key, (named.name if named is not None else address) or "")


def _absolute(method: Document, did: str) -> str | None:
    name = method.get("id")
    return did + name if isinstance(name, str) and name.startswith("#") else name if isinstance(name, str) else None


def _all(references: list[str], did: str) -> set[str]:
    return {did + one if one.startswith("#") else one for one in references}


def _of_method(method: Document) -> FoundKey | None:
    """The key of a verification method; None where there is none, or since when it is revoked cannot be read."""
    published, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    try:
        stolen_since = moment(method["revoked"], "revoked") if "revoked" in method else None
        if isinstance(published, str) and _is_multikey(published):
            return FoundKey(KeySource.did_web, published, stolen_since=stolen_since)
        found = _of_jwk(KeySource.did_web, jwk) if isinstance(jwk, dict) else None
        return replace(found, stolen_since=stolen_since) if found is not None else None
    except Unreadable:
        return None


def _is_same(one: FoundKey, other: FoundKey) -> bool:
    return one.name is not None and one.name == other.name


def _named(address: str | None, presented: Presented) -> FoundKey | None:
    """The key that the badge itself brings: in the address, or in the JWT's header. Whose it is remains open.

    Raises `Unreadable` (`bad_key_address`) for an address of no known kind, and for a key that is spelled wrong.
    """
    if address is not None:
        key = _in_address(address)
        if key is not None:
            return FoundKey(KeySource.file, key)
    jwk = presented.jws.header.get("jwk") if presented.jws else None
    return _of_jwk(KeySource.file, jwk) if isinstance(jwk, dict) else None


def _in_address(address: str) -> str | None:
    controller, _, fragment = address.partition("#")
    if not address.startswith(_SCHEMES) or address.startswith(_NOWHERE):
        raise Unreadable(Reason.bad_key_address, address)
    if controller.startswith(_DID_KEY):
        key = controller.removeprefix(_DID_KEY)
        is_base58 = key.startswith("z") and _is_base58(key[1:])
        if not is_base58 or (key.startswith(_ED25519_PREFIX) and not _is_multikey(key)) or fragment not in ("", key):
            raise Unreadable(Reason.bad_key_address, address)
        if not _is_multikey(key):
            raise Unreadable(Reason.key_unavailable, address)  # a key of a kind that is not read here
        return key
    if _is_multikey(fragment):
        return fragment
    if fragment.startswith(_ED25519_PREFIX):
        raise Unreadable(Reason.bad_key_address, address)
    return None


def _is_base58(text: str) -> bool:
    try:
        return bool(multikey.from_base58(text))
    except multikey.NotAMultikey:
        return len(text) > multikey.LONGEST  # an RSA key; too long to be looked at


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
