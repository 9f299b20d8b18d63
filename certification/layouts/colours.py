"""The colours of a definition as red, green and blue between 0 and 1."""

from functools import lru_cache
from typing import TypeAlias

from accounts.accent import luminance

Rgb: TypeAlias = tuple[float, float, float]
WHITE: Rgb = (1.0, 1.0, 1.0)
_NAMED = {"ink": "#1c1f26", "quiet": "#5b606b", "rule": "#d0d2d8", "paper": "#ffffff"}
_EVEN = 0.209  # the luminance at which white and ink contrast equally: sqrt(1.05 * (luminance of ink + 0.05)) - 0.05


@lru_cache(maxsize=512)
def resolved(name: str, accent: str, strength: float = 1.0) -> Rgb:
    """A colour by its name in a definition, mixed with white where `strength` is below 1.

    Raises ValueError where `accent` is no colour such as #1a4f8b.
    """
    if name == "on_accent":
        return legible_on(_parsed(accent))
    red, green, blue = _parsed(accent if name == "accent" else _NAMED.get(name, name))
    return mixed(WHITE, (red, green, blue), strength)


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with `share` (0 to 1) of `other` in it."""
    red, green, blue = (part * (1 - share) + more * share for part, more in zip(one, other, strict=True))
    return red, green, blue


def legible_on(ground: Rgb) -> Rgb:
    """White, or ink where the ground is light: whichever has the greater contrast (WCAG 2.2)."""
    written = "#" + "".join(f"{round(part * 255):02x}" for part in ground)
    return WHITE if luminance(written) < _EVEN else _parsed(_NAMED["ink"])


def _parsed(hexadecimal: str) -> Rgb:
    digits = hexadecimal.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"{hexadecimal!r} is not a colour such as #1a4f8b.")
    red, green, blue = bytes.fromhex(digits)
    return red / 255, green / 255, blue / 255
