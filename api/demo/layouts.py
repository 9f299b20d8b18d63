"""The demo's own layout: `modern` with the foundation's mark and the signature of its chair, both drawn here."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from math import cos, dist, pi, sin

from PIL import Image, ImageDraw

from accounts.models import Organization, Person
from certification.layouts import layouts, pictures, shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import LayoutPicture
from certification.programs import certifications
from certification.programs.models import Certification
from certification.programs.schemas import CertificationChange

_SCALE = 4  # Drawn larger and made smaller, so that edges are smooth.
_PEN = (28, 44, 92)
# The strokes of a name that says nothing, in a box of 340 by 110: each is a curve through its points.
_STROKES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((16, 84), (30, 40), (52, 12), (60, 20), (48, 62), (40, 92), (58, 60), (78, 30), (92, 24), (86, 56), (80, 86)),
    ((80, 86), (92, 64), (104, 58), (102, 72), (96, 84), (108, 82), (122, 62), (130, 58), (128, 74), (134, 82)),
    ((134, 82), (148, 66), (152, 56), (146, 70), (150, 82), (166, 68), (176, 40), (184, 16), (174, 52), (172, 82)),
    ((172, 82), (186, 62), (198, 60), (196, 78), (212, 76), (226, 62), (236, 66), (230, 80), (250, 74), (300, 58)),
    ((28, 96), (110, 100), (210, 92), (322, 78)),
)


async def make(
    organization: Organization, associate: Certification, *, signed_by: str, by: Person, now: datetime
) -> None:
    """Give `associate` a layout with the mark of the foundation and the signature of `signed_by`."""
    mark = await pictures.upload(organization, "Mark in white", _mark(), by=by, now=now)
    signature = await pictures.upload(organization, f"Signature of {signed_by}", _signature(), by=by, now=now)
    definition = _grown(shipped.definition_of("modern"), mark, signature, signed_by)
    made = await layouts.create(organization, "Associates", definition, by=by, now=now)
    await certifications.change(associate, CertificationChange(layout_id=made.id), by=by, now=now)


def _grown(modern: LayoutDefinition, mark: LayoutPicture, signature: LayoutPicture, signed_by: str) -> LayoutDefinition:
    """`modern` with the mark in place of its seal, and a signature between its texts and its record."""
    document = modern.model_dump(mode="json")
    by_id = {element["id"]: element for element in document["elements"]}
    seal, body = by_id["seal"], by_id["body"]
    box = {name: seal[name] for name in ("x", "y", "width", "height")}
    logo = {"kind": "picture", "id": "mark", **box, "picture": str(mark.id), "alt": "Mark of the foundation"}
    right = body["x"] + body["width"]
    signing = {"x": round(right - 68, 2), "y": by_id["rule"]["y"] - 32, "width": 68, "height": 33}
    words = {"name": signed_by, "title": "Chair of the certification board"}
    body["height"] = round(signing["y"] - body["y"] - 2, 2)
    document["elements"][document["elements"].index(seal)] = logo
    document["elements"].insert(
        document["elements"].index(body) + 1,
        {"kind": "signature", "id": "signature", **signing, **words, "picture": str(signature.id), "size": 10},
    )
    return LayoutDefinition.model_validate(document)


def _mark() -> bytes:
    """Meridians of a globe in white on nothing."""
    side = 480 * _SCALE
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    pen, middle, radius = ImageDraw.Draw(image), side / 2, side * 0.46
    for share in (1.0, 0.62, 0.2):
        box = (middle - radius * share, middle - radius, middle + radius * share, middle + radius)
        pen.ellipse(box, outline="white", width=round(side * 0.022))
    for latitude in (-0.5, 0.0, 0.5):
        reach = radius * ((1 - latitude**2) ** 0.5 - 0.02)
        y = middle + radius * latitude
        pen.line((middle - reach, y, middle + reach, y), fill="white", width=round(side * 0.016))
    return _png(image)


def _signature() -> bytes:
    """A signature in ink on nothing."""
    image = Image.new("RGBA", (340 * _SCALE * 2, 110 * _SCALE * 2), (*_PEN, 0))
    pen = ImageDraw.Draw(image)
    for stroke in _STROKES:
        points = _smooth(stroke)
        for index, (x, y) in enumerate(points):
            width = (1.5 + 0.9 * sin(pi * index / len(points)) + 0.35 * cos(index / 40)) * _SCALE
            x, y = x * _SCALE * 2, y * _SCALE * 2
            pen.ellipse((x - width, y - width, x + width, y + width), fill=(*_PEN, 255))
    return _png(image)


def _smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points close to one another on the curve through `points` (Catmull-Rom)."""
    ends = [points[0], *points, points[-1]]
    found = []
    for before, start, end, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        steps = max(12, round(dist(start, end) * 4))
        for step in range(steps):
            t = step / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
            pairs = list(zip(weights, (before, start, end, after), strict=True))
            found.append((sum(w * p[0] for w, p in pairs) / 2, sum(w * p[1] for w, p in pairs) / 2))
    return found


def _png(image: Image.Image) -> bytes:
    small = image.resize((image.width // _SCALE, image.height // _SCALE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
