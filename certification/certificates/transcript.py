"""Everything somebody was conferred, on one PDF: a list to hand in, each line of which can be verified."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from core.i18n import direction, use_locale
from core.i18n import gettext as _
from core.own_documents import DocumentKind, marked
from core.templating import format_date, format_number
from core.typesetting import Align, Fitted, Style, Weight, draw, draw_qr, fit
from core.typesetting.canvas import ArchivalCanvas, Link
from core.typesetting.pages import Colour, document

_WIDTH, _HEIGHT = 595.276, 841.89  # A4 portrait
_MARGIN = 56.0
_COLUMN = _WIDTH - 2 * _MARGIN
_QR = 62.0
_FIRST, _NEXT, _LAST = 690.0, 770.0, 74.0  # where lines begin on the first page and the next ones, and where they end
_INK: Colour = (0.11, 0.12, 0.15)
_QUIET: Colour = (0.38, 0.40, 0.45)
_RULE: Colour = (0.82, 0.83, 0.86)


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One certificate as the transcript tells it; `standing` and `worth` are written for the reader."""

    number: str
    achievement: str
    holder_name: str
    issuer: str
    achieved_on: date
    valid_until: date | None
    standing: str
    worth: str
    verify_url: str


@dataclass(frozen=True, slots=True)
class TranscriptFacts:
    """Whose transcript it is, what it lists (newest first), and the language and day that it is written in and on."""

    person: str
    language: str
    written_on: date
    entries: tuple[TranscriptEntry, ...]


def worth(hours: object, credits: object) -> str:
    """Hours and credits in words; empty where there are neither."""
    parts = []
    if hours is not None:
        parts.append(_("%(number)s hours") % {"number": format_number(hours)})  # type: ignore[arg-type]  # a Decimal
    if credits is not None:
        parts.append(_("%(number)s credits") % {"number": format_number(credits)})  # type: ignore[arg-type]
    return " · ".join(parts)


def render_transcript(facts: TranscriptFacts) -> bytes:
    """The PDF; equal facts give equal bytes. Raises `core.typesetting.UnsettableText`."""
    return copy_context().run(_render, facts)


def _render(facts: TranscriptFacts) -> bytes:
    use_locale(facts.language)
    title = _("Transcript of %(name)s") % {"name": facts.person}
    groups = _paged([_Entry.of(entry, facts.language) for entry in facts.entries])
    pages = [_page(facts, title, group, number, len(groups)) for number, group in enumerate(groups, 1)]
    pdf = document(
        (_WIDTH, _HEIGHT), pages, title=title, author="Confero", language=facts.language, created_on=facts.written_on
    )
    return marked(pdf, DocumentKind.transcript, [entry.number for entry in facts.entries])


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry with its lines fitted: (lines, style, colour, leading) from top to bottom."""

    entry: TranscriptEntry
    blocks: tuple[tuple[Fitted, Style, Colour, float], ...]

    @classmethod
    def of(cls, entry: TranscriptEntry, language: str) -> "_Entry":
        width = _COLUMN - _QR - 16
        bold, plain = Style(Weight.BOLD, language), Style(Weight.REGULAR, language)
        dates = _("Achieved on %(date)s") % {"date": format_date(entry.achieved_on)}
        if entry.valid_until:
            dates += " · " + _("Valid until %(date)s") % {"date": format_date(entry.valid_until)}
        small = " · ".join(part for part in (entry.standing, entry.worth, entry.number) if part)
        return cls(
            entry,
            (
                (fit(entry.achievement, bold, 13, 10, width, 2), bold, _INK, 1.35),
                (fit(f"{entry.holder_name} · {entry.issuer}", plain, 10, 8, width, 2), plain, _INK, 1.4),
                (fit(dates, plain, 9.5, 7, width, 2), plain, _QUIET, 1.4),
                (fit(small, plain, 9.5, 7, width, 2), plain, _QUIET, 1.4),
            ),
        )

    @property
    def height(self) -> float:
        text = sum(len(fitted.lines) * fitted.size * leading for fitted, _style, _colour, leading in self.blocks)
        return max(text, _QR) + 24


def _paged(entries: Sequence[_Entry]) -> list[list[_Entry]]:
    """The entries of each page; one that would reach below the last line begins the next page."""
    groups: list[list[_Entry]] = [[]]
    y = _FIRST
    for entry in entries:
        if y - entry.height < _LAST and groups[-1]:
            groups.append([])
            y = _NEXT
        groups[-1].append(entry)
        y -= entry.height
    assert all(group for group, _after in pairwise(groups))
    return groups


def _page(
    facts: TranscriptFacts, title: str, entries: Sequence[_Entry], number: int, count: int
) -> Callable[[ArchivalCanvas], None]:
    def paint(canvas: ArchivalCanvas) -> None:
        plain = Style(Weight.REGULAR, facts.language)
        y = _NEXT
        if number == 1:
            heading = Style(Weight.BOLD, facts.language)
            with canvas.content("H1"):
                _line(canvas, facts, fit(title, heading, 24, 13, _COLUMN), heading, 760, _INK)
            written = _("Written on %(date)s. Scan a code to verify its line.")
            words = fit(written % {"date": format_date(facts.written_on)}, plain, 10.5, 8, _COLUMN)
            with canvas.content("P"):
                _line(canvas, facts, words, plain, 736, _QUIET)
            y = _FIRST
        for entry in entries:
            _paint_entry(canvas, facts, entry, y)
            y -= entry.height
        foot = _("Page %(number)s of %(count)s") % {"number": number, "count": count}
        with canvas.decoration():
            _line(canvas, facts, fit(foot, plain, 9, 7, _COLUMN), plain, 40, _QUIET)

    return paint


def _paint_entry(canvas: ArchivalCanvas, facts: TranscriptFacts, entry: _Entry, top: float) -> None:
    with canvas.decoration():
        canvas.setStrokeColorRGB(*_RULE)
        canvas.setLineWidth(0.5)
        canvas.line(_MARGIN, top, _WIDTH - _MARGIN, top)
    left = _MARGIN if _is_mirrored(facts) else _WIDTH - _MARGIN - _QR
    place, address = (left, top - 8 - _QR, left + _QR, top - 8), entry.entry.verify_url
    y = top - 10
    for fitted, style, ink, leading in entry.blocks:
        with canvas.content("P"):
            for line in fitted.lines:
                y -= fitted.size * leading
                _line(canvas, facts, Fitted((line,), fitted.size), style, y + fitted.size * 0.3, ink)
    words = _("QR code that leads to %(address)s") % {"address": address}
    with canvas.figure(words, place, Link(address, place, words)):
        draw_qr(canvas, address, *place[:2], _QR)


def _line(canvas: ArchivalCanvas, facts: TranscriptFacts, fitted: Fitted, style: Style, y: float, ink: Colour) -> None:
    canvas.setFillColorRGB(*ink)
    is_mirrored = _is_mirrored(facts)
    x = _WIDTH - _MARGIN if is_mirrored else _MARGIN
    draw(canvas, fitted.lines[0], x, y, style, fitted.size, Align.RIGHT if is_mirrored else Align.LEFT)


def _is_mirrored(facts: TranscriptFacts) -> bool:
    return direction(facts.language) == "rtl"
