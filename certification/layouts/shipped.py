"""The layouts that every organization begins with: classic, modern, and plain for attendance.

Each is made for its page: places follow from the page's width and height, and portrait has an arrangement of its own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from certification.layouts.definition import LayoutDefinition, Orientation, PageFormat, page_size

_LABEL = {"size": 11, "min_size": 8, "colour": "quiet"}
_SMALL = {"size": 9, "min_size": 7, "max_lines": 2, "colour": "quiet"}
_ATTENDED = "{% if kind == 'attendance' %}{{ words.attended }}{% else %}{{ words.earned }}{% endif %}"
_TITLE = (
    "{% if kind == 'attendance' %}{{ words.certificate_of_attendance }}"
    "{% else %}{{ words.certificate_of_achievement }}{% endif %}"
)
_CAPITAL_TITLE = _TITLE.replace(" }}", "|upper }}")
_ACHIEVED = "{% if kind == 'attendance' %}{{ words.attended_on }}{% else %}{{ words.passed_on }}{% endif %}"
_RECORD = (
    (_ACHIEVED, "{{ achieved_on }}"),
    ("{{ words.issued_on }}", "{% if issued_on != achieved_on %}{{ issued_on }}{% endif %}"),
    ("{{ words.valid_until }}", "{{ valid_until }}"),
    ("{{ words.score }}", "{{ score }}"),
    ("{{ words.hours }}", "{{ hours }}"),
    ("{{ words.credits }}", "{{ credits }}"),
    ("{{ words.number }}", "{{ number }}"),
)
_ATTENDANCE_RECORD = (
    ("{{ words.dates }}", "{{ event_dates or achieved_on }}"),
    ("{{ words.place }}", "{{ event_place }}"),
    ("{{ words.hours }}", "{{ hours }}"),
    ("{{ words.credits }}", "{{ credits }}"),
    ("{{ words.score }}", "{{ score }}"),
    ("{{ words.valid_until }}", "{{ valid_until }}"),
    ("{{ words.issued_on }}", "{{ issued_on }}"),
    ("{{ words.number }}", "{{ number }}"),
)


def definition_of(origin: str, page: PageFormat = "A4", orientation: Orientation = "landscape") -> LayoutDefinition:
    """The shipped layout `origin` on a page. Raises KeyError where none is called so."""
    width, height = page_size(page, orientation)
    elements = _MADE[origin](width, height, orientation == "landscape")
    head = {"page": page, "orientation": orientation, "typeface": "serif" if origin == "classic" else "sans"}
    return LayoutDefinition.model_validate({**head, "elements": elements})


def _element(kind: str, name: str, box: tuple[float, float, float, float], **rest: Any) -> dict[str, Any]:
    """An element from its name, its box (x, y, width, height) in millimetres, and what else it has."""
    x, y, width, height = (round(value, 2) for value in box)
    return {"kind": kind, "id": name, "x": x, "y": y, "width": width, "height": height, **rest}


def _entries(record: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in record]


def _classic(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Centred under a seal, in a guilloche, the words with serifs: as banknotes and diplomas are."""
    edge, margin = (10.0, 27.0) if is_wide else (11.0, 26.0)
    seal, qr = (29.0, 33.0) if is_wide else (38.0, 40.0)
    top = 22.0 if is_wide else 32.0
    body = top + seal + (3.0 if is_wide else 8.0)
    foot = height - (54.0 if is_wide else 68.0)
    inner = width - 2 * margin
    room = inner - qr - 6
    medal = foot - body + 16 if is_wide else inner * 0.98
    middle = foot - 6 - medal / 2 if is_wide else (body + foot) / 2 - 3
    frame = (edge, edge, width - 2 * edge, height - 2 * edge)
    watermark = {"colour": "paper", "pattern": "medallion", "pattern_colour": "accent", "pattern_tint": 0.1}
    record = {"entries": _entries(_RECORD), "columns": 5 if is_wide else 3, "typeface": "sans", "has_rule": True}
    return [
        _element("panel", "watermark", ((width - medal) / 2, middle - medal / 2, medal, medal), **watermark),
        _element("frame", "frame", frame, band=5.2 if is_wide else 5.6, thickness=1.1),
        _element("seal", "seal", ((width - seal) / 2, top, seal, seal)),
        _element("stack", "body", (margin + 4, body, inner - 8, foot - body - 4.5), texts=_classic_texts(is_wide)),
        _element("record", "record", (margin, foot, room, 20 if is_wide else 26), **record),
        _verification((margin, foot + qr - (11.8 if is_wide else 13.2), room, 6), typeface="sans"),
        _code(width - margin, foot, qr),
    ]


def _classic_texts(is_wide: bool) -> list[dict[str, Any]]:
    name = {"size": 46, "min_size": 28, "max_lines": 2} if is_wide else {"size": 41, "min_size": 25, "max_lines": 3}
    lines = 2 if is_wide else 3
    title = {"size": 24, "min_size": 15, "max_lines": lines, "weight": "bold", "colour": "accent"}
    issuer = {"size": 13 if is_wide else 15, "min_size": 9, "max_lines": 2, "tracking": 60}
    airy = 1.0 if is_wide else 2.0
    return [
        {"text": "{{ organization }}", **issuer},
        {"text": "{{ words.certifies }}", "above": 7 * airy, **_LABEL},
        {"text": "{{ holder_name }}", "above": 2 * airy, "leading": 1.35, "role": "heading", **name},
        {"text": _ATTENDED, "above": 2.5 * airy, **_LABEL},
        {"text": "{{ achievement }}", "above": 1.6 * airy, **title},
        {"text": "{{ statement }}", "above": 3 * airy, "max_lines": 6, "leading": 1.45, **_LABEL},
        {"text": "{{ replaces }}", "above": 2.5, **_SMALL},
    ]


def _modern(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Set from the reading edge beside a field of the organization's colour, or under one in portrait."""
    field = width * 0.285 if is_wide else height * 0.235
    start = field + 17 if is_wide else 20.0
    room = width - start - 20
    top = 24.0 if is_wide else field + 14
    foot = height - (58.0 if is_wide else 68.0)
    beside = room if is_wide else room - 46
    elements = _modern_field(field, height) if is_wide else _modern_head(width, field)
    record = {"entries": _entries(_RECORD), "columns": 3 if is_wide else 2}
    elements += [
        _element("stack", "body", (start, top, room, foot - top - 6), texts=_modern_texts(is_wide)),
        _element("line", "rule", (start, foot - 3, 24, 1.2), thickness=2.4, colour="accent"),
        _element("record", "record", (start, foot + 4, beside, 26 if is_wide else 38), **record),
        _verification((start, foot + (31 if is_wide else 43), beside, 6)),
    ]
    return elements if is_wide else [*elements, _code(width - 20, foot + 9, 42)]


def _modern_field(width: float, height: float) -> list[dict[str, Any]]:
    """The field along the reading edge: seal, organization and code, one under the other."""
    centred = {"align": "centre", "colour": "on_accent"}
    issuer = {"size": 13, "min_size": 9, "max_lines": 4, "weight": "bold", "valign": "top", **centred}
    scan = {"text": "{{ words.scan_to_verify }}", "size": 8.5, "min_size": 6, **centred}
    return [
        _element("panel", "field", (0, 0, width, height), colour="accent", pattern="waves"),
        _element("seal", "seal", ((width - 34) / 2, 24, 34, 34), style="ring", colour="on_accent"),
        _element("text", "issuer", (9, 64, width - 18, 40), text="{{ organization }}", **issuer),
        _element("qr", "code", ((width - 34) / 2, height - 63, 34, 34)),
        _element("text", "scan", (6, height - 27, width - 12, 7), **scan),
    ]


def _modern_head(width: float, height: float) -> list[dict[str, Any]]:
    """The field along the top: the seal, and the organization beside it."""
    issuer = {"size": 20, "min_size": 12, "max_lines": 3, "weight": "bold", "colour": "on_accent"}
    top = (height - 32) / 2
    return [
        _element("panel", "field", (0, 0, width, height), colour="accent", pattern="waves"),
        _element("seal", "seal", (20, top, 32, 32), style="ring", colour="on_accent"),
        _element("text", "issuer", (60, top, width - 80, 32), text="{{ organization }}", **issuer),
    ]


def _modern_texts(is_wide: bool) -> list[dict[str, Any]]:
    kicker: dict[str, Any] = {"size": 10.5, "min_size": 8, "weight": "bold", "colour": "accent", "tracking": 120}
    name = {"size": 44, "min_size": 28 if is_wide else 26, "max_lines": 3, "weight": "bold", "leading": 1.25}
    texts: list[dict[str, Any]] = [
        {"text": _CAPITAL_TITLE, **kicker},
        {"text": "{{ holder_name }}", "above": 6, "role": "heading", **name},
        {"text": _ATTENDED, "above": 5, **_LABEL},
        {"text": "{{ achievement }}", "above": 1, "size": 24, "min_size": 15, "max_lines": 3},
        {"text": "{{ statement }}", "above": 4, "max_lines": 7, "leading": 1.5, **_LABEL},
        {"text": "{{ replaces }}", "above": 3, **_SMALL},
    ]
    return [{**text, "align": "start"} for text in texts]


def _plain(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Type and white space; what an employer asks of an attendance: what, where, when, how long."""
    margin, qr = 24.0, 34.0
    inner = width - 2 * margin
    foot = height - (64.0 if is_wide else 82.0)
    top = 44.0 if is_wide else 52.0
    room = inner - qr - 8
    issuer = {"size": 13, "min_size": 9, "max_lines": 2, "weight": "bold"}
    title = {"size": 10.5, "min_size": 8, "colour": "quiet"}
    record = {"entries": _entries(_ATTENDANCE_RECORD), "columns": 4 if is_wide else 2, "has_rule": True}
    return [
        _element("panel", "bar", (0, 0, width, 4), colour="accent"),
        _element("text", "issuer", (margin, 17, inner, 9), text="{{ organization }}", valign="bottom", **issuer),
        _element("text", "title", (margin, 26.5, inner, 6), text=_TITLE, **title),
        _element("line", "head", (margin, 36, inner, 0.5), thickness=0.5),
        _element("stack", "body", (margin, top, inner, foot - top - 8), texts=_plain_texts()),
        _element("record", "record", (margin, foot, room, 33 if is_wide else 48), **record),
        _verification((margin, foot + (36 if is_wide else 51), room, 6)),
        _code(width - margin, foot, qr),
    ]


def _plain_texts() -> list[dict[str, Any]]:
    name = {"size": 38, "min_size": 24, "max_lines": 3, "weight": "bold"}
    event = {"size": 22, "min_size": 14, "max_lines": 3, "colour": "accent"}
    texts: list[dict[str, Any]] = [
        {"text": "{{ words.certifies }}", **_LABEL},
        {"text": "{{ holder_name }}", "above": 1.5, "role": "heading", **name},
        {"text": _ATTENDED, "above": 3.5, **_LABEL},
        {"text": "{{ event or achievement }}", "above": 1.5, **event},
        {"text": "{{ statement }}", "above": 3, "max_lines": 7, "leading": 1.5, **_LABEL},
        {"text": "{{ replaces }}", "above": 2.5, **_SMALL},
    ]
    return [{**text, "align": "start"} for text in texts]


def _verification(box: tuple[float, float, float, float], **rest: Any) -> dict[str, Any]:
    look = {"size": 8.5, "min_size": 6, "colour": "quiet", "valign": "bottom", **rest}
    return _element("text", "verification", box, text="{{ verify_at }}", **look)


def _code(right: float, top: float, side: float) -> dict[str, Any]:
    """A code whose dark modules, not its quiet zone, end at `right` and begin at `top`: a tenth of it is quiet."""
    return _element("qr", "code", (right - side * 0.9, top - side * 0.1, side, side))


_MADE: dict[str, Callable[[float, float, bool], list[dict[str, Any]]]] = {
    "classic": _classic,
    "modern": _modern,
    "plain": _plain,
}
ORIGINS = tuple(_MADE)
"""The shipped layouts by the name that `Layout.origin` keeps."""

DEFINITIONS: Mapping[str, LayoutDefinition] = MappingProxyType({origin: definition_of(origin) for origin in ORIGINS})
"""Each shipped layout as an organization first gets it: A4 in landscape."""
