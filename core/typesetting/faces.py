"""The loaded fonts of this process: each is read when a text first needs it, and then kept."""

import zlib
from functools import cache, lru_cache
from threading import RLock
from typing import Any

import uharfbuzz
from fontTools.pens.basePen import BasePen
from reportlab.pdfbase.pdfdoc import PDFArray, PDFObjectReference
from reportlab.pdfbase.ttfonts import FF_NONSYMBOLIC, FF_SYMBOLIC, SUBSETN, TTFont, makeToUnicodeCMap
from reportlab.pdfgen.pathobject import PDFPathObject

from core.fonts import FAMILIES, LATIN, Family, Weight, ensure, fonts_folder
from core.typesetting.objects import Dictionary, encoded, name, settled

_OWN_CODES = 0xF0000  # Private use to the end of Unicode; no font here has such characters.
_NOTHING = "\u200b"  # What a mere part of a letter says to readers that do not know /ActualText.
_lock = RLock()


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """A font whose glyphs say in the PDF what they stand for, where reportlab knows only its own codes."""

    def __init__(self, name: str, path: str, is_latin: bool) -> None:
        """Load the font. A Latin one embeds all of ASCII each time, so that most documents share a subset."""
        super().__init__(name, path, asciiReadable=is_latin)
        self.meanings: dict[int, str] = {}
        self._subset_of = lru_cache(maxsize=48)(self._made)
        self._described_of = lru_cache(maxsize=48)(self._described)

    def addObjects(self, doc: Any) -> None:  # noqa: N802
        """Add the subsets to the document, each with a /ToUnicode of our own (ISO 32000-2, 9.10.3)."""
        state = self.state.pop(doc)
        fonts = doc.idToObject["BasicFonts"]
        for number, codes in enumerate(state.subsets):
            fonts[f"{state.internalName}+{number}"] = self._font_of(doc, number, tuple(codes))

    def _font_of(self, doc: Any, number: int, codes: tuple[int, ...]) -> PDFObjectReference:
        """A subset as a simple symbolic font, which needs no /Encoding (ISO 19005-3, 6.2.11.6)."""
        content, compressed = self._subset_of(codes)
        descriptor, font, mapping = self._described_of(number, codes)
        file = encoded(compressed, "FlateDecode", {"Length1": len(content)})
        described = doc.Reference(Dictionary(descriptor | {"FontFile2": file}))
        read = encoded(mapping, "FlateDecode", {})
        return doc.Reference(Dictionary(font | {"FontDescriptor": described, "ToUnicode": read}))

    def _described(self, number: int, codes: tuple[int, ...]) -> tuple[dict[str, bytes], dict[str, bytes], bytes]:
        """What stands in the font descriptor and in the font of a subset but references, and its compressed CMap."""
        face = self.face
        label = b"".join((SUBSETN(number), b"+", face.name, face.subfontNameX))
        descriptor = {
            "Type": name("FontDescriptor"),
            "FontName": b"/" + label,
            "Flags": face.flags & ~FF_NONSYMBOLIC | FF_SYMBOLIC,
            "FontBBox": PDFArray(face.bbox),
            "ItalicAngle": face.italicAngle,
            "Ascent": face.ascent,
            "Descent": face.descent,
            "CapHeight": face.capHeight,
            "StemV": face.stemV,
            "MissingWidth": face.defaultWidth,
        }
        font = {
            "Type": name("Font"),
            "Subtype": name("TrueType"),
            "BaseFont": b"/" + label,
            "FirstChar": 0,
            "LastChar": len(codes) - 1,
            "Widths": PDFArray([face.getCharWidth(code) for code in codes]),
        }
        content = _meaningful(makeToUnicodeCMap(label.decode("ascii"), list(codes)), codes, self.meanings)
        return _settled(descriptor), _settled(font), zlib.compress(content.encode("ascii"))

    def _made(self, codes: tuple[int, ...]) -> tuple[bytes, bytes]:
        """The font file of a subset, plain and compressed: together half of the time that a page takes."""
        with _lock:  # reportlab reads a font file from a place that it keeps in the font.
            content = self.face.makeSubset(list(codes))
        return content, zlib.compress(content)


def _settled(entries: dict[str, Any]) -> dict[str, bytes]:
    return {key: settled(value) for key, value in entries.items()}


def _meaningful(content: str, codes: tuple[int, ...], meanings: dict[int, str]) -> str:
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
    """Traces an outline as a path of reportlab's; the base class turns quadratic curves into cubic ones."""

    def __init__(self, scale: float) -> None:
        super().__init__(None)
        self.path = PDFPathObject()
        self._scale = scale

    def _scaled(self, *points: tuple[float, float]) -> list[float]:
        return [round(number * self._scale, 2) for point in points for number in point]

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.path.moveTo(*self._scaled(pt))

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.path.lineTo(*self._scaled(pt))

    def _curveToOne(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self.path.curveTo(*self._scaled(*points))

    def _closePath(self) -> None:  # noqa: N802
        self.path.close()


class Face:
    """One static font, for measuring and shaping (HarfBuzz) and for embedding (reportlab).

    reportlab embeds characters, not glyphs. A glyph that stands for anything but the one character that leads to it
    (a ligature, a joined or mirrored form, a part of a letter) is therefore given a code of its own for each text it
    stands for. These codes never get into a document, so equal documents have equal bytes in every process.
    """

    def __init__(self, family: Family, weight: Weight) -> None:
        path = ensured_folder() / family.filename(weight)
        self.name = path.stem
        self.font: Any = _Font(self.name, str(path), is_latin=family in LATIN.values())
        table = self.font.face
        self.shaper: Any = uharfbuzz.Font(self.font.hbFace)
        self.per_mille = 1000 / table.unitsPerEm
        self.cap_height: float = table.capHeight
        self._characters: dict[int, int] = table.charToGlyph
        self._widths: dict[int, float] = table.charWidths
        self._codes: dict[tuple[int, str], int] = {}
        self._outlines: dict[int, PDFPathObject | None] = {}
        self._extents: dict[int, tuple[float, float, float, float]] = {}

    def knows(self, character: str) -> bool:
        """Whether the font has a glyph for `character`."""
        return ord(character) < _OWN_CODES and ord(character) in self._characters

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

    def outline(self, code: int) -> PDFPathObject | None:
        """The outline of the glyph of `code`, in thousandths of the font size; None where there is nothing to see."""
        with _lock:
            if code not in self._outlines:
                pen = _Outline(self.per_mille)
                self.shaper.draw_glyph_with_pen(self._characters[code], pen)
                self._outlines[code] = pen.path if pen.path.getCode() else None
            return self._outlines[code]

    def extents(self, code: int) -> tuple[float, float, float, float]:
        """What the glyph of `code` covers, in thousandths of the size: left, bottom, right, top from its origin."""
        known = self._extents.get(code)
        if known is None:
            with _lock:
                box = self.shaper.get_glyph_extents(self._characters[code])
            left, top = box.x_bearing * self.per_mille, box.y_bearing * self.per_mille
            known = (left, top + box.height * self.per_mille, left + box.width * self.per_mille, top)
            self._extents[code] = known
        return known

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


FAMILY = {family.name.removeprefix("Noto Sans "): family for family in FAMILIES if family not in LATIN.values()}
"""Families by script: `Arabic`, `JP` and so on; Latin with Greek and Cyrillic has one for each typeface."""
