"""Drawn ornaments: guilloches, rosettes, waves and the edges of seals, each worked out once a process."""

from functools import lru_cache
from hashlib import sha256
from math import cos, pi, sin

from core.typesetting import Artwork
from core.typesetting.pages import path, wave

SEAL_RADIUS = 37.0
"""Half the side of the square that a seal's artwork fills, with its middle at the origin."""


def _artwork(operators: str, box: tuple[float, float, float, float]) -> Artwork:
    return Artwork(f"A{sha256(operators.encode()).hexdigest()[:12]}", operators, box)


@lru_cache(maxsize=64)
def guilloche(width: float, height: float, band: float) -> Artwork:
    """Three interlaced strands along each side of a frame of `width` by `height`, a rosette in each corner."""
    middle, reach = band / 2, band / 2 - min(1.6, band / 8)
    quarter = max(band * 0.46, 2.0)
    strokes = []
    for phase in range(4):
        for y in (middle, height - middle):
            points = wave(band, width - band, quarter, reach, phase)
            strokes.append(path([(x, y + rise) for x, rise in points]))
        for x in (middle, width - middle):
            points = wave(band, height - band, quarter, reach, phase)
            strokes.append(path([(x + rise, y) for y, rise in points]))
    for x in (middle, width - middle):
        for y in (middle, height - middle):
            strokes += [rosette(x, y, reach, 0.62, 8), rosette(x, y, reach * 0.55, 0.5, 6)]
    return _artwork("\n".join(strokes), (0, 0, width, height))


@lru_cache(maxsize=8)
def seal_edge(style: str) -> Artwork:
    """The edge of a seal around the origin, stroked: engraved strands, or two circles."""
    if style == "engraved":
        strokes = [rosette(0, 0, 35.5, 0.83, waves, turn) for waves in (24, 36) for turn in (0.0, pi / waves)]
    elif style == "serrated":
        strokes = [rosette(0, 0, 30.6, 0.985, 60), circle(0, 0, 27.6)]
    else:
        strokes = [circle(0, 0, 35.5), circle(0, 0, 33.6)]
    return _artwork("\n".join(strokes), (-SEAL_RADIUS, -SEAL_RADIUS, SEAL_RADIUS, SEAL_RADIUS))


@lru_cache(maxsize=1)
def star() -> str:
    """The outline of a serrated seal around the origin, to be filled."""
    points = []
    for step in range(96):
        reach = 36.0 if step % 2 else 33.4
        points.append(f"{reach * cos(pi * step / 48):.2f} {reach * sin(pi * step / 48):.2f}")
    return f"{points[0]} m {' l '.join(points[1:])} l h f"


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
            strokes.append(path([(x, base + rise + (x - width / 2) * tilt) for x, rise in points]))
    return _artwork("\n".join(strokes), (0, 0, width, height))


@lru_cache(maxsize=64)
def great_rosette(width: float, height: float) -> Artwork:
    """Concentric rosettes that grow out of a lower corner of a field."""
    reach = max(width, height)
    strokes = [
        rosette(width * 0.86, height * 0.12, reach * (0.16 + 0.075 * ring), 0.9, 18 + 2 * ring, pi / 40 * ring)
        for ring in range(12)
    ]
    return _artwork("\n".join(strokes), (0, 0, width, height))


@lru_cache(maxsize=64)
def medallion(width: float, height: float) -> Artwork:
    """A large guilloche in the middle of a field: bands of interlaced rosettes around an open centre."""
    reach = min(width, height) / 2 - 1
    strokes = []
    for outer, hollow, count in ((1.0, 0.86, 30), (0.84, 0.8, 24), (0.655, 0.74, 18), (0.47, 0.6, 12)):
        for step in range(4):
            turn = step * pi / (2 * count)
            strokes.append(rosette(width / 2, height / 2, reach * outer, hollow, count, turn))
    return _artwork("\n".join(strokes), (0, 0, width, height))


def rosette(x: float, y: float, radius: float, hollow: float, waves: int, turn: float = 0.0) -> str:
    """A closed curve that swings `waves` times between `hollow` of the radius and the radius itself."""
    count = waves * 8
    points = []
    for step in range(count):
        angle = 2 * pi * step / count
        reach = radius * ((1 + hollow) / 2 + (1 - hollow) / 2 * cos(waves * (angle + turn)))
        points.append(f"{x + reach * cos(angle):.2f} {y + reach * sin(angle):.2f}")
    return f"{points[0]} m {' l '.join(points[1:])} l s"


def circle(x: float, y: float, radius: float, paint: str = "S") -> str:
    """A circle of four Bezier curves (within 0.03 % of the radius), stroked, or painted by another operator."""
    near = radius * 0.5522847
    return (
        f"{x + radius:.3f} {y:.3f} m "
        f"{x + radius:.3f} {y + near:.3f} {x + near:.3f} {y + radius:.3f} {x:.3f} {y + radius:.3f} c "
        f"{x - near:.3f} {y + radius:.3f} {x - radius:.3f} {y + near:.3f} {x - radius:.3f} {y:.3f} c "
        f"{x - radius:.3f} {y - near:.3f} {x - near:.3f} {y - radius:.3f} {x:.3f} {y - radius:.3f} c "
        f"{x + near:.3f} {y - radius:.3f} {x + radius:.3f} {y - near:.3f} {x + radius:.3f} {y:.3f} c {paint}"
    )


def rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    """The outline of a rectangle with round corners, without painting it."""
    radius = min(radius, width / 2, height / 2)
    if radius <= 0:
        return f"{x:.2f} {y:.2f} {width:.2f} {height:.2f} re"
    far, right, top = radius * 0.4477153, x + width, y + height
    return (
        f"{x + radius:.2f} {y:.2f} m {right - radius:.2f} {y:.2f} l "
        f"{right - far:.2f} {y:.2f} {right:.2f} {y + far:.2f} {right:.2f} {y + radius:.2f} c "
        f"{right:.2f} {top - radius:.2f} l "
        f"{right:.2f} {top - far:.2f} {right - far:.2f} {top:.2f} {right - radius:.2f} {top:.2f} c "
        f"{x + radius:.2f} {top:.2f} l "
        f"{x + far:.2f} {top:.2f} {x:.2f} {top - far:.2f} {x:.2f} {top - radius:.2f} c "
        f"{x:.2f} {y + radius:.2f} l "
        f"{x:.2f} {y + far:.2f} {x + far:.2f} {y:.2f} {x + radius:.2f} {y:.2f} c h"
    )


PATTERNS = {"waves": waves, "rosette": great_rosette, "medallion": medallion}
"""What fills a panel of a width and height, by the name of its pattern."""
