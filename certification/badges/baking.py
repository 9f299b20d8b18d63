"""Baking: a badge inside its own picture, as an iTXt chunk of a PNG or an element of an SVG, and taking it out again.

Source: 1EdTech Open Badges 3.0, section 5.3 (Baked Badges). Unbaking takes what strangers upload: it is bounded, and
raises one error for everything that is not a baked badge.
"""

import zlib
from typing import Any, Final, NoReturn
from xml.parsers import expat

from openbadgeslib import baking
from openbadgeslib.errors import LibOpenBadgesException
from png import Error as PngError

LARGEST: Final = 256 * 1024
"""Bytes of a credential; the largest that openbadgeslib takes out of a compressed chunk."""

_MOST_ELEMENTS: Final = 100_000
_PIECE: Final = 64 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class NotBaked(ValueError):
    """The picture carries no badge, or is no picture that can be read."""


def bake_png(picture: bytes, credential: str) -> bytes:
    """The PNG with the credential (JSON text, or a compact JWT) in it."""
    return bytes(baking.bake_png(picture, credential, keyword=baking.ITXT_KEYWORD_OB3))


def bake_svg(picture: bytes, credential: str) -> bytes:
    """The SVG with the credential in it; JSON text becomes the element's content, a JWT its attribute."""
    return bytes(
        baking.bake_svg(
            picture,
            credential,
            element=baking.SVG_ELEMENT_OB3,
            namespace=baking.SVG_NS_OB3,
            as_text=credential.lstrip().startswith("{"),
        )
    )


def is_picture(content: bytes) -> bool:
    """Whether the bytes begin as a PNG or as XML does."""
    return content.startswith(_PNG) or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def unbake(content: bytes) -> str:
    """The credential inside a PNG or SVG, as JSON text or a compact JWT. Raises `NotBaked`."""
    try:
        found = _from_png(content) if content.startswith(_PNG) else _from_svg(content)
    except (LibOpenBadgesException, expat.ExpatError, PngError, zlib.error, ValueError) as problem:
        raise NotBaked(str(problem)[:200]) from None
    except (RecursionError, LookupError, AttributeError, TypeError):  # what the parsers make of mangled input
        raise NotBaked("cannot be read") from None
    if not found or len(found) > LARGEST:
        raise NotBaked("no badge inside")
    return found


def _from_png(content: bytes) -> str | None:
    found: Any = baking.extract_png(content, LARGEST, keyword=baking.ITXT_KEYWORD_OB3)
    return None if found is None else str(found)


def _from_svg(content: bytes) -> str | None:
    """By namespace, since the prefix is the author's choice. Read piece by piece, and no further than the badge."""
    reader = _SvgReader()
    for start in range(0, len(content), _PIECE):
        reader.parser.Parse(content[start : start + _PIECE], start + _PIECE >= len(content))
        if reader.found is not None:
            return reader.found
    return None


class _SvgReader:
    """Looks for the first badge of a drawing and keeps nothing else of it. Raises `NotBaked` and `ExpatError`."""

    def __init__(self) -> None:
        self.found: str | None = None
        self._text: list[str] = []
        self._verify = ""
        self._elements = self._depth = self._size = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take
        self.parser.EntityDeclHandler = _refuse_entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise NotBaked("too many elements")
        if self._depth:
            self._depth += 1
        elif name == f"{baking.SVG_NS_OB3} credential" and self.found is None:
            self._depth, self._verify = 1, attributes.get("verify", "")

    def _end(self, _name: str) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 and (self._verify or self._text) and self.found is None:
            self.found = self._verify or "".join(self._text).strip()

    def _take(self, text: str) -> None:
        if self._depth == 1:
            self._size += len(text)
            if self._size > LARGEST:
                raise NotBaked("too large")
            self._text.append(text)


def _refuse_entity(*_declaration: object) -> NoReturn:
    """An entity may stand for much more than is written, or for a file of this machine."""
    raise NotBaked("entities")
