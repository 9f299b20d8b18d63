"""What responses are accepted and what they and a whole attempt are worth."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certification.bank.content import AcceptedAnswer, parse_content, short_digest
from certification.exams.responses import check_response
from certification.exams.scoring import DomainScore, ItemScore, accepts_text, score_attempt, score_response
from core.errors import InvalidInput


def _choice(kind: str, *weights: Any) -> dict[str, Any]:
    """Options a, b, ... : True is right, False wrong, a string an explicit weight."""
    options = []
    for letter, weight in zip("abcdef", weights, strict=False):
        if isinstance(weight, bool):
            options.append({"id": letter, "text": letter, "correct": weight})
        else:
            is_key = kind == "multiple_choice" and Decimal(weight) > 0
            options.append({"id": letter, "text": letter, "correct": is_key, "fraction": weight})
    return {"type": kind, "prompt": "x", "options": options}


SINGLE = _choice("single_choice", True, "0.25", "-0.5", False)
MULTIPLE = _choice("multiple_choice", True, True, True, False, False)
WEIGHTED = _choice("multiple_choice", "0.5", "-1", "0.5", "-1")
THIRDS = _choice("multiple_choice", "0.3333333", "0.3333333", "0.3333333", "0")
ALL_RIGHT = _choice("multiple_choice", True, True)
TRUTH = {"type": "true_false", "prompt": "x", "answer": False}
NUMBER = {
    "type": "numeric",
    "prompt": "x",
    "answers": [
        {"value": "3", "tolerance": "0.1"},
        {"value": "3", "tolerance": "1", "fraction": "0.5"},
        {"minimum": "10", "maximum": "20", "fraction": "0.25"},
        {"value": "1e-300"},
    ],
}
SHORT = {
    "type": "short_answer",
    "prompt": "x",
    "answers": [
        {"text": "frog"},
        {"text": "*Café*bar", "fraction": "0.5"},
        {"text": "5 \\* 3", "fraction": "0.75"},
        {"text": "c*", "fraction": "0.1"},
        {"text": "*", "fraction": "0"},
    ],
}
CASED = SHORT | {"answers": [{"text": "Frog"}], "case_sensitive": True}
MATCH = {
    "type": "matching",
    "prompt": "x",
    "pairs": [{"left": "1", "right": "A"}, {"left": "2", "right": "B"}, {"left": "3", "right": "A"}],
    "distractors": ["C"],
}
ESSAY = {"type": "essay", "prompt": "x", "max_length": 10}
A, B, C = (short_digest(letter) for letter in "ABC")


@pytest.mark.parametrize(
    ("content", "response", "score"),
    [
        (SINGLE, "a", "1"),
        (SINGLE, "b", "0.25"),
        (SINGLE, "c", "0"),
        (SINGLE, "d", "0"),
        (SINGLE, None, "0"),
        (MULTIPLE, ["a", "b", "c"], "1"),
        (MULTIPLE, ["a"], "0.333333"),
        (MULTIPLE, ["b", "c"], "0.666667"),
        (MULTIPLE, ["a", "b", "c", "d"], "0.5"),
        (MULTIPLE, ["a", "d"], "0"),
        (MULTIPLE, ["a", "b", "c", "d", "e"], "0"),
        (MULTIPLE, [], "0"),
        (WEIGHTED, ["a", "c"], "1"),
        (WEIGHTED, ["a"], "0.5"),
        (WEIGHTED, ["a", "b", "c"], "0"),
        (THIRDS, ["a", "b", "c"], "1"),
        (THIRDS, ["a", "b"], "0.666667"),
        (ALL_RIGHT, ["a", "b"], "1"),
        (ALL_RIGHT, ["b"], "0.5"),
        (TRUTH, False, "1"),
        (TRUTH, True, "0"),
        (TRUTH, None, "0"),
        (NUMBER, "3", "1"),
        (NUMBER, "3.1", "1"),
        (NUMBER, "2.9", "1"),
        (NUMBER, "3.10000000000000000000000000000000000001", "0.5"),
        (NUMBER, "+4.0", "0.5"),
        (NUMBER, "1.5e1", "0.25"),
        (NUMBER, "20", "0.25"),
        (NUMBER, "20.0001", "0"),
        (NUMBER, "-3", "0"),
        (NUMBER, "1e-300", "1"),
        (NUMBER, "1.0000000001e-300", "0"),
        (SHORT, "Frog", "1"),
        (SHORT, "  FROG\n ", "1"),
        (SHORT, "the CAFE\u0301 and bar", "0.5"),
        (SHORT, "cafébar", "0.5"),
        (SHORT, "5 * 3", "0.75"),
        (SHORT, "5 x 3", "0"),
        (SHORT, "cow", "0.1"),
        (SHORT, "dog", "0"),
        (CASED, "Frog", "1"),
        (CASED, "frog", "0"),
        (MATCH, {"a": A, "b": B, "c": A}, "1"),
        (MATCH, {"a": A, "b": C}, "0.333333"),
        (MATCH, {"a": A, "b": B}, "0.666667"),
        (MATCH, {"a": B}, "0"),
        (MATCH, {}, "0"),
        (ESSAY, None, "0"),
        (ESSAY, "  \n", "0"),
    ],
)
def test_response_earns_exactly(content: dict[str, Any], response: object, score: str) -> None:
    item = parse_content(content)
    assert score_response(item, check_response(item, response)) == Decimal(score)


def test_written_essay_waits_for_the_grader() -> None:
    item = parse_content(ESSAY)
    assert score_response(item, check_response(item, "text")) is None


@pytest.mark.parametrize(
    ("content", "response", "saved"),
    [
        (MULTIPLE, ["c", "a"], ["a", "c"]),
        (MULTIPLE, [], None),
        (NUMBER, " 1.50 ", "1.50"),
        (NUMBER, "", None),
        (NUMBER, ".5", ".5"),
        (NUMBER, "5.", "5."),
        (SHORT, " as typed ", " as typed "),
        (SHORT, "   ", None),
        (ESSAY, "a\r\nb", "a\nb"),
        (MATCH, {"c": A, "a": None, "b": B}, {"b": B, "c": A}),
        (MATCH, {"a": None}, None),
        (SINGLE, None, None),
    ],
)
def test_response_is_saved_as(content: dict[str, Any], response: object, saved: object) -> None:
    assert check_response(parse_content(content), response) == saved


ONE = "Send the id of one of this item's options."
NUMBER_WANTED = "Write a number, such as 42, -1.5 or 6.02e23."


@pytest.mark.parametrize(
    ("content", "response", "message"),
    [
        (SINGLE, "z", ONE),
        (SINGLE, ["a"], ONE),
        (SINGLE, 1, ONE),
        (MULTIPLE, "a", "Send a list of option ids."),
        (MULTIPLE, ["a", "z"], ONE),
        (MULTIPLE, ["a", ["b"]], ONE),
        (MULTIPLE, ["a", "a"], "Each option can be chosen once."),
        (TRUTH, "true", "Send true or false."),
        (TRUTH, 1, "Send true or false."),
        (NUMBER, 1.5, "Send the number as a string, such as “1.5”."),
        (NUMBER, "1,5", "Write a point, not a comma, before the decimals: 1.5. Leave out separators of thousands."),
        (NUMBER, "NaN", NUMBER_WANTED),
        (NUMBER, "Infinity", NUMBER_WANTED),
        (NUMBER, "1_000", NUMBER_WANTED),
        (NUMBER, "٣", NUMBER_WANTED),
        (NUMBER, "1e", NUMBER_WANTED),
        (NUMBER, "1e9999", NUMBER_WANTED),
        (NUMBER, "1e301", "Write a number between 1e-300 and 1e300."),
        (NUMBER, "1" * 61, "Write the number with at most 60 characters."),
        (SHORT, 5, "Send a text."),
        (SHORT, "a\x00", "The text holds a control character; remove it."),
        (SHORT, "a\ud800", "The text holds a control character; remove it."),
        (SHORT, "x" * 501, "Write at most 500 characters; these are 501."),
        (ESSAY, "x" * 11, "Write at most 10 characters; these are 11."),
        (MATCH, ["a"], "Send an object that maps the id of a left side to the id of a right side."),
        (MATCH, {"z": A}, "Only the ids of this item's left sides can be matched."),
        (MATCH, {"a": "Paris"}, "Match each left side with the id of one of this item's right sides."),
        (MATCH, {"a": [A]}, "Match each left side with the id of one of this item's right sides."),
    ],
)
def test_wrong_response_is_refused_with_what_to_send(content: dict[str, Any], response: object, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_response(parse_content(content), response)
    assert caught.value.fields == {"response": message}


@given(
    st.sampled_from([SINGLE, MULTIPLE, WEIGHTED, TRUTH, NUMBER, SHORT, MATCH, ESSAY]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["a", "b", A, "1"]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcz"), inner, max_size=4),
        max_leaves=6,
    ),
)
def test_any_json_value_is_scored_from_0_to_1_or_refused(content: dict[str, Any], response: object) -> None:
    item = parse_content(content)
    try:
        saved = check_response(item, response)
    except InvalidInput:
        return
    assert check_response(item, saved) == saved
    score = score_response(item, saved)
    assert score is None or 0 <= score <= 1


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*b*c", "abc", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("ab*ba", "aba", False),
        ("*", "", True),
        ("**", "x", True),
        ("a.c", "abc", False),
        ("stra*e", "STRASSE", True),
        ("straße", "STRASSE", True),
        ("*" + "a*" * 200 + "b", "a" * 500, False),
    ],
)
def test_wildcards_fit(pattern: str, text: str, fits: bool) -> None:
    assert accepts_text(AcceptedAnswer(text=pattern), text, case_sensitive=False) is fits


def _scores(*pairs: tuple[str, str | None]) -> list[ItemScore]:
    return [ItemScore(domain, None if score is None else Decimal(score)) for domain, score in pairs]


def test_attempt_is_added_up_by_domain() -> None:
    result = score_attempt(_scores(("Net", "1"), ("Sec", "0.5"), ("Net", "0.333333")), Decimal(61))
    assert result.earned == Decimal("1.833333")  # 1 + 1/2 + 1/3
    assert result.possible == 3
    assert result.percent == Decimal("61.11")
    assert result.passed is True
    assert result.waiting == 0
    assert result.domains == {
        "Net": DomainScore(Decimal("1.333333"), 2, Decimal("66.67")),
        "Sec": DomainScore(Decimal("0.5"), 1, Decimal("50.00")),
    }


@pytest.mark.parametrize(
    ("scores", "cut", "percent", "passed"),
    [
        (["1", "0"], "50", "50.00", True),
        (["1", "0"], "50.01", "50.00", False),
        (["0.69996"], "70", "70.00", False),
        (["0.7"], "70", "70.00", True),
        (["0.333333"] * 3, "33.33", "33.33", True),
        (["0.333333", "0.333333", "0.333333", "1", "0", "0"], "33.33", "33.33", True),
        (["0.333333", "0.333333", "0.333333", "1", "0", "0"], "33.34", "33.33", False),
        (["0.699999"], "70", "70.00", False),
        (["0.333333", "0.333333", "0.333333", "0"], "25", "25.00", True),
        (["0.24995", "0", "0", "0"], "6.25", "6.25", False),
        (["0.00005"], "0.01", "0.01", False),
        (["0"], "0", "0.00", True),
        (["1"] * 7, "100", "100.00", True),
    ],
)
def test_passing_is_decided_before_rounding_for_show(scores: list[str], cut: str, percent: str, passed: bool) -> None:
    result = score_attempt(_scores(*(("D", score) for score in scores)), Decimal(cut))
    assert (result.percent, result.passed) == (Decimal(percent), passed)


def test_attempt_with_an_unmarked_essay_has_no_result_yet() -> None:
    result = score_attempt(_scores(("D", "1"), ("D", None)), Decimal(50))
    assert (result.percent, result.passed, result.waiting) == (None, None, 1)
    assert result.domains["D"] == DomainScore(Decimal(1), 2, Decimal("50.00"))


def test_attempt_without_items_or_with_impossible_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        score_attempt([], Decimal(50))
    with pytest.raises(ValueError, match="between 0 and 1"):
        score_attempt(_scores(("D", "1.5")), Decimal(50))
