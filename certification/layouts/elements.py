"""The elements of a layout: what can stand on a page, where, and how it looks.

Places and sizes are **millimetres from the upper corner where reading starts**: the left one, and the right one in a
document of a right-to-left language, so that one layout serves both. Font sizes and the thickness of lines are PDF
points (1/72 inch). A colour is `#rrggbb` or a name: `accent` (the organization's), `on_accent` (white or ink, whichever
is legible on it), `ink`, `quiet`, `rule` and `paper`; `tint` mixes it with white, 1 being the colour itself. A typeface
is `sans` or `serif`, or None for that of the layout.
"""

from typing import Annotated, Any, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from certification.layouts import placeholders
from core.i18n import gettext as _
from core.text import OneLine, SeveralLines

MAX_TEMPLATE = 1000
NAMED_COLOURS = ("accent", "on_accent", "ink", "quiet", "rule", "paper")
SMALLEST_QR = 18.0
"""Millimetres, quiet zone included: a module of the longest verification address is then 0.4 mm, which phones read."""

ElementId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Template = Annotated[str, SeveralLines(MAX_TEMPLATE, 0)]
Millimetres = Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)]
Extent = Annotated[float, Field(gt=0, le=400, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=3, le=200, allow_inf_nan=False)]
Thickness = Annotated[float, Field(ge=0.1, le=20, allow_inf_nan=False)]
Tint = Annotated[float, Field(ge=0.02, le=1, allow_inf_nan=False)]


def _lowered(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


Colour = Annotated[
    str,
    BeforeValidator(_lowered),
    StringConstraints(pattern=r"^(accent|on_accent|ink|quiet|rule|paper|#[0-9a-f]{6})$"),
]
Typeface: TypeAlias = Literal["sans", "serif"]
Weight: TypeAlias = Literal["light", "regular", "bold"]
Align: TypeAlias = Literal["start", "centre", "end"]
VerticalAlign: TypeAlias = Literal["top", "middle", "bottom"]


class Part(BaseModel):
    """Anything in a definition: never changed, and without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Typography(Part):
    """A text with placeholders and how it is set.

    It is set at `size` where that fits; a longer one becomes smaller down to `min_size`, then takes up to `max_lines`
    lines, and is made smaller still before it would leave its place. `tracking` spaces letters by thousandths of the
    size, `leading` is the distance of lines in sizes. Typeface and tracking are for Latin, Greek and Cyrillic: other
    scripts have one typeface each. What comes out blank is left out.
    """

    text: Template
    size: Points = 11
    min_size: Points = 8
    max_lines: int = Field(default=1, ge=1, le=12)
    typeface: Typeface | None = None
    weight: Weight = "regular"
    align: Align = "start"
    colour: Colour = "ink"
    tracking: int = Field(default=0, ge=-50, le=400)
    leading: float = Field(default=1.3, ge=1, le=3, allow_inf_nan=False)
    role: Literal["heading", "paragraph"] = "paragraph"

    @model_validator(mode="after")
    def _shrinks_at_most(self) -> Self:
        if self.min_size > self.size:
            raise ValueError(_("The smallest size must not be above the size."))
        return self


class Placed(Part):
    """An element with a name of its own in the layout, a place and a size."""

    id: ElementId
    x: Millimetres
    y: Millimetres
    width: Extent
    height: Extent

    def templates(self) -> tuple[str, ...]:
        """The texts with placeholders in this element."""
        return ()

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> Self:
        for template in self.templates():
            try:
                placeholders.check(template)
            except placeholders.TemplateProblem as problem:
                raise ValueError(_("In element “%(id)s”: %(problem)s") % {"id": self.id, "problem": problem}) from None
        return self


class Text(Placed, Typography):
    """One text in a box of its own."""

    kind: Literal["text"] = "text"
    valign: VerticalAlign = "middle"

    def templates(self) -> tuple[str, ...]:
        """The text."""
        return (self.text,)


class StackedText(Typography):
    """One of the texts of a stack; `above` is the space over it in millimetres, not used over the first."""

    align: Align = "centre"
    above: float = Field(default=2, ge=0, le=100, allow_inf_nan=False)


class Stack(Placed):
    """Texts that follow one another down the box, each as high as it needs; all shrink together if it is too low."""

    kind: Literal["stack"] = "stack"
    valign: VerticalAlign = "middle"
    texts: tuple[StackedText, ...] = Field(min_length=1, max_length=20)

    def templates(self) -> tuple[str, ...]:
        """The texts, in order."""
        return tuple(each.text for each in self.texts)


class RecordEntry(Part):
    """A label and its value, both with placeholders; an entry without a value is left out."""

    label: Template
    value: Template


class Record(Placed):
    """Facts side by side, each a quiet label over its value, in up to `columns` columns and as many rows as needed."""

    kind: Literal["record"] = "record"
    entries: tuple[RecordEntry, ...] = Field(min_length=1, max_length=12)
    columns: int = Field(default=6, ge=1, le=8)
    align: Align = "start"
    label_size: Points = 8
    value_size: Points = 11
    typeface: Typeface | None = None
    label_colour: Colour = "quiet"
    value_colour: Colour = "ink"
    has_rule: bool = False

    def templates(self) -> tuple[str, ...]:
        """Labels and values."""
        return tuple(text for entry in self.entries for text in (entry.label, entry.value))


class Picture(Placed):
    """A picture of the organization, by the id of its `LayoutPicture`, inside its box.

    `contain` shows all of it, `cover` fills the box and cuts off the rest. `alt` says what it shows to those who
    cannot see it; without it the picture is decoration. Opaque where `opacity` is 1.
    """

    kind: Literal["picture"] = "picture"
    picture: UUID
    fit: Literal["contain", "cover"] = "contain"
    align: Align = "centre"
    valign: VerticalAlign = "middle"
    opacity: float = Field(default=1, ge=0.05, le=1, allow_inf_nan=False)
    alt: Annotated[str, OneLine(300, 0)] = ""


class Signature(Placed):
    """Who signs: a picture of the signature, if any, over a line, and below it name and title."""

    kind: Literal["signature"] = "signature"
    picture: UUID | None = None
    name: Template = ""
    title: Template = ""
    align: Align = "centre"
    size: Points = 10.5
    typeface: Typeface | None = None
    colour: Colour = "ink"
    line_colour: Colour = "quiet"

    def templates(self) -> tuple[str, ...]:
        """Name and title."""
        return (self.name, self.title)


class Seal(Placed):
    """A drawn seal with a short text, as large as its box allows; round, with an engraved or a serrated edge."""

    kind: Literal["seal"] = "seal"
    style: Literal["engraved", "serrated", "ring"] = "engraved"
    text: Template = "{{ initials }}"
    typeface: Typeface | None = None
    colour: Colour = "accent"

    def templates(self) -> tuple[str, ...]:
        """The text in the middle."""
        return (self.text,)


class Qr(Placed):
    """The QR code that leads to the verification page, dark on white, as large as its box allows."""

    kind: Literal["qr"] = "qr"
    width: float = Field(ge=SMALLEST_QR, le=100, allow_inf_nan=False)
    height: float = Field(ge=SMALLEST_QR, le=100, allow_inf_nan=False)


class Frame(Placed):
    """A frame along the edge of its box: rules with a guilloche between them, two rules, one, or only corners."""

    kind: Literal["frame"] = "frame"
    style: Literal["guilloche", "double", "single", "corners"] = "guilloche"
    band: float = Field(default=4.6, ge=1, le=20, allow_inf_nan=False)
    thickness: Thickness = 1
    colour: Colour = "accent"
    tint: Tint = 1


class Line(Placed):
    """A straight line along its box: from its upper to its lower side where it is higher than wide, else across."""

    kind: Literal["line"] = "line"
    width: Millimetres
    height: Millimetres
    thickness: Thickness = 0.5
    colour: Colour = "rule"
    tint: Tint = 1

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if not max(self.width, self.height):
            raise ValueError(_("The line “%(id)s” has no length.") % {"id": self.id})
        return self


class Panel(Placed):
    """A field of colour, plain or with an engraved pattern; `radius` in millimetres rounds its corners.

    The pattern is a little lighter or darker than the field, or of a colour of its own, mixed with the field's by
    `pattern_tint` (1 is the pattern's colour itself).
    """

    kind: Literal["panel"] = "panel"
    colour: Colour = "accent"
    tint: Tint = 1
    radius: float = Field(default=0, ge=0, le=100, allow_inf_nan=False)
    pattern: Literal["none", "waves", "rosette", "medallion"] = "none"
    pattern_colour: Colour | None = None
    pattern_tint: Tint = 0.2


Element = Annotated[
    Text | Stack | Record | Picture | Signature | Seal | Qr | Frame | Line | Panel, Field(discriminator="kind")
]
CONTENT = (Text, Stack, Record, Signature, Seal, Qr)
"""What is there to be read: no two of these may overlap. Pictures, frames, lines and panels may lie beneath."""
