"""Painting elements: each is drawn on the page as content of the structure tree or as decoration."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from certification.layouts import drawings, elements
from certification.layouts.fitting import Block, fit_box, fitted_together
from certification.layouts.sheet import MM, VERTICAL, Box, Sheet
from core.i18n import gettext as _

_BELOW_RULE = 3.2 * MM
_BETWEEN_ROWS = 3.0 * MM


def paint(sheet: Sheet, element: elements.Placed) -> None:
    """Paint an element of any kind. Raises `UnsettableText` and `MissingPicture`."""
    _PAINTERS[type(element)](sheet, element)


def _write(sheet: Sheet, made: Block, box: Box, top: float, look: elements.Typography, words: str) -> None:
    tag: Literal["H1", "P"] = "H1" if look.role == "heading" else "P"
    place = Box(box.x, top - made.height, box.width, made.height)
    with sheet.canvas.content(tag, sheet.lead(words, place)):
        sheet.set(made, box, top, sheet.share(look.align), sheet.rgb(look.colour))


def _fit(sheet: Sheet, words: str, look: elements.Typography, width: float, height: float | None) -> Block:
    style = sheet.style(look.weight, look.typeface, look.tracking)
    return fit_box(words, style, look.size, look.min_size, look.max_lines, look.leading, width, height)


def _paint_text(sheet: Sheet, text: elements.Text) -> None:
    words = sheet.text(text.text)
    if not words:
        return
    box = sheet.box(text)
    made = _fit(sheet, words, text, box.width, box.height)
    top = box.y + box.height - (box.height - made.height) * VERTICAL[text.valign]
    _write(sheet, made, box, top, text, words)


def _paint_stack(sheet: Sheet, stack: elements.Stack) -> None:
    box = sheet.box(stack)
    shown = [(look, words) for look in stack.texts if (words := sheet.text(look.text))]
    blocks = [_fit(sheet, words, look, box.width, None) for look, words in shown]
    gaps = [look.above * MM if index else 0.0 for index, (look, _words) in enumerate(shown)]
    blocks, gaps = _shrunk(sheet, shown, blocks, gaps, box)
    needed = sum(made.height for made in blocks) + sum(gaps)
    top = box.y + box.height - (box.height - needed) * VERTICAL[stack.valign]
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
        sheet.rule("rule", 0.5, box, box.y + box.height)
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
    with sheet.canvas.content("P", sheet.lead(entry[1], box)):
        sheet.set(name, box, top, share, sheet.rgb(record.label_colour))
        sheet.set(fact, box, top - name.height, share, sheet.rgb(record.value_colour))


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
    sheet.rule(signature.line_colour, 0.6, box, line)
    if signature.picture:
        above = Box(box.x, line - 1.0, box.width, box.y + box.height - line + 1.0)
        alt = _("Signature of %(name)s") % {"name": texts[0][0]} if texts else _("Signature")
        drawings.paint_signature_picture(sheet, signature.picture, above, share, alt)
    top = line - 1.5
    for (_words, _style, _size, ink), made in zip(texts, blocks, strict=True):
        with sheet.canvas.content("P"):
            sheet.set(made, box, top, share, ink)
        top -= made.height


_PAINTERS: dict[type, Callable[[Sheet, Any], None]] = {
    elements.Text: _paint_text,
    elements.Stack: _paint_stack,
    elements.Record: _paint_record,
    elements.Picture: drawings.paint_picture,
    elements.Signature: _paint_signature,
    elements.Seal: drawings.paint_seal,
    elements.Qr: drawings.paint_qr,
    elements.Frame: drawings.paint_frame,
    elements.Line: drawings.paint_line,
    elements.Panel: drawings.paint_panel,
}
