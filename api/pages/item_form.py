"""An item's form: rows of options, answers or pairs become its content, and back; errors find their way to the row.

Fields are named by list and row, `options.2.text`. Every text has its format beside it (`options.2.text_format`), so
that an imported item stays as it was written. Weights and credits are in per cent. Empty rows are left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from certification.bank.content import (
    MAX_ANSWERS,
    MAX_OPTIONS,
    Essay,
    ItemContent,
    ItemType,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
    parse_content,
)
from certification.bank.prompts import ItemText, TextFormat
from core.errors import InvalidInput
from core.i18n import gettext as _

MORE_ROWS = 3
# The rows that a new form shows, and the most that an item may have.
LISTS: dict[ItemType, dict[str, tuple[int, int]]] = {
    ItemType.SINGLE_CHOICE: {"options": (4, MAX_OPTIONS)},
    ItemType.MULTIPLE_CHOICE: {"options": (5, MAX_OPTIONS)},
    ItemType.NUMERIC: {"answers": (1, MAX_ANSWERS)},
    ItemType.SHORT_ANSWER: {"answers": (3, MAX_ANSWERS)},
    ItemType.MATCHING: {"pairs": (4, MAX_OPTIONS), "distractors": (1, MAX_OPTIONS)},
}
_SINGLE_TEXTS: dict[ItemType, tuple[str, ...]] = {
    ItemType.TRUE_FALSE: ("right_feedback", "wrong_feedback"),
    ItemType.NUMERIC: ("wrong_feedback",),
    ItemType.ESSAY: ("guidance",),
}
_ROW = re.compile(r"(options|answers|pairs|distractors)\.(\d{1,2})\.[a-z_]+")
_PERCENT_FIELDS = {"fraction": {"options": "weight", "answers": "credit"}}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: text by field."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> "Typed":
        """From a submitted form; of a name sent twice the last counts."""
        return cls({name: str(value[-1]) if isinstance(value, list) else str(value) for name, value in typed.items()})

    def get(self, name: str) -> str:
        """What was typed, without surrounding space; empty where there is no such field."""
        return self.values.get(name, "").strip()

    def text(self, name: str) -> dict[str, str]:
        """A text with its format."""
        return {"source": self.values.get(name, ""), "format": self.get(f"{name}_format") or TextFormat.MARKDOWN.value}

    def optional(self, name: str) -> dict[str, str] | None:
        """A text with its format, or None where nothing was typed."""
        return self.text(name) if self.get(name) else None

    def rows(self, name: str) -> list[int]:
        """The numbers of the rows that the form holds, in order."""
        found = (match for field in self.values if (match := _ROW.fullmatch(field)) and match[1] == name)
        return sorted({int(match[2]) for match in found})

    def filled(self, name: str, fields: Iterable[str]) -> list[int]:
        """The rows in which something was typed into one of `fields`."""
        return [row for row in self.rows(name) if any(self.get(f"{name}.{row}.{field}") for field in fields)]


def row_counts(kind: ItemType, typed: Typed, *, more: bool = False) -> dict[str, range]:
    """The rows to show of each list: those there are, one more to write in, and three further ones where asked."""
    counts: dict[str, range] = {}
    for name, (few, most) in LISTS.get(kind, {}).items():
        present = len(typed.rows(name)) and max(typed.rows(name)) + 1
        counts[name] = range(min(max(few, present) + (MORE_ROWS if more else 0), most))
    return counts


def read(kind: ItemType, typed: Typed) -> ItemContent:
    """The content that the form describes. Raises `InvalidInput` by the form's own fields."""
    rows: dict[str, list[int]] = {}
    document: dict[str, Any] = {
        "type": kind.value,
        "prompt": typed.text("prompt"),
        "feedback": typed.optional("feedback"),
    }
    document |= {name: typed.optional(name) for name in _SINGLE_TEXTS.get(kind, ())}
    match kind:
        case ItemType.SINGLE_CHOICE | ItemType.MULTIPLE_CHOICE:
            rows["options"] = typed.filled("options", ("text", "weight", "feedback"))
            document["options"] = [_option(kind, typed, row) for row in rows["options"]]
            document["shuffle"] = typed.get("shuffle") == "true"
        case ItemType.TRUE_FALSE:
            document["answer"] = {"true": True, "false": False}.get(typed.get("answer"))
        case ItemType.NUMERIC:
            rows["answers"] = typed.filled("answers", ("value", "tolerance", "minimum", "maximum", "feedback"))
            document["answers"] = [_number(typed, row) for row in rows["answers"]]
        case ItemType.SHORT_ANSWER:
            rows["answers"] = typed.filled("answers", ("text", "feedback"))
            document["answers"] = [_wording(typed, row) for row in rows["answers"]]
            document["case_sensitive"] = typed.get("case_sensitive") == "true"
        case ItemType.MATCHING:
            rows["pairs"] = typed.filled("pairs", ("left", "right"))
            rows["distractors"] = typed.filled("distractors", ("text",))
            sides = ("left", "right")
            document["pairs"] = [{side: typed.text(f"pairs.{n}.{side}") for side in sides} for n in rows["pairs"]]
            document["distractors"] = [typed.text(f"distractors.{n}.text") for n in rows["distractors"]]
        case ItemType.ESSAY if typed.get("max_length"):
            document["max_length"] = typed.get("max_length")
    try:
        return parse_content(document)
    except InvalidInput as error:
        raise InvalidInput(_by_field(kind, error.fields, rows)) from None


def fill(content: ItemContent) -> dict[str, str]:
    """What the form shows for a content; `read` gives the same content back but for the letters of options."""
    values: dict[str, str] = {}
    _put(values, "prompt", content.prompt)
    _put(values, "feedback", content.feedback)
    match content:
        case SingleChoice() | MultipleChoice():
            _fill_options(values, content)
        case TrueFalse():
            values["answer"] = "true" if content.answer else "false"
            _put(values, "right_feedback", content.right_feedback)
            _put(values, "wrong_feedback", content.wrong_feedback)
        case Numeric():
            for row, answer in enumerate(content.answers):
                for name in ("value", "tolerance", "minimum", "maximum"):
                    held = getattr(answer, name)
                    values[f"answers.{row}.{name}"] = "" if held is None else str(held)
                values[f"answers.{row}.credit"] = _as_percent(answer.fraction)
                _put(values, f"answers.{row}.feedback", answer.feedback)
            _put(values, "wrong_feedback", content.wrong_feedback)
        case ShortAnswer():
            for row, wording in enumerate(content.answers):
                values[f"answers.{row}.text"] = wording.text
                values[f"answers.{row}.credit"] = _as_percent(wording.fraction)
                _put(values, f"answers.{row}.feedback", wording.feedback)
            values["case_sensitive"] = "true" if content.case_sensitive else ""
        case Matching():
            for row, pair in enumerate(content.pairs):
                _put(values, f"pairs.{row}.left", pair.left)
                _put(values, f"pairs.{row}.right", pair.right)
            for row, distractor in enumerate(content.distractors):
                _put(values, f"distractors.{row}.text", distractor)
        case Essay():
            _put(values, "guidance", content.guidance)
            values["max_length"] = str(content.max_length)
    return values


def key_of(content: ItemContent) -> list[str]:
    """What earns credit, one line each and in the author's words; empty for an essay."""
    match content:
        case SingleChoice() | MultipleChoice():
            weights = [(option, option.fraction) for option in content.options]
            return [_credited(o.text.source, weight) for o, weight in weights if o.correct or weight]
        case TrueFalse():
            return [_("True") if content.answer else _("False")]
        case Numeric():
            return [_credited(_number_words(answer), answer.fraction) for answer in content.answers]
        case ShortAnswer():
            return [_credited(answer.text, answer.fraction) for answer in content.answers]
        case Matching():
            return [f"{pair.left.source} → {pair.right.source}" for pair in content.pairs]
        case Essay():
            return []


def _credited(text: str, fraction: Decimal | None) -> str:
    return text if fraction is None or fraction == 1 else f"{text} ({_as_percent(fraction)} %)"


def _number_words(answer: NumericAnswer) -> str:
    if answer.value is None:
        return f"{answer.minimum} – {answer.maximum}"
    return f"{answer.value} ± {answer.tolerance}" if answer.tolerance else str(answer.value)


def _fill_options(values: dict[str, str], content: SingleChoice | MultipleChoice) -> None:
    values["shuffle"] = "true" if content.shuffle else ""
    for row, option in enumerate(content.options):
        _put(values, f"options.{row}.text", option.text)
        _put(values, f"options.{row}.feedback", option.feedback)
        values[f"options.{row}.weight"] = "" if option.fraction is None else _as_percent(option.fraction)
        if option.correct:
            values[f"options.{row}.correct"] = "true"
            values["correct"] = str(row)


def _option(kind: ItemType, typed: Typed, row: int) -> dict[str, Any]:
    at = f"options.{row}"
    if kind is ItemType.SINGLE_CHOICE:
        is_right = typed.get("correct") == str(row)
    else:
        is_right = typed.get(f"{at}.correct") == "true"
    return {
        "text": typed.text(f"{at}.text"),
        "correct": is_right,
        "fraction": _fraction(typed, f"{at}.weight"),
        "feedback": typed.optional(f"{at}.feedback"),
    }


def _number(typed: Typed, row: int) -> dict[str, Any]:
    at = f"answers.{row}"
    bounds = {name: typed.get(f"{at}.{name}") or None for name in ("value", "tolerance", "minimum", "maximum")}
    credit = _fraction(typed, f"{at}.credit")
    return {**bounds, "fraction": 1 if credit is None else credit, "feedback": typed.optional(f"{at}.feedback")}


def _wording(typed: Typed, row: int) -> dict[str, Any]:
    at = f"answers.{row}"
    credit = _fraction(typed, f"{at}.credit")
    return {
        "text": typed.get(f"{at}.text"),
        "fraction": 1 if credit is None else credit,
        "feedback": typed.optional(f"{at}.feedback"),
    }


def _fraction(typed: Typed, name: str) -> Decimal | None:
    """A percentage as a part of one; None where nothing was typed. Raises `InvalidInput`."""
    written = typed.get(name).removesuffix("%").strip()
    if not written:
        return None
    try:
        value = Decimal(written)
    except InvalidOperation:
        value = Decimal("NaN")
    # A weight has ten decimals as a part of one, eight as a percentage.
    exponent = value.as_tuple().exponent
    if not value.is_finite() or abs(value) > 100 or not isinstance(exponent, int) or exponent < -8:
        raise InvalidInput({name: _("Write a number from -100 to 100 with at most eight decimals, such as 33.33333.")})
    return value / 100


def _as_percent(fraction: Decimal) -> str:
    percent = f"{fraction * 100:f}"
    return percent.rstrip("0").rstrip(".") if "." in percent else percent


def _put(values: dict[str, str], name: str, text: ItemText | None) -> None:
    if text is not None:
        values[name], values[f"{name}_format"] = text.source, text.format.value


def _by_field(kind: ItemType, fields: Mapping[str, str], rows: Mapping[str, list[int]]) -> dict[str, str]:
    """Errors by content path become errors by field of the form; those of the whole content stand under ""."""
    named: dict[str, str] = {}
    for path, message in fields.items():
        name, *rest = path.split(".")
        if name in rows and rest and rest[0].isdigit() and int(rest[0]) < len(rows[name]):
            inner = rest[1] if len(rest) > 1 else _first_field(kind, name)
            inner = _PERCENT_FIELDS.get(inner, {}).get(name, inner)
            name = f"{name}.{rows[name][int(rest[0])]}.{inner}"
        named.setdefault("" if name == "content" else name, message)
    return named


def _first_field(kind: ItemType, name: str) -> str:
    if name == "pairs":
        return "left"
    return "value" if kind is ItemType.NUMERIC else "text"
