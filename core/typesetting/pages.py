"""Documents of one page or several whose bytes follow from what they say alone."""

from collections.abc import Callable, Sequence
from datetime import date
from io import BytesIO

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

rl_config.useA85 = 0  # Streams as bytes: ASCII armour makes every file a quarter larger and slower to write.

Colour = tuple[float, float, float]
"""Red, green and blue between 0 and 1."""


class _Canvas(Canvas):  # type: ignore[misc]  # reportlab has no types
    """A canvas that does not begin each page by choosing Helvetica, which would not be embedded."""

    def _make_preamble(self) -> None:
        self._preamble = ""


def one_page(
    size: tuple[float, float],
    paint: Callable[[Canvas], None],
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
    pages: Sequence[Callable[[Canvas], None]],
    *,
    title: str,
    author: str,
    language: str,
    created_on: date,
) -> bytes:
    """A PDF of pages of `size` points, each filled by its painter, with metadata; equal input gives equal bytes."""
    buffer = BytesIO()
    canvas = _Canvas(buffer, pagesize=size, pageCompression=1, invariant=1, lang=language)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setCreator("Confero")
    canvas.setProducer("Confero")
    canvas.setDateFormatter(lambda *_: f"D:{created_on:%Y%m%d}000000+00'00'")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    for paint in pages:
        paint(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


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


def wave(start: float, end: float, quarter: float, amplitude: float, phase: int) -> list[tuple[float, float]]:
    """Bezier points of a sine wave along x from `start` to `end`, beginning at quarter `phase` of its period.

    The control points of a quarter (0.5123 and 1.0023 of a radian) keep within 0.1 % of the sine.
    """
    heights = (0.0, 1.0, 0.0, -1.0)
    count = round((end - start) / quarter)
    step = (end - start) / count
    points = [(start, heights[phase % 4] * amplitude)]
    for index in range(count):
        x, low, high = start + index * step, heights[(phase + index) % 4], heights[(phase + index + 1) % 4]
        near, far = (0.32613, 0.63808) if low == 0 else (1 - 0.63808, 1 - 0.32613)
        first = high * 0.512287 if low == 0 else low
        second = high if low == 0 else low * 0.512287
        points += [
            (x + near * step, first * amplitude),
            (x + far * step, second * amplitude),
            (x + step, high * amplitude),
        ]
    return points


def path(points: Sequence[tuple[float, float]]) -> str:
    """Operators that stroke a Bezier curve through points as `wave` gives them."""
    curves = (points[index : index + 3] for index in range(1, len(points), 3))
    drawn = " ".join(" ".join(f"{x:.2f} {y:.2f}" for x, y in curve) + " c" for curve in curves)
    return f"{points[0][0]:.2f} {points[0][1]:.2f} m {drawn} S"
