"""Codes and numbers as people type, paste and scan them: the one reader for all that were made by `tokens.new_code`.

Whatever stands around a code, and however it is written, it is found as long as only one code can be meant.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 500
"""Characters that are looked at; whoever pastes more has pasted something else."""

_GROUP: Final = 4
"""Codes are printed in groups of four."""

_DASHES: Final = frozenset("\u2043\u2212\u02d7\u30fc\u2500\u2796\u2011_")
"""What looks like a dash and is none by its category (Pd): bullets, minus signs, long vowels, lines."""
_BLANKS: Final = frozenset("\u115f\u1160\u3164\u2800")
"""Letters and signs that show nothing."""
_MARKS: Final = frozenset({"Cf", "Mn", "Me"})
"""Categories that show nothing by themselves: direction marks, joiners, soft hyphens, variation selectors, keycaps."""

_READ_AS: Final = str.maketrans("ILO", "110")
_LETTER: Final = "[0-9A-TV-Z]"
_VERIFY: Final = re.compile(r"/verify/([^/?#\s]+)", re.IGNORECASE)


def read_code(typed: str, length: int) -> str | None:
    """The code of `length` characters that somebody meant, in capitals without hyphens; None where there is none.

    Dashes, spaces, marks that nobody sees, full-width letters, digits of any script, a full stop, words around it and
    the address of its page do not matter; I and L are read as 1, O as 0. Among several codes none is meant.
    """
    text = plain(typed)
    if found := _VERIFY.search(text):
        text = found[1]
    squeezed = "".join(letter for letter in text if letter.isalnum())
    if re.fullmatch(f"{_LETTER}{{{length}}}", squeezed):
        return squeezed.translate(_READ_AS)
    return next((one for one in map(_only, _readings(text, length)) if one is not None), None)


def plain(typed: str) -> str:
    """`typed` as it looks, in capitals: ASCII digits and letters, every dash a hyphen, nothing that nobody sees."""
    return "".join(map(_plain, unicodedata.normalize("NFKC", typed[:_LONGEST])))


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character in _DASHES:
        return "-"
    if category in _MARKS or character in _BLANKS:
        return ""
    if category[0] == "Z" or category == "Cc":
        return " "
    return character.upper() if character.isascii() else character


def _readings(text: str, length: int) -> Iterable[list[str]]:
    """What stands between words and could be the code, surest first: groups of four with dashes, one piece, groups."""
    yield _in_groups(text, length // _GROUP, r" ?-{1,2} ?")
    yield [one for one in re.findall(rf"(?<!\w){_LETTER}{{{length}}}(?!\w)", text) if _has_digit(one)]
    yield _most_digits(_in_groups(text, length // _GROUP, r"\W{1,3}"))


def _in_groups(text: str, count: int, between: str) -> list[str]:
    """Every run of `count` groups, those that overlap too."""
    group = f"{_LETTER}{{{_GROUP}}}"
    return re.findall(rf"(?=(?<!\w)({group}(?:{between}{group}){{{count - 1}}})(?!\w))", text)


def _most_digits(readings: list[str]) -> list[str]:
    """Those with digits in most groups: "code 7K3M 9QXT 2WBD" could begin with its first word, which holds none."""
    counts = [sum(map(_has_digit, re.split(r"\W+", one))) for one in readings]
    return [one for one, count in zip(readings, counts, strict=True) if count == max(counts)]


def _only(readings: list[str]) -> str | None:
    codes = {"".join(filter(str.isalnum, one)).translate(_READ_AS) for one in readings}
    return codes.pop() if len(codes) == 1 else None


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
