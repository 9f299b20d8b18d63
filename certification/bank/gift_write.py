"""Writing items as GIFT, so that they can be read by `gift.parse_gift` and by Moodle.

GIFT has no option ids: reading the file back assigns them anew. Settings that GIFT cannot express travel in a comment.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from certification.bank.content import (
    Essay,
    ItemContent,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
)
from certification.bank.gift import SETTINGS_MARK, GiftItem
from certification.bank.gift_text import escape, write_feedback, write_percent, write_text
from certification.bank.prompts import ItemText, TextFormat


def _settings(content: ItemContent) -> str | None:
    # Any: JSON values of four kinds of item.
    settings: dict[str, Any] = {}
    if isinstance(content, Essay):
        settings = content.model_dump(mode="json", include={"guidance", "max_length"}, exclude_defaults=True)
    elif isinstance(content, ShortAnswer):
        settings = content.model_dump(mode="json", include={"case_sensitive"}, exclude_defaults=True)
    elif isinstance(content, SingleChoice | MultipleChoice):
        settings = content.model_dump(mode="json", include={"shuffle"}, exclude_defaults=True)
    if isinstance(content, MultipleChoice) and content.options[0].fraction is None:
        settings["default_weights"] = True
    return f"// {SETTINGS_MARK} {json.dumps(settings)}" if settings else None


def _single(content: SingleChoice) -> list[str]:
    lines = []
    for option in content.options:
        weight = "" if option.fraction is None else write_percent(option.fraction)
        sign = "=" if option.correct else "~"
        lines.append(f"{sign}{weight}{write_text(option.text)}{write_feedback(option.feedback)}")
    return lines


def _multiple(content: MultipleChoice) -> list[str]:
    right = sum(option.correct for option in content.options)
    wrong = len(content.options) - right
    lines = []
    for option in content.options:
        default = Decimal(1) / right if option.correct else Decimal(-1) / wrong
        # Five decimals of a percent are what Moodle writes and recognises: %33.33333%.
        weight = round(default, 7) if option.fraction is None else option.fraction
        lines.append(f"~{write_percent(weight)}{write_text(option.text)}{write_feedback(option.feedback)}")
    return lines


def _true_false(content: TrueFalse) -> list[str]:
    word = "TRUE" if content.answer else "FALSE"
    wrong, right = write_feedback(content.wrong_feedback), write_feedback(content.right_feedback)
    return [f"{word}{wrong or ('#' if right else '')}{right}"]


def _bounds(answer: NumericAnswer) -> str:
    if answer.value is None:
        return f"{answer.minimum}..{answer.maximum}"
    return f"{answer.value}" if answer.tolerance is None else f"{answer.value}:{answer.tolerance}"


def _numeric(content: Numeric) -> list[str]:
    lines = [
        f"={write_percent(answer.fraction)}{_bounds(answer)}{write_feedback(answer.feedback)}"
        for answer in content.answers
    ]
    wrong = [f"~{write_feedback(content.wrong_feedback)}"] if content.wrong_feedback else []
    return ["#", *lines, *wrong]


def _plain(text: str) -> str:
    """Return a text that is plain where Moodle reads it; a bracket at its start would be taken for a format."""
    return f"[plain]{escape(text)}" if text.startswith("[") else escape(text)


def _short(content: ShortAnswer) -> list[str]:
    return [f"={write_percent(a.fraction)}{_plain(a.text)}{write_feedback(a.feedback)}" for a in content.answers]


def _right(text: ItemText) -> str:
    return _plain(text.source) if text.format is TextFormat.PLAIN else write_text(text)


def _matching(content: Matching) -> list[str]:
    pairs = [f"={write_text(pair.left)} -> {_right(pair.right)}" for pair in content.pairs]
    return [*pairs, *(f"= -> {_right(text)}" for text in content.distractors)]


def _answers(content: ItemContent) -> list[str]:
    match content:
        case SingleChoice():
            return _single(content)
        case MultipleChoice():
            return _multiple(content)
        case TrueFalse():
            return _true_false(content)
        case Numeric():
            return _numeric(content)
        case ShortAnswer():
            return _short(content)
        case Matching():
            return _matching(content)
        case Essay():
            return []


def _write_item(item: GiftItem) -> str:
    lines = [f"// [tag:{tag}]" for tag in (tag.replace("\\", "\\\\").replace("]", "\\]") for tag in item.tags)]
    lines += [settings] if (settings := _settings(item.content)) else []
    answers = _answers(item.content)
    if item.content.feedback:
        answers.append(f"####{write_text(item.content.feedback)}")
    head = f"::{escape(item.title)}::{write_text(item.content.prompt)}"
    body = "".join(f"\n\t{answer}" for answer in answers)
    lines.append(f"{head}{{{body}\n}}" if answers else f"{head}{{}}")
    return "\n".join(lines) + "\n"


def write_gift(items: Iterable[GiftItem]) -> str:
    """Return the items as one GIFT file, in their order, each under its category; "" for no items.

    `->` inside a text is written `-\\>`, which `parse_gift` reads back and other programs show as it stands.
    """
    pieces: list[str] = []
    category = ""
    for item in items:
        if item.category != category:
            category = item.category
            pieces.append(f"$CATEGORY: {category}\n")
        pieces.append(_write_item(item))
    return "\n".join(pieces)
