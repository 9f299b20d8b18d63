"""Passwords: which are taken, how they are hashed (argon2id) and verified.

Hashing costs 64 MiB and about a tenth of a second, so it runs in two threads of its own: a rush of sign-ins queues
here instead of taking the machine's memory.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InvalidInput
from core.i18n import gettext as _

T = TypeVar("T")
SHORTEST, LONGEST = 12, 200
_COMMON_BELOW = 10**8
"""Guesses within which a password counts as among the most common: zxcvbn's bound between its scores 2 and 3."""
_LONGEST_GUESSED, _MOST_SYMBOLS = 40, 3
"""Characters, and kinds of symbols for letters, that zxcvbn is given. It tries all ways to read symbols as letters over
all parts of the password: of 72 characters with every symbol that takes seven seconds, of 40 with three kinds 70 ms."""
_SYMBOLS = "@({[<!|$+%"
_AS_LETTERS = dict(zip(_SYMBOLS, "accccilstx", strict=True))
_UNSHIFTED = str.maketrans(dict(zip(_SYMBOLS, "29[[,1\\4=5", strict=True)))

HASHER = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
"""Argon2id, 64 MiB, 3 passes, 4 lanes. Source: RFC 9106 section 4, second recommended option."""
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$oF+bZNhfDvSzEfD3of6tzQ$p6CmQTp26CdMTPcGx/nClDrzGRbtNGKjcAZ+lfTOfLo"
"""The hash of a forgotten secret: verified where there is no account, so that the time taken says nothing."""
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def check(password: str, *, email: str, field: str = "password") -> None:
    """Raise `InvalidInput` for `field` unless the password may be used with the account of `email`.

    It has 12 to 200 characters, does not contain the address or the part before its @, and is not among the most
    common: not reached by zxcvbn's guesser within 10^8 tries, which knows lists of leaked passwords, names and words,
    runs on keyboards, repetitions, years and swapped letters. Source: Wheeler, zxcvbn (USENIX Security 2016).
    """
    if len(password) < SHORTEST:
        raise InvalidInput({field: _("Use at least 12 characters. A few words in a row are easy to remember.")})
    if len(password) > LONGEST:
        raise InvalidInput({field: _("Use at most 200 characters.")})
    local, _at, domain = email.lower().partition("@")
    if email.lower() in password.lower() or (len(local) >= 3 and local in password.lower()):
        raise InvalidInput({field: _("Choose a password that does not contain your e-mail address.")})
    tries = await _in_thread(lambda: _guesses(password, [local, domain]))
    if tries < _COMMON_BELOW:
        message = _("This password is among the first that a guesser tries. Choose a few unrelated words.")
        raise InvalidInput({field: message})


def guessable(password: str) -> tuple[str, ...]:
    """What the guesser is given, with a bounded number of ways to read it.

    Where there are many symbols these are two texts: the later kinds as the letters that they are written for, and all
    of them as the keys they are on, since a row of the keyboard is guessed early with Shift as well.
    """
    text = password[:_LONGEST_GUESSED]
    later = [symbol for symbol in dict.fromkeys(text) if symbol in _AS_LETTERS][_MOST_SYMBOLS:]
    if not later:
        return (text,)
    return text.translate({ord(symbol): _AS_LETTERS[symbol] for symbol in later}), text.translate(_UNSHIFTED)


def _guesses(password: str, known: list[str]) -> int:
    from zxcvbn import zxcvbn  # 14 MB of lists, which most processes never need

    known = [part[:_LONGEST_GUESSED] for part in known]
    return min(int(zxcvbn(text, user_inputs=known)["guesses"]) for text in guessable(password))


async def hash_password(password: str) -> str:
    """The argon2id hash in PHC string format, with a salt of its own."""
    return await _in_thread(lambda: HASHER.hash(password))


async def is_right(password: str, password_hash: str | None) -> bool:
    """Whether `password` is the one behind `password_hash`; takes as long where there is none (no such account)."""
    return await _in_thread(lambda: _verify(password, password_hash))


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's, so that it is remade at the next sign-in."""
    return HASHER.check_needs_rehash(password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
