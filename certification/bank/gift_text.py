"""The lowest layer of GIFT: escapes, text formats, weights and feedback marks (MoodleDocs, "GIFT format")."""

import re
from dataclasses import dataclass
from decimal import Decimal

from certification.bank.content import FRACTION_STEP
from certification.bank.prompts import ItemText, TextFormat

# While a piece of GIFT is taken apart an escaped character is held by a Unicode noncharacter, which no text may hold.
# `\>` is our own: GIFT has no way to write `->` where it does not part a left side from a right side.
_ESCAPES = {"\\": "\ufdd0", ":": "\ufdd1", "#": "\ufdd2", "=": "\ufdd3", "{": "\ufdd4", "}": "\ufdd5", "~": "\ufdd6"}
_HOLDERS = {**_ESCAPES, "n": "\ufdd7"}
_RELEASED = {**{ord(held): sign for sign, held in _ESCAPES.items()}, 0xFDD7: "\n", 0xFDD8: "->"}
NONCHARACTERS = re.compile(r"[\ufdd0-\ufdd8]")
_ESCAPE = re.compile(r"\\([\\:#={}~n])|-\\>")
_FORMAT = re.compile(r"\[([A-Za-z]+)\]")
_WEIGHT = re.compile(r"%\s*([+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?)\s*%")


def hold_escapes(text: str) -> str:
    """Return GIFT with each escaped character replaced by its noncharacter, so that what is left is structure."""
    return _ESCAPE.sub(lambda found: _HOLDERS[found[1]] if found[1] else "\ufdd8", text)


def release(held: str) -> str:
    """Return the text that a held piece stands for."""
    return held.translate(_RELEASED)


def escape(text: str) -> str:
    """Return `text` as GIFT writes it, on one line."""
    escaped = re.sub(r"[\\:#={}~]", r"\\\g<0>", text)
    return escaped.replace("->", "-\\>").replace("\n", "\\n")


@dataclass(frozen=True)
class Marked:
    """A held piece with what stood before and after its text. `weight` is a fraction; `feedback` is held text."""

    text: str
    weight: Decimal | None
    feedback: str | None


def read_format(held: str, default: TextFormat) -> tuple[str, TextFormat]:
    """Return the piece without its `[format]`, and the format."""
    held = held.strip()
    found = _FORMAT.match(held)
    if found and found[1].lower() in tuple(TextFormat):
        return held[found.end() :].strip(), TextFormat(found[1].lower())
    return held, default


def unknown_format(held: str) -> str | None:
    """Return the word in brackets that stands where a format may stand and is none, such as `wiki`."""
    found = _FORMAT.match(held.strip())
    return found[1] if found and found[1].lower() not in tuple(TextFormat) else None


def read_text(held: str, default: TextFormat) -> ItemText:
    """Return the text of a held piece; raises pydantic's ValidationError where the text is refused."""
    piece, fmt = read_format(held, default)
    return ItemText.of(release(piece), fmt)


def read_marked(held: str) -> Marked:
    """Take `%weight%text#feedback` apart; a weight outside -100 to 100 is left for the model to refuse."""
    text, hash_mark, feedback = held.partition("#")
    text = text.strip()
    weight = None
    if found := _WEIGHT.match(text):
        weight = (Decimal(found[1]) / 100).quantize(FRACTION_STEP)
        text = text[found.end() :].strip()
    return Marked(text, weight, feedback.strip() if hash_mark and feedback.strip() else None)


def write_text(text: ItemText) -> str:
    """Return the text with its format, always named, so that nothing in the text can be taken for a format."""
    return f"[{text.format.value}]{escape(text.source)}"


def write_percent(fraction: Decimal) -> str:
    """Return a fraction as GIFT's weight, `%33.33333%`."""
    percent = f"{fraction * 100:f}"
    return f"%{percent.rstrip('0').rstrip('.') if '.' in percent else percent}%"


def write_feedback(text: ItemText | None) -> str:
    """Return `#feedback`, or nothing."""
    return f"#{write_text(text)}" if text else ""
