"""Documents of one page or several whose bytes follow from what they say alone, and the colours that they are in."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time

from core.typesetting.canvas import ArchivalCanvas
from core.typesetting.pdfa import Metadata

Colour = tuple[float, float, float]
"""Red, green and blue between 0 and 1."""


def one_page(
    size: tuple[float, float],
    paint: Callable[[ArchivalCanvas], None],
    *,
    title: str,
    author: str,
    language: str,
    created_on: date,
) -> bytes:
    """A PDF of one page of `size` points that `paint` fills, with metadata; equal input gives equal bytes."""
    return document(size, [paint], title=title, author=author, language=language, created_on=created_on)


def document(
    size: tuple[float, float],
    pages: Sequence[Callable[[ArchivalCanvas], None]],
    *,
    title: str,
    author: str,
    language: str,
    created_on: date,
) -> bytes:
    """A PDF of pages of `size` points, each filled by its painter, with metadata; equal input gives equal bytes."""
    created_at = datetime.combine(created_on, time(), UTC)
    canvas = ArchivalCanvas(size, Metadata(title, author, "", language, created_at))
    for paint in pages:
        paint(canvas)
        canvas.showPage()
    return canvas.finished()


def colour(hexadecimal: str) -> Colour:
    """The colour written as `#rrggbb`. Raises ValueError for anything else."""
    digits = hexadecimal.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"{hexadecimal!r} is not a colour such as #1a4f8b.")
    red, green, blue = bytes.fromhex(digits)
    return red / 255, green / 255, blue / 255


def tint(of: Colour, strength: float) -> Colour:
    """`of` mixed with white: strength 1 is the colour itself, 0 is white."""
    red, green, blue = (1 - (1 - part) * strength for part in of)
    return red, green, blue
