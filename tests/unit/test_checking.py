"""Checking badges of anybody: who signed, what is in force, and that nothing a stranger hands over breaks it."""

import base64
import gzip
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib import ob3

from certification.badges import addresses, baking, credential, proofs
from certification.badges.checking import check
from certification.badges.issuer_keys import Fetch
from certification.badges.linked_data import Document
from certification.badges.verdicts import BadgeCheck, KeySource, Reason, Verdict
from certification.signing import multikey
from certification.signing.keys import SigningKey
from tests.factories import badges

KEY = badges.signing_key()
DID = "did:web:testserver:organizations:open-systems"
DID_DOCUMENT = "https://testserver/organizations/open-systems/did.json"
NOW = badges.ISSUED_AT + timedelta(days=1)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'


def issued(key: SigningKey = KEY, **changes: Any) -> credential.MadeBadge:
    return credential.secure(credential.build(badges.facts(**changes)), key, now=badges.ISSUED_AT)


def web(pages: dict[str, object]) -> Fetch:
    """A web that serves these pages, and nothing else."""

    async def fetch(address: str) -> bytes:
        if address not in pages:
            raise OSError(address)
        page = pages[address]
        return page if isinstance(page, bytes) else json.dumps(page).encode()

    return fetch


def did_document(*keys: str, did: str = DID) -> Document:
    methods = [{"id": f"{did}#{key}", "type": "Multikey", "controller": did, "publicKeyMultibase": key} for key in keys]
    return {"id": did, "verificationMethod": methods, "assertionMethod": [method["id"] for method in methods]}


def status_list(purpose: str, bits: set[int], key: SigningKey = KEY, **changes: Any) -> bytes:
    address = f"http://testserver/status-lists/0190d8a5-0000-7000-8000-000000000002/{purpose}"
    document = ob3.build_status_list_credential(
        changes.pop("issuer", DID), address, purpose, bits, issued=NOW, valid_until=NOW + timedelta(days=7)
    )
    document |= changes
    signed = proofs.prove(document, key, address=addresses.key_address(DID, key.public_key), now=NOW)
    return proofs.dump(signed).encode()


def lists(revoked: set[int], suspended: set[int], **changes: Any) -> dict[str, object]:
    base = "http://testserver/status-lists/0190d8a5-0000-7000-8000-000000000002"
    return {
        DID_DOCUMENT: did_document(KEY.public_key),
        f"{base}/revocation": status_list("revocation", revoked, **changes),
        f"{base}/suspension": status_list("suspension", suspended, **changes),
    }


async def offline(content: bytes | str | Document, now: datetime = NOW) -> BadgeCheck:
    return await check(content, now=now, has_database=False)


async def online(content: bytes | str | Document, pages: dict[str, object]) -> BadgeCheck:
    return await check(content, now=NOW, has_database=False, fetch=web(pages), trusted=frozenset({DID}))


UNCONFIRMED = (Reason.issuer_unconfirmed, Reason.status_unavailable)


@pytest.mark.parametrize("form", ["json", "jwt", "png", "svg", "png of jwt", "svg of jwt", "bytes", "document"])
async def test_file_alone_shows_that_nothing_was_changed(form: str) -> None:
    made = issued()
    content: bytes | str | Document = {
        "json": made.credential,
        "jwt": made.jwt,
        "png": baking.bake_png(PNG, made.credential),
        "svg": baking.bake_svg(SVG, made.credential),
        "png of jwt": baking.bake_png(PNG, made.jwt),
        "svg of jwt": baking.bake_svg(SVG, made.jwt),
        "bytes": made.credential.encode(),
        "document": json.loads(made.credential),
    }[form]

    found = await offline(content)

    assert (found.verdict, found.reasons) == (Verdict.intact, UNCONFIRMED)
    assert (found.public_key, found.key_source) == (KEY.public_key, KeySource.file)
    assert found.claims is not None
    assert (found.claims.holder_name, found.claims.issuer_name) == ("Amina Otieno", "Open Systems Foundation")
    assert found.claims.achievement == "Certified System Associate"
    assert found.claims.valid_until == datetime(2028, 11, 24, 9, 30, tzinfo=UTC)
    assert found.claims.number.startswith("CFR-")


@pytest.mark.parametrize("form", ["json", "jwt"])
async def test_issuer_that_publishes_the_key_makes_it_valid(form: str) -> None:
    made = issued()

    found = await online(made.credential if form == "json" else made.jwt, lists(set(), set()))

    assert (found.verdict, found.reasons, found.key_source) == (Verdict.valid, (), KeySource.did_web)


async def test_retired_key_still_verifies() -> None:
    pages = lists(set(), set()) | {DID_DOCUMENT: did_document(badges.signing_key().public_key, KEY.public_key)}

    assert (await online(issued().credential, pages)).verdict is Verdict.valid


@pytest.mark.parametrize("form", ["json", "jwt"])
async def test_key_that_the_issuer_does_not_publish_is_foreign(form: str) -> None:
    """Anybody can sign in somebody's name with a key of their own, which then stands in the address."""
    forged = issued(badges.signing_key())

    found = await online(forged.credential if form == "json" else forged.jwt, lists(set(), set()))

    assert (found.verdict, found.reasons) == (Verdict.refused, (Reason.foreign_key,))


@pytest.mark.parametrize(
    "issuer",
    [f"{DID}\x00", f" {DID}", f"{DID}\u200b", f"{DID}\n", DID.replace("e", "\u0435"), "https://a.example/\u202eb"],
    ids=["NUL", "space", "invisible", "line", "Cyrillic", "direction"],
)
async def test_an_issuer_that_looks_like_another_is_none(issuer: str) -> None:
    """Whoever reads it sees the other's identifier; and NUL goes into no database."""
    document = json.loads(issued().credential)
    document["issuer"]["id"] = issuer
    found = await offline(json.dumps(document))
    assert [(one.reason, one.detail) for one in found.findings] == [(Reason.malformed, "issuer.id")]


async def test_key_for_another_use_is_foreign() -> None:
    document = did_document(KEY.public_key)
    document["assertionMethod"] = []

    found = await online(issued().credential, lists(set(), set()) | {DID_DOCUMENT: document})

    assert found.reasons == (Reason.foreign_key,)


@pytest.mark.parametrize("document", [[], {}, did_document(KEY.public_key, did="did:web:other"), "x", None])
async def test_document_of_another_is_no_proof(document: object) -> None:
    found = await online(issued().credential, lists(set(), set()) | {DID_DOCUMENT: document})

    assert found.reasons == (Reason.foreign_key,)


async def test_issuer_that_does_not_answer_is_unconfirmed() -> None:
    found = await online(issued().credential, {})

    assert (found.verdict, found.reasons) == (Verdict.intact, UNCONFIRMED)


def of_key(issuer: str, address: str, key: SigningKey = KEY) -> Document:
    """A badge of `issuer` that is signed by the key said to be at `address`."""
    document = credential.build(badges.facts())
    document["issuer"] = {"id": issuer, "type": ["Profile"], "name": "Open Systems Foundation"}
    del document["credentialStatus"]
    return proofs.prove(document, key, address=address, now=badges.ISSUED_AT)


async def test_issuer_that_is_a_key_is_confirmed_by_it_and_still_nobody() -> None:
    did = f"did:key:{KEY.public_key}"
    signed = of_key(did, f"{did}#{KEY.public_key}")

    unknown = await offline(signed)
    trusted = await check(signed, now=NOW, has_database=False, trusted=frozenset({did}))

    assert (unknown.verdict, unknown.reasons) == (Verdict.intact, (Reason.issuer_unknown,))
    assert (unknown.key_source, unknown.is_issuer_known, unknown.signer) == (KeySource.did_key, False, did)
    assert (trusted.verdict, trusted.reasons, trusted.is_issuer_known) == (Verdict.valid, (), True)


async def test_issuer_on_the_web_is_nobody_until_it_is_trusted() -> None:
    """A web site with a foundation's name in it costs ten euros."""
    found = await check(issued().credential, now=NOW, has_database=False, fetch=web(lists(set(), set())))

    assert (found.verdict, found.reasons) == (Verdict.intact, (Reason.issuer_unknown,))
    assert (found.key_source, found.signer) == (KeySource.did_web, DID)


async def test_single_key_is_trusted_without_asking_anybody() -> None:
    pages: dict[str, object] = {DID_DOCUMENT: did_document(badges.signing_key().public_key)}
    trusted = frozenset({addresses.key_address(DID, KEY.public_key)})

    alone = await check(issued().credential, now=NOW, has_database=False, trusted=trusted)
    withdrawn = await check(issued().credential, now=NOW, has_database=False, fetch=web(pages), trusted=trusted)
    other = await check(issued(badges.signing_key()).credential, now=NOW, has_database=False, trusted=trusted)

    assert (alone.reasons, alone.key_source, alone.is_issuer_known) == (
        (Reason.status_unavailable,),
        KeySource.trusted,
        True,
    )
    assert withdrawn.reasons == (Reason.foreign_key,), "where the issuer can be asked, it has the last word"
    assert other.reasons == UNCONFIRMED


async def test_trust_in_an_issuer_is_none_in_whoever_names_it() -> None:
    found = await check(issued().credential, now=NOW, has_database=False, trusted=frozenset({DID}))

    assert (found.verdict, found.reasons, found.is_issuer_known) == (Verdict.intact, UNCONFIRMED, False)
    assert found.signer == KEY.public_key, "the DID is only named"


@pytest.mark.parametrize("issuer", [DID, f"did:key:{badges.signing_key().public_key}"], ids=["a DID", "a key"])
async def test_key_of_somebody_else_is_a_forgery_wherever_it_stands(issuer: str) -> None:
    """A `did:key` as verification method is a key like any other: the issuer must list it."""
    signed = of_key(issuer, f"did:key:{KEY.public_key}#{KEY.public_key}")
    pages: dict[str, object] = {DID_DOCUMENT: did_document(badges.signing_key().public_key)}

    assert (await online(signed, pages)).reasons == (Reason.foreign_key,)


async def test_key_that_the_issuer_lists_counts_by_any_address() -> None:
    signed = of_key(DID, f"did:key:{KEY.public_key}#{KEY.public_key}")

    found = await online(signed, lists(set(), set()))

    assert (found.verdict, found.key_source) == (Verdict.valid, KeySource.did_web)


async def test_revoked_and_suspended_are_told_apart() -> None:
    made = issued()
    index = int(json.loads(made.credential)["credentialStatus"][0]["statusListIndex"])

    revoked = await online(made.credential, lists({index}, set()))
    suspended = await online(made.jwt, lists({index + 1, index - 1}, {index}))

    assert (revoked.verdict, revoked.reasons) == (Verdict.refused, (Reason.revoked,))
    assert (suspended.verdict, suspended.reasons) == (Verdict.refused, (Reason.suspended,))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": badges.signing_key()},
        {"issuer": "did:web:testserver:organizations:other"},
        {"validUntil": "2026-11-25T09:29:59Z"},
        {"validFrom": "2026-12-25T09:30:00Z"},
        {"id": "http://testserver/status-lists/another"},
    ],
    ids=["key of another", "issuer of another", "ended", "of the future", "another list"],
)
async def test_list_that_cannot_be_relied_on_leaves_the_status_open(changes: dict[str, Any]) -> None:
    found = await online(issued().credential, lists(set(), set(), **changes))

    assert (found.verdict, found.reasons) == (Verdict.intact, (Reason.status_unavailable,))


@pytest.mark.parametrize("is_issuers", [True, False])
async def test_list_of_an_issuer_that_cannot_be_asked_must_be_of_the_badges_key(is_issuers: bool) -> None:
    """Whoever serves the list could else sign one in which nothing is revoked."""
    other = badges.signing_key()
    key = KEY if is_issuers else other
    pages = lists(set(), set())
    del pages[DID_DOCUMENT]
    for address in pages:
        document = json.loads(pages[address])  # type: ignore[arg-type]  # lists() gives bytes for lists
        del document["proof"]
        pages[address] = proofs.prove(document, key, address=f"did:key:{key.public_key}", now=NOW)

    found = await online(issued().credential, pages)

    assert (Reason.status_unavailable in found.reasons) is not is_issuers


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "1EdTechRevocationList", "id": "https://example.org/revoked"},
        {"type": "StatusList2021Entry"},
        {"statusListIndex": "-1"},
        {"statusListIndex": 5},
        {"statusListIndex": "131072"},
        {"statusSize": 2},
        {"statusPurpose": ["revocation"]},
        {"statusListCredential": "http://testserver/nowhere"},
    ],
    ids=json.dumps,
)
async def test_status_that_cannot_be_read_is_never_taken_for_none(entry: dict[str, Any]) -> None:
    document = credential.build(badges.facts())
    document["credentialStatus"] = [document["credentialStatus"][0] | entry]
    token = proofs.jwt(
        document | proofs.registered_claims(document), KEY, address=addresses.key_address(DID, KEY.public_key)
    )

    found = await online(token, lists(set(), set()))

    assert (found.verdict, found.reasons) == (Verdict.intact, (Reason.status_unavailable,))


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (badges.ISSUED_AT - timedelta(minutes=6), Reason.not_yet_valid),
        (datetime(2028, 11, 24, 9, 30, tzinfo=UTC), Reason.expired),
    ],
)
@pytest.mark.parametrize("form", ["json", "jwt"])
async def test_badge_outside_its_dates_is_refused(now: datetime, reason: Reason, form: str) -> None:
    made = issued()

    found = await offline(made.credential if form == "json" else made.jwt, now)

    assert (found.verdict, found.reasons[0]) == (Verdict.refused, reason)


def _name(value: object) -> str | None:
    """A test's name must not hold a key of chance: workers of one run would know it by different names."""
    return "of-a-key" if isinstance(value, str) and KEY.public_key in value else None


@pytest.mark.parametrize("now", [badges.ISSUED_AT - timedelta(minutes=4), datetime(2028, 11, 24, 9, 29, tzinfo=UTC)])
async def test_badge_inside_its_dates_is_not(now: datetime) -> None:
    assert (await offline(issued().credential, now)).reasons == UNCONFIRMED


async def test_changed_claim_is_a_bad_signature() -> None:
    made = issued()

    embedded = await offline(made.credential.replace("Amina Otieno", "Amina Otiena"))
    header, payload, signature = made.jwt.split(".")
    altered = base64.urlsafe_b64decode(payload + "==").replace(b"Amina Otieno", b"Amina Otiena")
    token = await offline(f"{header}.{base64.urlsafe_b64encode(altered).rstrip(b'=').decode()}.{signature}")

    assert (embedded.verdict, embedded.reasons) == (Verdict.refused, (Reason.bad_signature,))
    assert (token.verdict, token.reasons) == (Verdict.refused, (Reason.bad_signature,))


async def test_every_letter_of_the_jwt_counts() -> None:
    """The spare bits of the last one too."""
    token = issued().jwt
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [letter for letter in letters if letter != token[-1]]

    for letter in others:
        assert (await offline(token[:-1] + letter)).verdict is Verdict.refused


@pytest.mark.parametrize(
    "extra",
    [
        {"honours": "summa cum laude"},
        {"https://schema.org/name": "Somebody else"},
        {"@included": [{"id": "urn:a:b", "type": "Profile"}]},
        {"expirationDate": "2099-01-01T00:00:00Z"},
    ],
    ids=lambda extra: next(iter(extra)),
)
async def test_member_that_is_not_signed_is_refused(extra: dict[str, Any]) -> None:
    document = json.loads(issued().credential)

    found = await offline(document | extra)

    assert found.verdict is Verdict.refused
    assert found.reasons[0] in (Reason.malformed, Reason.bad_signature)


@pytest.mark.parametrize(
    ("proof", "reason", "detail"),
    [
        (None, Reason.no_proof, ""),
        ([], Reason.no_proof, ""),
        ({"type": "Ed25519Signature2020"}, Reason.unsupported_suite, "Ed25519Signature2020"),
        ({"type": "DataIntegrityProof", "cryptosuite": "ecdsa-sd-2023"}, Reason.unsupported_suite, "ecdsa-sd-2023"),
        ({"type": "DataIntegrityProof", "cryptosuite": "eddsa-2022"}, Reason.withdrawn_suite, "eddsa-2022"),
        ({"type": "DataIntegrityProof", "cryptosuite": 7}, Reason.unsupported_suite, "?"),
        ({"proofPurpose": "authentication"}, Reason.wrong_purpose, "authentication"),
        ({"proofValue": "z"}, Reason.bad_signature, ""),
        ({"verificationMethod": KEY.public_key}, Reason.bad_key_address, KEY.public_key),
        ({"verificationMethod": f"xxx:{KEY.public_key}"}, Reason.bad_key_address, f"xxx:{KEY.public_key}"),
        ({"verificationMethod": "did:key:z6Mk0OIl"}, Reason.bad_key_address, "did:key:z6Mk0OIl"),
        ({"verificationMethod": "did:key:"}, Reason.bad_key_address, "did:key:"),
        ({"verificationMethod": "did:key:u7QE"}, Reason.bad_key_address, "did:key:u7QE"),
        ({"verificationMethod": f"did:key:{KEY.public_key}2"}, Reason.bad_key_address, f"did:key:{KEY.public_key}2"),
        ({"verificationMethod": f"did:key:{KEY.public_key}#x"}, Reason.bad_key_address, f"did:key:{KEY.public_key}#x"),
        ({"verificationMethod": "https://a.example/1#z6MkBad"}, Reason.bad_key_address, "https://a.example/1#z6MkBad"),
        ({"verificationMethod": "did:example:z6Mk"}, Reason.bad_key_address, "did:example:z6Mk"),
        ({"verificationMethod": "did:ion:abc#key"}, Reason.key_unavailable, "did:ion:abc#key"),
        ({"verificationMethod": "did:key:zDnaeW2"}, Reason.key_unavailable, "did:key:zDnaeW2"),
        ({"proofValue": "m" + "A" * 88}, Reason.bad_signature, "proofValue"),
        ({"proofValue": "z0"}, Reason.bad_signature, "proofValue"),
        ({"proofValue": 5}, Reason.malformed, "proof"),
        ({"verificationMethod": None}, Reason.malformed, "proof"),
        ({"verificationMethod": f"{DID}#key-1"}, Reason.key_unavailable, f"{DID}#key-1"),
        ({"expires": "2026-11-25T00:00:00Z"}, Reason.expired, "proof"),
        ({"expires": "soon"}, Reason.malformed, "proof.expires"),
    ],
    ids=_name,
)
async def test_proof_is_refused_by_name(proof: Any, reason: Reason, detail: str) -> None:
    document = json.loads(issued().credential)
    document["proof"] = {**document["proof"], **proof} if isinstance(proof, dict) else proof

    found = await offline(document)

    assert (found.findings[0].reason, found.findings[0].detail) == (reason, detail)


async def test_two_proofs_leave_no_doubt_which_counts() -> None:
    document = json.loads(issued().credential)
    document["proof"] = [document["proof"], document["proof"]]

    assert (await offline(document)).reasons == (Reason.malformed,)


async def test_context_that_is_nowhere_here_is_named() -> None:
    document = json.loads(issued().credential)
    document["@context"].append("https://example.org/context")

    found = await offline(document)

    assert (found.verdict, found.findings[0].reason) == (Verdict.undetermined, Reason.unknown_context)
    assert found.findings[0].detail == "https://example.org/context"


def foreign_jwt(payload: Document, *, algorithm: str = "ES256", in_header: bool = True) -> str:
    private: Any = (
        ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    )
    engine: Any = jwt.algorithms.get_default_algorithms()[algorithm]
    headers = {"jwk": json.loads(engine.to_jwk(private.public_key()))} if in_header else {}
    return jwt.encode(payload, private, algorithm=algorithm, headers=headers)


WRAPPED: Document = {
    "iss": "https://example.edu/issuers/1",
    "jti": "urn:uuid:1",
    "nbf": 1_262_304_000,
    "vc": {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "https://example.edu/issuers/1", "name": "Example University"},
        "credentialSubject": {"achievement": {"name": "Degree"}},
    },
}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_jwt_of_data_model_1_1_with_its_key(algorithm: str) -> None:
    found = await offline(foreign_jwt(WRAPPED, algorithm=algorithm))

    assert (found.verdict, found.reasons) == (Verdict.intact, (Reason.issuer_unconfirmed,))
    assert (found.suite, found.key_source) == (algorithm, KeySource.file)
    assert (found.public_key or "").startswith("urn:ietf:params:oauth:jwk-thumbprint:sha-256:")
    assert found.claims is not None
    assert (found.claims.issuer_name, found.claims.credential_id) == ("Example University", "urn:uuid:1")
    assert found.claims.valid_from == datetime(2010, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_jwt_of_another_key_is_refused(algorithm: str) -> None:
    header, _, signature = foreign_jwt(WRAPPED, algorithm=algorithm).split(".")
    _, payload, _ = foreign_jwt(WRAPPED | {"exp": 4_000_000_000}, algorithm=algorithm).split(".")

    assert (await offline(f"{header}.{payload}.{signature}")).reasons == (Reason.bad_signature,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://example.edu/issuers/2"}, Reason.malformed),
        ({"jti": 5}, Reason.malformed),
        ({"exp": 1_262_304_001}, Reason.expired),
        ({"nbf": 4_000_000_000}, Reason.not_yet_valid),
        ({"nbf": 1e300}, Reason.malformed),
        ({"exp": "tomorrow"}, Reason.malformed),
        ({"vc": {}}, Reason.not_a_badge),
    ],
)
async def test_claims_of_the_jwt_bind(change: Document, reason: Reason) -> None:
    payload = WRAPPED | change
    if "jti" in change:
        payload["vc"] = {**WRAPPED["vc"], "id": "urn:uuid:1"}

    assert (await offline(foreign_jwt(payload))).reasons[0] is reason


async def test_jwt_without_a_key_says_so() -> None:
    found = await offline(foreign_jwt(WRAPPED, in_header=False))

    assert (found.verdict, found.reasons, found.suite) == (
        Verdict.undetermined,
        (Reason.key_unavailable,),
        "ES256",
    )


def unsigned(header: Document, payload: Document = WRAPPED) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, ""])


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "", None, ["EdDSA"], {"a": 1}])
async def test_jwt_that_nobody_signed_is_undetermined(algorithm: object) -> None:
    """HS256 keyed with a public key is the oldest trick of all."""
    found = await offline(unsigned({"alg": algorithm, "kid": f"{DID}#{KEY.public_key}"}))

    assert (found.verdict, found.reasons) == (Verdict.undetermined, (Reason.unsupported_suite,))


async def test_algorithm_of_another_kind_of_key_is_refused() -> None:
    found = await offline(unsigned({"alg": "ES256", "kid": f"{DID}#{KEY.public_key}"}))

    assert found.verdict is Verdict.refused


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": 5, "e": []},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "é"},
        {"kty": [], "crv": {}},
    ],
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_key_that_is_none_is_unavailable(jwk: Document, algorithm: str) -> None:
    found = await offline(unsigned({"alg": algorithm, "jwk": jwk}))

    assert (found.verdict, found.reasons) == (Verdict.undetermined, (Reason.key_unavailable,))


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    head, tail = PNG[:33], PNG[-12:]
    made = b"".join(
        struct.pack("!I", len(content)) + tag + content + struct.pack("!I", zlib.crc32(tag + content))
        for tag, content in chunks
    )
    return head + made + tail


BOMB = b"openbadgecredential\0\x01\0\0\0" + zlib.compress(b" " * 50_000_000)
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<svg xmlns="http://www.w3.org/2000/svg"><text>&c;</text></svg>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="https://purl.imsglobal.org/ob/v3p0"><o:credential>&x;</o:credential></svg>"""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.not_a_badge),
        (b"\xff\xfe\x00", Reason.not_a_badge),
        (b"\x89PNG\r\n\x1a\n", Reason.not_a_badge),
        (PNG, Reason.not_a_badge),
        (PNG[:40], Reason.not_a_badge),
        (png_with((b"iTXt", BOMB)), Reason.not_a_badge),
        (png_with((b"iTXt", b"openbadgecredential")), Reason.not_a_badge),
        (png_with((b"iTXt", b"openbadgecredential\0\x01\0\0\0xx")), Reason.not_a_badge),
        (png_with((b"iTXt", b"openbadgecredential\0\0\0\0\0\xff")), Reason.not_a_badge),
        (png_with((b"\xff\xff\xff\xff", b"")), Reason.not_a_badge),
        (SVG, Reason.not_a_badge),
        (LAUGHS, Reason.not_a_badge),
        (OUTSIDE, Reason.not_a_badge),
        (b"<svg" + b"<g>" * 100_000, Reason.not_a_badge),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 5000 + b"</g>" * 5000 + b"</svg>", Reason.not_a_badge),
        (b"%PDF-1.7", Reason.not_a_badge),
        (b"{" * 300_000, Reason.too_large),
        (b"[" * 100_000, Reason.not_a_badge),
        (b'{"a":' * 20_000, Reason.malformed),
        (b'{"a":' * 100 + b"1" + b"}" * 100, Reason.malformed),
        (b'{"a": 1, "a": 2}', Reason.malformed),
        (b'{"a": NaN}', Reason.malformed),
        (b'{"a": 1e999}', Reason.malformed),
        (b'{"a": ' + b"9" * 5000 + b"}", Reason.malformed),
        (b'{"a": "\\ud800"}', Reason.malformed),
        (b"{}", Reason.not_a_badge),
        (b'{"type": "VerifiableCredential"}', Reason.not_a_badge),
        (b'{"type": ["VerifiableCredential", "OpenBadgeCredential"]}', Reason.no_issuer),
        (b'{"type": ["VerifiableCredential", "OpenBadgeCredential"], "issuer": ""}', Reason.no_issuer),
        (b'{"type": ["VerifiableCredential", "OpenBadgeCredential"], "issuer": [{}]}', Reason.no_issuer),
        (b'{"type": ["VerifiableCredential", "OpenBadgeCredential"], "issuer": "urn:a"}', Reason.malformed),
        (b'{"@context": "https://w3id.org/openbadges/v2", "type": "Assertion"}', Reason.not_a_badge),
        (b"a.b.c", Reason.not_a_badge),
        (b"..", Reason.malformed),
        (b"e30.e30.e30", Reason.not_a_badge),
        (gzip.compress(b"{}"), Reason.not_a_badge),
    ],
    ids=range(36),
)
async def test_hostile_content_is_refused_by_name(content: bytes, reason: Reason) -> None:
    found = await offline(content)

    assert (found.verdict, found.reasons[0]) == (Verdict.refused, reason)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
async def test_no_bytes_break_it(content: bytes) -> None:
    assert (await offline(content)).verdict is Verdict.refused


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    member=st.sampled_from([*json.loads(issued().credential), "proof", "subject"]),
    inner=st.sampled_from(["", "id", "type", "created", "cryptosuite", "verificationMethod", "achievement"]),
    value=JSON,
)
async def test_no_member_breaks_it(member: str, inner: str, value: Any) -> None:
    document = json.loads(issued().credential)
    if inner and isinstance(document.get(member), dict):
        document[member][inner] = value
    else:
        document[member] = value

    assert (await offline(document)).verdict is not Verdict.valid


@settings(max_examples=100, deadline=None)
@given(position=st.integers(0, 10_000), letter=st.characters(codec="utf-8"))
async def test_no_changed_letter_makes_another_badge(position: int, letter: str) -> None:
    """Spaces between members are no claims; whatever is read afterwards is what was signed."""
    text = issued(certificate_id=badges.achievement().id, number="CFR-1").credential
    position %= len(text)
    altered = text[:position] + letter + text[position + 1 :]

    found = await offline(altered)

    if found.verdict is Verdict.intact:
        assert json.loads(altered) == json.loads(text) or found.claims == (await offline(text)).claims


async def test_poisonous_graph_is_given_up_in_time() -> None:
    """Blank nodes that cannot be told apart take factorial time to canonicalize; the engine's budget ends that."""
    document = json.loads(issued().credential)
    document["evidence"] = [{"type": ["Evidence"], "name": "x", "description": "y"} for _ in range(60)]

    found = await offline(document)

    assert found.verdict is Verdict.refused


def test_multikeys_are_read_in_linear_time() -> None:
    with pytest.raises(multikey.NotAMultikey):
        multikey.decode("z" + "2" * 1_000_000)
