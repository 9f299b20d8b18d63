"""Whether the words of a layout can be read on what lies under them.

Contrast ratio and its bounds: WCAG 2.2, success criterion 1.4.3 (4.5:1; for large text, from 18 pt or 14 pt bold, 3:1).
What lies over a picture is not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.accent import contrast
from certification.layouts.colours import resolved
from certification.layouts.definition import LayoutDefinition
from certification.layouts.elements import Element, Panel, Picture, Placed, Record, Signature, Stack, Text, Typography

_NEEDED, _NEEDED_LARGE = 4.5, 3.0


@dataclass(frozen=True, slots=True)
class Faint:
    """Words of an element that are too faint: the field that names their colour, and the ratios found and needed."""

    field: str
    element: str
    ratio: float
    needed: float


def faint(definition: LayoutDefinition, accent: str) -> Iterator[Faint]:
    """The words that reach too little contrast with the organization's accent `#rrggbb`, in reading order."""
    for number, element in enumerate(definition.elements):
        ground = _ground(definition, number, accent)
        if ground is None:
            continue
        for field, colour, needed in _inks(element):
            ratio = contrast(_hex(colour, accent), ground)
            if ratio < needed:
                yield Faint(f"elements.{number}.{field}", element.id, ratio, needed)


def _inks(element: Element) -> Iterator[tuple[str, str, float]]:
    """Field, colour and needed ratio of all words in an element."""
    match element:
        case Text():
            yield "colour", element.colour, _needed(element)
        case Stack():
            for row, text in enumerate(element.texts):
                yield f"texts.{row}.colour", text.colour, _needed(text)
        case Record():
            yield "label_colour", element.label_colour, _NEEDED
            yield "value_colour", element.value_colour, _NEEDED
        case Signature():
            yield "colour", element.colour, _NEEDED
        case _:  # The words in a seal take the colour that is legible on it.
            return


def _needed(text: Typography) -> float:
    is_large = text.min_size >= (14 if text.weight == "bold" else 18)
    return _NEEDED_LARGE if is_large else _NEEDED


def _ground(definition: LayoutDefinition, number: int, accent: str) -> str | None:
    """The colour under an element, or None where a picture is."""
    element = definition.elements[number]
    for beneath in reversed(definition.elements[:number]):
        if isinstance(beneath, Picture) and _overlap(beneath, element):
            return None
        if isinstance(beneath, Panel) and _overlap(beneath, element):
            return _hex(beneath.colour, accent, beneath.tint)
    return None if definition.background_picture else _hex(definition.background, accent)


def _overlap(one: Placed, other: Placed) -> bool:
    return min(one.x + one.width, other.x + other.width) > max(one.x, other.x) and min(
        one.y + one.height, other.y + other.height
    ) > max(one.y, other.y)


def _hex(colour: str, accent: str, tint: float = 1.0) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in resolved(colour, accent, tint))
