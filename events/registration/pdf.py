"""The ticket as a PDF: one A4 page that folds twice into a card; its QR code holds the registration's code itself."""

from contextvars import copy_context
from dataclasses import dataclass
from datetime import date

from core.i18n import direction, use_locale
from core.i18n import gettext as _
from core.own_documents import DocumentKind, marked
from core.typesetting import Align, Fitted, Style, Weight, draw, draw_qr, fit
from core.typesetting.canvas import ArchivalCanvas
from core.typesetting.pages import Colour, colour, one_page, tint

_WIDTH, _HEIGHT = 595.276, 841.89  # A4 portrait
_FOLD = _HEIGHT / 2
_MARGIN = 56.0
_COLUMN = _WIDTH - 2 * _MARGIN
_QR = 190.0
_BANNER = 200.0  # height of the coloured field at the top
_INK: Colour = (0.11, 0.12, 0.15)
_QUIET: Colour = (0.38, 0.40, 0.45)
_RULE: Colour = (0.80, 0.81, 0.84)


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """Everything a ticket says. `when` is formatted for the reader and names its zone; `accent` is `#rrggbb`.

    `printed_on` only dates the document; give the day of the registration, so that printing again changes no byte.
    """

    event: str
    when: str
    where: str
    attendee_name: str
    ticket_type: str
    code: str
    organization: str
    accent: str
    language: str
    printed_on: date


def render_ticket(facts: TicketFacts) -> bytes:
    """The PDF of a ticket; equal facts give equal bytes.

    Raises `core.typesetting.UnsettableText` where a field holds a character that no font can set, and ValueError
    where the accent is no colour.
    """
    return copy_context().run(_render, facts)


def _render(facts: TicketFacts) -> bytes:
    use_locale(facts.language)
    pdf = one_page(
        (_WIDTH, _HEIGHT),
        lambda canvas: _paint(canvas, facts),
        title=_("Ticket: %(event)s") % {"event": facts.event},
        author=facts.organization,
        language=facts.language,
        created_on=facts.printed_on,
    )
    return marked(pdf, DocumentKind.ticket)


def _paint(canvas: ArchivalCanvas, facts: TicketFacts) -> None:
    accent = colour(facts.accent)
    _paint_banner(canvas, facts, accent)
    _paint_card(canvas, facts)
    _paint_folds(canvas)
    _paint_code(canvas, facts, accent)


def _paint_banner(canvas: ArchivalCanvas, facts: TicketFacts, accent: Colour) -> None:
    """The event over the accent colour; light text on dark accents, dark on light ones."""
    with canvas.decoration():
        canvas.setFillColorRGB(*accent)
        canvas.rect(0, _HEIGHT - _BANNER, _WIDTH, _BANNER, stroke=0, fill=1)
    red, green, blue = accent
    is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.6
    ink: Colour = (1, 1, 1) if is_dark else _INK
    small, title = Style(Weight.REGULAR, facts.language, tracking=40), Style(Weight.BOLD, facts.language)
    with canvas.content("P"):
        canvas.setFillColorRGB(*ink)
        _lines(canvas, facts, fit(facts.organization, small, 11, 8, _COLUMN), small, _HEIGHT - 52)
    heading = fit(facts.event, title, 30, 20, _COLUMN, 3)
    with canvas.content("H1"):
        _lines(canvas, facts, heading, title, _HEIGHT - 62 - heading.size * 1.22, 1.22)


def _paint_card(canvas: ArchivalCanvas, facts: TicketFacts) -> None:
    """Who, when and where: labels above their values, down to the fold."""
    label, value = Style(Weight.REGULAR, facts.language), Style(Weight.BOLD, facts.language)
    half = (_COLUMN - 24) / 2
    right = _MARGIN + half + 24
    rows = (
        (_("Attendee"), facts.attendee_name, _MARGIN, _HEIGHT - 244, _COLUMN, 19.0),
        (_("When"), facts.when, _MARGIN, _HEIGHT - 318, half, 12.5),
        (_("Where"), facts.where, right, _HEIGHT - 318, half, 12.5),
        (_("Ticket type"), facts.ticket_type, _MARGIN, _HEIGHT - 384, _COLUMN, 12.5),
    )
    for name, text, x, y, width, size in rows:
        lines = 1 if y < _HEIGHT - 380 else 2
        fitted = fit(text, value, size, size * 0.72, width, lines)
        with canvas.content("P"):
            canvas.setFillColorRGB(*_QUIET)
            _lines(canvas, facts, fit(name, label, 9, 6, width), label, y, x=x)
            canvas.setFillColorRGB(*_INK)
            _lines(canvas, facts, fitted, value, y - 5 - fitted.size, 1.25, x)


def _paint_folds(canvas: ArchivalCanvas) -> None:
    with canvas.decoration():
        canvas.setStrokeColorRGB(*_RULE)
        canvas.setLineWidth(0.6)
        canvas.setDash(2, 4)
        canvas.line(0, _FOLD, _WIDTH, _FOLD)
        canvas.line(_WIDTH / 2, 0, _WIDTH / 2, 24)  # The second fold is only marked at the edges, clear of the QR code.
        canvas.line(_WIDTH / 2, _FOLD - 24, _WIDTH / 2, _FOLD)
        canvas.setDash()


def _paint_code(canvas: ArchivalCanvas, facts: TicketFacts, accent: Colour) -> None:
    """The code for the scanner in the lower quarter where reading starts, and in groups for people beside it."""
    quarter = _WIDTH / 2
    middle = _from_start(quarter / 2, facts)
    left = middle - _QR / 2
    with canvas.figure(f"QR: {facts.code}", (left, 150, left + _QR, 150 + _QR)):
        draw_qr(canvas, facts.code, left, 150, _QR)
    strong = Style(Weight.BOLD, tracking=60)
    groups = " ".join(facts.code[start : start + 4] for start in range(0, len(facts.code), 4))
    fitted = fit(groups if "-" not in facts.code else facts.code, strong, 15, 7, quarter - 60)
    with canvas.content("P"):
        canvas.setFillColorRGB(*_INK)
        draw(canvas, fitted.lines[0], middle, 124, strong, fitted.size, Align.CENTRE)
    label = Style(Weight.REGULAR, facts.language)
    x, width = quarter + 34, quarter - 34 - _MARGIN
    hint = fit(_("Show this code at the entrance, on paper or on a screen."), label, 12, 9, width, 4)
    with canvas.content("P"):
        canvas.setFillColorRGB(*_QUIET)
        _lines(canvas, facts, hint, label, 318, 1.45, x)
    warning = fit(_("It admits one person once. Keep it to yourself until then."), label, 10, 8, width, 4)
    with canvas.content("P"):
        _lines(canvas, facts, warning, label, 304 - len(hint.lines) * hint.size * 1.45, 1.45, x)
    with canvas.decoration():
        canvas.setStrokeColorRGB(*tint(accent, 0.8))
        canvas.setLineWidth(2)
        canvas.line(_from_start(x, facts), 342, _from_start(x + 40, facts), 342)


def _from_start(x: float, facts: TicketFacts) -> float:
    """x counted from where reading starts: the left edge, or the right one in Arabic and Hebrew tickets."""
    return _WIDTH - x if direction(facts.language) == "rtl" else x


def _lines(
    canvas: ArchivalCanvas,
    facts: TicketFacts,
    fitted: Fitted,
    style: Style,
    y: float,
    leading: float = 1.3,
    x: float = _MARGIN,
) -> None:
    align = Align.RIGHT if direction(facts.language) == "rtl" else Align.LEFT
    for line in fitted.lines:
        draw(canvas, line, _from_start(x, facts), y, style, fitted.size, align)
        y -= fitted.size * leading
