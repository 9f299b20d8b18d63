"""What a certification's input may hold, and what it is refused for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from api.parse import nested, validate
from certification.programs.entitlements import months_later
from certification.programs.schemas import CertificationChange, CertificationIn, DomainsIn, EntitlementIn, PolicyIn
from core.errors import InvalidInput

NEW = {"title": "Associate", "statement": "Knows it."}


def refused(schema: Any, value: dict[str, Any]) -> dict[str, str]:
    """The fields that are wrong, with what to do about them."""
    with pytest.raises(InvalidInput) as caught:
        validate(schema, value)
    return caught.value.fields


def test_policy_defaults_are_those_of_the_product() -> None:
    policy = PolicyIn()
    assert (policy.cut_score, policy.time_limit_minutes, policy.form_length) == (Decimal("66.00"), 90, None)
    assert (policy.attempts_allowed, policy.entitlement_months, policy.validity_months) == (2, 12, 24)
    assert (policy.renewal_credits, policy.grace_days, policy.shows_score) == (None, 0, False)


def test_lines_are_made_one_and_control_characters_refused() -> None:
    assert validate(CertificationIn, {**NEW, "title": "  Two\n words "}).title == "Two words"
    assert refused(CertificationIn, {**NEW, "title": "a\x1bb"}) == {
        "title": "Remove these characters, which cannot be read: U+001B."
    }
    assert validate(CertificationIn, {**NEW, "description": "a\r\nb"}).description == "a\nb"


@pytest.mark.parametrize("tag", ["en", "fr", "fr-CA", "ar-EG"])
def test_known_language_is_taken(tag: str) -> None:
    assert validate(CertificationIn, {**NEW, "language": tag}).language == tag


@pytest.mark.parametrize("tag", ["xx-yy", "-", "e", "en--US", "klingon", "ÿ", "pt-BR", "zh-Hant"])
def test_unknown_language_is_refused(tag: str) -> None:
    assert list(refused(CertificationIn, {**NEW, "language": tag})) == ["language"]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("cut_score", "-1"),
        ("cut_score", "66.666"),
        ("cut_score", "Infinity"),
        ("time_limit_minutes", 0),
        ("time_limit_minutes", 1441),
        ("form_length", 501),
        ("attempts_allowed", 0),
        ("entitlement_months", 121),
        ("retake_wait_days", 366),
        ("validity_months", 601),
        ("renewal_credits", "0"),
        ("renewal_credits", "0.001"),
        ("renewal_credits", "1001"),
        ("grace_days", -1),
        ("grace_days", 3651),
    ],
)
def test_rule_outside_its_range_is_refused(rule: str, value: object) -> None:
    assert list(refused(CertificationIn, {**NEW, "policy": {rule: value}})) == [f"policy.{rule}"]


def test_unknown_fields_are_refused() -> None:
    assert list(refused(CertificationChange, {"status": "published"})) == ["status"]


def test_domains_are_at_least_one_and_at_most_fifty() -> None:
    assert list(refused(DomainsIn, {"domains": []})) == ["domains"]
    assert list(refused(DomainsIn, {"domains": [{"name": str(number)} for number in range(51)]})) == ["domains"]


def test_bare_day_lasts_to_its_end_in_utc() -> None:
    data = validate(EntitlementIn, {"email": "a@example.org", "valid_until": "2027-02-28"})
    assert data.valid_until == datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["2027-02-30", "2027-02-28T10:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01"])
def test_moment_that_cannot_be_is_refused(moment: str) -> None:
    assert list(refused(EntitlementIn, {"email": "a@example.org", "valid_until": moment})) == ["valid_until"]


def test_form_fields_nest_into_the_policy() -> None:
    pairs = [("title", "A"), ("statement", "B"), ("policy.cut_score", "70"), ("policy.validity_months", "")]
    data = validate(CertificationIn, nested(pairs, CertificationIn))
    assert data.policy.cut_score == 70
    assert data.policy.model_fields_set == {"cut_score"}


def test_months_later_ends_in_a_shorter_month() -> None:
    assert months_later(datetime(2027, 1, 31, tzinfo=UTC), 1) == datetime(2027, 2, 28, tzinfo=UTC)
