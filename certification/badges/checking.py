"""Checking any Open Badge 3.0: what it says, whether that is what was signed, by whom, and whether it is in force.

One verdict and the reasons by name, for pages, the API and the command line; whatever a stranger hands over, this
never raises. Sources: Open Badges 3.0, section 9 (verification); VC Data Integrity 1.0, section 4.4; VC-JOSE-COSE.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from certification.badges import issuer_keys, linked_data, parts, proofs, reading, statuses, vouching
from certification.badges.issuer_keys import Asking, Fetch, FoundKey
from certification.badges.linked_data import Document, Unprocessable
from certification.badges.reading import Jws, Presented, Unreadable
from certification.badges.verdicts import (
    UNDETERMINED,
    BadgeCheck,
    Finding,
    KeySource,
    Reason,
    gravity,
    verdict_of,
)
from certification.signing import multikey
from core import confinement

T = TypeVar("T")
_SECONDS: Final = 5.0
"""Of a core, for making a document canonical."""
CLOCK_LEEWAY: Final = timedelta(minutes=5)
WITHDRAWN: Final = frozenset({"eddsa-2022", "json-eddsa-2022"})
"""Drafts of the EdDSA cryptosuites that were renamed, and changed, before they became a standard."""


async def check(
    content: bytes | str | Document,
    *,
    now: datetime,
    fetch: Fetch | None = None,
    has_database: bool = True,
    trusted: frozenset[str] = frozenset(),
) -> BadgeCheck:
    """Check a badge given as JSON, VC-JWT, or baked PNG or SVG.

    `has_database` lets keys and statuses of this server's organizations be looked up there. Others are asked by
    `fetch`, which only the command line gives: a server must not be sent to addresses that strangers choose.
    `trusted` holds the issuers whom the reader trusts, as in `issuer_keys.Asking`.
    """
    asking = Asking(has_database, fetch, trusted)
    try:
        presented = await reading.read_confined(content)
    except Unreadable as problem:
        return _outcome([problem.finding])
    findings = _dates(presented, now)
    issuer = presented.claims.issuer_id
    try:
        signed = await _verify(presented, asking, now=now)
    except Unreadable as problem:
        findings = [problem.finding, *findings]
        if problem.finding.reason in UNDETERMINED and asking.is_own(issuer):
            # What this server's issuers sign can always be checked here, so they have not signed this.
            findings.insert(0, Finding(Reason.foreign_key, problem.finding.detail))
        return replace(_outcome(findings), claims=presented.claims, suite=_suite_named(presented))
    key = signed.key
    is_known = asking.knows(issuer, key)
    if not is_known:
        unsure = Reason.issuer_unconfirmed if key.source is KeySource.file else Reason.issuer_unknown
        findings.append(Finding(unsure, presented.claims.issuer))
    if key.stolen_since is not None:
        findings += await vouching.judge(presented, signed.signature, key.stolen_since, asking)
    findings += await statuses.find(presented, _list_check(presented, key, asking, now=now), has_database=has_database)
    return replace(
        _outcome(findings),
        claims=presented.claims,
        suite=signed.suite,
        public_key=key.name,
        key_source=key.source,
        is_issuer_known=is_known,
        has_status=statuses.has_status(presented),
        unjudged=signed.parts,
        key_stolen_since=key.stolen_since,
    )


@dataclass(frozen=True, slots=True)
class _Signed:
    """A signature that is right: whose key made it, in which suite, and where parts stand that were not judged."""

    key: FoundKey
    suite: str
    signature: bytes
    parts: tuple[str, ...]


async def _verify(presented: Presented, asking: Asking, *, now: datetime) -> _Signed:
    """What the signature shows. Raises `Unreadable` unless it is right."""
    if presented.jws is not None:
        return await _verify_jws(presented, presented.jws, asking)
    proof = _proof(presented.document, now)
    unknown = linked_data.unknown_contexts(presented.document)
    if unknown:
        raise Unreadable(Reason.unknown_context, unknown[0][:200])
    key = await issuer_keys.find(presented, proof["verificationMethod"], asking)
    signature = await _confined(_verify_proof, presented.document, proof, key)
    return _Signed(key, proofs.SUITE, signature, await _confined(_check_form, presented.document, proof))


async def _confined(work: Callable[..., T], *arguments: Any) -> T:
    """What a stranger's document makes the engine do, in a confined process. Raises `Unreadable`, and `Busy`."""
    try:
        return await confinement.run(work, *arguments, seconds=_SECONDS)
    except (confinement.Stopped, confinement.Failed):
        raise Unreadable(Reason.malformed, "too much work") from None


async def _verify_jws(presented: Presented, jws: Jws, asking: Asking) -> _Signed:
    algorithm, address = jws.header.get("alg"), jws.header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in issuer_keys.ALGORITHMS or "crit" in jws.header:
        raise Unreadable(Reason.unsupported_suite, str(algorithm)[:100])
    # A `kid` may be anything (RFC 7515, section 4.1.4); only an address can lead to a key.
    address = address if isinstance(address, str) and issuer_keys.is_address(address) else None
    key = await issuer_keys.find(presented, address, asking)
    is_right = await asyncio.to_thread(issuer_keys.verify, key, jws.signature, jws.signed, algorithm=algorithm)
    if not is_right:
        raise Unreadable(Reason.bad_signature)
    return _Signed(key, algorithm, jws.signature, parts.part(presented.document).places)


def _proof(document: Document, now: datetime) -> Document:
    """The one proof of a suite that is known here. Raises `Unreadable`."""
    found = reading.members(document.get("proof"))
    if not found:
        raise Unreadable(Reason.no_proof)
    known = [one for one in found if one.get("type") == "DataIntegrityProof" and one.get("cryptosuite") == proofs.SUITE]
    if not known:
        named = [_suite_of(one) for one in found]
        reason = Reason.withdrawn_suite if WITHDRAWN.issuperset(named) else Reason.unsupported_suite
        raise Unreadable(reason, ", ".join(named)[:200])
    if len(known) > 1:
        raise Unreadable(Reason.malformed, "proof")
    proof = known[0]
    if proof.get("proofPurpose") != "assertionMethod":
        raise Unreadable(Reason.wrong_purpose, str(proof.get("proofPurpose"))[:100])
    if not isinstance(proof.get("verificationMethod"), str) or not isinstance(proof.get("proofValue"), str):
        raise Unreadable(Reason.malformed, "proof")
    expires = proof.get("expires")
    if expires is not None and reading.moment(expires, "proof.expires") <= now:
        raise Unreadable(Reason.expired, "proof")
    return proof


def _verify_proof(document: Document, proof: Document, key: FoundKey) -> bytes:
    """The signature of the proof. Raises `Unreadable` unless the key made the proof over the document."""
    try:
        signature = multikey.from_base58(proof["proofValue"].removeprefix("z"))
        content = proofs.hash_data(linked_data.canonize_foreign, document, proof)
    except multikey.NotAMultikey:
        raise Unreadable(Reason.bad_signature, "proofValue") from None
    except Unprocessable as problem:
        raise Unreadable(Reason.malformed, str(problem)) from None
    if not proof["proofValue"].startswith("z") or key.public_key is None:
        raise Unreadable(Reason.bad_signature, "proofValue")
    if not issuer_keys.verify(key, signature, content, algorithm="EdDSA"):
        raise Unreadable(Reason.bad_signature)
    return signature


def _check_form(document: Document, proof: Document) -> tuple[str, ...]:
    """The places of the parts that were not judged.

    Raises `Unreadable`: `malformed` where what is read of the JSON is not what the proof signs, `unknown_context` where
    that cannot be told.
    """
    unusual = linked_data.unusual_context(document)
    if unusual is not None:
        raise Unreadable(Reason.unknown_context, unusual)
    try:
        checked = parts.check_form(document, proof)
    except Unprocessable as problem:
        raise Unreadable(Reason.malformed, str(problem)) from None
    if not reading.reads_same(document, checked.document):
        raise Unreadable(Reason.malformed, ", ".join(checked.places))
    return checked.places


def _list_check(presented: Presented, key: FoundKey, asking: Asking, *, now: datetime) -> Any:
    """How `statuses` gets a list it may rely on: fetched, of today, and of the badge's own issuer. Else None.

    It must be signed by a key that the issuer lists, or else by the very key that signed the badge.
    """
    fetch = asking.fetch
    if fetch is None:
        return None

    async def ask(address: str) -> Document | None:
        try:
            published = await asyncio.to_thread(reading.read_status_list, await fetch(address))
            if published.claims.issuer_id != presented.claims.issuer_id or _dates(published, now):
                return None
            signed_by = (await _verify(published, asking, now=now)).key
        except (OSError, Unreadable):
            return None
        if signed_by.stolen_since is not None:
            return None
        is_issuers = signed_by.source is not KeySource.file or signed_by.name == key.name
        return published.document if is_issuers else None

    return ask


def _dates(presented: Presented, now: datetime) -> list[Finding]:
    claims, findings = presented.claims, []
    if claims.valid_from is not None and claims.valid_from > now + CLOCK_LEEWAY:
        findings.append(Finding(Reason.not_yet_valid, claims.valid_from.isoformat()))
    if claims.valid_until is not None and claims.valid_until <= now:
        findings.append(Finding(Reason.expired, claims.valid_until.isoformat()))
    return findings


def _suite_named(presented: Presented) -> str | None:
    if presented.jws is not None:
        algorithm = presented.jws.header.get("alg")
        return algorithm[:100] if isinstance(algorithm, str) else None
    proofs_found = reading.members(presented.document.get("proof"))
    return _suite_of(proofs_found[0]) if proofs_found else None


def _suite_of(proof: Document) -> str:
    """The cryptosuite of a Data Integrity proof, or the type of an elder one, which is its suite."""
    name = proof.get("cryptosuite") if proof.get("type") == "DataIntegrityProof" else proof.get("type")
    return name[:100] if isinstance(name, str) else "?"


def _outcome(findings: list[Finding]) -> BadgeCheck:
    return BadgeCheck(verdict_of(findings), tuple(sorted(findings, key=gravity)))
