"""The fields of each kind of element in the editor of layouts: what is asked, how, and in which words."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from certification.layouts.elements import (
    Frame,
    Line,
    Panel,
    Picture,
    Placed,
    Qr,
    Record,
    RecordEntry,
    Seal,
    Signature,
    Stack,
    StackedText,
    Text,
)
from core.i18n import gettext as _

Widget: TypeAlias = Literal["template", "number", "choice", "colour", "picture", "check", "text"]
OWN = "own"
"""Choice of a colour that has no name; it then stands in the field beside, which ends in `_own`."""

MODELS: dict[str, type[Placed]] = {
    "text": Text,
    "stack": Stack,
    "record": Record,
    "picture": Picture,
    "signature": Signature,
    "seal": Seal,
    "qr": Qr,
    "frame": Frame,
    "line": Line,
    "panel": Panel,
}
PARTS: dict[str, tuple[str, type[BaseModel]]] = {"stack": ("texts", StackedText), "record": ("entries", RecordEntry)}
"""Kinds whose elements hold a list of further fields: its name, and what one entry is."""

ICONS = {
    "text": "textarea-t",
    "stack": "card-text",
    "record": "table",
    "picture": "image",
    "signature": "vector-pen",
    "seal": "award",
    "qr": "qr-code",
    "frame": "border-outer",
    "line": "hr",
    "panel": "square",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One control. `options` are those of a choice, or stand before the colours; numbers keep to `least` and `most`."""

    name: str
    widget: Widget
    label: str
    options: tuple[tuple[str, str], ...] = ()
    least: float | None = None
    most: float | None = None
    rows: int = 2
    help: str = ""


def kind_names() -> dict[str, tuple[str, str]]:
    """Name and explanation of every kind of element."""
    return {
        "text": (_("Text"), _("One text in a box of its own.")),
        "stack": (_("Texts below one another"), _("The middle of a certificate: each text as high as it needs.")),
        "record": (_("Facts"), _("Labels over values, side by side; what a certificate lacks is left out.")),
        "picture": (_("Picture"), _("A logo or an ornament of yours.")),
        "signature": (_("Signature"), _("A signature over a line, with name and title.")),
        "seal": (_("Seal"), _("A drawn seal with initials.")),
        "qr": (_("QR code"), _("Leads to the verification page.")),
        "frame": (_("Frame"), _("Rules or a guilloche along the edge.")),
        "line": (_("Straight line"), _("A straight line.")),
        "panel": (_("Field of colour"), _("Lies under other elements.")),
    }


def colour_names() -> tuple[tuple[str, str], ...]:
    """The colours that have names, and the choice of another."""
    return (
        ("accent", _("Accent of the organization")),
        ("on_accent", _("Legible on the accent")),
        ("ink", _("Ink")),
        ("quiet", _("Quiet grey")),
        ("rule", _("Fine grey")),
        ("paper", _("Paper")),
        (OWN, _("A colour of its own")),
    )


def typeface_names() -> tuple[tuple[str, str], ...]:
    """The typefaces, for the page and for each of its texts."""
    return ("sans", _("Sans serif")), ("serif", _("Serif"))


def content_fields(kind: str) -> list[Field]:
    """What the element shows."""
    match kind:
        case "text":
            return [Field("text", "template", _("Text"))]
        case "picture":
            about = _("For those who cannot see it. Leave it empty for decoration.")
            return [Field("picture", "picture", _("Picture")), Field("alt", "text", _("What it shows"), help=about)]
        case "signature":
            return [
                Field("picture", "picture", _("Picture of the signature")),
                Field("name", "template", _("Name"), rows=1),
                Field("title", "template", _("Title"), rows=1),
            ]
        case "seal":
            return [Field("text", "template", _("Text in the middle"), rows=1)]
        case _:
            return []


def look_fields(kind: str) -> list[Field]:
    """How the element looks."""
    match kind:
        case "text":
            return [*_typography(), Field("valign", "choice", _("In its box"), _valigns())]
        case "stack":
            return [Field("valign", "choice", _("In its box"), _valigns())]
        case "record":
            return [
                Field("columns", "number", _("Columns at most"), least=1, most=8),
                _align(),
                Field("label_size", "number", _("Size of labels (pt)"), least=3, most=200),
                Field("value_size", "number", _("Size of values (pt)"), least=3, most=200),
                _typeface(),
                Field("label_colour", "colour", _("Colour of labels")),
                Field("value_colour", "colour", _("Colour of values")),
                Field("has_rule", "check", _("A fine line above")),
            ]
        case "picture":
            return [
                Field("fit", "choice", _("Size"), (("contain", _("All of it")), ("cover", _("Fill the box")))),
                _align(),
                Field("valign", "choice", _("In its box"), _valigns()),
                Field("opacity", "number", _("Opacity (0.05 to 1)"), least=0.05, most=1),
            ]
        case "signature":
            return [
                _align(),
                Field("size", "number", _("Size (pt)"), least=3, most=200),
                _typeface(),
                Field("colour", "colour", _("Colour of the words")),
                Field("line_colour", "colour", _("Colour of the line")),
            ]
        case "seal":
            styles = (("engraved", _("Engraved")), ("serrated", _("Serrated")), ("ring", _("Ring")))
            return [
                Field("style", "choice", _("Edge"), styles),
                _typeface(),
                Field("colour", "colour", _("Colour")),
            ]
        case "frame":
            return [
                Field("style", "choice", _("Style"), _frames()),
                Field("band", "number", _("Width of the band (mm)"), least=1, most=20),
                *_stroke(),
            ]
        case "line":
            return _stroke()
        case "panel":
            patterns = (
                ("none", _("Plain")),
                ("waves", _("Waves")),
                ("rosette", _("Rosette")),
                ("medallion", _("Medallion")),
            )
            return [
                Field("colour", "colour", _("Colour")),
                Field("tint", "number", _("Strength (0.02 to 1)"), least=0.02, most=1),
                Field("radius", "number", _("Rounding (mm)"), least=0, most=100),
                Field("pattern", "choice", _("Pattern"), patterns),
                Field("pattern_tint", "number", _("Strength of it (0.02 to 1)"), least=0.02, most=1),
                Field("pattern_colour", "colour", _("Colour of the pattern"), (("", _("A little lighter or darker")),)),
            ]
        case _:
            return []


def place_fields() -> list[Field]:
    """Where the element lies, in millimetres, and what it is called in messages."""
    return [
        Field("x", "number", _("Across (mm)"), least=0, most=400),
        Field("y", "number", _("Down (mm)"), least=0, most=400),
        Field("width", "number", _("Width (mm)"), least=0, most=400),
        Field("height", "number", _("Height (mm)"), least=0, most=400),
        Field("id", "text", _("Name in messages")),
    ]


def part_fields(kind: str) -> tuple[list[Field], list[Field]]:
    """Content and look of one entry of the element's list."""
    if kind == "record":
        return [
            Field("label", "template", _("Label"), rows=1),
            Field("value", "template", _("Value"), rows=1),
        ], []
    return [Field("text", "template", _("Text"))], [
        *_typography(),
        Field("above", "number", _("Space above (mm)"), least=0, most=100),
    ]


def fields_of(kind: str) -> list[Field]:
    """Every field of an element itself."""
    return [*content_fields(kind), *look_fields(kind), *place_fields()]


def default_of(model: type[BaseModel], name: str) -> Any:
    """What the field holds in a new element; None where it must be given."""
    info = model.model_fields[name]
    return None if info.is_required() else info.default


def _typography() -> list[Field]:
    weights = (("light", _("Light")), ("regular", _("Regular")), ("bold", _("Bold")))
    roles = (("paragraph", _("A paragraph")), ("heading", _("A heading")))
    return [
        Field("size", "number", _("Size (pt)"), least=3, most=200),
        Field("min_size", "number", _("Smallest size (pt)"), least=3, most=200),
        Field("max_lines", "number", _("Lines at most"), least=1, most=12),
        _typeface(),
        Field("weight", "choice", _("Weight"), weights),
        _align(),
        Field("colour", "colour", _("Colour")),
        Field("tracking", "number", _("Letter spacing (‰)"), least=-50, most=400),
        Field("leading", "number", _("Line height"), least=1, most=3),
        Field("role", "choice", _("Read aloud as"), roles),
    ]


def _typeface() -> Field:
    options = (("", _("As on the page")), *typeface_names())
    return Field("typeface", "choice", _("Typeface"), options)


def _align() -> Field:
    options = (("start", _("Start")), ("centre", _("Centre")), ("end", _("End")))
    return Field("align", "choice", _("Align"), options)


def _valigns() -> tuple[tuple[str, str], ...]:
    return ("top", _("Top")), ("middle", _("Middle")), ("bottom", _("Bottom"))


def _frames() -> tuple[tuple[str, str], ...]:
    return (
        ("guilloche", _("Guilloche")),
        ("double", _("Two rules")),
        ("single", _("One rule")),
        ("corners", _("Corners")),
    )


def _stroke() -> list[Field]:
    return [
        Field("thickness", "number", _("Thickness (pt)"), least=0.1, most=20),
        Field("colour", "colour", _("Colour")),
        Field("tint", "number", _("Strength (0.02 to 1)"), least=0.02, most=1),
    ]
