"""Which font sets which character: by Unicode block, typeface, the text's own evidence and its language."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from core.fonts import FAMILIES, LATIN, Family, Typeface, Weight
from core.typesetting.faces import FAMILY, face

_HAN = "Han"
_BLOCKS = sorted(  # Unicode, Blocks.txt; everything between them is asked of the typeface first.
    [
        (0x0590, 0x05FF, "Hebrew"),
        (0xFB1D, 0xFB4F, "Hebrew"),
        (0x0600, 0x06FF, "Arabic"),
        (0x0750, 0x077F, "Arabic"),
        (0x0870, 0x08FF, "Arabic"),
        (0xFB50, 0xFDFF, "Arabic"),
        (0xFE70, 0xFEFE, "Arabic"),
        (0x0900, 0x097F, "Devanagari"),
        (0xA8E0, 0xA8FF, "Devanagari"),
        (0x0980, 0x09FF, "Bengali"),
        (0x0B80, 0x0BFF, "Tamil"),
        (0x0C00, 0x0C7F, "Telugu"),
        (0x0E00, 0x0E7F, "Thai"),
        (0x0E80, 0x0EFF, "Lao"),
        (0x1000, 0x109F, "Myanmar"),
        (0x1780, 0x17FF, "Khmer"),
        (0x1100, 0x11FF, "KR"),
        (0xA960, 0xA97F, "KR"),
        (0xAC00, 0xD7FF, "KR"),
        (0x3130, 0x318F, "KR"),
        (0x2E80, 0x312F, _HAN),
        (0x3190, 0x9FFF, _HAN),
        (0xF900, 0xFAFF, _HAN),
        (0xFE30, 0xFE4F, _HAN),
        (0xFF00, 0xFFEF, _HAN),
        (0x20000, 0x3FFFF, _HAN),
    ]
)
_STARTS = [start for start, _, _ in _BLOCKS]
_EVIDENCE = (
    (re.compile(r"[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]"), "JP"),
    (re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"), "KR"),
    (re.compile(r"[\u3105-\u312f\u31a0-\u31bf]"), "TC"),
)
_HAN_BY_LANGUAGE = {"ja": "JP", "ko": "KR", "zh-hant": "TC", "zh-tw": "TC", "zh-hk": "TC", "zh-mo": "TC", "zh": "SC"}
_CLINGING = re.compile(r"[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # joiners and variation selectors


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Bounds of each base character with the marks that belong to it, none of which may be parted."""
    start = 0
    for index in range(1, len(text)):
        if not (unicodedata.category(text[index])[0] == "M" or _CLINGING.match(text[index])):
            yield start, index
            start = index
    if text:
        yield start, len(text)


def assign(
    text: str, weight: Weight, language: str | None, typeface: Typeface = Typeface.SANS
) -> tuple[list[Family], set[str]]:
    """A family for each character of `text`, and the characters that no font knows.

    Spaces and punctuation stay with the font of the letter before them, or at the start of the letter after, so that
    words are not broken into runs.
    """
    latin, han = LATIN[typeface], _han(text, language)
    chosen: list[Family | None] = [None] * len(text)
    unknown: set[str] = set()
    previous: Family | None = None
    for start, end in clusters(text):
        cluster = text[start:end]
        is_neutral = unicodedata.category(cluster[0])[0] in "ZPSC"
        if is_neutral and previous and _covers(previous, weight, cluster):
            family: Family | None = previous
        elif is_neutral and previous is None and not cluster.isascii():
            family = _following(text, end, weight, latin, han, cluster) or _choose(cluster, weight, latin, han)
        else:
            family = _choose(cluster, weight, latin, han)
        if family is None:
            unknown |= set(cluster)
            family = latin
        chosen[start:end] = [family] * (end - start)
        previous = family
    return [family or latin for family in chosen], unknown


def _han(text: str, language: str | None) -> str:
    """Which of the four shapes of a Han character is meant: the language says, else kana, Hangul or Bopomofo do."""
    tag = (language or "").lower()
    if tag.startswith(("ja", "ko", "zh")):
        candidates = (tag, "-".join(tag.split("-")[:2]), tag[:2])
        return next(_HAN_BY_LANGUAGE[candidate] for candidate in candidates if candidate in _HAN_BY_LANGUAGE)
    return next((name for pattern, name in _EVIDENCE if pattern.search(text)), "SC")


def _block(character: str, latin: Family, han: str) -> Family:
    code = ord(character)
    index = bisect_right(_STARTS, code) - 1
    if index < 0 or code > _BLOCKS[index][1]:
        return latin
    name = _BLOCKS[index][2]
    return FAMILY[han if name == _HAN else name]


@lru_cache(maxsize=4096)
def _choose(cluster: str, weight: Weight, latin: Family, han: str) -> Family | None:
    """The first family that knows the whole cluster, else the first that knows its base.

    In the second case HarfBuzz may still compose the mark; the glyph that it finds decides, not this table.
    """
    first = _block(cluster[0], latin, han)
    if _covers(first, weight, cluster):
        return first
    sans = [LATIN[Typeface.SANS]] if first is latin else []
    order = [first, *sans, FAMILY[han], *FAMILIES]
    whole = next((family for family in order if _covers(family, weight, cluster)), None)
    return whole or next((family for family in order if _covers(family, weight, cluster[0])), None)


def _following(text: str, start: int, weight: Weight, latin: Family, han: str, cluster: str) -> Family | None:
    for character in text[start:]:
        if unicodedata.category(character)[0] not in "ZPSC":
            family = _block(character, latin, han)
            return family if _covers(family, weight, cluster) else None
    return None


def _covers(family: Family, weight: Weight, cluster: str) -> bool:
    font = face(family, weight)
    return all(
        font.knows(character) or _CLINGING.match(character) or unicodedata.category(character) == "Cf"
        for character in cluster
    )
