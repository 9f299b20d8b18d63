"""Measuring, wrapping and fitting of text; all sizes are PDF points."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from core.typesetting.scripts import clusters
from core.typesetting.shaping import Line, Style, is_right_to_left, lay, normal

_NEVER_FIRST = frozenset("、。，．：；？！）」』】〕〉》’”・ー…‥々ゝゞァィゥェォッャュョぁぃぅぇぉっゃゅょ")
_NEVER_LAST = frozenset("（「『【〔〈《‘“")
_STEP = 0.94  # by which a size shrinks from one trial to the next
_SLACK = 1e-6  # of a width: what rounding may take from a word that just fits


@dataclass(frozen=True)
class Fitted:
    """Lines that fit their width at `size`."""

    lines: tuple[Line, ...]
    size: float


def measure(text: str | Line, style: Style, size: float) -> float:
    """Width of `text` on one line in points. Raises `UnsettableText`."""
    line = lay(text, style) if isinstance(text, str) else text
    return line.advance * size / 1000


def wrap(text: str, style: Style, size: float, width: float) -> tuple[Line, ...]:
    """Break `text` into lines of at most `width` points: at spaces, between Han and kana, and, where a word alone is
    too wide, between letters. Every line keeps the direction of the whole. Raises `UnsettableText`."""
    text = normal(text)
    style = replace(style, rtl=is_right_to_left(text) if style.rtl is None else style.rtl)
    limit = width * 1000 / size
    lines: list[Line] = []
    current = ""
    for piece in _pieces(text):
        if current and lay(current + piece, style).advance > limit:
            lines.append(lay(current, style))
            current = ""
        current += piece
        if lay(current, style).advance > limit:
            *full, current = _broken(current, style, limit)
            lines += [lay(part, style) for part in full]
    return (*lines, lay(current, style)) if current.strip() or not lines else tuple(lines)


@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[str, ...]:
    """What may not be parted: words with the space after them, and single Han and kana with their punctuation."""
    pieces: list[str] = []
    start = 0
    for index in range(1, len(text)):
        before, after = text[index - 1], text[index]
        is_space = before == " "
        is_wide = unicodedata.east_asian_width(before) in "WF" and unicodedata.east_asian_width(after) in "WF"
        if is_space or (is_wide and not _is_syllabic(before, after) and _may_part(before, after)):
            pieces.append(text[start:index])
            start = index
    return (*pieces, text[start:])


def _is_syllabic(before: str, after: str) -> bool:
    return "\uac00" <= before <= "\ud7a3" and "\uac00" <= after <= "\ud7a3"  # Korean parts at spaces.


def _may_part(before: str, after: str) -> bool:
    return before not in _NEVER_LAST and after not in _NEVER_FIRST and unicodedata.category(after)[0] != "M"


def _broken(word: str, style: Style, limit: float) -> Iterator[str]:
    """Cut a word that is wider than a line between letters; at least one letter stays on each line."""
    start = 0
    previous = 0
    for _, end in clusters(word):
        if previous > start and lay(word[start:end], style).advance > limit:
            yield word[start:previous]
            start = previous
        previous = end
    yield word[start:]


@lru_cache(maxsize=1024)
def fit(text: str, style: Style, size: float, min_size: float, width: float, max_lines: int = 1) -> Fitted:
    """Set `text` as large as it goes: on one line down to `min_size`, else on up to `max_lines` lines.

    A word is cut only where it is too wide by itself at `min_size`. What fits even so in no allowed way is made smaller
    than `min_size`, because text must never leave its place. Several lines are made about equally long. Raises
    `UnsettableText`.
    """
    line = lay(text, style)
    needed = width * 1000 / max(line.advance, 1)
    if needed >= min_size or max_lines == 1:
        return Fitted((line,), min(size, needed))
    whole = width * 1000 / (1 + _SLACK) / max(_widest(line.text, style), 1)  # the size at which no word need be cut
    trial = min(size, whole) if whole >= min_size else size
    while True:
        lines = wrap(text, style, trial, width)
        if len(lines) <= max_lines and all(measure(part, style, trial) <= width for part in lines):
            return Fitted(_balanced(text, style, trial, width, lines), trial)
        trial *= _STEP


def _widest(text: str, style: Style) -> float:
    """The advance of the widest word, in thousandths of the size."""
    return max(lay(piece.rstrip(), style).advance for piece in _pieces(text))


def _balanced(text: str, style: Style, size: float, width: float, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The narrowest setting in the same number of lines that cuts no further word, found by halving."""
    widest = _widest(normal(text), style) * size / 1000
    narrow, wide = max(width / 2, widest * (1 + _SLACK) if widest <= width else 0), width
    for _ in range(5 if len(lines) > 1 else 0):
        middle = (narrow + wide) / 2
        trial = wrap(text, style, size, middle)
        if len(trial) <= len(lines):
            wide, lines = middle, trial
        else:
            narrow = middle
    return lines
