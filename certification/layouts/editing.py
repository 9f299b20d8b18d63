"""What an editor of layouts does for its person: new elements with a free place and a name, and changing the page."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition, Orientation, PageFormat, page_size
from certification.layouts.elements import SMALLEST_QR

Box = tuple[float, float, float, float]
"""x, y, width and height in millimetres."""

KINDS = ("text", "stack", "record", "picture", "signature", "seal", "qr", "frame", "line", "panel")
BENEATH = frozenset({"frame", "panel"})
"""Kinds that belong under the others: a new one becomes the lowest."""

_MARGIN, _STEP = 12.0, 4.0
_SHARES = (1.0, 0.8, 0.6, 0.45, 0.3)
_SIZES = {
    "text": (90.0, 12.0),
    "stack": (120.0, 36.0),
    "record": (110.0, 14.0),
    "picture": (40.0, 20.0),
    "signature": (60.0, 26.0),
    "seal": (28.0, 28.0),
    "qr": (26.0, 26.0),
    "line": (80.0, 0.0),
    "panel": (60.0, 40.0),
}
_CONTENTS: dict[str, dict[str, Any]] = {
    "text": {"text": "{{ organization }}", "size": 12},
    "stack": {
        "texts": [
            {"text": "{{ words.certifies }}", "colour": "quiet"},
            {"text": "{{ holder_name }}", "size": 28, "min_size": 16, "max_lines": 2, "role": "heading"},
        ]
    },
    "record": {
        "entries": [
            {"label": "{{ words.issued_on }}", "value": "{{ issued_on }}"},
            {"label": "{{ words.number }}", "value": "{{ number }}"},
        ]
    },
    "signature": {"name": "{{ organization }}", "title": "{{ words.signature }}"},
    "panel": {"tint": 0.1},
}


def new_element(
    kind: str, page: PageFormat, orientation: Orientation, boxes: Iterable[Box], names: Collection[str]
) -> dict[str, Any]:
    """The document of a new element of `kind` beside those that lie at `boxes`; `names` are taken."""
    width, height = page_size(page, orientation)
    box = 10.0, 10.0, width - 20, height - 20
    if kind in _SIZES:
        box = free_box(*_SIZES[kind], (width, height), list(boxes), least=SMALLEST_QR if kind == "qr" else 5)
    placed = dict(zip(("x", "y", "width", "height"), box, strict=True))
    return {"kind": kind, "id": free_name(kind, names)} | placed | _CONTENTS.get(kind, {})


def free_box(width: float, height: float, page: tuple[float, float], boxes: list[Box], *, least: float) -> Box:
    """A box of this size, or a smaller one of the same shape, that touches none of `boxes`, as far up as there is room.

    Sides that are not 0 stay at `least` or above. Where there is no room at all it lies in the corner, over others.
    """
    for share in _SHARES:
        wide, high = (max(least, round(side * share, 1)) if side else 0.0 for side in (width, height))
        if place := _free_place(wide, high, page, boxes):
            return *place, wide, high
    return _MARGIN, _MARGIN, width, height


def _free_place(width: float, height: float, page: tuple[float, float], boxes: list[Box]) -> tuple[float, float] | None:
    y = _MARGIN
    while y + height <= page[1] - _MARGIN:
        x = _MARGIN
        while x + width <= page[0] - _MARGIN:
            if not any(_overlap((x, y, width, height), box) for box in boxes):
                return x, y
            x += _STEP
        y += _STEP
    return None


def free_name(base: str, names: Collection[str]) -> str:
    """`base` where no element is called so, else `base-2` and so on."""
    base = re.sub(r"-\d{1,3}$", "", base)[:34]
    if base not in names:
        return base
    return next(name for number in range(2, len(names) + 3) if (name := f"{base}-{number}") not in names)


def on_page(definition: LayoutDefinition, page: PageFormat, orientation: Orientation) -> LayoutDefinition:
    """The layout on another page: a shipped one in the arrangement made for that page, any other scaled to it.

    Raises pydantic's `ValidationError` where the elements do not find room.
    """
    for origin in shipped.ORIGINS:
        if definition == shipped.definition_of(origin, definition.page, definition.orientation):
            return shipped.definition_of(origin, page, orientation)
    return definition.on_page(page, orientation)


def _overlap(one: Box, other: Box) -> bool:
    return min(one[0] + one[2], other[0] + other[2]) > max(one[0], other[0]) and min(
        one[1] + one[3], other[1] + other[3]
    ) > max(one[1], other[1])
