"""The answer block of a GIFT item, between the braces, to the fields of an item's content."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from certification.bank.content import MAX_ANSWERS, ItemType
from certification.bank.gift_text import Marked, read_format, read_marked, read_text, release, unknown_format
from certification.bank.prompts import TextFormat, hidden_tags
from core.i18n import gettext as _

# Any: the fields of the content models before they are validated.
Fields = dict[str, Any]
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})")
_TOLERANT = re.compile(rf"({_NUMBER})\s*(?::\s*({_NUMBER}))?")
_TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}


class Refused(Exception):
    """The item cannot be taken; the message says why and what to do."""


@dataclass
class Reading:
    """What is learnt while one item is read: `notes` for the author, and whether something was changed."""

    fmt: TextFormat = TextFormat.MOODLE
    notes: list[str] = field(default_factory=list)
    is_changed: bool = False

    def note(self, message: str) -> None:
        """Tell the author something that changes nothing."""
        if message not in self.notes:
            self.notes.append(message)

    def change(self, message: str) -> None:
        """Tell the author what was changed or left out."""
        self.note(message)
        self.is_changed = True

    def text(self, held: str, default: TextFormat | None = None) -> Fields:
        """Return a held piece as the fields of an ItemText, noting what a learner will not see of it."""
        if name := unknown_format(held):
            self.note(_("“[{name}]” is no text format; it was kept as part of the text.").format(name=name))
        text = read_text(held, default or self.fmt)
        if tags := hidden_tags(text):
            names = ", ".join(f"<{tag}>" for tag in tags)
            self.change(_("These HTML tags are not shown to learners: {tags}.").format(tags=names))
        return text.model_dump()

    def feedback(self, held: str | None) -> Fields | None:
        """Return held feedback as the fields of an ItemText, or None."""
        return self.text(held) if held else None


def _split(held: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what stands before the first `=` or `~`, and the answers as (sign, piece); Refused for too many."""
    head, *rest = re.split(r"([=~])", held)
    if len(rest) > 2 * MAX_ANSWERS:
        raise Refused(_("The item has more than {limit} answers.").format(limit=MAX_ANSWERS))
    return head.strip(), list(zip(rest[::2], rest[1::2], strict=True))


def _refuse_head(head: str) -> None:
    if head:
        raise Refused(
            _("“{text}” stands before the first answer; start each answer with = or ~.").format(text=release(head)[:80])
        )


def _check_weight_mark(marked: Marked, reading: Reading) -> None:
    if marked.weight is None and marked.text.startswith("%"):
        reading.change(
            _("“{text}” starts with % but has no weight that can be read; the % was kept as text.").format(
                text=release(marked.text)[:40]
            )
        )


def _option(sign: str, piece: str, reading: Reading, is_single: bool) -> Fields:
    marked = read_marked(piece)
    _check_weight_mark(marked, reading)
    weight = marked.weight
    if is_single:
        correct = sign == "=" and weight in (None, Decimal(1))
    else:
        weight = weight or Decimal(0)
        correct = weight > 0
    return {
        "text": reading.text(marked.text),
        "correct": correct,
        "fraction": None if correct and is_single else weight,
        "feedback": reading.feedback(marked.feedback),
    }


def _choice(held: str, reading: Reading) -> Fields:
    """One `=` makes a single choice; only `~`, with weights, a multiple choice."""
    head, answers = _split(held)
    _refuse_head(head)
    right = sum(sign == "=" for sign, _piece in answers)
    if right > 1:
        raise Refused(
            _(
                "{count} options are marked = in a single choice. Mark one, or give the right ones weights such as"
                " ~%50% to make it a multiple choice."
            ).format(count=right)
        )
    options = [_option(sign, piece, reading, right == 1) for sign, piece in answers]
    return {"type": ItemType.SINGLE_CHOICE if right else ItemType.MULTIPLE_CHOICE, "options": options}


def _matching(held: str, reading: Reading) -> Fields:
    head, answers = _split(held)
    _refuse_head(head)
    pairs: list[Fields] = []
    distractors: list[Fields] = []
    for _sign, piece in answers:
        marked = read_marked(piece)
        left, arrow, right = marked.text.partition("->")
        if not arrow:
            raise Refused(
                _("“{text}” has no “->”; in a matching item each answer is “= left -> right”.").format(
                    text=release(left)[:80]
                )
            )
        if marked.weight is not None:
            reading.change(_("Weights do not apply to matching; each pair counts alike."))
        if marked.feedback:
            reading.change(_("Feedback on a pair was left out: “{text}”.").format(text=release(marked.feedback)))
        right_text = reading.text(right, TextFormat.PLAIN)
        if read_format(left, reading.fmt)[0]:
            pairs.append({"left": reading.text(left), "right": right_text})
        elif right_text["source"] in {text["source"] for text in [*(pair["right"] for pair in pairs), *distractors]}:
            reading.change(
                _("The distractor “{text}” was there already and was left out.").format(text=right_text["source"])
            )
        else:
            distractors.append(right_text)
    return {"type": ItemType.MATCHING, "pairs": pairs, "distractors": distractors}


def _true_false(answer: bool, feedback: list[str], reading: Reading) -> Fields:
    """`{TRUE#feedback when wrong#feedback when right}`."""
    wrong, right, *more = [*feedback, "", ""][: max(2, len(feedback))]
    if any(more):
        reading.change(
            _("A true/false item has two feedbacks; left out: “{text}”.").format(text=release("#".join(more)))
        )
    return {
        "type": ItemType.TRUE_FALSE,
        "answer": answer,
        "wrong_feedback": reading.feedback(wrong.strip()),
        "right_feedback": reading.feedback(right.strip()),
    }


def _short_answer(held: str, reading: Reading) -> Fields:
    head, answers = _split(held)
    if head and answers:
        _refuse_head(head)
    if head:
        reading.change(_("The answer has no = before it; it was taken as the right short answer."))
        answers = [("=", head)]
    accepted: list[Fields] = []
    for _sign, piece in answers:
        marked = read_marked(piece)
        _check_weight_mark(marked, reading)
        text, _fmt = read_format(marked.text, TextFormat.PLAIN)
        weight = Decimal(1) if marked.weight is None else marked.weight
        accepted.append({"text": release(text), "fraction": weight, "feedback": reading.feedback(marked.feedback)})
    return {"type": ItemType.SHORT_ANSWER, "answers": accepted}


def _bounds(written: str) -> Fields:
    if found := _RANGE.fullmatch(written):
        return {"minimum": found[1], "maximum": found[2]}
    if found := _TOLERANT.fullmatch(written):
        return {"value": found[1], "tolerance": found[2]}
    if "," in written:
        raise Refused(_("“{text}” is not a number; write a point before the decimals.").format(text=written[:80]))
    raise Refused(_("“{text}” is not a number, a number:tolerance or a low..high range.").format(text=written[:80]))


def _numeric(held: str, reading: Reading) -> Fields:
    """`#3:2`, `#1..5`, or several answers with weights; `~#text` or `=%0%*#text` is feedback for any other number."""
    head, answers = _split(held)
    if head and answers and any(sign == "=" for sign, _piece in answers):
        _refuse_head(head)
    accepted: list[Fields] = []
    wrong: list[str] = []
    for sign, piece in [*([("=", head)] if head else []), *answers]:
        marked = read_marked(piece)
        if sign == "~" or (marked.text == "*" and marked.weight == 0):
            if marked.text not in ("", "*"):
                raise Refused(
                    _("“~{text}” is a wrong number; a numeric item takes right ones (=) and one “~#feedback”.").format(
                        text=release(marked.text)[:80]
                    )
                )
            wrong += [marked.feedback] if marked.feedback else []
            continue
        weight = Decimal(1) if marked.weight is None else marked.weight
        fields = _bounds(release(marked.text)) | {"fraction": weight, "feedback": reading.feedback(marked.feedback)}
        accepted.append(fields)
    if len(wrong) > 1:
        reading.change(
            _("A numeric item has one feedback for wrong answers; left out: “{text}”.").format(
                text=release("; ".join(wrong[1:]))
            )
        )
    return {
        "type": ItemType.NUMERIC,
        "answers": accepted,
        "wrong_feedback": reading.feedback(wrong[0] if wrong else None),
    }


def _without_feedback(held: str) -> str:
    """Return the structure alone: feedback runs from its `#` to the next answer."""
    return re.sub(r"#[^=~]*", "", held)


def read_answers(held: str, reading: Reading) -> Fields:
    """Return the content fields, type included, that an answer block (held, without braces) describes.

    General feedback (`####`) has been taken off before. Raises Refused with the reason.
    """
    held = held.strip()
    if not held:
        return {"type": ItemType.ESSAY}
    if held.startswith("#"):
        return _numeric(held[1:].strip(), reading)
    first, *feedback = held.split("#")
    if (truth := _TRUTH.get(first.strip().upper())) is not None:
        if not first.strip().isupper():
            reading.change(
                _("“{word}” was taken as {truth}; GIFT writes it in capitals.").format(
                    word=first.strip(), truth=first.strip().upper()
                )
            )
        return _true_false(truth, feedback, reading)
    structure = _without_feedback(held)
    reader: Callable[[str, Reading], Fields] = _short_answer
    if "~" in structure:
        reader = _choice
    elif "=" in structure and "->" in structure:
        reader = _matching
    return reader(held, reading)
