"""Painting elements: each becomes operators of the page, content in the structure tree or decoration.

Inside here places are points from the lower left corner of the page, as in PDF; `Sheet.box` turns an element's box into
them, mirrored where the document reads from right to left.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from certification.layouts import elements, ornaments, placeholders
from certification.layouts.colours import WHITE, Rgb, legible_on, mixed, resolved
from certification.layouts.facts import DocumentFacts
from certification.layouts.fitting import Block, block, fit_box, fitted_together
from core.errors import AppError
from core.i18n import N_
from core.i18n import gettext as _
from core.typesetting import Style, Typeface, Weight, fit
from core.typesetting.images import Image, image
from core.typesetting.pdfa import Document
from core.typesetting.qr import qr_operators
from core.typesetting.setting import operators

MM = 72 / 25.4
_WEIGHTS = {"light": Weight.LIGHT, "regular": Weight.REGULAR, "bold": Weight.BOLD}
_ALIGNS = {"start": 0.0, "centre": 0.5, "end": 1.0}
_VERTICAL = {"top": 0.0, "middle": 0.5, "bottom": 1.0}
_BELOW_RULE = 3.2 * MM
_BETWEEN_ROWS = 3.0 * MM


class MissingPicture(AppError):
    """The layout shows a picture that was not handed in; the officer chooses another."""

    code, status, message = "missing_picture", 409, N_("A picture of this layout is missing. Choose another one.")


class Box(NamedTuple):
    """Lower left corner, width and height in points."""

    x: float
    y: float
    width: float
    height: float

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(slots=True)
class Sheet:
    """A page being painted, and what its elements ask for: texts, colours, pictures, direction, typeface."""

    document: Document
    facts: DocumentFacts
    values: Mapping[str, Any]
    pictures: Mapping[UUID, bytes]
    is_mirrored: bool
    typeface: elements.Typeface

    def box(self, placed: elements.Placed) -> Box:
        """An element's place on the page."""
        width, height = self.document.size
        x = placed.x * MM
        if self.is_mirrored:
            x = width - x - placed.width * MM
        return Box(x, height - (placed.y + placed.height) * MM, placed.width * MM, placed.height * MM)

    def text(self, template: str) -> str:
        """A template with the facts in it, on one line."""
        return " ".join(placeholders.rendered(template, self.values).split())

    def rgb(self, name: str, strength: float = 1.0) -> Rgb:
        """A colour of the definition."""
        return resolved(name, self.facts.accent, strength)

    def style(self, weight: str, typeface: elements.Typeface | None, tracking: int = 0) -> Style:
        """How text of this document is set; without a typeface in that of the layout."""
        drawn = Typeface(typeface or self.typeface)
        return Style(_WEIGHTS[weight], self.facts.language, tracking, typeface=drawn)

    def share(self, align: str) -> float:
        """How much of the free width lies to the left of something aligned so."""
        share = _ALIGNS[align]
        return 1 - share if self.is_mirrored else share

    def image(self, wanted: UUID) -> Image:
        """A picture of the layout. Raises `MissingPicture`."""
        if wanted not in self.pictures:
            raise MissingPicture()
        return image(self.pictures[wanted])


def filled(paint: Rgb) -> str:
    """The operator that fills with a colour."""
    return f"{paint[0]:.3f} {paint[1]:.3f} {paint[2]:.3f} rg"


def stroked(paint: Rgb) -> str:
    """The operator that strokes with a colour."""
    return f"{paint[0]:.3f} {paint[1]:.3f} {paint[2]:.3f} RG"


def paint(sheet: Sheet, element: elements.Placed) -> None:
    """Paint an element of any kind. Raises `UnsettableText` and `MissingPicture`."""
    _PAINTERS[type(element)](sheet, element)


def _set(sheet: Sheet, made: Block, box: Box, top: float, share: float) -> str:
    """The operators of a block whose first line begins at `top`, with `share` of the free width on its left."""
    parts = []
    for line, baseline in zip(made.lines, made.baselines, strict=True):
        left, _bottom, right, _top = line.ink
        start, end = min(left, 0), max(right, line.advance)
        x = box.x + (box.width - (end - start) * made.size / 1000) * share - start * made.size / 1000
        parts.append(operators(sheet.document, line, x, top - baseline * made.size, made.size))
    return " ".join(parts)


def _write(sheet: Sheet, made: Block, box: Box, top: float, look: elements.Typography, words: str) -> None:
    tag = "H1" if look.role == "heading" else "P"
    ink = filled(sheet.rgb(look.colour))
    sheet.document.write(tag, f"{ink} {_set(sheet, made, box, top, sheet.share(look.align))}")  # type: ignore[arg-type]
    _lead(sheet, words, Box(box.x, top - made.height, box.width, made.height))


def _lead(sheet: Sheet, words: str, box: Box) -> None:
    """Make what was written last a link where it shows the address of verification."""
    address = sheet.facts.verify_url
    if address in words:
        sheet.document.link(address, box.edges, words)


def _fit(sheet: Sheet, words: str, look: elements.Typography, width: float, height: float | None) -> Block:
    style = sheet.style(look.weight, look.typeface, look.tracking)
    return fit_box(words, style, look.size, look.min_size, look.max_lines, look.leading, width, height)


def _paint_text(sheet: Sheet, text: elements.Text) -> None:
    words = sheet.text(text.text)
    if not words:
        return
    box = sheet.box(text)
    made = _fit(sheet, words, text, box.width, box.height)
    top = box.y + box.height - (box.height - made.height) * _VERTICAL[text.valign]
    _write(sheet, made, box, top, text, words)


def _paint_stack(sheet: Sheet, stack: elements.Stack) -> None:
    box = sheet.box(stack)
    shown = [(look, words) for look in stack.texts if (words := sheet.text(look.text))]
    blocks = [_fit(sheet, words, look, box.width, None) for look, words in shown]
    gaps = [look.above * MM if index else 0.0 for index, (look, _words) in enumerate(shown)]
    blocks, gaps = _shrunk(sheet, shown, blocks, gaps, box)
    needed = sum(made.height for made in blocks) + sum(gaps)
    top = box.y + box.height - (box.height - needed) * _VERTICAL[stack.valign]
    for (look, words), made, gap in zip(shown, blocks, gaps, strict=True):
        top -= gap
        _write(sheet, made, box, top, look, words)
        top -= made.height


def _shrunk(
    sheet: Sheet,
    shown: Sequence[tuple[elements.StackedText, str]],
    blocks: list[Block],
    gaps: list[float],
    box: Box,
) -> tuple[list[Block], list[float]]:
    """Blocks and gaps that are no higher together than the box: smaller, and broken anew once for the smaller size."""
    scale = fitted_together(blocks, gaps, box.height)
    if scale == 1:
        return blocks, gaps
    anew = []
    for look, words in shown:
        style = sheet.style(look.weight, look.typeface, look.tracking)
        size, least = look.size * scale, min(look.min_size, look.size * scale)
        anew.append(fit_box(words, style, size, least * scale, look.max_lines, look.leading, box.width))
    narrower = [gap * scale for gap in gaps]
    last = fitted_together(anew, narrower, box.height)
    return [made.scaled(last) for made in anew], [gap * last for gap in narrower]


def _paint_record(sheet: Sheet, record: elements.Record) -> None:
    box = sheet.box(record)
    entries = [(sheet.text(entry.label), value) for entry in record.entries if (value := sheet.text(entry.value))]
    if not entries:
        return
    rows = -(-len(entries) // record.columns)
    columns = -(-len(entries) // rows)
    if record.has_rule:
        _rule(sheet, "rule", 0.5, box, box.y + box.height)
    gutter = min(5 * MM, box.width / columns / 6) if columns > 1 else 0.0
    width = (box.width - gutter * (columns - 1)) / columns
    cells = [_fit_entry(sheet, record, label, value, width) for label, value in entries]
    above = min(_BELOW_RULE, box.height / 4) if record.has_rule else 0.0
    heights = [
        max(name.height + fact.height for name, fact in cells[start : start + columns])
        for start in range(0, len(cells), columns)
    ]
    scale = min(1.0, (box.height - above) / (sum(heights) + _BETWEEN_ROWS * (rows - 1)))
    top = box.y + box.height - above
    for row, height in enumerate(heights):
        for column, index in enumerate(range(row * columns, min((row + 1) * columns, len(cells)))):
            place = columns - 1 - column if sheet.is_mirrored else column
            cell = Box(box.x + place * (width + gutter), top - height * scale, width, height * scale)
            _paint_entry(sheet, record, entries[index], cells[index], cell, scale)
        top -= (height + _BETWEEN_ROWS) * scale


def _fit_entry(sheet: Sheet, record: elements.Record, label: str, value: str, width: float) -> tuple[Block, Block]:
    """A label on one line, and its value on one or two."""
    name = fit_box(label, sheet.style("regular", record.typeface), record.label_size, 3.0, 1, 1.35, width)
    least = record.value_size * 0.72
    return name, fit_box(value, sheet.style("bold", record.typeface), record.value_size, least, 2, 1.25, width)


def _paint_entry(
    sheet: Sheet, record: elements.Record, entry: tuple[str, str], cell: tuple[Block, Block], box: Box, scale: float
) -> None:
    name, fact = cell[0].scaled(scale), cell[1].scaled(scale)
    top, share = box.y + box.height, sheet.share(record.align)
    parts = [
        filled(sheet.rgb(record.label_colour)),
        _set(sheet, name, box, top, share),
        filled(sheet.rgb(record.value_colour)),
        _set(sheet, fact, box, top - name.height, share),
    ]
    sheet.document.write("P", " ".join(parts))
    _lead(sheet, entry[1], box)


def _paint_signature(sheet: Sheet, signature: elements.Signature) -> None:
    """Name and title at the bottom, a line over them, and the signature in the room that is left, touching the line."""
    box = sheet.box(signature)
    share = sheet.share(signature.align)
    texts = [
        (words, sheet.style(weight, signature.typeface), size, sheet.rgb(ink))
        for words, weight, size, ink in (
            (sheet.text(signature.name), "bold", signature.size, signature.colour),
            (sheet.text(signature.title), "regular", max(3.0, signature.size * 0.85), "quiet"),
        )
        if words
    ]
    blocks = [fit_box(words, style, size, size * 0.7, 2, 1.3, box.width) for words, style, size, _ink in texts]
    room = box.height * (0.6 if signature.picture else 0.94)
    scale = fitted_together(blocks, [1.5], room)
    blocks = [made.scaled(scale) for made in blocks]
    line = box.y + sum(made.height for made in blocks) + 1.5
    _rule(sheet, signature.line_colour, 0.6, box, line)
    if signature.picture:
        above = Box(box.x, line - 1.0, box.width, box.y + box.height - line + 1.0)
        alt = _("Signature of %(name)s") % {"name": texts[0][0]} if texts else _("Signature")
        _show_picture(sheet, sheet.image(signature.picture), above, "contain", share, 1.0, 1.0, alt)
    top = line - 1.5
    for (_words, _style, _size, ink), made in zip(texts, blocks, strict=True):
        sheet.document.write("P", f"{filled(ink)} {_set(sheet, made, box, top, share)}")
        top -= made.height


def _paint_picture(sheet: Sheet, picture: elements.Picture) -> None:
    shown = sheet.image(picture.picture)
    share, down = sheet.share(picture.align), _VERTICAL[picture.valign]
    _show_picture(sheet, shown, sheet.box(picture), picture.fit, share, down, picture.opacity, picture.alt)


def paint_background(sheet: Sheet, ground: str, picture: UUID | None) -> None:
    """Fill the page with a colour, if it is not white, and with a picture that covers it."""
    width, height = sheet.document.size
    paper = sheet.rgb(ground)
    if paper != WHITE:
        sheet.document.decorate(f"{filled(paper)} 0 0 {width:.2f} {height:.2f} re f")
    if picture:
        _show_picture(sheet, sheet.image(picture), Box(0, 0, width, height), "cover", 0.5, 0.5, 1.0, "")


def _show_picture(
    sheet: Sheet, shown: Image, box: Box, fit: str, share: float, down: float, opacity: float, alt: str
) -> None:
    """Draw a picture in a box: all of it, or as much as covers the box; `share` and `down` place what is left over."""
    ratios = box.width / shown.width, box.height / shown.height
    scale = min(ratios) if fit == "contain" else max(ratios)
    width, height = shown.width * scale, shown.height * scale
    x, y = box.x + (box.width - width) * share, box.y + (box.height - height) * (1 - down)
    parts = ["q"]
    if fit == "cover":
        parts.append(f"{box.x:.2f} {box.y:.2f} {box.width:.2f} {box.height:.2f} re W n")
    if opacity < 1:
        parts.append(sheet.document.opacity(opacity))
    parts.append(f"{width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm {sheet.document.picture(shown)} Q")
    drawn = " ".join(parts)
    if alt:
        sheet.document.show(drawn, alt, Box(x, y, width, height).edges if fit == "contain" else box.edges)
    else:
        sheet.document.decorate(drawn)


def _paint_seal(sheet: Sheet, seal: elements.Seal) -> None:
    box = sheet.box(seal)
    side = min(box.width, box.height)
    unit = side / 2 / ornaments.SEAL_RADIUS
    ground = sheet.rgb(seal.colour)
    on = legible_on(ground)
    edge = sheet.document.form(ornaments.seal_edge(seal.style))
    parts = [f"q {unit:.5f} 0 0 {unit:.5f} {box.x + box.width / 2:.3f} {box.y + box.height / 2:.3f} cm"]
    if seal.style == "engraved":
        parts += [stroked(mixed(WHITE, ground, 0.6)), f"0.3 w {edge}", filled(ground), ornaments.circle(0, 0, 26, "f")]
        parts += [stroked(on), "0.6 w", ornaments.circle(0, 0, 23.4)]
    elif seal.style == "serrated":
        parts += [filled(ground), ornaments.star(), stroked(on), f"0.5 w {edge}"]
    else:
        parts += [stroked(ground), f"0.7 w {edge}"]
        on = ground
    words = sheet.text(seal.text)
    if words:
        parts += [filled(on), _set_in_circle(sheet, words, seal)]
    sheet.document.show(" ".join(parts) + " Q", _("Seal of %(name)s") % {"name": sheet.facts.organization}, box.edges)


def _set_in_circle(sheet: Sheet, words: str, seal: elements.Seal) -> str:
    """A word or two in the middle of a seal, as wide as 0.7 of the diameter of its inner circle."""
    width = 33.0 if seal.style == "engraved" else 40.0
    style = sheet.style("bold", seal.typeface)
    made = block(fit(words, style, 21, 7, width, 2), 1.2, width)
    made = made.scaled(min(1.0, width * 0.9 / made.height))
    if len(made.lines) == 1:
        _left, bottom, _right, top = made.lines[0].ink
        middle = made.size * (bottom + top) / 2000  # What one sees of it stands in the very middle.
        return _set(sheet, made, Box(-width / 2, 0, width, 0), made.baselines[0] * made.size - middle, 0.5)
    return _set(sheet, made, Box(-width / 2, 0, width, 0), made.height / 2, 0.5)


def _paint_qr(sheet: Sheet, qr: elements.Qr) -> None:
    box = sheet.box(qr)
    side = min(box.width, box.height)
    x, y = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
    address = sheet.facts.verify_url
    white = f"1 g {x:.2f} {y:.2f} {side:.2f} {side:.2f} re f"
    words = _("QR code that leads to %(address)s") % {"address": address}
    edges = Box(x, y, side, side).edges
    sheet.document.show(f"{white} {qr_operators(address, x, y, side)}", words, edges)
    sheet.document.link(address, edges, words)


def _paint_frame(sheet: Sheet, frame: elements.Frame) -> None:
    sheet.document.decorate(" ".join(_frame(sheet, frame, sheet.box(frame))))


def _frame(sheet: Sheet, frame: elements.Frame, box: Box) -> Iterator[str]:
    paint = sheet.rgb(frame.colour, frame.tint)
    band = min(frame.band * MM, box.width / 4, box.height / 4)
    if frame.style == "guilloche":
        artwork = ornaments.guilloche(round(box.width, 2), round(box.height, 2), round(band, 2))
        drawn = sheet.document.form(artwork)
        yield f"q {stroked(mixed(WHITE, paint, 0.5))} 0.35 w 1 0 0 1 {box.x:.2f} {box.y:.2f} cm {drawn} Q"
    yield f"{stroked(paint)} {frame.thickness:g} w"
    if frame.style == "corners":
        yield _corners(box, band)
        return
    yield f"{box.x:.2f} {box.y:.2f} {box.width:.2f} {box.height:.2f} re S"
    if frame.style in ("guilloche", "double"):
        yield f"{frame.thickness * 0.36:.2f} w {box.x + band:.2f} {box.y + band:.2f}"
        yield f"{box.width - 2 * band:.2f} {box.height - 2 * band:.2f} re S"


def _corners(box: Box, reach: float) -> str:
    left, bottom, right, top = box.edges
    return " ".join(
        f"{x:.2f} {y + up * reach:.2f} m {x:.2f} {y:.2f} l {x + along * reach:.2f} {y:.2f} l S"
        for x, y, along, up in ((left, bottom, 1, 1), (right, bottom, -1, 1), (right, top, -1, -1), (left, top, 1, -1))
    )


def _rule(sheet: Sheet, name: str, thickness: float, box: Box, y: float) -> None:
    """A line across the box at height y."""
    ends = f"{box.x:.2f} {y:.2f} m {box.x + box.width:.2f} {y:.2f} l"
    sheet.document.decorate(f"{stroked(sheet.rgb(name))} {thickness:g} w {ends} S")


def _paint_line(sheet: Sheet, line: elements.Line) -> None:
    x, y, width, height = sheet.box(line)
    middle_x, middle_y = x + width / 2, y + height / 2
    if line.height > line.width:
        ends = f"{middle_x:.2f} {y:.2f} m {middle_x:.2f} {y + height:.2f} l"
    else:
        ends = f"{x:.2f} {middle_y:.2f} m {x + width:.2f} {middle_y:.2f} l"
    sheet.document.decorate(f"{stroked(sheet.rgb(line.colour, line.tint))} {line.thickness:g} w {ends} S")


def _paint_panel(sheet: Sheet, panel: elements.Panel) -> None:
    box = sheet.box(panel)
    ground = sheet.rgb(panel.colour, panel.tint)
    outline = ornaments.rounded(*box, panel.radius * MM)
    if panel.pattern == "none":
        sheet.document.decorate(f"{filled(ground)} {outline} f")
        return
    form = sheet.document.form(ornaments.PATTERNS[panel.pattern](round(box.width, 2), round(box.height, 2)))
    over = sheet.rgb(panel.pattern_colour) if panel.pattern_colour else legible_on(ground)
    strand = mixed(ground, over, panel.pattern_tint)
    flip = -1 if sheet.is_mirrored else 1
    origin = box.x + box.width if sheet.is_mirrored else box.x
    sheet.document.decorate(
        f"q {outline} W n {filled(ground)} {box.x:.2f} {box.y:.2f} {box.width:.2f} {box.height:.2f} re f "
        f"{stroked(strand)} 0.4 w {flip} 0 0 1 {origin:.2f} {box.y:.2f} cm {form} Q"
    )


_PAINTERS: dict[type, Callable[[Sheet, Any], None]] = {
    elements.Text: _paint_text,
    elements.Stack: _paint_stack,
    elements.Record: _paint_record,
    elements.Picture: _paint_picture,
    elements.Signature: _paint_signature,
    elements.Seal: _paint_seal,
    elements.Qr: _paint_qr,
    elements.Frame: _paint_frame,
    elements.Line: _paint_line,
    elements.Panel: _paint_panel,
}
