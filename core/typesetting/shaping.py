"""One line of text as positioned glyphs: split by direction and font, shaped by HarfBuzz, put in visual order."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import uharfbuzz
from bidi import algorithm

from core.errors import AppError
from core.fonts import LATIN, Family, Typeface, Weight
from core.text import names_of
from core.typesetting.faces import Face, face
from core.typesetting.scripts import assign, clusters

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")
_DIRECTION_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # They would reorder what a reader compares.
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_DIRECTIONS = {"L": "L", "R": "R", "AL": "R", "EN": "R", "AN": "R"}
_SPACES = re.compile(r"\s+")


class UnsettableText(AppError):
    """No installed font has these characters; an officer corrects the text. Nothing was drawn."""

    code, status = "unsettable_text", 422

    def __init__(self, characters: str) -> None:
        named = names_of(characters[:12])
        super().__init__(f"No font can set {named}. Write the text without it.", characters=characters)
        self.characters = characters


@dataclass(frozen=True)
class Style:
    """How text looks: weight, the language that chooses between Han shapes, and tracking in thousandths of the size.

    `rtl` fixes the direction of the paragraph; None takes it from the first letter (UAX #9, rules P2 and P3).
    Tracking is for short Latin, Greek and Cyrillic labels; where letters join, it is not applied. The typeface is
    that of Latin, Greek and Cyrillic too; letters of other scripts look the same in each.
    """

    weight: Weight = Weight.REGULAR
    language: str | None = None
    tracking: int = 0
    rtl: bool | None = None
    typeface: Typeface = Typeface.SANS


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character to embed, and in thousandths of the font size: its place before the pen, its rise, its advance.

    `text` is what the glyph stands for; a glyph that is only a part of a letter stands for nothing by itself.
    """

    code: int
    x: float
    y: float
    advance: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font and direction in visual order, the text they stand for, and whether they read as it."""

    face: Face
    glyphs: tuple[Glyph, ...]
    text: str
    advance: float
    is_rtl: bool
    is_plain: bool


@dataclass(frozen=True)
class Line:
    """A laid line: its text in logical order, its runs from left to right, and its width in thousandths of the size."""

    text: str
    runs: tuple[Run, ...]
    advance: float

    @cached_property
    def ink(self) -> tuple[float, float, float, float]:
        """What the glyphs cover, in thousandths of the size: left, bottom, right and top from the line's start."""
        left = bottom = right = top = pen = 0.0
        for run in self.runs:
            extents = run.face.extents
            for glyph in run.glyphs:
                box = extents(glyph.code)
                x = pen + glyph.x
                left, right = min(left, x + box[0]), max(right, x + box[2])
                bottom, top = min(bottom, glyph.y + box[1]), max(top, glyph.y + box[3])
                pen += glyph.advance
        return left, bottom, right, top


def normal(text: str) -> str:
    """`text` in Unicode form NFC, with single spaces and without characters that steer direction."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _DIRECTION_CONTROLS.sub("", text))).strip()


def is_right_to_left(text: str) -> bool:
    """Whether the first letter of `text` belongs to a script written from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text)) and algorithm.get_base_level(text) == 1


@lru_cache(maxsize=1024)
def lay(text: str, style: Style) -> Line:
    """Shape one line, independent of size. Raises `UnsettableText` with every character that no font can set."""
    text = normal(text)
    families, unknown = assign(text, style.weight, style.language, style.typeface)
    if unknown:
        raise UnsettableText("".join(sorted(unknown)))
    levels = _levels(text, style.rtl)
    runs: list[tuple[int, Run]] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or families[end] is not families[start] or levels[end] != levels[start]:
            level = levels[start]
            runs.append((level, _shape(text[start:end], families[start], level % 2 == 1, style, unknown)))
            start = end
    if unknown:
        raise UnsettableText("".join(sorted(unknown)))
    ordered = tuple(_visual(runs))
    return Line(text, ordered, sum(run.advance for run in ordered))


def _levels(text: str, rtl: bool | None) -> list[int]:
    """The embedding level of each character (UAX #9); odd levels run from right to left."""
    if not rtl and not _RIGHT_TO_LEFT.search(text):
        return [0] * len(text)
    storage = algorithm.get_empty_storage()
    base = algorithm.get_base_level(text) if rtl is None else int(rtl)
    storage["base_level"], storage["base_dir"] = base, ("L", "R")[base]
    algorithm.get_embedding_levels(text, storage)
    for character in storage["chars"]:  # Characters younger than this Python's Unicode have no type yet.
        character["type"] = character["type"] or ("R" if _RIGHT_TO_LEFT.match(character["ch"]) else "L")
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    _pair_brackets(storage["chars"], base)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    resolved = iter(storage["chars"])
    levels: list[int] = []
    for character in text:  # Joiners and the like have no direction (UAX #9, X9): they go with what is before them.
        if unicodedata.bidirectional(character) in algorithm.X9_REMOVED:
            levels.append(levels[-1] if levels else base)
        else:
            levels.append(next(resolved)["level"])
    return levels


def _pair_brackets(characters: Sequence[dict[str, Any]], base: int) -> None:
    """Give both brackets of a pair the direction of what they hold (UAX #9, rule N0), which python-bidi leaves out."""
    along, against = ("R", "L") if base else ("L", "R")
    directions = [_DIRECTIONS.get(character["type"], "") for character in characters]
    for start, end in sorted(_bracket_pairs(characters)):
        inside = directions[start + 1 : end]
        if along in inside:
            direction = along
        elif against in inside:
            direction = next((before for before in reversed(directions[:start]) if before), along)
        else:
            continue
        for index in (start, end):
            characters[index]["type"] = directions[index] = direction


def _bracket_pairs(characters: Sequence[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    opened: list[tuple[str, int]] = []
    for index, character in enumerate(characters):
        if character["ch"] in _BRACKETS:
            opened.append((_BRACKETS[character["ch"]], index))
        elif character["ch"] in [closing for closing, _ in opened]:
            closing, start = opened.pop()
            while closing != character["ch"]:
                closing, start = opened.pop()
            yield start, index


def _visual(runs: list[tuple[int, Run]]) -> list[Run]:
    """Order runs from left to right: reverse every sequence at or above each level, highest first (UAX #9, L2)."""
    ordered = list(runs)
    for level in range(max((level for level, _ in runs), default=0), 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end][0] >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = max(end, start + 1)
    return [run for _, run in ordered]


def _shape(text: str, family: Family, is_rtl: bool, style: Style, unknown: set[str]) -> Run:
    font = face(family, style.weight)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.direction = "rtl" if is_rtl else "ltr"
    if style.language:
        buffer.language = style.language
    buffer.guess_segment_properties()
    tracking = style.tracking if family in LATIN.values() else 0
    uharfbuzz.shape(font.shaper, buffer, {"liga": False, "dlig": False} if tracking else {})
    infos = buffer.glyph_infos
    meanings = _meanings(text, [info.cluster for info in infos], is_rtl)
    glyphs: list[Glyph] = []
    for info, position, meaning in zip(infos, buffer.glyph_positions, meanings, strict=True):
        if info.codepoint == 0:
            unknown |= _cluster_at(text, info.cluster)
        advance = position.x_advance * font.per_mille
        advance += tracking if advance else 0
        code = font.code(info.codepoint, meaning)
        x, y = position.x_offset * font.per_mille, position.y_offset * font.per_mille
        glyphs.append(Glyph(code, x, y, advance, meaning))
    is_plain = all(glyph.text for glyph in glyphs)
    return Run(font, tuple(glyphs), text, sum(glyph.advance for glyph in glyphs), is_rtl, is_plain)


def _meanings(text: str, starts: list[int], is_rtl: bool) -> list[str]:
    """What each glyph stands for, from the index at which its letter starts.

    The base glyph, which comes first in reading order, stands for the whole letter and its marks for nothing. From
    right to left the letter's characters are turned around like the glyphs are: PDFium and Poppler turn both back.
    """
    ends = dict(pairwise([*sorted(set(starts)), len(text)]))
    bases = {}
    for index, start in enumerate(starts):
        if is_rtl or start not in bases:
            bases[start] = index
    meanings = [""] * len(starts)
    for start, index in bases.items():
        meanings[index] = text[start : ends[start]][:: -1 if is_rtl else 1]
    return meanings


def _cluster_at(text: str, index: int) -> set[str]:
    return next(set(text[start:end]) for start, end in clusters(text) if start <= index < end)
