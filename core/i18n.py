"""Languages: gettext by the locale of the running request, mail or document, and Babel's formatting."""

import gettext as _gettext
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

SUPPORTED = ("en", "fr", "ar")
"""Languages offered to readers; a language without a catalogue shows the English source text."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
_COMMAS = {"ar": "، ", "fa": "، ", "ur": "، "}
_LOCALES = Path(__file__).parent / "locales"
_locale: ContextVar[str] = ContextVar("locale", default="en")


@lru_cache(maxsize=64)
def _translations(locale: str) -> _gettext.NullTranslations:
    return _gettext.translation("confero", str(_LOCALES), languages=[locale.replace("-", "_")], fallback=True)


def use_locale(locale: str) -> None:
    """Set the language of the running task (a request, a mail, a document)."""
    _locale.set(locale)


def current_locale() -> str:
    """The language of the running task, as a BCP 47 tag."""
    return _locale.get()


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Set the language of the running task for a while; what was set before comes back."""
    before = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(before)


def is_translated(locale: str, messages: Iterable[str]) -> bool:
    """Whether the language has a translation of every message; English has, being what they are written in."""
    if locale.split("-")[0] == "en":
        return True
    try:
        found = _gettext.translation("confero", str(_LOCALES), languages=[locale.replace("-", "_")])
        found.add_fallback(_Missing())
        return all(found.gettext(message) for message in messages)
    except (OSError, LookupError):
        return False


class _Missing(_gettext.NullTranslations):
    """Stands behind a catalogue and tells that a message is not in it."""

    def gettext(self, message: str) -> str:
        """Raise `LookupError`."""
        raise LookupError(message)


def gettext(message: str) -> str:
    """Translate `message` into the running task's language."""
    return _translations(_locale.get()).gettext(message)


def N_(message: str) -> str:  # noqa: N802  the name by which Babel finds what is only marked
    """Mark a message that is translated when it is shown, such as a class's own."""
    return message


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate with the plural form for `n`."""
    return _translations(_locale.get()).ngettext(singular, plural, n)


def listed(parts: Iterable[object]) -> str:
    """The parts that are not empty, with the comma of the running task's language between them."""
    return _COMMAS.get(_locale.get().split("-")[0], ", ").join(str(part) for part in parts if part)


def direction(locale: str) -> str:
    """`rtl` or `ltr`, for the `dir` attribute."""
    return "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"
