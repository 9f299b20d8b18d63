"""Endorsements and extensions with a context of their own: they make no good badge malformed, and hide nothing.

`complete()` is written like the complete examples of Open Badges 3.0; that its signature is right is what
`second_verifier` says, which shares no code with what is tested.
"""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from certification.badges import linked_data, parts, proofs
from certification.badges.checking import check
from certification.badges.linked_data import Document
from certification.badges.verdicts import BadgeCheck, Reason, Verdict
from tests import second_verifier
from tests.factories import badges

KEY = badges.signing_key()
ISSUER = "https://university.example/issuers/565049"
ADDRESS = f"{ISSUER}#{KEY.public_key}"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
VC2 = "https://www.w3.org/ns/credentials/v2"
OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
ALONE = (Reason.issuer_unconfirmed,)


def endorsement(**changes: Any) -> Document:
    """An agency's word, whose own context lacks what defines the type of its schema: with the outer one it is there."""
    return {
        "@context": [VC2, OB3],
        "id": "https://agency.example/endorsements/3732",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Standing",
        "issuer": {"id": "https://agency.example/issuers/1", "type": ["Profile"], "name": "Example Agency"},
        "validFrom": "2010-01-01T00:00:00Z",
        "credentialSubject": {
            "id": ISSUER,
            "type": ["EndorsementSubject"],
            "endorsementComment": "University in good standing",
        },
        "credentialSchema": [
            {"id": "https://agency.example/schema.json", "type": "1EdTechJsonSchemaValidator2019"},
        ],
        "proof": [
            {
                "type": "DataIntegrityProof",
                "cryptosuite": "eddsa-rdfc-2022",
                "created": "2022-05-26T18:17:08Z",
                "verificationMethod": "https://agency.example/issuers/1#key",
                "proofPurpose": "assertionMethod",
                "proofValue": "z" + "3" * 86,
            }
        ],
    } | changes


def complete(*endorsements: Document, **changes: Any) -> Document:
    """A degree, with endorsements of the issuer and of the badge itself; not signed yet."""
    return {
        "@context": [VC2, OB3, EXTENSIONS],
        "id": "http://university.example/credentials/3732",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "University Degree for Example Student",
        "issuer": {
            "id": ISSUER,
            "type": ["Profile"],
            "name": "Example University",
            "address": {
                "type": ["Address"],
                "addressCountry": "USA",
                "geo": {"type": "GeoCoordinates", "latitude": 1.5},
            },
            "endorsement": list(endorsements[:1]),
        },
        "validFrom": "2010-01-01T00:00:00Z",
        "validUntil": "2030-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:ebfeb1f712ebc6f1c276e12ec21",
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "identityHash": "Amina Otieno", "identityType": "name", "hashed": False}
            ],
            "achievement": {
                "id": "https://university.example/achievements/degree",
                "type": ["Achievement"],
                "name": "University Degree",
                "description": "A degree.",
                "criteria": {"narrative": "Students must complete…"},
            },
        },
        "endorsement": list(endorsements),
    } | changes


def signed(document: Document) -> Document:
    """With a proof over all of it, as the issuer makes it."""
    proof: Document = {
        "type": "DataIntegrityProof",
        "cryptosuite": proofs.SUITE,
        "created": "2010-01-01T19:23:24Z",
        "verificationMethod": ADDRESS,
        "proofPurpose": "assertionMethod",
    }
    from certification.signing import multikey

    signature = KEY.sign(proofs.hash_data(linked_data.canonize, document, proof))
    return document | {"proof": proof | {"proofValue": "z" + multikey.to_base58(signature)}}


async def offline(document: Document) -> BadgeCheck:
    return await check(document, now=NOW, has_database=False)


EXTENSION: Document = {
    "@context": EXTENSIONS,
    "id": "https://university.example/apply",
    "type": ["1EdTechCredentialRefresh"],
}

GOOD: dict[str, tuple[Document, tuple[str, ...]]] = {
    "endorsement that is complete by itself": (
        complete(endorsement(**{"@context": [VC2, OB3, EXTENSIONS]})),
        ("/issuer/endorsement/0", "/endorsement/0"),
    ),
    "endorsement that leans on the outer context": (
        complete(endorsement()),
        ("/issuer/endorsement/0", "/endorsement/0"),
    ),
    "two of them": (
        complete(endorsement(), endorsement(id="https://state.example/endorsements/1")),
        ("/issuer/endorsement/0", "/endorsement/0", "/endorsement/1"),
    ),
    "endorsement without an identifier": (
        complete({name: value for name, value in endorsement().items() if name != "id"}),
        ("/issuer/endorsement/0", "/endorsement/0"),
    ),
    "endorsement of the badge itself": (
        complete(
            endorsement(
                credentialSubject={
                    "id": "http://university.example/credentials/3732",
                    "type": ["EndorsementSubject"],
                    "endorsementComment": "Well deserved",
                }
            )
        ),
        ("/issuer/endorsement/0", "/endorsement/0"),
    ),
    "extension with a context of its own": (complete(refreshService=EXTENSION), ("/refreshService",)),
    "endorsement that says what nobody defines": (
        complete(endorsement(mood="solemn")),
        ("/issuer/endorsement/0", "/endorsement/0"),
    ),
}


@pytest.mark.parametrize("name", GOOD)
async def test_good_badge_stays_good_with_what_others_have_put_in(name: str) -> None:
    document, places = GOOD[name]
    badge = signed(document)
    second_verifier.verify(json.dumps(badge))

    found = await offline(badge)

    assert (found.verdict, found.reasons, found.unjudged) == (Verdict.intact, ALONE, places)
    assert found.claims is not None
    assert (found.claims.holder_name, found.claims.achievement) == ("Amina Otieno", "University Degree")


@pytest.mark.parametrize("name", GOOD)
async def test_changed_word_inside_is_noticed(name: str) -> None:
    """It is not judged, but it is signed."""
    badge = copy.deepcopy(signed(GOOD[name][0]))
    part = badge.get("refreshService") or badge["endorsement"][0]
    part["id"] = "https://mallory.example/"

    assert (await offline(badge)).reasons == (Reason.bad_signature,)


@pytest.mark.parametrize(
    ("context", "detail"),
    [
        ([VC2, OB3, "https://agency.example/context.json"], "https://agency.example/context.json"),
        ([VC2, OB3, {"mood": "https://agency.example/mood"}], '{"mood": "https://agency.example/mood"}'),
    ],
)
async def test_context_inside_that_is_unknown_leaves_it_open(context: list[Any], detail: str) -> None:
    badge = signed(complete(endorsement())) | {"endorsement": [endorsement(**{"@context": context})]}

    found = await offline(badge)

    assert (found.verdict, found.reasons) == (Verdict.undetermined, (Reason.unknown_context,))
    assert found.findings[0].detail == detail


@pytest.mark.parametrize(
    "context",
    [
        [VC2, OB3, {"mood": "https://university.example/mood"}],
        [VC2, OB3, "https://purl.imsglobal.org/spec/ob/v3p0/context.json"],
        ["https://www.w3.org/2018/credentials/v1", OB3],
    ],
    ids=["written out", "twice", "elder data model"],
)
async def test_own_context_that_cannot_be_judged_leaves_it_open(context: list[Any]) -> None:
    document = complete(**{"@context": context}, endorsement=[])
    document["issuer"]["endorsement"] = []

    found = await offline(signed(document))

    assert (found.verdict, found.reasons) == (Verdict.undetermined, (Reason.unknown_context,))
    assert found.findings[0].detail


def moved(document: Document, name: str, part: Document) -> Document:
    """The same statements, one member moved into a part that describes the same node: the signature still holds."""
    value = document[name]
    rest = {member: inner for member, inner in document.items() if member != name}
    return rest | {"endorsement": [*document["endorsement"], part | {"id": document["id"], name: value}]}


@pytest.mark.parametrize("name", ["validUntil", "credentialStatus"])
async def test_statement_cannot_be_hidden_in_a_part(name: str) -> None:
    """RDF knows no places: a holder could move the end of the validity into an endorsement, where nobody reads it."""
    entry = {
        "id": "https://university.example/lists/1#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://university.example/lists/1",
    }
    document = complete(endorsement(), credentialStatus=[entry])
    bare = {"@context": [VC2, OB3, EXTENSIONS], "type": ["VerifiableCredential"]}
    as_issued = signed(document | {"endorsement": [*document["endorsement"], {"id": document["id"]}]})
    hidden = moved(document, name, bare) | {"proof": as_issued["proof"]}
    second_verifier.verify(json.dumps(hidden))

    found = await offline(hidden)

    assert (found.verdict, found.reasons[0]) == (Verdict.refused, Reason.malformed)


async def test_status_entry_cannot_be_described_in_a_part() -> None:
    """A bit of two, moved out of the entry, would have another bit read."""
    entry = {
        "id": "https://university.example/lists/1#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://university.example/lists/1",
    }
    part = {"@context": [VC2, OB3, EXTENSIONS], "id": entry["id"], "type": entry["type"], "statusPurpose": "message"}
    document = signed(complete(endorsement(), part, credentialStatus=[entry]))

    assert (await offline(document)).reasons[0] is Reason.malformed


@pytest.mark.parametrize("name", ["issuer", "credentialSubject", "credentialStatus"])
async def test_what_is_read_has_no_context_of_its_own(name: str) -> None:
    document = complete(endorsement(), credentialStatus={"id": "urn:a:1", "type": "BitstringStatusListEntry"})
    document[name] = {"@context": [VC2, OB3], **document[name]}

    found = await offline(signed(document))

    assert (found.verdict, found.reasons[0]) == (Verdict.refused, Reason.malformed)


async def test_unsigned_member_beside_an_endorsement_is_refused_by_its_place() -> None:
    badge = signed(complete(endorsement())) | {"honours": "summa cum laude"}

    found = await offline(badge)

    assert (found.verdict, found.reasons, found.findings[0].detail) == (
        Verdict.refused,
        (Reason.malformed,),
        "/honours",
    )


def test_parts_are_cut_out_wherever_they_stand() -> None:
    document = {"@context": VC2, "a": [{"@context": 1}], "b": [{"c": 1}, {"@context": 2}], "d": {"e": {"@context": 3}}}

    found = parts.part(document)

    assert found.places == ("/a/0", "/b/1", "/d/e")
    assert found.document == {"@context": VC2, "b": [{"c": 1}], "d": {}}
