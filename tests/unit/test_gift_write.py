"""Writing GIFT: what was written is read back alike."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from certification.bank.content import parse_content
from certification.bank.gift import GiftItem, Outcome, parse_gift
from certification.bank.gift_text import escape, hold_escapes, release
from certification.bank.gift_write import write_gift

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=[chr(code) for code in range(0xFDD0, 0xFDD9)])
    | st.sampled_from("\n=~#{}:\\%->[]*$/"),
    min_size=1,
    max_size=20,
).filter(lambda text: bool(text.strip()))
FORMATTED = st.builds(
    lambda source, fmt: {"source": source.strip(), "format": fmt}, TEXT, st.sampled_from(["plain", "markdown"])
) | st.sampled_from([{"source": "<b>x</b> -> y", "format": "html"}, {"source": "a\nb", "format": "moodle"}])
MAYBE = st.none() | FORMATTED
TEXTS = st.lists(FORMATTED, min_size=4, max_size=6, unique_by=lambda text: text["source"])
CREDIT = st.integers(0, 10_000).map(lambda number: Decimal(number) / 10_000)
NUMBER = st.decimals(-(10**6), 10**6, places=4) | st.sampled_from([Decimal("1E+30"), Decimal("-2E-30")])
BASE = {"prompt": FORMATTED, "feedback": MAYBE}


def _build(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **BASE, **fields})


def _single(texts: list[dict[str, str]], feedback: dict[str, str] | None, part: Decimal) -> list[dict[str, Any]]:
    first, second, *rest = ({"text": text, "feedback": feedback} for text in texts)
    return [first | {"fraction": min(part, Decimal("0.9"))}, second | {"correct": True}, *rest]


def _multiple(texts: list[dict[str, str]], weights: bool) -> list[dict[str, Any]]:
    fractions = [Decimal("0.25"), Decimal("0.75"), Decimal("-0.5"), *[Decimal(0)] * 3]
    options = [{"text": text, "correct": place < 2} for place, text in enumerate(texts)]
    return [o | {"fraction": f} for o, f in zip(options, fractions, strict=False)] if weights else options


NUMERIC_ANSWER = st.fixed_dictionaries(
    {"value": NUMBER, "tolerance": st.none() | NUMBER.map(abs), "fraction": CREDIT, "feedback": MAYBE}
) | st.builds(
    lambda a, b, feedback: {"minimum": min(a, b), "maximum": max(a, b), "feedback": feedback}, NUMBER, NUMBER, MAYBE
)
CONTENT = st.one_of(
    _build("single_choice", options=st.builds(_single, TEXTS, MAYBE, CREDIT), shuffle=st.booleans()),
    _build("multiple_choice", options=st.builds(_multiple, TEXTS, st.booleans()), shuffle=st.booleans()),
    _build("true_false", answer=st.booleans(), right_feedback=MAYBE, wrong_feedback=MAYBE),
    _build(
        "numeric",
        answers=st.lists(NUMERIC_ANSWER, max_size=3).map(lambda some: [*some, {"value": Decimal(7)}]),
        wrong_feedback=MAYBE,
    ),
    _build(
        "short_answer",
        answers=st.lists(st.tuples(TEXT, CREDIT, MAYBE), min_size=1, max_size=4, unique_by=lambda a: a[0].strip()).map(
            lambda some: [
                {"text": text, "fraction": credit if place else 1, "feedback": feedback}
                for place, (text, credit, feedback) in enumerate(some)
            ]
        ),
        case_sensitive=st.booleans(),
    ),
    TEXTS.flatmap(
        lambda texts: _build(
            "matching",
            pairs=st.just([{"left": texts[0], "right": texts[1]}, {"left": texts[1], "right": texts[2]}]),
            distractors=st.just(texts[3:]),
        )
    ),
    _build("essay", guidance=MAYBE, max_length=st.integers(1, 100_000)),
)
LINE = TEXT.map(lambda text: " ".join(text.split())).filter(bool)
ITEMS = st.lists(
    st.builds(
        lambda title, category, tags, content: GiftItem(
            title=title, category=category, tags=tuple(tags), content=parse_content(content)
        ),
        LINE,
        st.sampled_from(["", "top/ports", "top/{x}"]),
        st.lists(LINE, max_size=2, unique=True),
        CONTENT,
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_written_items_are_read_back_alike(items: list[GiftItem]) -> None:
    report = parse_gift(write_gift(items))
    assert report.items == items
    assert report.count(Outcome.REFUSED) == report.count(Outcome.CHANGED) == 0


@given(TEXT)
def test_escaped_text_holds_no_structure(text: str) -> None:
    held = hold_escapes(escape(text))
    assert not set(held) & set("=~#{}\n")
    assert "->" not in held
    assert release(held) == text


def test_written_file_reads_like_gift() -> None:
    items = [
        GiftItem(
            title="Ports: 1",
            category="net/ports",
            tags=("hard",),
            content=parse_content(
                {
                    "type": "multiple_choice",
                    "prompt": "Which {two}?",
                    "feedback": "See RFC 6335.",
                    "options": [
                        {"text": "a=1", "correct": True},
                        {"text": "b", "correct": True},
                        {"text": "c", "correct": True, "feedback": "yes"},
                        {"text": "d"},
                    ],
                }
            ),
        ),
        GiftItem(
            title="E",
            content=parse_content({"type": "essay", "prompt": "Why?", "guidance": "Look for é", "max_length": 9}),
        ),
        GiftItem(title="B", content=parse_content({"type": "true_false", "prompt": "Q", "answer": False})),
    ]
    assert write_gift(items) == (
        "$CATEGORY: net/ports\n\n"
        "// [tag:hard]\n"
        '// confero: {"default_weights": true}\n'
        "::Ports\\: 1::[markdown]Which \\{two\\}?{\n"
        "\t~%33.33333%[markdown]a\\=1\n"
        "\t~%33.33333%[markdown]b\n"
        "\t~%33.33333%[markdown]c#[markdown]yes\n"
        "\t~%-100%[markdown]d\n"
        "\t####[markdown]See RFC 6335.\n"
        "}\n\n"
        "$CATEGORY: \n\n"
        '// confero: {"guidance": {"source": "Look for \\u00e9"}, "max_length": 9}\n'
        "::E::[markdown]Why?{}\n\n"
        "::B::[markdown]Q{\n\tFALSE\n}\n"
    )
    assert parse_gift(write_gift(items)).items == items
    assert write_gift([]) == ""
