"""Certificate numbers: what people read aloud, type, scan and paste."""

import re
from urllib.parse import unquote, urlsplit

from accounts.codes import plain, read_code
from accounts.tokens import new_code
from core.settings import get_settings

_LENGTH, _GROUP = 12, 4
_HOST = r"([^\s/?#<>()\"'“”«»]+)"
_ADDRESS = re.compile(rf"(?:https?://)?{_HOST}/verify/|https?://{_HOST}", re.IGNORECASE)


def new_number() -> str:
    """Twelve random Crockford base 32 characters in groups, `7K3M-9QXT-2WBD`: 60 bits, so that none can be guessed."""
    return _grouped(new_code(_LENGTH))


def normalize_number(typed: str) -> str | None:
    """The number that somebody meant, as typed, pasted or scanned (see `accounts.codes`), or None where there is none.

    The address of a certificate's page will do; one of another server holds no number of ours.
    """
    if other_host(typed) is not None:
        return None
    return any_number(typed)


def any_number(typed: str) -> str | None:
    """The number that was meant, on whichever server it was issued."""
    code = read_code(unquote(typed) if "/" in typed else typed, _LENGTH)
    return _grouped(code) if code is not None else None


def other_host(typed: str) -> str | None:
    """The host of the address in a text where that is not this server's; None without an address, or with our own."""
    found = _ADDRESS.search(plain(typed))
    host = (found[1] or found[2]).lower() if found else None
    return host if host is not None and host != urlsplit(get_settings().public_url).netloc.lower() else None


def searched(typed: str) -> str:
    """What a number must hold where somebody searches for a part of one; the whole number where it is one."""
    return normalize_number(typed) or plain(typed).strip()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
