"""Text as people type and paste it: what one line, or several, may hold; the same for every field of every schema.

Marks that nobody sees and that copying brings along (zero-width spaces, byte order marks, direction marks, soft
hyphens) are dropped. The joiners U+200C and U+200D stay, since Persian, Indic scripts and emoji are spelled with them.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.i18n import gettext as _

_JOINERS = "\u200c\u200d"
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that are drawn: Prepended_Concatenation_Mark in the Unicode Character Database."""
_OVERRIDES = frozenset("\u202d\u202e")
"""They turn the order of all that follows, so that a text reads as another one (UTS 39, section 5.1)."""
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing."""
_LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` on one line: line breaks and runs of spaces become one space.

    Raises `ValueError` for control characters, direction overrides, and code points that are no characters. Nothing is
    brought into a normal form, which would replace rare forms of Chinese characters in people's names.
    """
    return _readable(" ".join(text.split()))


def several_lines(text: str) -> str:
    """`text` with Unix line ends; tabs, indents and blank lines stay. Raises `ValueError` as `one_line` does."""
    lines = _LINE_ENDS.sub("\n", text).split("\n")
    return "\n".join("\t".join(map(_readable, line.split("\t"))) for line in lines)


def is_visible(text: str) -> bool:
    """Whether somebody would see that there is text: one letter, digit, mark of punctuation or symbol at least."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in _BLANKS for sign in text)


def names_of(characters: Iterable[str]) -> str:
    """The characters as a message names them, each once: `🎉 (U+1F389)`, or the code alone where none is drawn."""
    return ", ".join(
        f"{sign} (U+{ord(sign):04X})" if sign.isprintable() else f"U+{ord(sign):04X}"
        for sign in dict.fromkeys(characters)
    )


def _readable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept = "".join(sign for sign in text if _stays(sign))
    if refused := [sign for sign in kept if not (sign.isprintable() or sign in _PREPENDED or sign in _JOINERS)]:
        message = _("Remove these characters, which cannot be read: %(characters)s.")
        raise ValueError(message % {"characters": names_of(refused[:12])})
    return kept


def _stays(sign: str) -> bool:
    """Whether the character is part of the text, or refused in it, rather than dropped without a word."""
    return unicodedata.category(sign) != "Cf" or sign in _PREPENDED or sign in _JOINERS or sign in _OVERRIDES


@dataclass(frozen=True, slots=True)
class _Text:
    """The annotation of a text field: how long it may be, in characters, after it was cleaned."""

    longest: int
    shortest: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string within the lengths, cleaned before it is measured."""
        inside = core_schema.str_schema(min_length=self.shortest or None, max_length=self.longest)
        optional = core_schema.nullable_schema(inside) if handler(source)["type"] == "nullable" else inside
        return core_schema.no_info_before_validator_function(self._cleaned, optional)

    def _cleaned(self, value: object) -> object:
        if not isinstance(value, str):
            return value  # The string's own schema says what is wrong with it.
        text = self.clean(value).strip()
        if text and not is_visible(text):
            raise ValueError(_("Write something that can be seen."))
        return text

    def clean(self, text: str) -> str:
        raise NotImplementedError


class OneLine(_Text):
    """`Annotated[str, OneLine(200)]`: one line of at least `shortest` characters; 0 lets it be empty."""

    def clean(self, text: str) -> str:
        """As `one_line`."""
        return one_line(text)


class SeveralLines(_Text):
    """`Annotated[str, SeveralLines(1000)]`: any number of lines, such as a description; 0 lets it be empty."""

    def clean(self, text: str) -> str:
        """As `several_lines`."""
        return several_lines(text)
