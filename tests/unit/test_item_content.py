"""What an item may hold, what a learner gets to see of it, and how its texts are shown."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certification.bank.content import (
    Essay,
    Matching,
    MultipleChoice,
    SingleChoice,
    assign_option_ids,
    dump_content,
    parse_content,
    public_view,
    short_digest,
)
from certification.bank.prompts import ItemText, TextFormat, hidden_tags, render_prompt
from core.errors import InvalidInput

SINGLE = {
    "type": "single_choice",
    "prompt": "Which **port** does HTTPS use?",
    "feedback": "secret general feedback",
    "options": [
        {"id": "a", "text": "443", "correct": True, "feedback": "secret right"},
        {"id": "b", "text": "80", "fraction": "0.25"},
        {"id": "c", "text": "<22>", "feedback": "secret wrong"},
    ],
}
MULTIPLE = {
    "type": "multiple_choice",
    "prompt": "Which are even?",
    "options": [{"text": "2", "correct": True}, {"text": "3"}, {"text": "4", "correct": True}],
}
TRUE_FALSE = {"type": "true_false", "prompt": "Water is wet.", "answer": True}
NUMERIC = {"type": "numeric", "prompt": "Pi?", "answers": [{"value": "3.14", "tolerance": "0.01"}]}
SHORT = {"type": "short_answer", "prompt": "Capital of Kenya?", "answers": [{"text": "Nairobi"}]}
MATCHING = {
    "type": "matching",
    "prompt": "Match",
    "pairs": [{"left": "France", "right": "Paris"}, {"left": "Kenya", "right": "Nairobi"}],
    "distractors": ["Lyon"],
}
ESSAY = {"type": "essay", "prompt": "Discuss.", "guidance": "secret guidance", "max_length": 500}
ALL = [SINGLE, MULTIPLE, TRUE_FALSE, NUMERIC, SHORT, MATCHING, ESSAY]


def _errors(value: object) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse_content(value)
    return caught.value.fields


@pytest.mark.parametrize("value", ALL, ids=lambda value: value["type"])
def test_content_survives_being_stored_as_json(value: dict[str, Any]) -> None:
    content = parse_content(value)
    assert parse_content(json.loads(json.dumps(dump_content(content)))) == content


def test_unknown_type_and_unknown_field_are_refused() -> None:
    assert list(_errors({"type": "hotspot", "prompt": "x"})) == ["content"]
    assert _errors(ESSAY | {"points": 3}) == {"points": "There is no such field."}


def _options(*options: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"text": str(number)} | option for number, option in enumerate(options, start=1)]


RIGHT = {"correct": True}


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        (SINGLE | {"prompt": " "}, "prompt", "Write a text here."),
        (SINGLE | {"prompt": "a\x00b"}, "prompt", "The text holds a NUL character; remove it."),
        (SINGLE | {"prompt": "a\x1bb"}, "prompt", "The text holds the control character U+001B; remove it."),
        (SINGLE | {"prompt": "x" * 20_001}, "prompt", "The text is longer than 20000 characters."),
        (SINGLE | {"options": _options(RIGHT)}, "options", "At least two options are needed."),
        (SINGLE | {"options": _options({}, {})}, "options", "Exactly one option must be right (full credit); 0 are."),
        (
            SINGLE | {"options": _options(RIGHT, RIGHT)},
            "options",
            "Exactly one option must be right (full credit); 2 are.",
        ),
        (
            SINGLE | {"options": _options(RIGHT, {"fraction": 1})},
            "options",
            "Exactly one option must be right (full credit); 2 are.",
        ),
        (
            SINGLE | {"options": _options(RIGHT | {"fraction": "0.5"}, {})},
            "options",
            "The right option earns full credit; leave its weight empty.",
        ),
        (SINGLE | {"options": _options(RIGHT, {"text": "1"})}, "options", "Two options have the text “1”."),
        (
            SINGLE | {"options": _options(RIGHT | {"id": "a"}, {"id": "a"})},
            "options",
            "Two options have the id “a”.",
        ),
        (SINGLE | {"options": _options(RIGHT, *[{}] * 26)}, "options", "At most 26 options are possible."),
        (SINGLE | {"options": _options(RIGHT, {"text": ""})}, "options.1.text", "Write a text here."),
        (MULTIPLE | {"options": _options({}, {})}, "options", "At least one option must be right."),
        (
            MULTIPLE | {"options": _options(RIGHT | {"fraction": 1}, {})},
            "options",
            "Give every option a weight, or none.",
        ),
        (
            MULTIPLE | {"options": _options(RIGHT | {"fraction": "0.5"}, {"fraction": "-1"})},
            "options",
            "The weights of the right options add up to 50 %, not 100 %.",
        ),
        (
            MULTIPLE | {"options": _options(RIGHT | {"fraction": 1}, {"fraction": "0.5"})},
            "options",
            "An option is right exactly when its weight is above 0.",
        ),
        (NUMERIC | {"answers": []}, "answers", "At least one answer must earn full credit."),
        (
            NUMERIC | {"answers": [{"minimum": 5, "maximum": 1}]},
            "answers.0",
            "The minimum is above the maximum.",
        ),
        (
            NUMERIC | {"answers": [{"minimum": 5}]},
            "answers.0",
            "Give a value with a tolerance, or a minimum and a maximum.",
        ),
        (
            NUMERIC | {"answers": [{"value": 1, "maximum": 5}]},
            "answers.0",
            "Give a value with a tolerance, or a minimum and a maximum, not both.",
        ),
        (
            NUMERIC | {"answers": [{"value": "1e999999"}]},
            "answers.0.value",
            "Write a number of at most 60 digits between 1e-300 and 1e300.",
        ),
        (
            SHORT | {"answers": [{"text": "x", "fraction": "0.5"}]},
            "answers",
            "At least one answer must earn full credit.",
        ),
        (SHORT | {"answers": [{"text": "x"}, {"text": "x"}]}, "answers", "The answer “x” is there twice."),
        (MATCHING | {"pairs": MATCHING["pairs"][:1]}, "pairs", "At least two pairs are needed."),
        (
            MATCHING | {"distractors": ["Paris"]},
            "content",
            "The distractor “Paris” is there twice or is a right side already.",
        ),
        (
            MATCHING | {"pairs": [{"left": "a", "right": "x"}, {"left": "a", "right": "y"}]},
            "pairs",
            "The left side “a” is there twice.",
        ),
        (TRUE_FALSE | {"answer": "yes"}, "answer", "Answer with true or false."),
        (ESSAY | {"max_length": 0}, "max_length", "Choose 1 or more."),
    ],
)
def test_wrong_content_is_refused_by_field(value: dict[str, Any], field: str, message: str) -> None:
    assert _errors(value) == {field: message}


def test_option_ids_do_not_follow_the_written_order() -> None:
    written = [{"text": f"option {number}"} for number in range(6)]
    ids = [option["id"] for option in assign_option_ids(written)]  # type: ignore[attr-defined]  # a list of mappings
    turned = [option["id"] for option in assign_option_ids(written[::-1])]  # type: ignore[attr-defined]  # as above
    assert sorted(ids) == ["a", "b", "c", "d", "e", "f"]
    assert ids == turned[::-1]
    assert ids != sorted(ids)


def test_given_option_ids_are_kept() -> None:
    content = parse_content(SINGLE)
    assert isinstance(content, SingleChoice)
    assert [option.id for option in content.options] == ["a", "b", "c"]
    mixed = assign_option_ids([{"id": "a", "text": "x"}, {"text": "y"}])
    assert mixed == [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}]


def test_public_view_of_a_choice_has_exactly_prompt_and_options_in_the_order_of_the_form() -> None:
    assert public_view(parse_content(SINGLE), ["c", "a", "b"]) == {
        "type": "single_choice",
        "prompt": "Which **port** does HTTPS use?",
        "prompt_html": "<p>Which <strong>port</strong> does HTTPS use?</p>",
        "options": [
            {"id": "c", "text": "<22>", "text_html": "&lt;22&gt;"},
            {"id": "a", "text": "443", "text_html": "443"},
            {"id": "b", "text": "80", "text_html": "80"},
        ],
    }


@pytest.mark.parametrize("value", [TRUE_FALSE, NUMERIC, SHORT, ESSAY], ids=lambda value: value["type"])
def test_public_view_of_an_open_item_has_only_its_prompt(value: dict[str, Any]) -> None:
    assert public_view(parse_content(value)) == {
        "type": value["type"],
        "prompt": value["prompt"],
        "prompt_html": f"<p>{value['prompt']}</p>",
    }


def test_public_view_of_matching_hides_which_right_side_belongs_to_which_left_side() -> None:
    content = parse_content(MATCHING)
    assert isinstance(content, Matching)
    paris, nairobi, lyon = (short_digest(name) for name in ("Paris", "Nairobi", "Lyon"))
    view = public_view(content, ["a", "b"], [lyon, nairobi, paris])
    assert [(entry["id"], entry["text"]) for entry in view["left"]] == [("a", "France"), ("b", "Kenya")]
    assert [(entry["id"], entry["text"]) for entry in view["right"]] == [
        (lyon, "Lyon"),
        (nairobi, "Nairobi"),
        (paris, "Paris"),
    ]
    assert set(view) == {"type", "prompt", "prompt_html", "left", "right"}
    assert content.key() == {"a": paris, "b": nairobi}
    swapped = parse_content(
        MATCHING | {"pairs": [{"left": "France", "right": "Nairobi"}, {"left": "Kenya", "right": "Paris"}]}
    )
    assert public_view(swapped) == public_view(content)


@pytest.mark.parametrize("value", ALL, ids=lambda value: value["type"])
def test_public_view_never_holds_feedback_guidance_weights_or_key(value: dict[str, Any]) -> None:
    shown = json.dumps(public_view(parse_content(value)))
    for word in ("secret", "fraction", "correct", '"answer', "tolerance", "0.25", "0.01", "pairs", "key"):
        assert word not in shown


def test_public_view_refuses_the_order_of_another_item() -> None:
    with pytest.raises(ValueError, match="does not name exactly"):
        public_view(parse_content(SINGLE), ["a", "b"])


def test_defaults_are_written_one_way() -> None:
    explicit = SINGLE | {"options": _options(RIGHT | {"fraction": 1}, {"fraction": 0})}
    assert parse_content(explicit) == parse_content(SINGLE | {"options": _options(RIGHT, {})})
    content = parse_content(MULTIPLE)
    assert isinstance(content, MultipleChoice)
    assert [option.fraction for option in content.options] == [None, None, None]
    essay = parse_content({"type": "essay", "prompt": "x", "guidance": ""})
    assert isinstance(essay, Essay)
    assert essay.guidance is None
    assert essay.max_length == 20_000
    weighted = MULTIPLE | {
        "options": _options(*[RIGHT | {"fraction": "0.3333333"}] * 3),
    }
    assert sum(option["fraction"] for option in parse_content(weighted).model_dump()["options"]) == Decimal("0.9999999")


@pytest.mark.parametrize(
    ("text", "fmt", "inline", "shown"),
    [
        ("a *b*", TextFormat.MARKDOWN, False, "<p>a <em>b</em></p>"),
        ("a *b*", TextFormat.MARKDOWN, True, "a <em>b</em>"),
        ("<b>x</b>", TextFormat.MARKDOWN, True, "&lt;b&gt;x&lt;/b&gt;"),
        ("[x](https://example.org) ![y](z.png)", TextFormat.MARKDOWN, True, "x"),
        ("`a<b`", TextFormat.MARKDOWN, True, "<code>a&lt;b</code>"),
        ("a < b & *c*\nd", TextFormat.PLAIN, False, "<p>a &lt; b &amp; *c*<br>\nd</p>"),
        ("a < b", TextFormat.PLAIN, True, "a &lt; b"),
        ("<b>a</b>\nb", TextFormat.MOODLE, False, "<b>a</b><br>\nb"),
        ("<b>a</b>\nb", TextFormat.HTML, False, "<b>a</b>\nb"),
        ("x<script>alert(1)</script>", TextFormat.HTML, False, "x"),
        ('<p style="color:red" onclick="x()" lang="sw">a</p>', TextFormat.HTML, False, '<p lang="sw">a</p>'),
        ('<a href="javascript:x()">a</a><!-- key: b -->', TextFormat.HTML, False, "a"),
    ],
)
def test_texts_are_shown_as_safe_html(text: str, fmt: TextFormat, inline: bool, shown: str) -> None:
    assert render_prompt(text, fmt, inline=inline) == shown


def test_markdown_tables_are_shown_without_inline_style() -> None:
    shown = render_prompt("| a | b |\n| --- | ---: |\n| 1 | 2 |", TextFormat.MARKDOWN)
    assert "<td>2</td>" in shown
    assert "style" not in shown


def test_the_source_given_to_a_learner_holds_no_comment_of_the_author() -> None:
    text = ItemText.of("Which?<!-- the right one is b --><script>x</script>", TextFormat.HTML)
    assert text.public_source == "Which?"
    assert hidden_tags(text) == ["script"]
    assert hidden_tags(ItemText.of('<p><img src="x.png"> <B>a</B>', TextFormat.MOODLE)) == ["img"]
    assert hidden_tags(ItemText.of("<img>", TextFormat.PLAIN)) == []


@given(st.text(max_size=200), st.sampled_from(TextFormat), st.booleans())
def test_no_text_brings_a_script_an_event_or_a_link_to_a_page(text: str, fmt: TextFormat, inline: bool) -> None:
    shown = render_prompt(f"<img onerror=x><script>{text}</script>{text}", fmt, inline=inline)
    for tag in ("<script", "<img", "<a ", "<iframe"):
        assert tag not in shown.lower()
