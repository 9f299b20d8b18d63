"""Measuring, drawing, wrapping and fitting of text; all sizes and places are PDF points, y is the baseline."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from core.typesetting.faces import Face
from core.typesetting.scripts import clusters
from core.typesetting.shaping import Glyph, Line, Run, Style, is_right_to_left, lay, normal

_NEVER_FIRST = frozenset("、。，．：；？！）」』】〕〉》’”・ー…‥々ゝゞァィゥェォッャュョぁぃぅぇぉっゃゅょ")
_NEVER_LAST = frozenset("（「『【〔〈《‘“")
_STEP = 0.94  # by which a size shrinks from one trial to the next
_SLACK = 1e-6  # of a width: what rounding may take from a word that just fits


class Align(Enum):
    """Where x lies on the line: at its start on the left, its middle or its end on the right."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True)
class Fitted:
    """Lines that fit their width at `size`."""

    lines: tuple[Line, ...]
    size: float


def measure(text: str | Line, style: Style, size: float) -> float:
    """Width of `text` on one line in points. Raises `UnsettableText`."""
    line = lay(text, style) if isinstance(text, str) else text
    return line.advance * size / 1000


def draw(
    canvas: Canvas, text: str | Line, x: float, y: float, style: Style, size: float, align: Align = Align.LEFT
) -> None:
    """Draw one line on the baseline `y`, in the canvas' fill colour.

    A line whose glyphs do not read as its text carries it as /ActualText (ISO 32000-2, 14.9.4), so that searching,
    copying and reading aloud work in every script. Raises `UnsettableText` before anything is drawn.
    """
    line = lay(text, style) if isinstance(text, str) else text
    canvas.addLiteral(operators(canvas._doc, line, x - line.advance * size / 1000 * align.value, y, size))


def operators(document: Any, line: Line, x: float, y: float, size: float) -> str:
    """The operators that show `line` from x on the baseline y, in the fill colour that holds there.

    `document` is what collects the fonts that they use: a reportlab document, or a `pdfa.Document`.
    """
    shown = []
    for run in line.runs:
        shown.append(_shown(document, run, x, y, size))
        x += run.advance * size / 1000
    return " ".join(shown)


def _shown(document: Any, run: Run, x: float, y: float, size: float) -> str:
    """Operators that show a run.

    From left to right, glyphs that do not read as the text carry all of it. From right to left that fails: readers
    (PDFium, Poppler) turn glyphs around, and /ActualText with them or not, as they please. So there each letter is
    one glyph that says the whole letter, and its other parts, such as the dots, are drawn as plain outlines.
    """
    if run.is_rtl and not run.is_plain:
        return _shown_in_parts(document, run, x, y, size)
    shown = f"BT {size:.3f} 0 0 {size:.3f} {x:.3f} {y:.3f} Tm {_show(document, run.face, run.glyphs)} ET"
    if run.is_plain:
        return shown
    return f"/Span <</ActualText <FEFF{run.text.encode('utf-16-be').hex()}>>> BDC {shown} EMC"


def _shown_in_parts(document: Any, run: Run, x: float, y: float, size: float) -> str:
    pen = lead = 0.0
    letters: list[Glyph] = []
    parts = []
    for glyph in run.glyphs:
        if glyph.text:
            letters.append(glyph)
        else:
            outline = run.face.outline(glyph.code)
            parts.append(f"q 1 0 0 1 {pen + glyph.x:.5g} {glyph.y:.5g} cm {outline} f Q" if outline else "")
            if letters:
                letters[-1] = replace(letters[-1], advance=letters[-1].advance + glyph.advance)
            else:
                lead += glyph.advance
        pen += glyph.advance
    unit = size / 1000
    drawn = f"q {unit:.6f} 0 0 {unit:.6f} {x:.3f} {y:.3f} cm {' '.join(parts)} Q"
    start = x + lead * unit
    return f"{drawn} BT {size:.3f} 0 0 {size:.3f} {start:.3f} {y:.3f} Tm {_show(document, run.face, letters)} ET"


def _show(document: Any, face: Face, shown_glyphs: Sequence[Glyph]) -> str:
    """Show glyphs at the pen; reportlab hands out the subset's codes and remembers what to embed."""
    font = face.font
    glyphs = iter(shown_glyphs)
    parts: list[str] = []
    rise = 0.0
    for subset, codes in font.splitString("".join(chr(glyph.code) for glyph in shown_glyphs), document):
        parts.append(f"{font.getSubsetInternalName(subset, document)} 1 Tf")
        shown: list[str] = []
        letters, pending = "", 0.0
        for code in codes:
            glyph = next(glyphs)
            if glyph.y != rise:
                shown, letters, pending = _flush(parts, shown, letters, pending)
                rise = glyph.y
                parts.append(f"{rise / 1000:.5g} Ts")
            pending -= glyph.x
            if abs(pending) > 0.05:
                shown += [f"<{letters}>", f"{pending:.5g}"] if letters else [f"{pending:.5g}"]
                letters, pending = "", 0.0
            letters += f"{code:02x}"
            pending = glyph.x + face.width(glyph.code) - glyph.advance
        _flush(parts, shown, letters, pending)
    if rise:
        parts.append("0 Ts")
    return " ".join(parts)


def _flush(parts: list[str], shown: list[str], letters: str, pending: float) -> tuple[list[str], str, float]:
    if letters:
        shown.append(f"<{letters}>")
    if abs(pending) > 0.05:
        shown.append(f"{pending:.5g}")
    if shown:
        parts.append(f"{shown[0]} Tj" if len(shown) == 1 and letters else f"[{''.join(shown)}] TJ")
    return [], "", 0.0


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
