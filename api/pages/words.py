"""Countries, languages, zones and the states of events in the reader's words."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError, dates

from core.i18n import current_locale
from core.i18n import gettext as _
from events.catalog.models import EventFormat, EventStatus
from events.catalog.schemas import TERRITORIES
from events.programme.models import SessionKind

LANGUAGES = (
    *("am", "ar", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "ha", "he", "hi", "id", "it", "ja", "ko"),
    *(
        "nl",
        "pl",
        "pt",
        "pt-BR",
        "ro",
        "ru",
        "sv",
        "sw",
        "th",
        "tr",
        "uk",
        "ur",
        "vi",
        "yo",
        "zh-Hans",
        "zh-Hant",
        "zu",
    ),
)
"""Languages offered in forms; the API takes any that CLDR knows."""


def locale_now() -> Locale:
    """Babel's locale of the running request."""
    return _locale(current_locale())


def country_name(code: str) -> str:
    """A country's name in the reader's language; the code where CLDR has none."""
    return str(locale_now().territories.get(code, code))


def language_name(tag: str) -> str:
    """A language's name in the reader's language; the tag where CLDR has none."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name(locale_now())
    except (UnknownLocaleError, ValueError):
        return tag
    return name[:1].upper() + name[1:] if name else tag


def countries() -> list[tuple[str, str]]:
    """(code, name) of every country, by name."""
    return list(_countries(current_locale()))


def time_zones() -> list[str]:
    """Zones with a place's name, for choosing."""
    return list(_zones())


def zone_name(zone: ZoneInfo, moment: datetime) -> str:
    """What the clocks in `zone` are called at `moment`, such as East Africa Time."""
    return str(dates.get_timezone_name(moment.astimezone(zone), width="long", locale=locale_now()))


def format_name(value: EventFormat) -> str:
    """In the reader's words."""
    return {
        EventFormat.in_person: _("In person"),
        EventFormat.online: _("Online"),
        EventFormat.hybrid: _("In person and online"),
    }[value]


def status_badge(value: EventStatus) -> tuple[str, str]:
    """Kind and text of the badge."""
    return {
        EventStatus.draft: ("neutral", _("Draft")),
        EventStatus.published: ("success", _("Published")),
        EventStatus.cancelled: ("danger", _("Cancelled")),
    }[value]


def kinds() -> list[tuple[str, str]]:
    """(value, words) of every kind of session."""
    words = {
        SessionKind.talk: _("Talk"),
        SessionKind.workshop: _("Workshop"),
        SessionKind.keynote: _("Keynote"),
        SessionKind.panel: _("Panel"),
        SessionKind.break_: _("Break"),
        SessionKind.exam_sitting: _("Exam sitting"),
    }
    return [(kind.value, text) for kind, text in words.items()]


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


@lru_cache(maxsize=16)
def _countries(tag: str) -> tuple[tuple[str, str], ...]:
    names = _locale(tag).territories
    return tuple(sorted(((code, str(names.get(code, code))) for code in TERRITORIES), key=lambda pair: pair[1]))


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    continents = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(continents)))


def run_words() -> dict[str, dict[str, tuple[str, str]]]:
    """Kinds and states of runs over many certificates, and states of their lines: kind of badge and text."""
    return {
        "kind": {
            "issue": ("patch-check", _("Issue certificates")),
            "resend": ("envelope", _("Send certificates again")),
            "revoke": ("x-circle", _("Revoke certificates")),
            "attendance": ("patch-check", _("Certificates of attendance")),
        },
        "run": {
            "draft": ("neutral", _("Dry run")),
            "running": ("info", _("At work")),
            "stopped": ("warning", _("Stopped")),
            "finished": ("success", _("Finished")),
        },
        "line": {
            "ready": ("neutral", _("Ready")),
            "refused": ("warning", _("Left out")),
            "done": ("success", _("Done")),
            "failed": ("danger", _("Failed")),
        },
    }
