"""The definition of a layout: a page and its elements, painted and read aloud in their order.

Units, colours and mirroring are told in `elements`. A definition that is accepted can be set with any facts: its
elements lie on the page, what is there to be read does not overlap, and every placeholder exists.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import Field, model_validator

from certification.layouts.elements import (
    CONTENT,
    SMALLEST_QR,
    Colour,
    Element,
    Part,
    Picture,
    Placed,
    Qr,
    Seal,
    Signature,
    Typeface,
)
from certification.layouts.placeholders import names_in
from core.i18n import gettext as _

PageFormat: TypeAlias = Literal["A4", "Letter"]
Orientation: TypeAlias = Literal["landscape", "portrait"]
_PORTRAIT: dict[str, tuple[float, float]] = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
_TOLERANCE = 0.05  # millimetres by which neighbours may touch


class LayoutDefinition(Part):
    """A page, its background, and its elements from the lowest to the topmost, which is also the reading order.

    `typeface` is that of every element that names none of its own.
    """

    page: PageFormat = "A4"
    orientation: Orientation = "landscape"
    typeface: Typeface = "sans"
    background: Colour = "#ffffff"
    background_picture: UUID | None = None
    elements: tuple[Element, ...] = Field(min_length=1, max_length=60)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page in millimetres."""
        return page_size(self.page, self.orientation)

    def pictures(self) -> frozenset[UUID]:
        """Ids of every picture that the page shows."""
        shown = {each.picture for each in self.elements if isinstance(each, Picture | Signature) and each.picture}
        return frozenset(shown | ({self.background_picture} if self.background_picture else set()))

    def on_page(self, page: PageFormat, orientation: Orientation) -> Self:
        """The same elements on a page of another size: places are scaled to it, codes and seals stay as they are."""
        if (page, orientation) == (self.page, self.orientation):
            return self
        width, height = page_size(page, orientation)
        scale = (width / self.size[0], height / self.size[1])
        elements = [each.model_dump(mode="json") | _rescaled(each, *scale) for each in self.elements]
        changed = {"page": page, "orientation": orientation, "elements": elements}
        return type(self).model_validate(self.model_dump(mode="json") | changed)

    @model_validator(mode="after")
    def _names_each_element_once(self) -> Self:
        ids = [each.id for each in self.elements]
        for each in ids:
            if ids.count(each) > 1:
                raise ValueError(_("Two elements are called “%(id)s”. Rename one.") % {"id": each})
        return self

    @model_validator(mode="after")
    def _keeps_to_the_page(self) -> Self:
        width, height = self.size
        for each in self.elements:
            if each.x + each.width > width + _TOLERANCE or each.y + each.height > height + _TOLERANCE:
                raise ValueError(
                    _("The element “%(id)s” reaches over the edge of the page (%(width)g × %(height)g mm).")
                    % {"id": each.id, "width": width, "height": height}
                )
        return self

    @model_validator(mode="after")
    def _lays_no_text_over_another(self) -> Self:
        for one, other in combinations([each for each in self.elements if isinstance(each, CONTENT)], 2):
            if _overlap(one, other):
                raise ValueError(
                    _("The elements “%(one)s” and “%(other)s” overlap. Move one of them or make it smaller.")
                    % {"one": one.id, "other": other.id}
                )
        return self

    @model_validator(mode="after")
    def _says_who_and_can_be_verified(self) -> Self:
        names = set(self._placeholders())
        if "holder_name" not in names:
            raise ValueError(_("The page must name the holder: use the placeholder {{ holder_name }} in a text."))
        if not names & {"verify_url", "verify_at"} and not any(isinstance(each, Qr) for each in self.elements):
            raise ValueError(_("The page must lead to its verification: add a QR code or {{ verify_at }}."))
        return self

    def _placeholders(self) -> Iterator[str]:
        for each in self.elements:
            for template in each.templates():
                yield from names_in(template)


def page_size(page: PageFormat, orientation: Orientation) -> tuple[float, float]:
    """Width and height of a page in millimetres (ISO 216; ANSI/ASME Y14.1 for Letter)."""
    width, height = _PORTRAIT[page]
    return (width, height) if orientation == "portrait" else (height, width)


def _overlap(one: Placed, other: Placed) -> bool:
    return (
        min(one.x + one.width, other.x + other.width) - max(one.x, other.x) > _TOLERANCE
        and min(one.y + one.height, other.y + other.height) - max(one.y, other.y) > _TOLERANCE
    )


def _rescaled(element: Placed, across: float, down: float) -> dict[str, Any]:
    """Place and size on a page that is `across` times as wide and `down` times as high, within its bounds."""
    box = {
        "x": element.x * across,
        "y": element.y * down,
        "width": element.width * across,
        "height": element.height * down,
    }
    if isinstance(element, Qr | Seal):  # Square ones keep their size where there is room for it.
        least = SMALLEST_QR if isinstance(element, Qr) else 1
        side = max(min(box["width"], box["height"]), least)
        box["x"] += (box["width"] - side) / 2
        box["y"] += (box["height"] - side) / 2
        box["width"] = box["height"] = side
    return {key: round(value, 2) for key, value in box.items()}
