"""Painting what is seen rather than read: grounds, pictures, seals, QR codes, frames, lines and panels."""

from uuid import UUID

from certification.layouts import elements, ornaments
from certification.layouts.colours import WHITE, legible_on, mixed
from certification.layouts.fitting import block
from certification.layouts.sheet import MM, VERTICAL, Box, Sheet
from core.i18n import gettext as _
from core.typesetting import draw_qr, fit
from core.typesetting.canvas import ArchivalCanvas, Link
from core.typesetting.images import Image


def paint_background(sheet: Sheet, ground: str, picture: UUID | None) -> None:
    """Fill the page with a colour, if it is not white, and with a picture that covers it."""
    canvas, page = sheet.canvas, Box(0, 0, *sheet.canvas.size)
    paper = sheet.rgb(ground)
    if paper != WHITE:
        with canvas.decoration():
            canvas.setFillColorRGB(*paper)
            canvas.rect(*page, stroke=0, fill=1)
    if picture:
        with canvas.decoration():
            _draw_picture(canvas, sheet.image(picture), page, _filling(page, sheet.image(picture), "cover", 0.5, 0.5))


def paint_picture(sheet: Sheet, picture: elements.Picture) -> None:
    """Paint a picture where its box has room for it, or all over its box."""
    shown, box = sheet.image(picture.picture), sheet.box(picture)
    place = _filling(box, shown, picture.fit, sheet.share(picture.align), VERTICAL[picture.valign])
    show_picture(sheet, shown, place if picture.fit == "contain" else box, place, picture.opacity, picture.alt)


def paint_signature_picture(sheet: Sheet, wanted: UUID, box: Box, share: float, alt: str) -> None:
    """Paint a signature on the bottom of a box."""
    shown = sheet.image(wanted)
    place = _filling(box, shown, "contain", share, 1.0)
    show_picture(sheet, shown, place, place, 1.0, alt)


def show_picture(sheet: Sheet, shown: Image, seen: Box, place: Box, opacity: float, alt: str) -> None:
    """Draw as much of a picture at `place` as lies in `seen`; without words for it, it is decoration."""
    with sheet.canvas.figure(alt, seen.edges) if alt else sheet.canvas.decoration():
        _draw_picture(sheet.canvas, shown, seen, place, opacity)


def _draw_picture(canvas: ArchivalCanvas, shown: Image, seen: Box, place: Box, opacity: float = 1.0) -> None:
    canvas.saveState()
    if seen != place:
        path = canvas.beginPath()
        path.rect(*seen)
        canvas.clipPath(path, stroke=0, fill=0)
    if opacity < 1:
        canvas.setFillAlpha(opacity)
    canvas.picture(shown, *place)
    canvas.restoreState()


def _filling(box: Box, shown: Image, fit: str, share: float, down: float) -> Box:
    """Where a picture goes: all of it in the box, or as much as covers it; `share` and `down` place what is left."""
    ratios = box.width / shown.width, box.height / shown.height
    scale = min(ratios) if fit == "contain" else max(ratios)
    width, height = shown.width * scale, shown.height * scale
    return Box(box.x + (box.width - width) * share, box.y + (box.height - height) * (1 - down), width, height)


def paint_seal(sheet: Sheet, seal: elements.Seal) -> None:
    """Paint a seal with a word or two in its middle."""
    canvas, box = sheet.canvas, sheet.box(seal)
    unit = min(box.width, box.height) / 2 / ornaments.SEAL_RADIUS
    with canvas.figure(_("Seal of %(name)s") % {"name": sheet.facts.organization}, box.edges):
        canvas.saveState()
        canvas.transform(unit, 0, 0, unit, box.x + box.width / 2, box.y + box.height / 2)
        ground = sheet.rgb(seal.colour)
        on = ground if seal.style == "ring" else legible_on(ground)
        edge = ornaments.seal_edge(seal.style)
        canvas.setFillColorRGB(*ground)
        if seal.style == "engraved":
            canvas.setStrokeColorRGB(*mixed(WHITE, ground, 0.6))
            canvas.setLineWidth(0.3)
            canvas.artwork(edge)
            canvas.circle(0, 0, 26, stroke=0, fill=1)
            canvas.setStrokeColorRGB(*on)
            canvas.setLineWidth(0.6)
            canvas.circle(0, 0, 23.4)
        else:
            if seal.style == "serrated":
                canvas.drawPath(ornaments.star(), stroke=0, fill=1)
            canvas.setStrokeColorRGB(*on)
            canvas.setLineWidth(0.5 if seal.style == "serrated" else 0.7)
            canvas.artwork(edge)
        words = sheet.text(seal.text)
        if words:
            _set_in_circle(sheet, words, seal, on)
        canvas.restoreState()


def _set_in_circle(sheet: Sheet, words: str, seal: elements.Seal, ink: tuple[float, float, float]) -> None:
    """A word or two in the middle of a seal, as wide as 0.7 of the diameter of its inner circle."""
    width = 33.0 if seal.style == "engraved" else 40.0
    style = sheet.style("bold", seal.typeface)
    made = block(fit(words, style, 21, 7, width, 2), 1.2, width)
    made = made.scaled(min(1.0, width * 0.9 / made.height))
    top = made.height / 2
    if len(made.lines) == 1:
        _left, bottom, _right, above = made.lines[0].ink
        # What one sees of it stands in the very middle.
        top = made.baselines[0] * made.size - made.size * (bottom + above) / 2000
    sheet.set(made, Box(-width / 2, 0, width, 0), top, 0.5, ink)


def paint_qr(sheet: Sheet, qr: elements.Qr) -> None:
    """Paint the QR code of the address of verification, on white and as a link."""
    canvas, box = sheet.canvas, sheet.box(qr)
    side = min(box.width, box.height)
    place = Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side)
    address = sheet.facts.verify_url
    words = _("QR code that leads to %(address)s") % {"address": address}
    with canvas.figure(words, place.edges, Link(address, place.edges, words)):
        canvas.setFillColorRGB(*WHITE)
        canvas.rect(*place, stroke=0, fill=1)
        draw_qr(canvas, address, place.x, place.y, side)


def paint_frame(sheet: Sheet, frame: elements.Frame) -> None:
    """Paint a frame along the edges of its box."""
    canvas, box = sheet.canvas, sheet.box(frame)
    paint = sheet.rgb(frame.colour, frame.tint)
    band = min(frame.band * MM, box.width / 4, box.height / 4)
    with canvas.decoration():
        if frame.style == "guilloche":
            canvas.saveState()
            canvas.setStrokeColorRGB(*mixed(WHITE, paint, 0.5))
            canvas.setLineWidth(0.35)
            canvas.translate(box.x, box.y)
            canvas.artwork(ornaments.guilloche(round(box.width, 2), round(box.height, 2), round(band, 2)))
            canvas.restoreState()
        canvas.setStrokeColorRGB(*paint)
        canvas.setLineWidth(frame.thickness)
        if frame.style == "corners":
            _draw_corners(canvas, box, band)
            return
        canvas.rect(*box)
        if frame.style in ("guilloche", "double"):
            canvas.setLineWidth(frame.thickness * 0.36)
            canvas.rect(box.x + band, box.y + band, box.width - 2 * band, box.height - 2 * band)


def _draw_corners(canvas: ArchivalCanvas, box: Box, reach: float) -> None:
    left, bottom, right, top = box.edges
    path = canvas.beginPath()
    for x, y, along, up in ((left, bottom, 1, 1), (right, bottom, -1, 1), (right, top, -1, -1), (left, top, 1, -1)):
        path.moveTo(x, y + up * reach)
        path.lineTo(x, y)
        path.lineTo(x + along * reach, y)
    canvas.drawPath(path)


def paint_line(sheet: Sheet, line: elements.Line) -> None:
    """Paint a straight line along the longer side of its box."""
    canvas = sheet.canvas
    x, y, width, height = sheet.box(line)
    with canvas.decoration():
        canvas.setStrokeColorRGB(*sheet.rgb(line.colour, line.tint))
        canvas.setLineWidth(line.thickness)
        if line.height > line.width:
            canvas.line(x + width / 2, y, x + width / 2, y + height)
        else:
            canvas.line(x, y + height / 2, x + width, y + height / 2)


def paint_panel(sheet: Sheet, panel: elements.Panel) -> None:
    """Paint a field of colour, with a pattern of fine strands where the layout wants one."""
    canvas, box = sheet.canvas, sheet.box(panel)
    ground = sheet.rgb(panel.colour, panel.tint)
    with canvas.decoration():
        canvas.setFillColorRGB(*ground)
        outline = canvas.beginPath()
        radius = min(panel.radius * MM, box.width / 2, box.height / 2)
        outline.roundRect(*box, radius) if radius > 0 else outline.rect(*box)
        if panel.pattern == "none":
            canvas.drawPath(outline, stroke=0, fill=1)
            return
        over = sheet.rgb(panel.pattern_colour) if panel.pattern_colour else legible_on(ground)
        canvas.saveState()
        canvas.clipPath(outline, stroke=0, fill=1)
        canvas.setStrokeColorRGB(*mixed(ground, over, panel.pattern_tint))
        canvas.setLineWidth(0.4)
        if sheet.is_mirrored:
            canvas.transform(-1, 0, 0, 1, box.x + box.width, box.y)
        else:
            canvas.translate(box.x, box.y)
        canvas.artwork(ornaments.PATTERNS[panel.pattern](round(box.width, 2), round(box.height, 2)))
        canvas.restoreState()
