"""Text on reportlab's canvas: laid lines, each glyph where HarfBuzz put it; y is the baseline, all in PDF points."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from core.typesetting.faces import Face
from core.typesetting.shaping import Glyph, Line, Run, Style, lay


class Align(Enum):
    """Where x lies on the line: at its start on the left, its middle or its end on the right."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


def draw(
    canvas: Canvas, text: str | Line, x: float, y: float, style: Style, size: float, align: Align = Align.LEFT
) -> None:
    """Draw one line on the baseline `y`, in the canvas' fill colour.

    A line whose glyphs do not read as its text carries it as /ActualText (ISO 32000-2, 14.9.4), so that searching,
    copying and reading aloud work in every script. Raises `UnsettableText` before anything is drawn.
    """
    line = lay(text, style) if isinstance(text, str) else text
    draw_line(canvas, line, x - line.advance * size / 1000 * align.value, y, size)


def draw_line(canvas: Canvas, line: Line, x: float, y: float, size: float) -> None:
    """Draw a laid line from x on the baseline y, in the canvas' fill colour."""
    for run in line.runs:
        _draw_run(canvas, run, x, y, size)
        x += run.advance * size / 1000


def _draw_run(canvas: Canvas, run: Run, x: float, y: float, size: float) -> None:
    """Draw a run.

    From left to right, glyphs that do not read as the text carry all of it. From right to left that fails: readers
    (PDFium, Poppler) turn glyphs around, and /ActualText with them or not, as they please. So there each letter is
    one glyph that says the whole letter, and its other parts, such as the dots, are drawn as plain outlines.
    """
    if run.is_plain:
        _show(canvas, run.face, run.glyphs, x, y, size)
    elif run.is_rtl:
        letters, lead = _draw_parts(canvas, run, x, y, size / 1000)
        _show(canvas, run.face, letters, x + lead * size / 1000, y, size)
    else:
        canvas.addLiteral(f"/Span <</ActualText <FEFF{run.text.encode('utf-16-be').hex()}>>> BDC")
        _show(canvas, run.face, run.glyphs, x, y, size)
        canvas.addLiteral("EMC")


def _draw_parts(canvas: Canvas, run: Run, x: float, y: float, unit: float) -> tuple[list[Glyph], float]:
    """Fill the outlines of mere parts of letters; returns the letters, as wide as they are with their parts, and by how
    much the first part goes before them."""
    pen = lead = 0.0
    letters: list[Glyph] = []
    for glyph in run.glyphs:
        if glyph.text:
            letters.append(glyph)
        else:
            outline = run.face.outline(glyph.code)
            if outline:
                canvas.saveState()
                canvas.transform(unit, 0, 0, unit, x + (pen + glyph.x) * unit, y + glyph.y * unit)
                canvas.drawPath(outline, stroke=0, fill=1, fillMode=FILL_NON_ZERO)
                canvas.restoreState()
            if letters:
                letters[-1] = replace(letters[-1], advance=letters[-1].advance + glyph.advance)
            else:
                lead += glyph.advance
        pen += glyph.advance
    return letters, lead


def _show(canvas: Canvas, face: Face, glyphs: Sequence[Glyph], x: float, y: float, size: float) -> None:
    text = _Glyphs(canvas, x, y)
    text.show(face, glyphs, size)
    canvas.drawText(text)


class _Glyphs(PDFTextObject):  # type: ignore[misc]  # reportlab has no types
    """A text object that shows shaped glyphs."""

    def show(self, face: Face, shown_glyphs: Sequence[Glyph], size: float) -> None:
        """Show glyphs at the pen; the font hands out the subset's codes and remembers what to embed."""
        font, document = face.font, self._doc
        glyphs = iter(shown_glyphs)
        rise = 0.0
        for subset, codes in font.splitString("".join(chr(glyph.code) for glyph in shown_glyphs), document):
            self._code.append(f"{font.getSubsetInternalName(subset, document)} {size:.3f} Tf")
            shown: list[str] = []
            start, pending = 0, 0.0
            for index in range(len(codes)):
                glyph = next(glyphs)
                if glyph.y != rise:
                    self._flush(shown, codes[start:index], pending)
                    shown, start, pending, rise = [], index, 0.0, glyph.y
                    self.setRise(rise * size / 1000)
                pending -= glyph.x
                if abs(pending) > 0.05:
                    if index > start:
                        shown.append(f"<{codes[start:index].hex()}>")
                    shown.append(f"{pending:.5g}")
                    start = index
                pending = glyph.x + face.width(glyph.code) - glyph.advance
            self._flush(shown, codes[start:], pending)
        if rise:
            self.setRise(0)

    def _flush(self, shown: list[str], letters: bytes, pending: float) -> None:
        if letters:
            shown.append(f"<{letters.hex()}>")
        if abs(pending) > 0.05:
            shown.append(f"{pending:.5g}")
        if shown:
            self._code.append(f"{shown[0]} Tj" if len(shown) == 1 and letters else f"[{''.join(shown)}] TJ")
