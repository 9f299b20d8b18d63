"""Jinja2 for pages, mails and documents: one environment, with gettext and Babel's formats for the reader's locale."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from core.i18n import current_locale, direction, gettext, listed, ngettext
from core.settings import Environment as Where
from core.settings import get_settings

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_HYPHENATED: Final = re.compile(r"(?<![\w-])(?=[\w-]{3,16}(?![\w-]))\w+(?:-\w+)+")


@cache
def environment() -> Environment:
    """The process's environment; templates are compiled once, and again in development when they change on disk."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html", "svg", "xml")),
        undefined=StrictUndefined,
        auto_reload=get_settings().environment is Where.development,  # else a look at the disk for each page
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # from ext.i18n
    env.filters.update(
        date=format_date,
        time=format_time,
        datetime=format_datetime,
        span=format_span,
        money=format_money,
        number=format_number,
        listed=listed,
        direction=direction,
        whole_words=whole_words,
    )
    return env


@cache
def _parsed(tag: str) -> Locale:
    return Locale.parse(tag, sep="-" if "-" in tag else "_")


def _locale() -> Locale:
    return _parsed(current_locale())


def _zone(zone: str | ZoneInfo | None) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone or "UTC")


def format_date(value: date | datetime, zone: str | ZoneInfo | None = None, style: str = "long") -> str:
    """A day in the reader's language; a moment is first taken to `zone`; `style` is short, medium, long or full."""
    day = value.astimezone(_zone(zone)).date() if isinstance(value, datetime) else value
    return dates.format_date(day, style, locale=_locale())


def format_month(first_day: date) -> str:
    """A month with its year in the reader's language: `Nov 2026`."""
    return dates.format_skeleton("yMMM", first_day, locale=_locale())


def format_time(value: datetime, zone: str | ZoneInfo | None = None) -> str:
    """Hours and minutes in `zone`."""
    return dates.format_time(value, "short", tzinfo=_zone(zone), locale=_locale())


def format_datetime(value: datetime, zone: str | ZoneInfo | None = None, style: str = "long") -> str:
    """Day, time and the zone's name: `3 March 2027, 18:30 (Nairobi)`. A reader is never left to guess the zone."""
    chosen = _zone(zone)
    day = dates.format_date(value.astimezone(chosen).date(), style, locale=_locale())
    return listed((day, f"{format_time(value, chosen)} {zone_name(value, chosen)}"))


def format_span(starts_at: datetime, ends_at: datetime, zone: str | ZoneInfo | None = None) -> str:
    """From when until when, one day named once: `3 March 2027, 18:30 – 21:00 (Nairobi)`."""
    chosen = _zone(zone)
    if starts_at.astimezone(chosen).date() != ends_at.astimezone(chosen).date():
        return f"{format_datetime(starts_at, chosen)} – {format_datetime(ends_at, chosen)}"
    hours = f"{format_time(starts_at, chosen)} – {format_time(ends_at, chosen)}"
    return listed((format_date(starts_at, chosen), f"{hours} {zone_name(starts_at, chosen)}"))


def zone_name(value: datetime, zone: ZoneInfo) -> str:
    """The short name of a zone where the language has one (`UTC`, `EST`), else its city in brackets: `(Nairobi)`."""
    name = dates.get_timezone_name(value.astimezone(zone), width="short", locale=_locale())
    if name.isascii() and name.isalpha():
        return name
    return f"({dates.get_timezone_location(zone, locale=_locale(), return_city=True)})"


def format_money(minor: int, currency: str) -> str:
    """An amount of integer minor units, with the currency's own number of decimals (ISO 4217)."""
    digits = numbers.get_currency_precision(currency)
    return numbers.format_currency(Decimal(minor).scaleb(-digits), currency, locale=_locale())


def format_number(value: Decimal | float) -> str:
    """A number with the reader's separators."""
    return numbers.format_decimal(value, locale=_locale())


def whole_words(text: str) -> Markup:
    """A heading whose short words with hyphens (such as e-mail) stay on one line; all else is escaped as ever."""
    return Markup(_HYPHENATED.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))  # noqa: S704  escaped


def now_utc() -> datetime:
    """The present moment; for the outermost layer only, everything below is handed `now`."""
    return datetime.now(UTC)
