"""The certificate as a PDF: one A4 page in landscape, made to be framed, and frozen when it is issued."""

from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import cos, pi, sin

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from reportlab.pdfgen.canvas import Canvas

from core.i18n import direction, use_locale
from core.i18n import gettext as _
from core.typesetting import Align, Artwork, Fitted, Style, Weight, draw, draw_qr, fit
from core.typesetting.pages import Colour, colour, one_page, path, tint, wave
from core.typesetting.scripts import clusters

_WIDTH, _HEIGHT = 841.89, 595.276  # A4 landscape
_CENTRE = _WIDTH / 2
_FRAME = 30.0  # from the edge to the outer rule
_BAND = 13.0  # between outer and inner rule
_MARGIN = 74.0
_SEAL = 492.0  # height of the seal's middle
_BODY = (446.0, 162.0)  # top and bottom of the centred text
_QR = 92.0
_INK: Colour = (0.11, 0.12, 0.15)
_QUIET: Colour = (0.38, 0.40, 0.45)
_RULE: Colour = (0.82, 0.83, 0.86)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Everything a certificate says. `accent` is `#rrggbb`; `language` is a BCP 47 tag; dates are calendar days."""

    number: str
    holder_name: str
    achievement: str
    statement: str
    organization: str
    accent: str
    issued_on: date
    passed_on: date
    valid_until: date | None
    verify_url: str
    language: str
    score_text: str | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of the centred text: its fitted lines, colour, leading (of the size) and the space above it."""

    fitted: Fitted
    style: Style
    colour: Colour
    above: float
    leading: float = 1.3

    @property
    def height(self) -> float:
        return self.above + len(self.fitted.lines) * self.fitted.size * self.leading


def render_certificate(facts: CertificateFacts) -> bytes:
    """The PDF of a certificate; equal facts give equal bytes.

    Raises `core.typesetting.UnsettableText` where a field holds a character that no font can set, and ValueError
    where the accent is no colour.
    """
    return copy_context().run(_render, facts)


def _render(facts: CertificateFacts) -> bytes:
    use_locale(facts.language)
    return one_page(
        (_WIDTH, _HEIGHT),
        lambda canvas: _paint(canvas, facts),
        title=_("%(achievement)s: %(name)s") % {"achievement": facts.achievement, "name": facts.holder_name},
        author=facts.organization,
        language=facts.language,
        created_on=facts.issued_on,
    )


def _paint(canvas: Canvas, facts: CertificateFacts) -> None:
    accent = colour(facts.accent)
    _paint_frame(canvas, accent)
    _paint_seal(canvas, facts, accent)
    blocks = list(_blocks(facts, accent))
    top, bottom = _BODY
    y = top - (top - bottom - sum(block.height for block in blocks)) / 2
    for block in blocks:
        y = _paint_block(canvas, block, y)
    _paint_record(canvas, facts)
    _paint_verification(canvas, facts)


def _paint_frame(canvas: Canvas, accent: Colour) -> None:
    canvas.setStrokeColorRGB(*tint(accent, 0.5))
    canvas.setLineWidth(0.35)
    _band().draw(canvas)
    canvas.setStrokeColorRGB(*accent)
    canvas.setLineWidth(1.1)
    canvas.rect(_FRAME, _FRAME, _WIDTH - 2 * _FRAME, _HEIGHT - 2 * _FRAME)
    canvas.setLineWidth(0.4)
    inner = _FRAME + _BAND
    canvas.rect(inner, inner, _WIDTH - 2 * inner, _HEIGHT - 2 * inner)


@cache
def _band() -> Artwork:
    """The guilloche between the rules: three strands on each side, interlaced, and a rosette in each corner."""
    middle, reach = _FRAME + _BAND / 2, _BAND / 2 - 1.6
    strokes = []
    for phase in range(4):
        for y in (middle, _HEIGHT - middle):
            points = wave(_FRAME + _BAND, _WIDTH - _FRAME - _BAND, 6.0, reach, phase)
            strokes.append(path([(x, y + rise) for x, rise in points]))
        for x in (middle, _WIDTH - middle):
            points = wave(_FRAME + _BAND, _HEIGHT - _FRAME - _BAND, 6.0, reach, phase)
            strokes.append(path([(x + rise, y) for y, rise in points]))
    for x in (middle, _WIDTH - middle):
        for y in (middle, _HEIGHT - middle):
            strokes += [_rosette(x, y, reach, 0.62, 8), _rosette(x, y, reach * 0.55, 0.5, 6)]
    return Artwork("GuillocheBand", "\n".join(strokes), (0, 0, _WIDTH, _HEIGHT))


@cache
def _ring() -> Artwork:
    """The engraved ring around the seal, with its middle at the origin."""
    strokes = [_rosette(0, 0, 35.5, 0.83, waves, turn) for waves in (24, 36) for turn in (0.0, pi / waves)]
    return Artwork("SealRing", "\n".join(strokes), (-37, -37, 37, 37))


def _rosette(x: float, y: float, radius: float, hollow: float, waves: int, turn: float = 0.0) -> str:
    """A closed curve that swings `waves` times between `hollow` of the radius and the radius itself."""
    count = waves * 8
    points = []
    for step in range(count):
        angle = 2 * pi * step / count
        reach = radius * ((1 + hollow) / 2 + (1 - hollow) / 2 * cos(waves * (angle + turn)))
        points.append(f"{x + reach * cos(angle):.2f} {y + reach * sin(angle):.2f}")
    return f"{points[0]} m {' l '.join(points[1:])} l s"


def _paint_seal(canvas: Canvas, facts: CertificateFacts, accent: Colour) -> None:
    canvas.saveState()
    canvas.translate(_CENTRE, _SEAL)
    canvas.setStrokeColorRGB(*tint(accent, 0.6))
    canvas.setLineWidth(0.3)
    _ring().draw(canvas)
    canvas.setFillColorRGB(*accent)
    canvas.circle(0, 0, 26, stroke=0, fill=1)
    canvas.setStrokeColorRGB(1, 1, 1)
    canvas.setLineWidth(0.6)
    canvas.circle(0, 0, 23.4)
    canvas.setFillColorRGB(1, 1, 1)
    style = Style(Weight.BOLD, facts.language)
    initials = fit(_initials(facts.organization), style, 21, 8, 32)
    draw(canvas, initials.lines[0], 0, -initials.size * 0.357, style, initials.size, Align.CENTRE)
    canvas.restoreState()


def _initials(organization: str) -> str:
    """Up to three capitals of a name in a script that has them, else its first letter alone."""
    capitals = [word[0] for word in organization.split() if word[0].isupper()]
    if capitals:
        return "".join(capitals[:3])
    return next((organization[start:end] for start, end in clusters(organization.strip())), "")


def _blocks(facts: CertificateFacts, accent: Colour) -> Iterator[_Block]:
    language = facts.language
    name, label = Style(Weight.REGULAR, language, tracking=60), Style(Weight.REGULAR, language)
    title, light = Style(Weight.BOLD, language), Style(Weight.LIGHT, language)
    yield _Block(fit(facts.organization, name, 12.5, 9, 560, 2), name, _INK, 0)
    yield _Block(fit(_("This certifies that"), label, 11, 8, 560), label, _QUIET, 20)
    holder = fit(facts.holder_name, light, 46, 30, 650, 2)
    yield _Block(holder, light, _INK, 5, 1.4)  # Thai and Vietnamese stack marks above.
    yield _Block(fit(_("has earned"), label, 11, 8, 560), label, _QUIET, 6)
    largest = min(23, 0.8 * holder.size)  # The name stays the greatest on the page.
    yield _Block(fit(facts.achievement, title, largest, min(15, largest), 620, 2), title, accent, 3, 1.34)
    if facts.statement.strip():
        yield _Block(fit(facts.statement, label, 11, 10, 500, 3), label, _QUIET, 7, 1.45)


def _paint_block(canvas: Canvas, block: _Block, y: float) -> float:
    size = block.fitted.size
    canvas.setFillColorRGB(*block.colour)
    y -= block.above
    for line in block.fitted.lines:
        draw(canvas, line, _CENTRE, y - size * (block.leading / 2 + 0.3), block.style, size, Align.CENTRE)
        y -= size * block.leading
    return y


def _paint_record(canvas: Canvas, facts: CertificateFacts) -> None:
    """The row of facts at the bottom left: each a quiet label above its value, over a hairline."""
    entries = [(_("Passed on"), _day(facts.passed_on, facts.language))]
    if facts.issued_on != facts.passed_on:
        entries.append((_("Issued on"), _day(facts.issued_on, facts.language)))
    if facts.valid_until:
        entries.append((_("Valid until"), _day(facts.valid_until, facts.language)))
    if facts.score_text:
        entries.append((_("Score"), facts.score_text))
    entries.append((_("Certificate number"), facts.number))
    right = _WIDTH - _MARGIN - _QR - 22
    column = (right - _MARGIN) / len(entries)
    canvas.setStrokeColorRGB(*_RULE)
    canvas.setLineWidth(0.5)
    canvas.line(_from_start(_MARGIN, facts), 145, _from_start(right, facts), 145)
    label, value = Style(Weight.REGULAR, facts.language), Style(Weight.BOLD, facts.language)
    for index, (name, text) in enumerate(entries):
        x = _MARGIN + index * column
        _paint_words(canvas, facts, name, x, 128, label, 8.5, column - 14, _QUIET)
        _paint_words(canvas, facts, text, x, 111, value, 11.5, column - 14, _INK)


def _paint_words(
    canvas: Canvas,
    facts: CertificateFacts,
    words: str,
    x: float,
    y: float,
    style: Style,
    size: float,
    width: float,
    ink: Colour,
) -> None:
    """One line from x in reading direction, made smaller where it would be wider than `width`."""
    fitted = fit(words, style, size, 5, width)
    canvas.setFillColorRGB(*ink)
    align = Align.RIGHT if _is_mirrored(facts) else Align.LEFT
    draw(canvas, fitted.lines[0], _from_start(x, facts), y, style, fitted.size, align)


def _is_mirrored(facts: CertificateFacts) -> bool:
    return direction(facts.language) == "rtl"


def _from_start(x: float, facts: CertificateFacts) -> float:
    """x counted from where reading starts: the left edge, or the right one in Arabic and Hebrew certificates."""
    return _WIDTH - x if _is_mirrored(facts) else x


def _paint_verification(canvas: Canvas, facts: CertificateFacts) -> None:
    end = _WIDTH - _MARGIN - _QR
    left = _MARGIN if _is_mirrored(facts) else end
    draw_qr(canvas, facts.verify_url, left, 62, _QR)
    words = _("Verify at %(address)s") % {"address": facts.verify_url}
    _paint_words(
        canvas, facts, words, _MARGIN, 76, Style(Weight.REGULAR, facts.language), 9, end - _MARGIN - 22, _QUIET
    )
    edges = sorted((_from_start(_MARGIN, facts), _from_start(end - 22, facts)))
    canvas.linkURL(facts.verify_url, (edges[0], 70, edges[1], 90))
    canvas.linkURL(facts.verify_url, (left, 62, left + _QR, 62 + _QR))


def _day(day: date, language: str) -> str:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return format_date(day, "long", locale)
