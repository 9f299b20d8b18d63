"""Reading GIFT: what is taken, changed and refused, and that nothing is lost silently."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certification.bank.content import (
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
)
from certification.bank.gift import ImportEntry, Outcome, parse_gift
from certification.bank.gift_write import write_gift
from certification.bank.prompts import ItemText, TextFormat
from core.errors import InvalidInput
from tests import shared

STRAY = 'Left out after the closing brace: “";”.'


def _one(text: str) -> ImportEntry:
    (entry,) = parse_gift(text).entries
    return entry


def _moodle(text: str) -> ItemText:
    return ItemText.of(text, TextFormat.MOODLE)


def _content(text: str) -> dict[str, Any]:
    """Return the taken content with each text as its source alone, without defaults and option ids."""
    entry = _one(text)
    assert entry.item is not None, entry.messages
    plain: dict[str, Any] = _sources(entry.item.content.model_dump(exclude_defaults=True))
    return plain


def _sources(value: Any) -> Any:
    if isinstance(value, dict):
        if "source" in value:
            return value["source"]
        return {key: _sources(inner) for key, inner in value.items() if key != "id"}
    return [_sources(inner) for inner in value] if isinstance(value, tuple | list) else value


# --- Moodle's own sample -------------------------------------------------------------------------------------------


@pytest.fixture
def sample() -> bytes:
    return shared.content("questions", "moodle-questions.gift")


def test_sample_reports_on_every_item(sample: bytes) -> None:
    report = parse_gift(sample)
    assert [
        (e.index, e.line, e.title, e.item and type(e.item.content), e.outcome, e.messages) for e in report.entries
    ] == [
        (1, 2, "Q8", Essay, Outcome.TAKEN, []),
        (2, 5, "Moodle activities", Matching, Outcome.TAKEN, []),
        (3, 14, "Q2", SingleChoice, Outcome.TAKEN, []),
        (4, 22, "colours", MultipleChoice, Outcome.TAKEN, []),
        (5, 31, "Q5", Numeric, Outcome.CHANGED, [STRAY]),
        (6, 34, "Shortanswer", ShortAnswer, Outcome.TAKEN, []),
        (7, 41, "Q1", TrueFalse, Outcome.CHANGED, [STRAY]),
        (8, 46, "2-08 TSL", TrueFalse, Outcome.TAKEN, []),
        (9, 49, "2-08 TSL", TrueFalse, Outcome.TAKEN, ["The item on line 46 has the same title."]),
    ]
    assert [report.count(outcome) for outcome in Outcome] == [7, 2, 0]


def test_sample_is_taken_with_every_text_weight_format_and_feedback(sample: bytes) -> None:
    essay, matching, single, multiple, numeric, short, false, *_rest = (
        item.content for item in parse_gift(sample).items
    )
    assert essay == Essay(prompt=_moodle("How are you?"))
    plain, html = TextFormat.PLAIN, TextFormat.HTML
    assert isinstance(matching, Matching)
    assert matching.prompt == ItemText.of("Match the <b>activity</b> to the description.", html)
    assert [(pair.left.format, pair.left.source, pair.right.source) for pair in matching.pairs] == [
        (html, "An activity supporting asynchronous discussions.", "Forum"),
        (TextFormat.MOODLE, "A teacher asks a question and specifies a choice of multiple responses.", "Choice"),
        (plain, "A bank of record entries which participants can add to.", "Database"),
        (TextFormat.MARKDOWN, "A collection of web pages that anyone can add to or edit.", "Wiki"),
    ]
    assert matching.distractors == (ItemText.of("Chat", plain),)
    assert isinstance(single, SingleChoice)
    assert [(o.text, o.correct, o.fraction, o.feedback) for o in single.options] == [
        (_moodle("yellow"), True, None, _moodle("right; good!")),
        (_moodle("red"), False, None, ItemText.of("wrong, it's yellow", html)),
        (ItemText.of("blue", plain), False, None, _moodle("wrong, it's yellow")),
    ]
    assert isinstance(multiple, MultipleChoice)
    assert [(o.text.source, o.correct, o.fraction) for o in multiple.options] == [
        ("yellow", True, Decimal("0.5")),
        ("red", False, Decimal(-1)),
        ("off-beige", True, Decimal("0.5")),
        ("blue", False, Decimal(-1)),
    ]
    assert isinstance(numeric, Numeric)
    assert numeric.prompt == _moodle("What is a number from 1 to 5?")
    assert [(a.value, a.tolerance, a.fraction) for a in numeric.answers] == [(Decimal(3), Decimal(2), Decimal(1))]
    assert numeric.wrong_feedback == _moodle("Completely wrong")
    assert isinstance(short, ShortAnswer)
    assert [(a.text, a.fraction) for a in short.answers] == [
        ("Frog", Decimal(1)),
        ("Cat", Decimal("0.5")),
        ("*", Decimal(0)),
    ]
    assert false == TrueFalse(
        prompt=_moodle("42 is the Absolute Answer to everything."),
        answer=False,
        wrong_feedback=_moodle("42 is the Ultimate Answer."),
        right_feedback=_moodle("You gave the right answer."),
        feedback=_moodle("This is, of course, a Hitchiker's Guide to the Galaxy reference."),
    )


def test_sample_survives_being_written_and_read_again(sample: bytes) -> None:
    items = parse_gift(sample).items
    assert parse_gift(write_gift(items)).items == items


# --- Everything that GIFT can say ----------------------------------------------------------------------------------

RIGHT: dict[str, Any] = {"correct": True}


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Q {=a ~b}", {"prompt": "Q", "options": [{"text": "a"} | RIGHT, {"text": "b"}]}),
        ("Q{~a=b#yes}", {"prompt": "Q", "options": [{"text": "a"}, {"text": "b", "feedback": "yes"} | RIGHT]}),
        (
            "Q{=a ~%25%b ~%-50%c ~%0%d}",
            {
                "prompt": "Q",
                "options": [
                    {"text": "a"} | RIGHT,
                    {"text": "b", "fraction": Decimal("0.25")},
                    {"text": "c", "fraction": Decimal("-0.5")},
                    {"text": "d"},
                ],
            },
        ),
        (
            "Q{~%100%a ~b}",
            {
                "prompt": "Q",
                "options": [
                    {"text": "a", "fraction": Decimal(1)} | RIGHT,
                    {"text": "b", "fraction": Decimal(0)},
                ],
            },
        ),
        (
            "Two plus {=two =2} equals four.",
            {"prompt": "Two plus _____ equals four.", "answers": [{"text": "two"}, {"text": "2"}]},
        ),
        ("The end is {=near}.", {"prompt": "The end is _____.", "answers": [{"text": "near"}]}),
        ('He said "I {=am}"', {"prompt": 'He said "I _____"', "answers": [{"text": "am"}]}),
        ("Q{=T}", {"prompt": "Q", "answers": [{"text": "T"}]}),
        ("Q{=C\\:\\\\x \\{\\=\\~\\#\\}}", {"prompt": "Q", "answers": [{"text": "C:\\x {=~#}"}]}),
        ("1 \\= 1\\nis \\{true\\}{TRUE}", {"prompt": "1 = 1\nis {true}", "answer": True}),
        ("Is \\alpha?{F}", {"prompt": "Is \\alpha?", "answer": False}),
        ("Q{F#because}", {"prompt": "Q", "answer": False, "wrong_feedback": "because"}),
        ("Q{T##well done}", {"prompt": "Q", "answer": True, "right_feedback": "well done"}),
        ("Q{T####all = told}", {"prompt": "Q", "answer": True, "feedback": "all = told"}),
        ("Q{}", {"prompt": "Q"}),
        ("Q{####Think.}", {"prompt": "Q", "feedback": "Think."}),
        (
            "Q{=a -> 1 =b->2 = -> 3 ####done}",
            {
                "prompt": "Q",
                "pairs": [{"left": "a", "right": "1"}, {"left": "b", "right": "2"}],
                "distractors": ["3"],
                "feedback": "done",
            },
        ),
        ("Q{#3}", {"prompt": "Q", "answers": [{"value": Decimal(3)}]}),
        (
            "Q{# -3.5 : .25 }",
            {"prompt": "Q", "answers": [{"value": Decimal("-3.5"), "tolerance": Decimal("0.25")}]},
        ),
        (
            "Q{#-3..-1}",
            {"prompt": "Q", "answers": [{"minimum": Decimal(-3), "maximum": Decimal(-1)}]},
        ),
        ("Q{#1e3..2E+3}", {"prompt": "Q", "answers": [{"minimum": Decimal(1000), "maximum": Decimal(2000)}]}),
        (
            "Q{#\n=1822:0#yes\n=%50%1822:2#near\n~#no\n####Grant}",
            {
                "prompt": "Q",
                "answers": [
                    {"value": Decimal(1822), "tolerance": Decimal(0), "feedback": "yes"},
                    {
                        "value": Decimal(1822),
                        "tolerance": Decimal(2),
                        "fraction": Decimal("0.5"),
                        "feedback": "near",
                    },
                ],
                "wrong_feedback": "no",
                "feedback": "Grant",
            },
        ),
        ("Q{#=5 =%0%*#no}", {"prompt": "Q", "answers": [{"value": Decimal(5)}], "wrong_feedback": "no"}),
        ("A\r\nB{=a\r\n~b}\r\n", {"prompt": "A\nB", "options": [{"text": "a"} | RIGHT, {"text": "b"}]}),
        (
            "Q{=a -\\> b}",
            {"prompt": "Q", "answers": [{"text": "a -> b"}]},
        ),
    ],
)
def test_item_is_taken_as(text: str, content: dict[str, Any]) -> None:
    assert _one(text).outcome is Outcome.TAKEN
    assert _content(text) == content


def test_titles_comments_categories_and_tags() -> None:
    report = parse_gift(
        "\ufeff// a comment\n\n$CATEGORY: tom/dick\n\n"
        "// question: 7 [tag:hard] [tag:ports \\] and more]\n::A\\:B \n c:: Q1 {T}\n  // not part of it\n\n"
        "$CATEGORY: tom/harry\nQ2 <b>is</b>\nlong{\n// a comment inside\n=x\n}\n$CATEGORY: last\n\n\n[html]<p>Q3{F}"
    )
    assert [(e.line, e.title, e.outcome) for e in report.entries] == [
        (6, "A:B c", Outcome.TAKEN),
        (11, "Q2 is long", Outcome.TAKEN),
        (19, "Q3", Outcome.TAKEN),
    ]
    assert [(item.category, item.tags) for item in report.items] == [
        ("tom/dick", ("hard", "ports ] and more")),
        ("tom/harry", ()),
        ("last", ()),
    ]
    assert report.items[2].content.prompt == ItemText.of("<p>Q3", TextFormat.HTML)


def test_long_prompt_makes_a_short_title() -> None:
    assert _one("word " * 30 + "{T}").title == ("word " * 16).rstrip() + "…"


def test_formats_of_answers_default_to_that_of_the_prompt() -> None:
    item = _one("[markdown]Q{=[plain]a#b ~c#[html]d}").item
    assert item is not None
    assert isinstance(item.content, SingleChoice)
    found = [(o.text.format.value, o.feedback and o.feedback.format.value) for o in item.content.options]
    assert found == [("plain", "markdown"), ("markdown", "html")]


# --- What is changed or noted --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome", "message"),
    [
        ('Q{T}";', Outcome.CHANGED, STRAY),
        ("Q{T}}", Outcome.CHANGED, "Left out after the closing brace: “}”."),
        ("Q{true}", Outcome.CHANGED, "“true” was taken as TRUE; GIFT writes it in capitals."),
        ("Q{Paris}", Outcome.CHANGED, "The answer has no = before it; it was taken as the right short answer."),
        ("Q{T#a#b#c}", Outcome.CHANGED, "A true/false item has two feedbacks; left out: “c”."),
        ("Q{=a -> 1#no =b -> 2}", Outcome.CHANGED, "Feedback on a pair was left out: “no”."),
        ("Q{=%50%a -> 1 =b -> 2}", Outcome.CHANGED, "Weights do not apply to matching; each pair counts alike."),
        (
            "Q{=a -> 1 =b -> 2 = -> 2}",
            Outcome.CHANGED,
            "The distractor “2” was there already and was left out.",
        ),
        ("Q{#3~#a~#b}", Outcome.CHANGED, "A numeric item has one feedback for wrong answers; left out: “b”."),
        (
            "Q{=%x%a ~b}",
            Outcome.CHANGED,
            "“%x%a” starts with % but has no weight that can be read; the % was kept as text.",
        ),
        ("::open Q{T}", Outcome.CHANGED, "The title is not closed with “::”; it was kept as part of the prompt."),
        (f"::{'t' * 201}::Q{{T}}", Outcome.CHANGED, "The title was cut to 200 characters."),
        (
            '[html]<p>Q<img src="a.png">{T}',
            Outcome.CHANGED,
            "These HTML tags are not shown to learners: <img>.",
        ),
        ("[wiki]Q{T}", Outcome.TAKEN, "“[wiki]” is no text format; it was kept as part of the text."),
        (
            '// confero: {"answer": true}\nQ{}',
            Outcome.CHANGED,
            'The settings in this comment do not fit and were left out: “confero: {"answer": true}”.',
        ),
        (
            "// confero: [[[\nQ{}",
            Outcome.CHANGED,
            "The settings in this comment do not fit and were left out: “confero: [[[”.",
        ),
    ],
)
def test_change_is_reported(text: str, outcome: Outcome, message: str) -> None:
    entry = _one(text)
    assert (entry.outcome, entry.messages) == (outcome, [message])
    assert entry.item is not None


def test_items_with_the_same_title_are_both_taken_and_named() -> None:
    report = parse_gift("::A::Q1{T}\n\n::A::Q2{F}")
    assert [(e.outcome, e.messages) for e in report.entries] == [
        (Outcome.TAKEN, []),
        (Outcome.TAKEN, ["The item on line 1 has the same title."]),
    ]


# --- What is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Just words.", "There is no answer block in braces: this is a description, not an exam item."),
        ("Q{=a", "The opening brace is not closed before the next blank line; an item holds no blank lines."),
        ("Q}", "A closing brace } has no opening brace; write \\} where it is part of the text."),
        ("Q{=a {b} ~c}", "There is a brace { inside the answers; write \\{ and \\} where they are part of the text."),
        ("Q1{T}\nQ2{F}", "There is a second answer block; put a blank line between two items."),
        (
            "Q{=a =b ~c}",
            "2 options are marked = in a single choice. Mark one, or give the right ones weights such as ~%50%"
            " to make it a multiple choice.",
        ),
        ("Q{~a ~b}", "options: At least one option must be right."),
        ("Q{=a ~a}", "options: Two options have the text “a”."),
        ("Q{~%50%a ~%25%b}", "options: The weights of the right options add up to 75 %, not 100 %."),
        ("Q{~%150%a ~b}", "options.0.fraction: Choose 1 or less."),
        ("Q{=%50%a ~b}", "options: Exactly one option must be right (full credit); 0 are."),
        ("Q{x =a ~b}", "“x” stands before the first answer; start each answer with = or ~."),
        ("Q{=a -> 1}", "pairs: At least two pairs are needed."),
        (
            "Q{=a -> 1 =b}",
            "“b” has no “->”; in a matching item each answer is “= left -> right”.",
        ),
        ("Q{=%50%a}", "answers: At least one answer must earn full credit."),
        ("Q{=%-50%a =b}", "answers.0.fraction: Choose 0 or more."),
        ("Q{#}", "answers: At least one answer must earn full credit."),
        ("Q{#five}", "“five” is not a number, a number:tolerance or a low..high range."),
        ("Q{#1,5}", "“1,5” is not a number; write a point before the decimals."),
        ("Q{#5..1}", "answers.0: The minimum is above the maximum."),
        ("Q{#3:-1}", "answers.0.tolerance: Choose 0 or more."),
        ("Q{#=3 ~4#no}", "“~4” is a wrong number; a numeric item takes right ones (=) and one “~#feedback”."),
        ("Q{#1e999}", "answers.0.value: Write a number of at most 60 digits between 1e-300 and 1e300."),
        ("Q{" + "=a" * 51 + "}", "The item has more than 50 answers."),
        ("Q" * 200_000 + "{T}", "The item is longer than 200000 characters."),
        ("Q" * 20_001 + "{T}", "content: The text is longer than 20000 characters."),
        ("{T}", "prompt: Write a text here."),
        ("Q\x00{T}", "The text holds a NUL character; remove it."),
        ("::a\x00::Q{T}", "The text holds a NUL character; remove it."),
        ("Q\ufdd3{T}", "The text holds a character from U+FDD0 to U+FDD8, which is none; remove it."),
        ('";', "There is no answer block in braces: this is a description, not an exam item."),
    ],
)
def test_item_is_refused_with_the_reason(text: str, message: str) -> None:
    entry = _one(text)
    assert (entry.outcome, entry.item, entry.messages) == (Outcome.REFUSED, None, [message])
    assert "\x00" not in entry.title


def test_refused_item_does_not_take_its_neighbours_along() -> None:
    report = parse_gift("Q1{T}\n\nQ2{=a\n\n~b}\n\nQ3{F}")
    assert [(e.line, e.outcome) for e in report.entries] == [
        (1, Outcome.TAKEN),
        (3, Outcome.REFUSED),
        (5, Outcome.REFUSED),
        (7, Outcome.TAKEN),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"Q1{T}\n\nQ2 caf\xe9{T}\n", "Line 3 is not UTF-8 text. Save the file as UTF-8 and import it again."),
        ("Q{T}".encode("utf-16"), "Line 1 is not UTF-8 text. Save the file as UTF-8 and import it again."),
        ("Q\ud800{T}", "Line 1 is not UTF-8 text. Save the file as UTF-8 and import it again."),
        (b"x" * 5_000_001, "The file is larger than 5 MB; split it."),
        (b"Q{T}\n\n" * 5_001, "The file holds more than 5000 items; split it."),
        (b"// only a comment\n", "The file holds no items."),
        (b"", "The file holds no items."),
    ],
    ids=["latin-1", "utf-16", "surrogate", "large", "many", "comment", "empty"],
)
def test_file_is_refused_with_the_reason(source: str | bytes, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_gift(source)
    assert caught.value.fields == {"file": message}


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("//")


@given(st.text(alphabet='ab =~#{}:\\%->\n"T1.[]/$*;', max_size=60))
def test_any_text_gives_an_entry_for_every_piece_between_blank_lines(text: str) -> None:
    if not any(_says_something(line) for line in text.split("\n")):
        with pytest.raises(InvalidInput, match="The file holds no items"):
            parse_gift(text)
        return
    report = parse_gift(text)
    assert [e.index for e in report.entries] == list(range(1, len(report.entries) + 1))
    assert all((e.item is None) == (e.outcome is Outcome.REFUSED) for e in report.entries)
    assert all(e.messages for e in report.entries if e.outcome is not Outcome.TAKEN)
