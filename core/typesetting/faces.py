"""The loaded fonts of this process: each is read when a text first needs it, and then kept."""

from functools import cache
from threading import RLock
from typing import Any

import uharfbuzz
from fontTools.pens.basePen import BasePen
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont

from core.fonts import FAMILIES, Family, Weight, ensure, fonts_folder

_OWN_CODES = 0xF0000  # Private use to the end of Unicode; no font here has such characters.
_NOTHING = "\u200b"  # What a mere part of a letter says to readers that do not know /ActualText.
_lock = RLock()


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """A font whose glyphs say in the PDF what they stand for, where reportlab knows only its own codes."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path, asciiReadable=False)
        self.meanings: dict[int, str] = {}

    def addObjects(self, doc: Any) -> None:  # noqa: N802
        """Add the subsets to the document, each with a /ToUnicode of our own (ISO 32000-2, 9.10.3)."""
        subsets = self.state[doc].subsets
        super().addObjects(doc)
        for number, codes in enumerate(subsets):
            if max(codes) >= _OWN_CODES:
                name = b"".join((SUBSETN(number), b"+", self.face.name, self.face.subfontNameX)).decode("ascii")
                stream = doc.idToObject["toUnicodeCMap:" + name]
                stream.content = _meaningful(stream.content, codes, self.meanings)


def _meaningful(content: str, codes: list[int], meanings: dict[int, str]) -> str:
    """Rewrite the mappings of a CMap, in blocks of at most 100 (Adobe Technical Note 5014)."""
    head, _, tail = content.partition(f"{len(codes)} beginbfchar\n")
    rows = [
        f"<{index:02X}> <{(meanings.get(code, chr(code)) or _NOTHING).encode('utf-16-be').hex().upper()}>"
        for index, code in enumerate(codes)
    ]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    mapped = "\nendbfchar\n".join("\n".join([f"{len(block)} beginbfchar", *block]) for block in blocks)
    return f"{head}{mapped}{tail[tail.index(chr(10) + 'endbfchar') :]}"


class _Outline(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Collects an outline as PDF path operators; the base class turns quadratic curves into cubic ones."""

    def __init__(self, scale: float) -> None:
        super().__init__(None)
        self.operators: list[str] = []
        self._scale = scale

    def _add(self, operator: str, *points: tuple[float, float]) -> None:
        numbers = " ".join(f"{x * self._scale:.5g} {y * self._scale:.5g}" for x, y in points)
        self.operators.append(f"{numbers} {operator}")

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add("m", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add("l", pt)

    def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._add("c", *points)

    def _closePath(self) -> None:  # noqa: N802
        self.operators.append("h")


class Face:
    """One static font, for measuring and shaping (HarfBuzz) and for embedding (reportlab).

    reportlab embeds characters, not glyphs. A glyph that stands for anything but the one character that leads to it
    (a ligature, a joined or mirrored form, a part of a letter) is therefore given a code of its own for each text it
    stands for. These codes never get into a document, so equal documents have equal bytes in every process.
    """

    def __init__(self, family: Family, weight: Weight) -> None:
        path = ensured_folder() / family.filename(weight)
        self.name = path.stem
        self.font: Any = _Font(self.name, str(path))
        table = self.font.face
        self.shaper: Any = uharfbuzz.Font(self.font.hbFace)
        self.per_mille = 1000 / table.unitsPerEm
        self.cap_height: float = table.capHeight
        self.settable = frozenset(table.charToGlyph)
        self._characters: dict[int, int] = table.charToGlyph
        self._widths: dict[int, float] = table.charWidths
        self._codes: dict[tuple[int, str], int] = {}
        self._outlines: dict[int, str] = {}

    def code(self, glyph: int, text: str) -> int:
        """The code under which reportlab embeds `glyph` where it stands for `text`, which is empty for a mere part."""
        if len(text) == 1 and self._characters.get(ord(text)) == glyph:
            return ord(text)
        known = self._codes.get((glyph, text))
        return self._new_code(glyph, text) if known is None else known

    def _new_code(self, glyph: int, text: str) -> int:
        with _lock:
            code = self._codes.setdefault((glyph, text), _OWN_CODES + len(self._codes))
            self.font.meanings[code] = text
            self._widths[code] = self.font.face.hmetrics[glyph][0] * self.per_mille
            self._characters[code] = glyph
            return code

    def outline(self, code: int) -> str:
        """The outline of the glyph of `code` as path operators, in thousandths of the font size."""
        with _lock:
            if code not in self._outlines:
                pen = _Outline(self.per_mille)
                self.shaper.draw_glyph_with_pen(self._characters[code], pen)
                self._outlines[code] = " ".join(pen.operators)
            return self._outlines[code]

    def width(self, code: int) -> float:
        """Advance width of the glyph of character `code`, in thousandths of the font size."""
        return self._widths[code]


@cache
def _face(family: Family, weight: Weight) -> Face:
    return Face(family, weight)


def face(family: Family, weight: Weight) -> Face:
    """The font of `family` in `weight`, or in regular where the family has no such weight."""
    with _lock:  # Rendering happens in threads; a large font must not be read twice.
        return _face(family, weight if weight in family.weights else Weight.REGULAR)


@cache
def ensured_folder() -> Any:
    """The folder of static fonts, completed if a killed set-up left it short."""
    return ensure(fonts_folder())


FAMILY = {family.name.removeprefix("Noto Sans").strip() or "Latin": family for family in FAMILIES}
"""Families by script: `Latin` (with Greek and Cyrillic), `Arabic`, `JP` and so on."""
