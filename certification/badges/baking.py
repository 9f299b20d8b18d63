"""Baking: a badge inside its own picture, as an iTXt chunk of a PNG or an element of an SVG, and taking it out again.

Source: 1EdTech Open Badges 3.0, section 5.3 (Baked Badges). Unbaking takes what strangers upload: it is bounded, and
raises one error for everything that is not a baked badge.
"""

import zlib
from typing import Any, Final
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.minidom import parseString
from openbadgeslib import baking
from openbadgeslib.errors import LibOpenBadgesException
from png import Error as PngError

LARGEST: Final = 256 * 1024
"""Bytes of a credential; the largest that openbadgeslib takes out of a compressed chunk."""

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
    except (LibOpenBadgesException, DefusedXmlException, ExpatError, PngError, zlib.error, ValueError) as problem:
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
    """By namespace, since the prefix is the author's choice."""
    drawing = parseString(content, forbid_dtd=False)
    try:
        elements = drawing.getElementsByTagNameNS(baking.SVG_NS_OB3, "credential")
        if not elements:
            return None
        verify = elements[0].getAttribute("verify")
        texts = (child.data for child in elements[0].childNodes if child.nodeType in (child.TEXT_NODE, 4))
        return str(verify or "".join(texts).strip())
    finally:
        drawing.unlink()
