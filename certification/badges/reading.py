"""Taking a badge apart: from whatever a stranger hands over to a credential and its proof, within limits."""

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from certification.badges.linked_data import Document
from certification.badges.verdicts import BadgeClaims, Finding, Reason
from core import confinement
from core.outside import plain

LARGEST: Final = 256 * 1024
"""Bytes of a credential as text; no Open Badge comes near."""

_LARGEST_PICTURE: Final = 16 * 1024 * 1024
_SECONDS: Final = 3.0
"""Of a core, for taking one badge apart."""
_DEEPEST: Final = 64
_BADGE_TYPES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_LIST_TYPE: Final = "BitstringStatusListCredential"
_REGISTERED: Final = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf")


class Unreadable(ValueError):
    """It is no badge, for the reason given."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.finding = Finding(reason, plain(detail, 200))


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS: its header, what is signed, and the signature."""

    header: Document
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Presented:
    """A credential as handed over: the document, and the JWS around it where it is a VC-JWT."""

    document: Document
    claims: BadgeClaims
    jws: Jws | None = None


def read(content: bytes | str | Document) -> Presented:
    """A badge from JSON, a compact JWT, or a baked PNG or SVG. Raises `Unreadable`."""
    return _read(_text(content), _BADGE_TYPES)


async def read_confined(content: bytes | str | Document) -> Presented:
    """`read` in a confined process, for what a stranger hands over. Raises `Unreadable`, and `Busy`."""
    if isinstance(content, bytes | str) and len(content) > _LARGEST_PICTURE:
        raise Unreadable(Reason.too_large)
    try:
        return await confinement.run(read, content, seconds=_SECONDS)
    except confinement.Stopped:
        raise Unreadable(Reason.malformed, "too much work") from None
    except confinement.Failed as problem:
        raise Unreadable(Reason.malformed, str(problem)[:200]) from None


def read_status_list(content: bytes) -> Presented:
    """A status list credential from JSON or a compact JWT. Raises `Unreadable`."""
    return _read(_text(content), frozenset({_LIST_TYPE}))


def members(value: Any) -> list[Document]:
    """The objects of a member that may hold one or several."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def strings(value: Any) -> list[str]:
    """The strings of a member that may hold one or several."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def reads_same(one: Document, other: Document) -> bool:
    """Whether two documents say the same wherever they are read here: dates are strings, and stand in both."""
    try:
        return one.get("credentialStatus") == other.get("credentialStatus") and _claims(one) == _claims(other)
    except Unreadable:
        return False


def moment(value: Any, name: str) -> datetime:
    """An aware time from text (RFC 3339) or seconds since 1970. Raises `Unreadable` that names the member."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreadable(Reason.malformed, name) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _read(text: str, types: frozenset[str]) -> Presented:
    if text.startswith("{"):
        document, jws = _parse(text), None
        until = [document.get(name) for name in ("validUntil", "expirationDate")]
        since = [document.get(name) for name in ("validFrom", "issuanceDate")]
    else:
        document, jws, payload = _parse_jwt(text)
        until = [document.get("validUntil"), document.get("expirationDate"), payload.get("exp")]
        since = [document.get("validFrom"), document.get("issuanceDate"), payload.get("nbf")]
    if not types & set(strings(document.get("type"))) or "VerifiableCredential" not in strings(document.get("type")):
        raise Unreadable(Reason.not_a_badge, ", ".join(strings(document.get("type")))[:200])
    claims = replace(
        _claims(document),
        valid_from=max(_moments(since, "validFrom"), default=None),
        valid_until=min(_moments(until, "validUntil"), default=None),
    )
    return Presented(document, claims, jws)


def _text(content: bytes | str | Document) -> str:
    if isinstance(content, dict):
        try:
            content = json.dumps(content, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            raise Unreadable(Reason.malformed, "JSON") from None
    if isinstance(content, bytes):
        from certification.badges import baking

        if baking.is_picture(content):
            try:
                content = baking.unbake(content)
            except baking.NotBaked:
                raise Unreadable(Reason.not_a_badge, "picture") from None
        elif len(content) > LARGEST:
            raise Unreadable(Reason.too_large)
        else:
            try:
                content = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise Unreadable(Reason.not_a_badge, "UTF-8") from None
    if len(content) > LARGEST:
        raise Unreadable(Reason.too_large)
    return content.strip()


def _parse(text: str) -> Document:
    """JSON as it must be: an object, no member twice, nothing but plain numbers and strings, not too deep."""
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # 1e999 is no number, half a pair no UTF-8.
    except (ValueError, RecursionError) as problem:
        raise Unreadable(Reason.malformed, f"JSON: {problem}"[:200]) from None
    if not isinstance(found, dict) or _depth(found) > _DEEPEST:
        raise Unreadable(Reason.malformed, "JSON")
    return found


def _object(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _depth(value: Any) -> int:
    deepest, left = 0, [(value, 1)]
    while left:
        one, depth = left.pop()
        deepest = max(deepest, depth)
        inner: Iterable[Any] = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        left.extend((each, depth + 1) for each in inner)
    return deepest


def _parse_jwt(text: str) -> tuple[Document, Jws, Document]:
    """The credential of a VC-JWT (of Open Badges 3.0, or wrapped in `vc` as data model 1.1 has it)."""
    parts = text.split(".")
    if len(parts) != 3:
        raise Unreadable(Reason.not_a_badge, "neither JSON nor JWT")
    header, payload = (_parse(_decode(part).decode("utf-8", "surrogateescape")) for part in parts[:2])
    jws = Jws(header, f"{parts[0]}.{parts[1]}".encode(), _decode(parts[2]))
    wrapped = payload.get("vc")
    document = wrapped if isinstance(wrapped, dict) else payload
    document = {name: value for name, value in document.items() if name not in _REGISTERED}
    issuer = document.get("issuer")
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    if issuer is None and isinstance(payload.get("iss"), str):
        document["issuer"] = payload["iss"]
    elif payload.get("iss") not in (None, issuer_id):
        raise Unreadable(Reason.malformed, "iss")
    document.setdefault("id", payload.get("jti"))
    if payload.get("jti") not in (None, document["id"]):
        raise Unreadable(Reason.malformed, "jti")
    return document, jws, payload


def _decode(part: str) -> bytes:
    """Base64url in its one form: the spare bits of the last letter are zero, so that no changed letter goes unseen."""
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        content = b""
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise Unreadable(Reason.not_a_badge, "neither JSON nor JWT")
    return content


def _claims(document: Document) -> BadgeClaims:
    issuer = document.get("issuer")
    if isinstance(issuer, str):
        issuer = {"id": issuer}
    if not isinstance(issuer, dict) or not isinstance(issuer.get("id"), str) or not issuer["id"]:
        raise Unreadable(Reason.no_issuer)
    if not _is_identifier(issuer["id"]):
        raise Unreadable(Reason.malformed, "issuer.id")
    subject = next(iter(members(document.get("credentialSubject"))), None)
    if subject is None:
        raise Unreadable(Reason.malformed, "credentialSubject")
    achievement = next(iter(members(subject.get("achievement"))), {})
    return BadgeClaims(
        credential_id=_string(document.get("id")),
        issuer_id=issuer["id"],
        issuer_name=_string(issuer.get("name")),
        holder_name=_holder(subject),
        achievement=_string(achievement.get("name")) or _string(document.get("name")),
        achievement_id=_string(achievement.get("id")),
        number=_string(subject.get("licenseNumber")),
        valid_from=None,
        valid_until=None,
    )


def _is_identifier(text: str) -> bool:
    """Whether a text may name somebody: one with spaces or invisible characters looks like another's, and so does a DID
    with letters that are not ASCII. Sources: RFC 3987, section 2.2; Decentralized Identifiers 1.0, section 3.1."""
    if text[:4].lower() == "did:" and not text.isascii():
        return False
    return not any(unicodedata.category(sign)[0] in "ZC" for sign in text)


def _holder(subject: Document) -> str:
    for one in members(subject.get("identifier")):
        if one.get("identityType") == "name" and one.get("hashed") is False:
            return _string(one.get("identityHash"))
    return ""


def _string(value: Any) -> str:
    return plain(value) if isinstance(value, str) else ""


def _moments(values: list[Any], name: str) -> list[datetime]:
    """Those that are given, as `moment` reads them."""
    return [moment(value, name) for value in values if value is not None]
