"""The layouts that every organization begins with: classic, modern, and plain for attendance.

Each is made for its page: places follow from the page's width and height, and portrait has an arrangement of its own.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from certification.layouts.definition import LayoutDefinition, Orientation, PageFormat, page_size

_LABEL = {"size": 11, "min_size": 8, "colour": "quiet"}
_ATTENDED = "{% if kind == 'attendance' %}{{ words.attended }}{% else %}{{ words.earned }}{% endif %}"
_TITLE = (
    "{% if kind == 'attendance' %}{{ words.certificate_of_attendance }}"
    "{% else %}{{ words.certificate_of_achievement }}{% endif %}"
)
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
    return LayoutDefinition.model_validate({"page": page, "orientation": orientation, "elements": elements})


def _element(kind: str, name: str, box: tuple[float, float, float, float], **rest: Any) -> dict[str, Any]:
    """An element from its name, its box (x, y, width, height) in millimetres, and what else it has."""
    x, y, width, height = (round(value, 2) for value in box)
    return {"kind": kind, "id": name, "x": x, "y": y, "width": width, "height": height, **rest}


def _entries(record: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in record]


def _classic(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Centred under a seal, in a guilloche: as banknotes and diplomas are."""
    edge, margin = 10.6, 26.0 if is_wide else 24.0
    seal, qr = (26.0, 32.0) if is_wide else (32.0, 34.0)
    seal_top = 23.0 if is_wide else 30.0
    body = seal_top + seal + (3.5 if is_wide else 12)
    foot = height - (54.0 if is_wide else 66.0)
    inner = width - 2 * margin
    name = {"size": 46, "min_size": 30, "max_lines": 2} if is_wide else {"size": 40, "min_size": 26, "max_lines": 3}
    texts = [
        {"text": "{{ organization }}", "size": 12.5, "min_size": 9, "max_lines": 2, "tracking": 60},
        {"text": "{{ words.certifies }}", "above": 7 if is_wide else 12, **_LABEL},
        {"text": "{{ holder_name }}", "weight": "light", "above": 1.8, "leading": 1.4, "role": "heading", **name},
        {"text": _ATTENDED, "above": 2.1, **_LABEL},
        {
            "text": "{{ achievement }}",
            "size": 23,
            "min_size": 15,
            "max_lines": 2 if is_wide else 3,
            "weight": "bold",
            "colour": "accent",
            "leading": 1.34,
            "above": 1.1,
        },
        {"text": "{{ statement }}", "max_lines": 4, "leading": 1.45, "above": 2.5, **_LABEL},
        {"text": "{{ replaces }}", "max_lines": 2, "above": 2.5, **_LABEL, "size": 9},
    ]
    return [
        _element("frame", "frame", (edge, edge, width - 2 * edge, height - 2 * edge), style="guilloche"),
        _element("seal", "seal", ((width - seal) / 2, seal_top, seal, seal)),
        _element("stack", "body", (margin + 6, body, inner - 12, foot - body - 3), texts=texts),
        _element(
            "record",
            "record",
            (margin, foot, inner - qr - 8, 22 if is_wide else 34),
            entries=_entries(_RECORD),
            columns=5 if is_wide else 3,
            has_rule=True,
        ),
        _element(
            "text",
            "verification",
            (margin, height - 31, inner - qr - 8, 6),
            text="{{ verify_at }}",
            size=9,
            min_size=6,
            colour="quiet",
        ),
        _element("qr", "code", (width - margin - qr, foot - 2.5, qr, qr)),
    ]


def _modern(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Set from the reading edge beside a field of the organization's colour, or under one in portrait."""
    field = width * 0.285 if is_wide else height * 0.235
    box = (0.0, 0.0, field, height) if is_wide else (0.0, 0.0, width, field)
    qr = 34.0
    start = field + 17 if is_wide else 20.0
    room = width - start - 20
    elements = [_element("panel", "field", box, colour="accent", pattern="waves")]
    if is_wide:
        elements += [
            _element("seal", "seal", ((field - 34) / 2, 24, 34, 34), style="ring", colour="on_accent"),
            _element(
                "text",
                "issuer",
                (9, 64, field - 18, 40),
                text="{{ organization }}",
                size=13,
                min_size=9,
                max_lines=4,
                weight="bold",
                align="centre",
                valign="top",
                colour="on_accent",
            ),
            _element("qr", "code", ((field - qr) / 2, height - 20 - qr - 9, qr, qr)),
            _element(
                "text",
                "scan",
                (6, height - 27, field - 12, 7),
                text="{{ words.scan_to_verify }}",
                size=8.5,
                min_size=6,
                align="centre",
                colour="on_accent",
            ),
        ]
    else:
        elements += [
            _element("seal", "seal", (20, (field - 32) / 2, 32, 32), style="ring", colour="on_accent"),
            _element(
                "text",
                "issuer",
                (60, (field - 32) / 2, width - 80, 32),
                text="{{ organization }}",
                size=20,
                min_size=12,
                max_lines=3,
                weight="bold",
                colour="on_accent",
            ),
        ]
    top = 24.0 if is_wide else field + 16
    foot = height - (58.0 if is_wide else 76.0)
    texts = [
        {
            "text": _TITLE,
            "size": 11.5,
            "min_size": 8,
            "weight": "bold",
            "colour": "accent",
            "tracking": 90,
            "align": "start",
        },
        {
            "text": "{{ holder_name }}",
            "size": 44 if is_wide else 42,
            "min_size": 28 if is_wide else 26,
            "max_lines": 3,
            "weight": "bold",
            "align": "start",
            "leading": 1.25,
            "above": 7,
            "role": "heading",
        },
        {"text": _ATTENDED, "align": "start", "above": 6, **_LABEL},
        {
            "text": "{{ achievement }}",
            "size": 24,
            "min_size": 15,
            "max_lines": 3,
            "align": "start",
            "leading": 1.3,
            "above": 1,
        },
        {"text": "{{ statement }}", "align": "start", "max_lines": 5, "leading": 1.5, "above": 4, **_LABEL},
        {"text": "{{ replaces }}", "align": "start", "max_lines": 2, "above": 3, **_LABEL, "size": 9},
    ]
    elements += [
        _element(
            "stack", "body", (start, top, room, foot - top - 6), texts=texts, valign="middle" if is_wide else "top"
        ),
        _element("line", "rule", (start, foot - 3, 24, 1.2), thickness=2.4, colour="accent"),
        _element(
            "record",
            "record",
            (start, foot + 4, room if is_wide else room - qr - 8, 26 if is_wide else 40),
            entries=_entries(_RECORD),
            columns=3 if is_wide else 2,
            align="start",
        ),
        _element(
            "text",
            "verification",
            (start, height - (26 if is_wide else 27), room if is_wide else room - qr - 8, 6),
            text="{{ verify_at }}",
            size=8.5,
            min_size=6,
            colour="quiet",
        ),
    ]
    if not is_wide:
        elements.append(_element("qr", "code", (width - 20 - qr + 3, foot, qr, qr)))
    return elements


def _plain(width: float, height: float, is_wide: bool) -> list[dict[str, Any]]:
    """Type and white space; what an employer asks of an attendance: what, where, when, how long."""
    margin = 24.0
    qr = 32.0
    inner = width - 2 * margin
    foot = height - (64.0 if is_wide else 92.0)
    top = 44.0 if is_wide else 56.0
    texts = [
        {"text": "{{ words.certifies }}", "align": "start", **_LABEL},
        {
            "text": "{{ holder_name }}",
            "size": 38,
            "min_size": 24,
            "max_lines": 3,
            "weight": "bold",
            "align": "start",
            "leading": 1.3,
            "above": 1.5,
            "role": "heading",
        },
        {"text": _ATTENDED, "align": "start", "above": 3.5, **_LABEL},
        {
            "text": "{{ event or achievement }}",
            "size": 22,
            "min_size": 14,
            "max_lines": 3,
            "align": "start",
            "colour": "accent",
            "leading": 1.3,
            "above": 1.5,
        },
        {"text": "{{ statement }}", "align": "start", "max_lines": 5, "leading": 1.5, "above": 3, **_LABEL},
        {"text": "{{ replaces }}", "align": "start", "max_lines": 2, "above": 2.5, **_LABEL, "size": 9},
    ]
    return [
        _element("panel", "bar", (0, 0, width, 4), colour="accent"),
        _element(
            "text",
            "issuer",
            (margin, 20, inner * 0.56, 12),
            text="{{ organization }}",
            size=13,
            min_size=9,
            max_lines=2,
            weight="bold",
        ),
        _element(
            "text",
            "title",
            (margin + inner * 0.6, 20, inner * 0.4, 12),
            text=_TITLE,
            size=11,
            min_size=7,
            max_lines=2,
            align="end",
            colour="quiet",
        ),
        _element("line", "head", (margin, 35, inner, 0.5), thickness=0.5),
        _element("stack", "body", (margin, top, inner, foot - top - 8), texts=texts, valign="middle"),
        _element(
            "record",
            "record",
            (margin, foot, inner - qr - 10, 34 if is_wide else 60),
            entries=_entries(_ATTENDANCE_RECORD),
            columns=4 if is_wide else 2,
            has_rule=True,
        ),
        _element(
            "text",
            "verification",
            (margin, height - 25, inner - qr - 10, 6),
            text="{{ verify_at }}",
            size=8.5,
            min_size=6,
            colour="quiet",
        ),
        _element("qr", "code", (width - margin - qr + 3, foot - 3, qr, qr)),
    ]


_MADE: dict[str, Callable[[float, float, bool], list[dict[str, Any]]]] = {
    "classic": _classic,
    "modern": _modern,
    "plain": _plain,
}
ORIGINS = tuple(_MADE)
"""The shipped layouts by the name that `Layout.origin` keeps."""

DEFINITIONS: Mapping[str, LayoutDefinition] = MappingProxyType({origin: definition_of(origin) for origin in ORIGINS})
"""Each shipped layout as an organization first gets it: A4 in landscape."""
