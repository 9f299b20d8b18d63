"""Drawn ornaments: guilloches, rosettes, waves and the edges of seals, each worked out once a process."""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, pi, sin

from reportlab.pdfgen.pathobject import PDFPathObject

from core.typesetting import Artwork

SEAL_RADIUS = 37.0
"""Half the side of the square that a seal's artwork fills, with its middle at the origin."""

Point = tuple[float, float]


@lru_cache(maxsize=64)
def guilloche(width: float, height: float, band: float) -> Artwork:
    """Three interlaced strands along each side of a frame of `width` by `height`, a rosette in each corner."""
    middle, reach = band / 2, band / 2 - min(1.6, band / 8)
    quarter = max(band * 0.46, 2.0)
    strokes = []
    for phase in range(4):
        for y in (middle, height - middle):
            points = wave(band, width - band, quarter, reach, phase)
            strokes.append(curve([(x, y + rise) for x, rise in points]))
        for x in (middle, width - middle):
            points = wave(band, height - band, quarter, reach, phase)
            strokes.append(curve([(x + rise, y) for y, rise in points]))
    for x in (middle, width - middle):
        for y in (middle, height - middle):
            strokes += [rosette(x, y, reach, 0.62, 8), rosette(x, y, reach * 0.55, 0.5, 6)]
    return Artwork(strokes, (0, 0, width, height))


@lru_cache(maxsize=8)
def seal_edge(style: str) -> Artwork:
    """The edge of a seal around the origin, stroked: engraved strands, or two circles."""
    if style == "engraved":
        strokes = [rosette(0, 0, 35.5, 0.83, waves, turn) for waves in (24, 36) for turn in (0.0, pi / waves)]
    elif style == "serrated":
        strokes = [rosette(0, 0, 30.6, 0.985, 60), circle(27.6)]
    else:
        strokes = [circle(35.5), circle(33.6)]
    return Artwork(strokes, (-SEAL_RADIUS, -SEAL_RADIUS, SEAL_RADIUS, SEAL_RADIUS))


@lru_cache(maxsize=1)
def star() -> PDFPathObject:
    """The outline of a serrated seal around the origin, to be filled."""
    reaches = [36.0 if step % 2 else 33.4 for step in range(96)]
    return polygon([(reach * cos(pi * step / 48), reach * sin(pi * step / 48)) for step, reach in enumerate(reaches)])


@lru_cache(maxsize=64)
def waves(width: float, height: float) -> Artwork:
    """Two families of fine waves that cross a whole field and swell and thin out against each other."""
    longer = max(width, height)
    count = round(height / longer * 30) + 14
    strokes = []
    for family, phase in ((0.0, 0), (0.5, 1)):
        for strand in range(count):
            share = (strand + family) / count
            swell = 0.5 + 0.5 * sin(2 * pi * (share * 1.5 + family / 3))
            points = wave(-width * 0.05, width * 1.05, width * (0.26 + 0.1 * family), longer * 0.085 * swell, phase)
            base = height * (1.3 * share - 0.15)
            tilt = 0.12 * longer / width
            strokes.append(curve([(x, base + rise + (x - width / 2) * tilt) for x, rise in points]))
    return Artwork(strokes, (0, 0, width, height))


@lru_cache(maxsize=64)
def great_rosette(width: float, height: float) -> Artwork:
    """Concentric rosettes that grow out of a lower corner of a field."""
    reach = max(width, height)
    strokes = [
        rosette(width * 0.86, height * 0.12, reach * (0.16 + 0.075 * ring), 0.9, 18 + 2 * ring, pi / 40 * ring)
        for ring in range(12)
    ]
    return Artwork(strokes, (0, 0, width, height))


@lru_cache(maxsize=64)
def medallion(width: float, height: float) -> Artwork:
    """A large guilloche in the middle of a field: bands of interlaced rosettes around an open centre."""
    reach = min(width, height) / 2 - 1
    strokes = []
    for outer, hollow, count in ((1.0, 0.86, 30), (0.84, 0.8, 24), (0.655, 0.74, 18), (0.47, 0.6, 12)):
        for step in range(4):
            turn = step * pi / (2 * count)
            strokes.append(rosette(width / 2, height / 2, reach * outer, hollow, count, turn))
    return Artwork(strokes, (0, 0, width, height))


def rosette(x: float, y: float, radius: float, hollow: float, waves: int, turn: float = 0.0) -> PDFPathObject:
    """A closed curve that swings `waves` times between `hollow` of the radius and the radius itself."""
    count = waves * 8
    points = []
    for step in range(count):
        angle = 2 * pi * step / count
        reach = radius * ((1 + hollow) / 2 + (1 - hollow) / 2 * cos(waves * (angle + turn)))
        points.append((x + reach * cos(angle), y + reach * sin(angle)))
    return polygon(points)


def circle(radius: float) -> PDFPathObject:
    """A circle around the origin."""
    path = PDFPathObject()
    path.circle(0, 0, radius)
    return path


def polygon(points: Sequence[Point]) -> PDFPathObject:
    """A closed path of straight lines; places are rounded to 0.01, which no eye and no printer sees."""
    path = PDFPathObject()
    for draw, (x, y) in zip([path.moveTo, *[path.lineTo] * (len(points) - 1)], points, strict=True):
        draw(round(x, 2), round(y, 2))
    path.close()
    return path


def curve(points: Sequence[Point]) -> PDFPathObject:
    """A path through Bezier points as `wave` gives them, rounded as those of a `polygon`."""
    rounded = [(round(x, 2), round(y, 2)) for x, y in points]
    path = PDFPathObject()
    path.moveTo(*rounded[0])
    for near, far, end in zip(rounded[1::3], rounded[2::3], rounded[3::3], strict=True):
        path.curveTo(*near, *far, *end)
    return path


def wave(start: float, end: float, quarter: float, amplitude: float, phase: int) -> list[Point]:
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


PATTERNS = {"waves": waves, "rosette": great_rosette, "medallion": medallion}
"""What fills a panel of a width and height, by the name of its pattern."""
