"""What is issued: its members, and that a second verifier which shares no code accepts it and notices every change."""

import base64
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from openbadgeslib import ob3

from certification.badges import addresses, credential, proofs
from certification.badges.facts import StatusPlace, score_band, score_bands
from certification.badges.models import StatusPurpose
from certification.signing import multikey
from certification.signing.keys import SigningKey
from core.settings import get_settings, use_settings
from tests import second_verifier
from tests.factories import badges

KEY = badges.signing_key()
DID = "did:web:testserver:organizations:open-systems"
LIST = "http://testserver/status-lists/0190d8a5-0000-7000-8000-000000000002"


def issued(key: SigningKey = KEY, **changes: Any) -> credential.MadeBadge:
    return credential.secure(credential.build(badges.facts(**changes)), key, now=badges.ISSUED_AT)


def test_members_say_what_the_certificate_says() -> None:
    facts = badges.facts(
        certificate_id=UUID("0190d8a5-0000-7000-8000-000000000003"),
        number="CFR-1",
        place=StatusPlace(UUID("0190d8a5-0000-7000-8000-000000000002"), 94_567),
    )

    document = credential.build(facts)

    achievement = "http://testserver/achievements/0190d8a5-0000-7000-8000-000000000001"
    assert document == {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        ],
        "id": "urn:uuid:0190d8a5-0000-7000-8000-000000000003",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": "Certified System Associate",
        "issuer": {
            "id": DID,
            "type": ["Profile"],
            "name": "Open Systems Foundation",
            "url": "https://open-systems.example.org",
        },
        "validFrom": "2026-11-24T09:30:00Z",
        "validUntil": "2028-11-24T09:30:00Z",
        "awardedDate": "2026-11-24T09:30:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {
                "id": achievement,
                "type": ["Achievement"],
                "name": "Certified System Associate",
                "description": "has shown the skills of a system associate",
                "criteria": {
                    "id": "http://testserver/certifications/system-associate",
                    "narrative": "Pass the exam.",
                },
                "achievementType": "Certification",
                "image": {"id": f"{achievement}/image.png", "type": "Image"},
                "inLanguage": "en",
                "resultDescription": [
                    {
                        "id": f"{achievement}#score-band",
                        "type": ["ResultDescription"],
                        "name": "Score band (percent, rounded down)",
                        "resultType": "PerformanceLevel",
                        "allowedValue": ["66–69", "70–79", "80–89", "90–100"],
                        "requiredValue": "66–69",
                    }
                ],
            },
            "creditsEarned": 6.5,
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": "Amina Otieno",
                    "identityType": "name",
                }
            ],
            "licenseNumber": "CFR-1",
            "result": [{"type": ["Result"], "value": "80–89", "resultDescription": f"{achievement}#score-band"}],
        },
        "evidence": [
            {
                "id": "http://testserver/events/days",
                "type": ["Evidence"],
                "name": "Attendance",
                "narrative": "6.5 hours attended.",
            }
        ],
        "credentialSchema": [
            {
                "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
                "type": "1EdTechJsonSchemaValidator2019",
            }
        ],
        "credentialStatus": [
            {
                "id": f"{LIST}/{purpose}#94567",
                "type": "BitstringStatusListEntry",
                "statusPurpose": purpose,
                "statusListIndex": "94567",
                "statusListCredential": f"{LIST}/{purpose}",
            }
            for purpose in ("revocation", "suspension")
        ],
    }


def test_score_stays_out_unless_the_policy_shows_it() -> None:
    hidden = credential.build(badges.facts(achievement=badges.achievement(cut_score=None)))

    assert "result" not in hidden["credentialSubject"]
    assert "resultDescription" not in hidden["credentialSubject"]["achievement"]
    assert "86.67" not in json.dumps(credential.build(badges.facts()))


@pytest.mark.parametrize(
    ("cut", "bands"),
    [
        ("66.00", ["66–69", "70–79", "80–89", "90–100"]),
        ("66.50", ["66–69", "70–79", "80–89", "90–100"]),
        ("70", ["70–79", "80–89", "90–100"]),
        ("0", [f"{lower}–{lower + 9}" for lower in range(0, 90, 10)] + ["90–100"]),
        ("89.99", ["89", "90–100"]),
        ("90", ["90–100"]),
        ("95.5", ["95–100"]),
        ("100", ["100"]),
    ],
)
def test_bands_go_from_the_cut_score_by_tens(cut: str, bands: list[str]) -> None:
    assert score_bands(Decimal(cut)) == bands


@pytest.mark.parametrize(
    ("score", "band"),
    [("66", "66–69"), ("69.99", "66–69"), ("70", "70–79"), ("89.99", "80–89"), ("90", "90–100"), ("100", "90–100")],
)
def test_score_is_in_one_band(score: str, band: str) -> None:
    assert score_band(Decimal(score), Decimal(66)) == band


@pytest.mark.parametrize("score", ["65.99", "-1", "100.01"])
def test_score_that_did_not_pass_has_no_band(score: str) -> None:
    with pytest.raises(ValueError, match="outside the bands"):
        score_band(Decimal(score), Decimal(66))


@pytest.mark.parametrize(
    ("public_url", "did", "document"),
    [
        ("https://confero.example.org", "did:web:confero.example.org", "https://confero.example.org"),
        ("http://localhost:8000", "did:web:localhost%3A8000", "https://localhost:8000"),
    ],
)
def test_issuer_is_a_did_web_of_the_public_address(public_url: str, did: str, document: str) -> None:
    use_settings(get_settings().model_copy(update={"public_url": public_url}))

    assert addresses.issuer_did("osf") == f"{did}:organizations:osf"
    assert addresses.did_document(f"{did}:organizations:osf") == f"{document}/organizations/osf/did.json"
    assert addresses.slug_of(f"{did}:organizations:osf") == "osf"


@pytest.mark.parametrize("did", ["did:web:other:organizations:osf", f"{DID}:more", "did:web:testserver", "did:key:z6"])
def test_other_issuers_are_not_ours(did: str) -> None:
    assert addresses.slug_of(did) is None


def test_did_web_without_a_path_is_at_the_well_known_place() -> None:
    assert addresses.did_document("did:web:example.org") == "https://example.org/.well-known/did.json"
    assert addresses.did_document("did:key:z6Mk") is None
    assert addresses.did_document("https://example.org") is None


@pytest.mark.parametrize(
    "did",
    [
        "did:web:meridian.example%40evil.example",
        "did:web:evil.example%2Fmeridian.example",
        "did:web:evil.example%3F",
        "did:web:evil.example%23",
        "did:web:evil.example/x",
        "did:web:evil.example:a b",
        "did:web:évil.example",
        "did:web:",
        "did:web:%3A80",
    ],
)
def test_did_web_that_would_lead_elsewhere_leads_nowhere(did: str) -> None:
    assert addresses.did_document(did) is None


@pytest.mark.parametrize(
    ("issuer", "is_here"),
    [
        (DID, True),
        ("did:web:TESTSERVER:organizations:x", True),
        ("DID:WEB:testserver", True),
        ("did:web:testserver%3A80:x", True),
        ("did:web:testserver.:x", True),
        ("did:web:testserver.%3A443:x", True),
        ("did:web:testserver%253A443:x", True),
        ("https://testserver.:443/", True),
        ("did:web:testserver#z6Mk", True),
        ("https://testserver/issuers/1", True),
        ("https://user@TestServer:443/", True),
        ("did:web:testserver%3A8080", False),
        ("did:web:testserver.example", False),
        ("did:web:example:testserver", False),
        ("https://example.org/testserver", False),
        ("did:key:testserver", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_issuer_on_this_host_is_known_in_any_spelling(issuer: str, is_here: bool) -> None:
    assert addresses.is_here(issuer) is is_here


def test_a_dot_before_the_port_makes_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "public_url", "http://localhost:8000")
    assert addresses.is_here("did:web:localhost.%3A8000:organizations:x")
    assert not addresses.is_here("did:web:localhost.%3A8001:organizations:x")


def test_second_verifier_accepts_the_badge() -> None:
    made = issued()

    verified = second_verifier.verify(made.credential)

    assert verified["credentialSubject"]["identifier"][0]["identityHash"] == "Amina Otieno"
    assert verified["proof"]["verificationMethod"] == f"{DID}#{KEY.public_key}"
    assert verified["proof"]["created"] == "2026-11-24T09:30:00Z"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_second_verifier_accepts_every_name(name: str, title: str) -> None:
    made = issued(holder_name=name, achievement=badges.achievement(name=title))

    second_verifier.verify(made.credential)
    second_verifier.verify_jwt(made.jwt)


def test_libraries_verifier_accepts_both_formats() -> None:
    """openbadgeslib also requires that the JSON says nothing that the proof does not sign. Its clock is real."""
    today = datetime.now(UTC).replace(microsecond=0)
    yesterday = today - timedelta(days=1)
    made = issued(achieved_at=yesterday, issued_at=yesterday, valid_until=today + timedelta(days=365))
    public = Ed25519PublicKey.from_public_bytes(multikey.decode(KEY.public_key))
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    embedded = ob3.OB3LdpVerifier(pubkey_pem=pem).verify(made.credential)
    token = ob3.OB3Verifier(pubkey_pem=pem).verify(made.jwt)

    assert embedded.id == token.id
    assert embedded.identifiers[0].identity_hash == "Amina Otieno"
    assert [one["statusPurpose"] for one in embedded.credential_status] == ["revocation", "suspension"]


def test_jwt_is_the_credential_with_its_registered_claims() -> None:
    made = issued(number="CFR-9")

    payload = second_verifier.verify_jwt(made.jwt)

    document = json.loads(made.credential)
    del document["proof"]
    claims = {name: payload.pop(name) for name in ("iss", "jti", "nbf", "exp")}
    assert payload == document
    assert claims == {
        "iss": DID,
        "jti": document["id"],
        "nbf": int(datetime(2026, 11, 24, 9, 30, tzinfo=UTC).timestamp()),
        "exp": int(datetime(2028, 11, 24, 9, 30, tzinfo=UTC).timestamp()),
    }
    header = json.loads(base64.urlsafe_b64decode(made.jwt.split(".")[0] + "=="))
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": f"{DID}#{KEY.public_key}"}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every string, number and truth value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*path, position))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    """A copy in which one leaf says something else."""
    copied = copy.deepcopy(document)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    old = inner[path[-1]]
    if isinstance(old, bool):
        inner[path[-1]] = not old
    elif isinstance(old, str):
        inner[path[-1]] = old[:-1] + ("x" if old[-1:] != "x" else "y")
    else:
        inner[path[-1]] = old + 1
    return copied


CLAIMS = [
    path
    for path in leaves(json.loads(issued(place=StatusPlace(UUID(int=2), 7)).credential))
    if path[0] not in ("@context",) and path[:2] != ("proof", "proofValue")
]


def test_claims_are_all_there() -> None:
    """So that the next test cannot pass over nothing."""
    assert len(CLAIMS) > 45
    assert ("credentialSubject", "identifier", 0, "identityHash") in CLAIMS
    assert ("validUntil",) in CLAIMS
    assert ("credentialStatus", 1, "statusListIndex") in CLAIMS


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: ".".join(map(str, path)))
def test_any_changed_claim_is_noticed(path: tuple[Any, ...]) -> None:
    document = json.loads(issued(place=StatusPlace(UUID(int=2), 7)).credential)

    with pytest.raises((second_verifier.Refused, ValueError)):
        second_verifier.verify(json.dumps(changed(document, path)))


@pytest.mark.parametrize("path", sorted({path[:1] for path in CLAIMS} - {("proof",)}), ids=lambda path: path[0])
def test_any_member_left_out_is_noticed(path: tuple[str]) -> None:
    document = json.loads(issued().credential)
    del document[path[0]]

    with pytest.raises(second_verifier.Refused):
        second_verifier.verify(json.dumps(document))


def test_any_changed_letter_of_the_jwt_is_noticed() -> None:
    """The last letter of the signature carries four bits that are no part of it; checking.py refuses these."""
    token = issued().jwt
    for position in range(0, len(token) - 1, 7):
        letter = "A" if token[position] != "A" else "B"
        with pytest.raises((second_verifier.Refused, ValueError, KeyError)):
            second_verifier.verify_jwt(token[:position] + letter + token[position + 1 :])


def test_another_organizations_key_is_no_key_of_this_badge() -> None:
    made = issued(badges.signing_key())
    document = json.loads(made.credential)
    document["proof"]["verificationMethod"] = addresses.key_address(DID, KEY.public_key)

    with pytest.raises(second_verifier.Refused):
        second_verifier.verify(json.dumps(document))


def test_status_list_of_the_library_verifies_the_second_way() -> None:
    document = ob3.build_status_list_credential(
        DID, addresses.status_list(UUID(int=2), StatusPurpose.revocation), "revocation", {0, 7, 23, 131_071}
    )

    signed = proofs.prove(document, KEY, address=addresses.key_address(DID, KEY.public_key), now=badges.ISSUED_AT)

    verified = second_verifier.verify(proofs.dump(signed))
    assert second_verifier.bits_of(verified["credentialSubject"]["encodedList"]) == [0, 7, 23, 131_071]
