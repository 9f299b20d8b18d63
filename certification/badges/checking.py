"""Checking any Open Badge 3.0: what it says, whether that is what was signed, by whom, and whether it is in force.

One verdict and the reasons by name, for pages, the API and the command line; whatever a stranger hands over, this
never raises. Sources: Open Badges 3.0, section 9 (verification); VC Data Integrity 1.0, section 4.4; VC-JOSE-COSE.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from certification.badges import issuer_keys, linked_data, proofs, reading, statuses
from certification.badges.issuer_keys import Fetch, FoundKey
from certification.badges.linked_data import Document, Unprocessable
from certification.badges.reading import Presented, Unreadable
from certification.badges.verdicts import BadgeCheck, Finding, KeySource, Reason, gravity, verdict_of
from certification.signing import multikey

CLOCK_LEEWAY: Final = timedelta(minutes=5)
WITHDRAWN: Final = frozenset({"eddsa-2022", "json-eddsa-2022"})
"""Drafts of the EdDSA cryptosuites that were renamed, and changed, before they became a standard."""


async def check(
    content: bytes | str | Document, *, now: datetime, fetch: Fetch | None = None, has_database: bool = True
) -> BadgeCheck:
    """Check a badge given as JSON, VC-JWT, or baked PNG or SVG.

    `has_database` lets keys and statuses of this server's organizations be looked up there. Others are asked by
    `fetch`, which only the command line gives: a server must not be sent to addresses that strangers choose.
    """
    try:
        presented = await asyncio.to_thread(reading.read, content)
    except Unreadable as problem:
        return _outcome([problem.finding])
    findings = _dates(presented, now)
    try:
        key, suite = await _verify(presented, now=now, has_database=has_database, fetch=fetch)
    except Unreadable as problem:
        return replace(_outcome([problem.finding, *findings]), claims=presented.claims, suite=_suite_named(presented))
    if key.source is KeySource.file:
        findings.append(Finding(Reason.issuer_unconfirmed, presented.claims.issuer_id))
    ask_list = _list_check(presented, now=now, has_database=has_database, fetch=fetch)
    findings += await statuses.find(presented, ask_list, has_database=has_database)
    return replace(
        _outcome(findings),
        claims=presented.claims,
        suite=suite,
        public_key=key.public_key,
        key_source=key.source,
        has_status=statuses.has_status(presented),
    )


async def _verify(
    presented: Presented, *, now: datetime, has_database: bool, fetch: Fetch | None
) -> tuple[FoundKey, str]:
    """The key that signed, and the suite. Raises `Unreadable` unless the signature is right."""
    if presented.jws is not None:
        return await _verify_jws(presented, has_database=has_database, fetch=fetch)
    proof = _proof(presented.document, now)
    unknown = linked_data.unknown_contexts(presented.document)
    if unknown:
        raise Unreadable(Reason.unknown_context, unknown[0][:200])
    key = await issuer_keys.find(presented, proof["verificationMethod"], has_database=has_database, fetch=fetch)
    await asyncio.to_thread(_verify_proof, presented.document, proof, key)
    return key, proofs.SUITE


async def _verify_jws(presented: Presented, *, has_database: bool, fetch: Fetch | None) -> tuple[FoundKey, str]:
    jws = presented.jws
    assert jws is not None  # for the type checker; the caller has looked
    algorithm, address = jws.header.get("alg"), jws.header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in issuer_keys.ALGORITHMS or "crit" in jws.header:
        raise Unreadable(Reason.unsupported_suite, str(algorithm)[:100])
    address = address if isinstance(address, str) else None
    key = await issuer_keys.find(presented, address, has_database=has_database, fetch=fetch)
    is_right = await asyncio.to_thread(issuer_keys.verify, key, jws.signature, jws.signed, algorithm=algorithm)
    if not is_right:
        raise Unreadable(Reason.bad_signature)
    return key, algorithm


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


def _verify_proof(document: Document, proof: Document, key: FoundKey) -> None:
    """Raises `Unreadable` unless the proof is the key's over exactly what the JSON says."""
    try:
        signature = multikey.from_base58(proof["proofValue"].removeprefix("z"))
        linked_data.check_form(document, proof)
        content = proofs.hash_data(linked_data.canonize, document, proof)
    except multikey.NotAMultikey:
        raise Unreadable(Reason.bad_signature, "proofValue") from None
    except Unprocessable as problem:
        raise Unreadable(Reason.malformed, str(problem)) from None
    if not proof["proofValue"].startswith("z") or key.public_key is None:
        raise Unreadable(Reason.bad_signature, "proofValue")
    if not issuer_keys.verify(key, signature, content, algorithm="EdDSA"):
        raise Unreadable(Reason.bad_signature)


def _list_check(presented: Presented, *, now: datetime, has_database: bool, fetch: Fetch | None) -> Any:
    """How `statuses` gets a list it may rely on: fetched, signed by the badge's own issuer, and of today. Else None."""
    if fetch is None:
        return None

    async def ask(address: str) -> Document | None:
        try:
            published = await asyncio.to_thread(reading.read_status_list, await fetch(address))
            if published.claims.issuer_id != presented.claims.issuer_id or _dates(published, now):
                return None
            await _verify(published, now=now, has_database=has_database, fetch=fetch)
        except (OSError, Unreadable):
            return None
        return published.document

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
