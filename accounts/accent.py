"""An organization's accent colour: legible in the light scheme by rule, and a tint of it for the dark scheme.

Formulas: relative luminance and contrast ratio of WCAG 2.2 (definitions), success criterion 1.4.3 asks 4.5:1 of text.
The grounds are the ones of api/static/css/tokens.css; a soft ground is the surface with 9 % of the accent.
"""

from typing import TypeAlias

from core.errors import InvalidInput
from core.i18n import gettext as _

Rgb: TypeAlias = tuple[float, float, float]
NEEDED = 4.5
_LIGHT = ("#fbfaf7", "#ffffff", "#f3f0e9")
_DARK = ("#11161b", "#192027", "#0c1014")
_SOFT = 0.09


def _rgb(colour: str) -> Rgb:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 for black to 1 for white."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0 to 1) of `other` in it, in sRGB."""
    pairs = list(zip(_rgb(colour), _rgb(other), strict=True))
    red, green, blue = (a * (1 - share) + b * share for a, b in pairs)
    return _hex((red, green, blue))


def _worst(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in (*grounds, mix(grounds[1], colour, _SOFT)))


def check(accent: str) -> None:
    """Raise `InvalidInput` naming the ratio where text in `accent` is too faint on a light page or its soft ground."""
    ratio = _worst(accent, _LIGHT)
    if ratio < NEEDED:
        message = _("This colour reaches a contrast of %(ratio)s:1 on the page; 4.5:1 is needed. Choose a darker one.")
        raise InvalidInput({"accent": message % {"ratio": f"{ratio:.1f}"}})


def for_dark(accent: str) -> str:
    """The least tint of `accent` with white that is legible on the dark page and its soft ground."""
    for step in range(101):
        tint = mix(accent, "#ffffff", step / 100)
        if _worst(tint, _DARK) >= NEEDED:
            return tint
    return "#ffffff"


def on(accent: str) -> str:
    """White or near-black, whichever is easier to read on `accent`."""
    return "#ffffff" if contrast(accent, "#ffffff") >= contrast(accent, "#0c1014") else "#0c1014"


def style_sheet(accent: str) -> str:
    """The CSS custom properties of an organization's pages, for both schemes."""
    dark = for_dark(accent)
    return (
        f":root{{--accent:{accent};--on-accent:{on(accent)}}}\n"
        f"@media(prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:{on(dark)}}}}}\n"
    )
