"""Canonicalization by shape: byte for byte what the engine makes, for every string that a badge can hold."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certification.badges import canonical, credential, linked_data
from certification.badges.canonical import canonize
from certification.badges.facts import Evidence, StatusPlace
from certification.badges.linked_data import Document
from core.database import new_id
from tests.factories import badges

HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text(alphabet='"\\\n\r\t\b\f\x00\x07\x0b\x1f\x7f\x85\u2028<>{}|^`@:/#._-', max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "@id",
            "@type",
            "_:b0",
            "_:c14n0",
            "id",
            "true",
            "1.0E0",
            "\\u0041",
            "\\",
            '"',
            '" .\n<urn:x> <urn:y> "',
            "فاطمة بنت محمد",
            "\u202eevil\u202c",
            "👩🏽‍🚀",
            "e\u0301",
            "é",
            "place 3",
            "https://place-3.invalid",
            "urn:place-3.invalid",
            "https://example.org/a b",
            "https://example.org/<x>",
            "urn:uuid:",
            "did:web:x",
            "http://",
            "mailto:a@example.org",
        ]
    ),
)


def is_filled(document: Document) -> bool:
    """Whether the shape's template answers, and not the engine."""
    shape: list[str] = []
    strings: list[str] = []
    canonical._split(document, "", shape, strings)
    template = canonical._template("".join(shape))
    return template is not None and canonical._fill(template, strings) is not None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=HOSTILE, title=HOSTILE, criteria=HOSTILE, evidence=st.lists(HOSTILE, max_size=3), index=st.integers(0, 9))
def test_hostile_strings_give_the_engines_bytes(
    name: str, title: str, criteria: str, evidence: list[str], index: int
) -> None:
    document = credential.build(badges.facts(place=StatusPlace(new_id(), index)))
    subject = document["credentialSubject"]  # past `build`, which would take the controls out
    subject["identifier"][0]["identityHash"] = name
    subject["achievement"]["name"] = title
    subject["achievement"]["criteria"]["narrative"] = criteria
    document["evidence"] = [{"type": ["Evidence"], "narrative": one} for one in evidence]

    assert outcome(canonize, document) == outcome(linked_data.canonize, document)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(credential_id=HOSTILE, achievement_id=HOSTILE, image=HOSTILE, issuer=HOSTILE, url=HOSTILE, same=st.booleans())
def test_hostile_addresses_give_the_engines_bytes(
    credential_id: str, achievement_id: str, image: str, issuer: str, url: str, same: bool
) -> None:
    document = credential.build(badges.facts())
    document["id"] = credential_id
    document["issuer"]["id"] = credential_id if same else issuer
    document["issuer"]["url"] = url
    document["credentialSubject"]["achievement"]["id"] = achievement_id
    document["credentialSubject"]["achievement"]["image"]["id"] = image

    assert outcome(canonize, document) == outcome(linked_data.canonize, document)


def outcome(way: Any, document: Document) -> str:
    """The canonical form, or that there is none."""
    try:
        return str(way(document))
    except linked_data.Unprocessable:
        return "unprocessable"


VARIANTS: dict[str, dict[str, Any]] = {
    "everything": {},
    "no score": {"score": None},
    "no credits": {"credits": None},
    "whole credits": {"credits": Decimal("6")},
    "no end": {"valid_until": None},
    "no evidence": {"evidence": ()},
    "evidence without address": {"evidence": (Evidence("Attendance", "6 hours"),)},
    "twice the same evidence": {"evidence": (Evidence("Attendance", "6 hours"), Evidence("Attendance", "6 hours"))},
    "hidden bands": {"achievement": badges.achievement(cut_score=None)},
    "one band": {"achievement": badges.achievement(cut_score=Decimal(100)), "score": Decimal(100)},
    "name in quotes": {"holder_name": 'Robert "); DROP \\ \n TABLE'},
    "name right to left": {"holder_name": "فاطمة"},
    "organization of the achievement": {"issuer_name": "Certified System Associate"},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_badge_gives_the_engines_bytes(variant: str) -> None:
    document = credential.build(badges.facts(**VARIANTS[variant]))

    assert canonize(document) == linked_data.canonize(document)


@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {"twice the same evidence"}))
def test_no_kind_of_badge_needs_the_engine(variant: str) -> None:
    assert is_filled(credential.build(badges.facts(**VARIANTS[variant])))


def test_blank_nodes_that_cannot_be_told_apart_go_to_the_engine() -> None:
    document = credential.build(badges.facts(**VARIANTS["twice the same evidence"]))

    assert not is_filled(document)


def test_many_badges_are_of_one_shape() -> None:
    canonical._template.cache_clear()
    for number in range(50):
        canonize(credential.build(badges.facts(holder_name=f"Person {number}")))

    assert canonical._template.cache_info().misses == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"@context": "https://www.w3.org/ns/credentials/v2"},
        {"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:a:b", "type": []},
        {"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:a:b", "issuer": []},
        {"@context": {"p": "urn:p:p"}, "@id": "urn:a:b", "p": ["x", "x", 1, True, None, 1.5]},
        {"@context": {"p": {"@id": "urn:p:p", "@type": "@json"}}, "@id": "urn:a:b", "p": {"x": "y"}},
        {"@context": {"p": {"@id": "urn:p:p", "@language": "en"}}, "@id": "urn:a:b", "p": "x"},
        {"@context": {"p": {"@id": "urn:p:p", "@container": "@language"}}, "@id": "urn:a:b", "p": {"en": "x"}},
        {"@context": {"p": {"@id": "urn:p:p", "@type": "@vocab"}, "q": "urn:q:q"}, "@id": "urn:a:b", "p": "q"},
        {"@context": {"p": "urn:p:p"}, "@id": "urn:a:b", "p": [{"p": "x"}, {"p": "x"}]},
        {"@context": {"p": {"@id": "urn:p:p", "@type": "@id"}}, "@id": "urn:a:b", "p": ["urn:a:b", "urn:a:b"]},
        {"@context": {"p": "urn:p:p"}, "@id": "urn:a:b", "@graph": [{"@id": "urn:c:d", "p": "x"}]},
        {"@context": "https://unknown.example.org/context", "id": "urn:a:b"},
    ],
)
def test_other_documents_give_the_engines_bytes(document: Document) -> None:
    assert outcome(canonize, document) == outcome(linked_data.canonize, document)


def test_controls_are_no_part_of_a_badge() -> None:
    facts = replace(badges.facts(), holder_name="A\x00mina\x07\u0085 Otieno\n")

    document = credential.build(facts)

    assert document["credentialSubject"]["identifier"][0]["identityHash"] == "A mina  Otieno"
