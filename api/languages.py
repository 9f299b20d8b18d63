"""Which language a reader gets: the person's choice, else the browser's, else English."""

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from starlette.requests import Request

from accounts.models import Person
from core.i18n import SUPPORTED, use_locale


def accepted(header: str) -> list[str]:
    """Language tags of an Accept-Language header, best first (RFC 9110 section 12.5.4); junk is passed over."""
    weighted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            Locale.parse(tag.strip(), sep="-")
            weighted.append((float(weight or 1), tag.strip().replace("-", "_")))
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def use_reader_locale(request: Request, person: Person | None) -> None:
    """Set the language of this request's texts and formats."""
    if person is not None:
        use_locale(person.locale)
        return
    header = request.headers.get("accept-language", "")
    use_locale((negotiate_locale(accepted(header), SUPPORTED) if header else None) or "en")
