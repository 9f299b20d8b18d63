"""Text from outside, made fit to be shown: a name or an address that a stranger wrote must not steer what shows it.

Sources: ECMA-48 (control sequences), Unicode Standard Annex 9 (marks that turn the direction of what follows).
"""

import re
import unicodedata
from typing import Final

_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, moves of the cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links, the clipboard
)
_MARKS: Final = str.maketrans(dict.fromkeys('“”„‟«»"', "'"))
_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible marks that belong to words of Persian and of Indian scripts."""


def plain(text: str, longest: int = 500) -> str:
    """The text on one line, without control sequences, control characters, and marks that hide or turn letters.

    Beyond `longest` characters it ends in an ellipsis.
    """
    kept = "".join(_kept(letter) for letter in _SEQUENCES.sub("", text[: 4 * longest]))
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def quoted(text: str) -> str:
    """The text as it may stand between quotation marks: it cannot end them and go on as if it were ours."""
    return text.translate(_MARKS)


def _kept(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS:
        return letter
    return " " if unicodedata.category(letter) in ("Cc", "Zs", "Zl", "Zp") else ""
