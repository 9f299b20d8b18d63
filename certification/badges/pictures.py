"""The picture of an achievement: a seal in the organization's accent, as SVG and as PNG, drawn from the same points.

A certification carries a check mark, attendance a calendar leaf. There are no letters in it: what is achieved, in
whatever script, stands in the badge itself and in the SVG's title.
"""

import functools
import io
import math
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

from accounts.accent import mix
from certification.badges.facts import AchievementType

Point: TypeAlias = tuple[float, float]

SIZE: Final = 600
"""Pixels of the PNG; units of the SVG."""

_CENTRE: Final = SIZE / 2
_SCALLOPS: Final = 16
_FINER: Final = 4
"""The PNG is drawn so many times larger and made smaller, which smooths its edges."""


@functools.lru_cache(maxsize=256)
def svg(accent: str, kind: AchievementType, title: str) -> bytes:
    """The seal as SVG (UTF-8); `accent` is `#rrggbb`, `title` is read out by screen readers."""
    shapes = "".join(
        f'<polygon fill="{fill}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        for fill, points in _shapes(accent, kind)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}" '
        'role="img">'
        f"<title>{escape(title)}</title>{shapes}</svg>"
    ).encode()


@functools.lru_cache(maxsize=64)
def png(accent: str, kind: AchievementType) -> bytes:
    """The seal as PNG with a transparent ground, 600 by 600 pixels."""
    from PIL import Image, ImageDraw

    large = Image.new("RGBA", (SIZE * _FINER, SIZE * _FINER), (255, 255, 255, 0))
    pen = ImageDraw.Draw(large)
    for fill, points in _shapes(accent, kind):
        pen.polygon([(x * _FINER, y * _FINER) for x, y in points], fill=fill)
    small = large.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    small.quantize(128, Image.Quantize.FASTOCTREE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _shapes(accent: str, kind: AchievementType) -> list[tuple[str, list[Point]]]:
    """Filled outlines from back to front."""
    deep, light, paper = mix(accent, "#000000", 0.35), mix(accent, "#ffffff", 0.78), "#ffffff"
    ribbons = [(deep, _ribbon(-1)), (deep, _ribbon(1))]
    seal = [(accent, _scalloped(255, 14)), (paper, _circle(205)), (accent, _circle(195)), (light, _circle(165))]
    sign = _check(deep) if kind is AchievementType.certification else _leaf(deep, paper, accent)
    return [(fill, _up(points)) for fill, points in [*ribbons, *seal, *sign]]


def _up(points: list[Point]) -> list[Point]:
    """Everything a little higher, so that seal and ribbons are in the middle together."""
    return [(x, y - 34) for x, y in points]


def _circle(radius: float) -> list[Point]:
    return [_at(radius, 360 * step / 180) for step in range(180)]


def _scalloped(radius: float, depth: float) -> list[Point]:
    steps = _SCALLOPS * 24
    return [
        _at(radius - depth + depth * math.cos(math.radians(_SCALLOPS * 360 * step / steps)), 360 * step / steps)
        for step in range(steps)
    ]


def _at(radius: float, degrees: float) -> Point:
    angle = math.radians(degrees - 90)
    return (_CENTRE + radius * math.cos(angle), _CENTRE + radius * math.sin(angle))


def _ribbon(side: int) -> list[Point]:
    """A ribbon that hangs out below, to the left (-1) or the right (1), with a notch at its end."""
    return [
        (_CENTRE + side * x, _CENTRE + y)
        for x, y in [(20, 190), (150, 150), (190, 318), (132, 296), (84, 330), (60, 260)]
    ]


def _check(fill: str) -> list[tuple[str, list[Point]]]:
    points = [(-92, 6), (-58, -28), (-22, 8), (64, -80), (98, -46), (-22, 76)]
    return [(fill, [(_CENTRE + x, _CENTRE + y) for x, y in points])]


def _leaf(fill: str, paper: str, accent: str) -> list[tuple[str, list[Point]]]:
    """A leaf of a calendar with two rings and one marked day."""
    boxes = [
        (fill, (-92, -74, 92, 92)),
        (paper, (-78, -30, 78, 78)),
        (fill, (-54, -98, -36, -58)),
        (fill, (36, -98, 54, -58)),
        (accent, (-28, -4, 28, 52)),
    ]
    return [
        (colour, [(_CENTRE + x, _CENTRE + y) for x, y in [(left, top), (right, top), (right, low), (left, low)]])
        for colour, (left, top, right, low) in boxes
    ]
