"""A page being painted, and the places, texts, colours and pictures that its elements ask for.

Inside here places are points from the lower left corner of the page, as in PDF; `Sheet.box` turns an element's box into
them, mirrored where the document reads from right to left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from certification.layouts import elements, placeholders
from certification.layouts.colours import Rgb, resolved
from certification.layouts.facts import DocumentFacts
from certification.layouts.fitting import Block
from core.errors import AppError
from core.i18n import N_
from core.typesetting import Style, Typeface, Weight
from core.typesetting.canvas import ArchivalCanvas, Link
from core.typesetting.images import Image, image
from core.typesetting.text import draw_line

MM = 72 / 25.4
VERTICAL = {"top": 0.0, "middle": 0.5, "bottom": 1.0}
"""How much of the free height lies above something aligned so."""
_WEIGHTS = {"light": Weight.LIGHT, "regular": Weight.REGULAR, "bold": Weight.BOLD}
_ALIGNS = {"start": 0.0, "centre": 0.5, "end": 1.0}


class MissingPicture(AppError):
    """The layout shows a picture that was not handed in; the officer chooses another."""

    code, status, message = "missing_picture", 409, N_("A picture of this layout is missing. Choose another one.")


class Box(NamedTuple):
    """Lower left corner, width and height in points."""

    x: float
    y: float
    width: float
    height: float

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(slots=True)
class Sheet:
    """The canvas of a page, and what is said on it: facts, values, pictures, direction, typeface."""

    canvas: ArchivalCanvas
    facts: DocumentFacts
    values: Mapping[str, Any]
    pictures: Mapping[UUID, bytes]
    is_mirrored: bool
    typeface: elements.Typeface

    def box(self, placed: elements.Placed) -> Box:
        """An element's place on the page."""
        width, height = self.canvas.size
        x = placed.x * MM
        if self.is_mirrored:
            x = width - x - placed.width * MM
        return Box(x, height - (placed.y + placed.height) * MM, placed.width * MM, placed.height * MM)

    def text(self, template: str) -> str:
        """A template with the facts in it, on one line."""
        return " ".join(placeholders.rendered(template, self.values).split())

    def rgb(self, name: str, strength: float = 1.0) -> Rgb:
        """A colour of the definition."""
        return resolved(name, self.facts.accent, strength)

    def style(self, weight: str, typeface: elements.Typeface | None, tracking: int = 0) -> Style:
        """How text of this document is set; without a typeface in that of the layout."""
        drawn = Typeface(typeface or self.typeface)
        return Style(_WEIGHTS[weight], self.facts.language, tracking, typeface=drawn)

    def share(self, align: str) -> float:
        """How much of the free width lies to the left of something aligned so."""
        share = _ALIGNS[align]
        return 1 - share if self.is_mirrored else share

    def image(self, wanted: UUID) -> Image:
        """A picture of the layout. Raises `MissingPicture`."""
        if wanted not in self.pictures:
            raise MissingPicture()
        return image(self.pictures[wanted])

    def lead(self, words: str, box: Box) -> Link | None:
        """What makes words in `box` a link where they show the address of verification."""
        address = self.facts.verify_url
        return Link(address, box.edges, words) if address in words else None

    def set(self, made: Block, box: Box, top: float, share: float, ink: Rgb) -> None:
        """Draw a block whose first line begins at `top`, with `share` of the free width on its left."""
        self.canvas.setFillColorRGB(*ink)
        for line, baseline in zip(made.lines, made.baselines, strict=True):
            left, _bottom, right, _top = line.ink
            start, end = min(left, 0), max(right, line.advance)
            x = box.x + (box.width - (end - start) * made.size / 1000) * share - start * made.size / 1000
            draw_line(self.canvas, line, x, top - baseline * made.size, made.size)

    def rule(self, name: str, thickness: float, box: Box, y: float) -> None:
        """Draw a line across the box at height y, which says nothing."""
        with self.canvas.decoration():
            self.canvas.setStrokeColorRGB(*self.rgb(name))
            self.canvas.setLineWidth(thickness)
            self.canvas.line(box.x, y, box.x + box.width, y)
