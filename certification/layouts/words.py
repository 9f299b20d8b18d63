"""The fixed words of documents: in which languages there are all of them, and what each says of its source.

A certificate is set in a language whose fixed words exist, or not at all: half of it in English would look forged.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from babel import Locale

from certification.layouts.facts import Source
from core.i18n import SUPPORTED, current_locale, is_translated, listed, speaking
from core.i18n import gettext as _


@lru_cache(maxsize=64)
def words_in(language: str, source: Source = "exam") -> Mapping[str, str]:
    """The fixed words of documents in `language`, by the name that follows `words.` in a placeholder.

    Which word `passed_on` is follows the source: nobody passed an exam by credits, by a list or by attending.
    """
    with speaking(language):
        return {**_words(), "passed_on": _achieved_on()[source], "achieved_on": _achieved_on()[source]}


@lru_cache(maxsize=64)
def sentences_in(language: str) -> tuple[str, str]:
    """The sentences with the address to verify at, and with the number of the certificate before."""
    with speaking(language):
        return _sentences()


@lru_cache(maxsize=64)
def has_words(language: str) -> bool:
    """Whether every fixed word of a document exists in `language` (BCP 47), in the tongue of its region or at large."""
    with speaking("en"):
        wanted = [*_words().values(), *_achieved_on().values(), *_sentences()]
    return is_translated(language, wanted)


def languages() -> tuple[str, ...]:
    """The languages that certificates are offered in."""
    return tuple(language for language in SUPPORTED if has_words(language))


def offered() -> str:
    """The names of those languages, for a message to the reader."""
    reader = Locale.parse(current_locale(), sep="-")
    return listed(Locale.parse(language, sep="-").get_display_name(reader) for language in languages())


def chosen_from(spoken: Iterable[str]) -> str | None:
    """The first language of an event that certificates can be in; None where there is none."""
    return next((language for language in spoken if has_words(language)), None)


def _words() -> dict[str, str]:
    return {
        "certificate": _("Certificate"),
        "certificate_of_achievement": _("Certificate of achievement"),
        "certificate_of_attendance": _("Certificate of attendance"),
        "certifies": _("This certifies that"),
        "earned": _("has earned"),
        "attended": _("has attended"),
        "awarded_to": _("Awarded to"),
        "issued_by": _("Issued by"),
        "attended_on": _("Attended on"),
        "issued_on": _("Issued on"),
        "valid_until": _("Valid until"),
        "score": _("Score"),
        "hours": _("Hours attended"),
        "credits": _("Credits"),
        "event": _("Event"),
        "place": _("Place"),
        "dates": _("Dates"),
        "number": _("Certificate number"),
        "verify": _("Verify"),
        "scan_to_verify": _("Scan to verify"),
        "date": _("Date"),
        "signature": _("Signature"),
    }


def _achieved_on() -> dict[Source, str]:
    return {
        "exam": _("Passed on"),
        "credits": _("Achieved on"),
        "bulk": _("Achieved on"),
        "attendance": _("Attended on"),
    }


def _sentences() -> tuple[str, str]:
    return _("Verify at %(address)s"), _("Follows certificate %(number)s")
