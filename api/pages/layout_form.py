"""A layout as it stands in the editor's form, right or wrong: text by field, which becomes a definition and back.

Fields are named by place: `elements.2.text`, `elements.1.texts.0.size`. Whatever is done to the elements (add, move,
duplicate, remove) gives a new draft whose places are counted anew, so that nothing typed is lost on the way.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from api import parse
from api.pages.layout_fields import MODELS, OWN, PARTS, Field, default_of, fields_of, part_fields
from certification.layouts import editing, placeholders
from certification.layouts.definition import LayoutDefinition, Orientation, PageFormat, page_size
from certification.layouts.elements import SMALLEST_QR, Colour, Element, Typeface
from core.errors import InvalidInput
from core.i18n import gettext as _

MAX_ELEMENTS, MAX_PARTS = 60, 20
_ELEMENT = re.compile(r"elements\.(\d{1,3})\.(.{1,60})")
_PART = re.compile(r"(texts|entries)\.(\d{1,2})\.([a-z_]{1,20})")
_BOX = ("x", "y", "width", "height")
_HEAD = (
    "page",
    "orientation",
    "typeface",
    "background",
    "background_own",
    "background_picture",
    "laid_page",
    "laid_orientation",
)

_ELEMENTS: TypeAdapter[tuple[Element, ...]] = TypeAdapter(tuple[Element, ...])


class _Shell(BaseModel):
    """The page without its elements."""

    page: PageFormat
    orientation: Orientation
    typeface: Typeface
    background: Colour
    background_picture: UUID | None


@dataclass(frozen=True, slots=True)
class ElementDraft:
    """The fields of one element, and of the entries of its list."""

    kind: str
    fields: Mapping[str, str]
    parts: tuple[Mapping[str, str], ...] = ()

    def values(self) -> dict[str, str]:
        """Text by field, places of entries counted anew."""
        found = {"kind": self.kind, **self.fields}
        if self.kind in PARTS:
            name = PARTS[self.kind][0]
            for number, part in enumerate(self.parts):
                found |= {f"{name}.{number}.{field}": text for field, text in part.items()}
        return found

    def document(self) -> dict[str, Any]:
        """What the fields say, for validating."""
        found = {"kind": self.kind, **_document(self.fields, fields_of(self.kind))}
        if self.kind in PARTS:
            content, look = part_fields(self.kind)
            found[PARTS[self.kind][0]] = [_document(part, [*content, *look]) for part in self.parts]
        return found

    def box(self) -> editing.Box | None:
        """Its place, or None where a number is missing."""
        try:
            x, y, width, height = (float(self.fields.get(name, "")) for name in _BOX)
        except ValueError:
            return None
        return x, y, width, height

    def scaled(self, across: float, down: float) -> "ElementDraft":
        """With its place on a page `across` times as wide and `down` times as high; codes and seals stay square."""
        box = self.box()
        if box is None:
            return self
        x, y, width, height = box[0] * across, box[1] * down, box[2] * across, box[3] * down
        if self.kind in ("qr", "seal"):
            width = height = min(box[2], box[3])
        places = {name: f"{round(side, 1):g}" for name, side in zip(_BOX, (x, y, width, height), strict=True)}
        return replace(self, fields={**self.fields, **places})


@dataclass(frozen=True, slots=True)
class Draft:
    """The page and its elements as typed. `laid_page` and `laid_orientation` say which page the places are for."""

    head: Mapping[str, str]
    elements: tuple[ElementDraft, ...]

    @classmethod
    def typed(cls, values: Mapping[str, Any]) -> "Draft":
        """From a submitted form; of a name sent twice the last counts."""
        texts = {name: str(value[-1]) if isinstance(value, list) else str(value) for name, value in values.items()}
        grouped: dict[int, dict[str, str]] = {}
        for name, text in texts.items():
            if found := _ELEMENT.fullmatch(name):
                grouped.setdefault(int(found[1]), {})[found[2]] = text
        elements = [_element(fields) for _number, fields in sorted(grouped.items()) if fields.get("kind") in MODELS]
        return cls({name: texts.get(name, "") for name in _HEAD}, tuple(elements[:MAX_ELEMENTS]))

    @classmethod
    def of(cls, definition: LayoutDefinition) -> "Draft":
        """What the form shows for a definition; `read` gives the same definition back."""
        head: dict[str, str] = {"page": definition.page, "orientation": definition.orientation}
        head |= {f"laid_{name}": value for name, value in head.items()}
        head["typeface"] = definition.typeface
        head |= _coloured("background", definition.background)
        head["background_picture"] = str(definition.background_picture or "")
        return cls(head, tuple(_filled(each.model_dump()) for each in definition.elements))

    def values(self) -> dict[str, str]:
        """Text by field."""
        found = dict(self.head)
        for number, element in enumerate(self.elements):
            found |= {f"elements.{number}.{name}": text for name, text in element.values().items()}
        return found

    def document(self) -> dict[str, Any]:
        """What the form says, for validating."""
        head: dict[str, Any] = {"page": self.head["page"], "orientation": self.head["orientation"]}
        head["typeface"] = self.head["typeface"] or default_of(LayoutDefinition, "typeface")
        head["background"] = _colour(self.head, "background")
        head["background_picture"] = self.head["background_picture"] or None
        return head | {"elements": [element.document() for element in self.elements]}

    def read(self) -> LayoutDefinition:
        """The definition that the form describes. Raises `InvalidInput` by the form's own fields."""
        problems = dict(self._placeholder_problems())
        try:
            definition = parse.validate(LayoutDefinition, self.document())
        except InvalidInput as error:
            for path, message in error.fields.items():
                name = self._field_of(path)
                if not any(field == name or field.startswith(f"{name}.") for field in problems if name):
                    problems.setdefault(name, message)
        if problems:
            raise InvalidInput(problems)
        return definition

    def drawn(self) -> LayoutDefinition | None:
        """A definition to look at where only the rules of the whole page are broken, such as overlapping; else None."""
        document = self.document()
        try:
            elements = _ELEMENTS.validate_python(document.pop("elements"))
            shell = _Shell.model_validate(document)
        except ValidationError:
            return None
        return LayoutDefinition.model_construct(**dict(shell), elements=elements) if elements else None

    def _placeholder_problems(self) -> list[tuple[str, str]]:
        found = []
        for number, element in enumerate(self.elements):
            at = f"elements.{number}"
            content, _look = part_fields(element.kind) if element.kind in PARTS else ([], [])
            texts = [(f"{at}.{f.name}", element.fields.get(f.name, "")) for f in fields_of(element.kind) if _is_text(f)]
            for row, part in enumerate(element.parts):
                name = PARTS[element.kind][0]
                texts += [(f"{at}.{name}.{row}.{f.name}", part.get(f.name, "")) for f in content if _is_text(f)]
            for path, text in texts:
                try:
                    placeholders.check(text)
                except placeholders.TemplateProblem as problem:
                    named = _("In element “%(id)s”: %(problem)s")
                    found.append((path, named % {"id": element.fields.get("id", ""), "problem": problem}))
        return found

    def _field_of(self, path: str) -> str:
        """The form's field for pydantic's path, which names the kind of an element after its place."""
        parts = path.split(".")
        if parts[0] != "elements":
            return "" if path == "body" else path
        if len(parts) > 2:
            del parts[2]
        if len(parts) == 4 and parts[2] in ("texts", "entries") and parts[3].isdigit():
            parts.append("min_size")  # the only rule that concerns a text as a whole
        if len(parts) == 2 and parts[1].isdigit() and self.elements[int(parts[1])].kind == "text":
            parts.append("min_size")
        return ".".join(parts)

    def on_its_page(self) -> "Draft":
        """The draft with its places fitted to the page that is chosen, where they were meant for another.

        One that is right is fitted as a layout; of one that is wrong, the places are scaled as far as they are numbers.
        """
        wanted = self.head["page"], self.head["orientation"]
        laid = self.head["laid_page"] or wanted[0], self.head["laid_orientation"] or wanted[1]
        if wanted == laid:
            return self
        before = replace(self, head={**self.head, "page": laid[0], "orientation": laid[1]})
        try:
            return Draft.of(editing.on_page(before.read(), *self._shape()))
        except (InvalidInput, ValidationError):
            across, down = (new / old for new, old in zip(self.size(), before.size(), strict=True))
            head = {**self.head, "laid_page": wanted[0], "laid_orientation": wanted[1]}
            return Draft(head, tuple(each.scaled(across, down) for each in self.elements))

    def applied(self, action: str) -> tuple["Draft", int | None]:
        """The draft after `add.text`, `remove.2`, `up.2`, `down.2`, `duplicate.2`, `part_add.2`, `part_up.2.0`,
        `part_remove.2.0`, and which element is then to be looked at. What names nothing changes nothing."""
        verb, *rest = action.split(".")
        if verb == "add" and len(rest) == 1 and rest[0] in MODELS and len(self.elements) < MAX_ELEMENTS:
            return self._with_new(rest[0])
        numbers = [int(one) for one in rest if one.isdigit() and len(one) < 4]
        if len(numbers) != len(rest) or not numbers or numbers[0] >= len(self.elements):
            return self, None
        number, element = numbers[0], self.elements[numbers[0]]
        if verb.startswith("part_"):
            changed = _with_parts(element, verb, numbers[1] if len(numbers) > 1 else None)
            return self._at(number, [changed]), number
        match verb:
            case "remove":
                return self._at(number, []), None
            case "duplicate" if len(self.elements) < MAX_ELEMENTS:
                return self._at(number, [element, self._copy_of(element)]), number + 1
            case "up" if number > 0:
                return self._swapped(number - 1), number - 1
            case "down" if number + 1 < len(self.elements):
                return self._swapped(number), number + 1
        return self, number

    def _with_new(self, kind: str) -> tuple["Draft", int]:
        made = _filled(editing.new_element(kind, *self._shape(), self._boxes(), self._names()))
        if kind in editing.BENEATH:
            return replace(self, elements=(made, *self.elements)), 0
        return replace(self, elements=(*self.elements, made)), len(self.elements)

    def _copy_of(self, element: ElementDraft) -> ElementDraft:
        changed = {"id": editing.free_name(element.fields.get("id") or element.kind, self._names())}
        box = element.box()
        if box and element.kind not in editing.BENEATH:
            least = SMALLEST_QR if element.kind == "qr" else 5
            free = editing.free_box(box[2], box[3], self.size(), self._boxes(), least=least)
            changed |= {name: f"{side:g}" for name, side in zip(_BOX, free, strict=True)}
        return replace(element, fields={**element.fields, **changed})

    def size(self) -> tuple[float, float]:
        """Width and height of the chosen page in millimetres."""
        return page_size(*self._shape())

    def _shape(self) -> tuple[PageFormat, Orientation]:
        """The chosen page, or the usual one where what was sent is none."""
        page = "Letter" if self.head["page"] == "Letter" else "A4"
        return cast(PageFormat, page), "portrait" if self.head["orientation"] == "portrait" else "landscape"

    def _boxes(self) -> list[editing.Box]:
        return [box for each in self.elements if each.kind not in editing.BENEATH and (box := each.box())]

    def _names(self) -> set[str]:
        return {each.fields.get("id", "") for each in self.elements}

    def _at(self, number: int, instead: list[ElementDraft]) -> "Draft":
        return replace(self, elements=(*self.elements[:number], *instead, *self.elements[number + 1 :]))

    def _swapped(self, number: int) -> "Draft":
        one, other = self.elements[number : number + 2]
        return replace(self, elements=(*self.elements[:number], other, one, *self.elements[number + 2 :]))


def _with_parts(element: ElementDraft, verb: str, row: int | None) -> ElementDraft:
    parts = list(element.parts)
    if verb == "part_add" and element.kind in PARTS and len(parts) < MAX_PARTS:
        model = PARTS[element.kind][1]
        parts.append(_filled_part(element.kind, {field: default_of(model, field) for field in model.model_fields}))
    elif verb == "part_remove" and row is not None and row < len(parts):
        del parts[row]
    elif verb == "part_up" and row is not None and 0 < row < len(parts):
        parts[row - 1 : row + 1] = parts[row], parts[row - 1]
    return replace(element, parts=tuple(parts))


def _element(fields: Mapping[str, str]) -> ElementDraft:
    """An element from the fields below its place."""
    own = {name: text for name, text in fields.items() if "." not in name and name != "kind"}
    rows: dict[int, dict[str, str]] = {}
    for name, text in fields.items():
        if found := _PART.fullmatch(name):
            rows.setdefault(int(found[2]), {})[found[3]] = text
    parts = [rows[number] for number in sorted(rows)][:MAX_PARTS] if fields["kind"] in PARTS else []
    return ElementDraft(fields["kind"], own, tuple(parts))


def _filled(document: Mapping[str, Any]) -> ElementDraft:
    """An element's fields from its document; what it leaves out stands as in a new element."""
    kind = str(document["kind"])
    model = MODELS[kind]
    fields = _filled_fields(fields_of(kind), document, model)
    if kind not in PARTS:
        return ElementDraft(kind, fields)
    parts = [_filled_part(kind, part) for part in document[PARTS[kind][0]]]
    return ElementDraft(kind, fields, tuple(parts))


def _filled_part(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    content, look = part_fields(kind)
    return _filled_fields([*content, *look], document, PARTS[kind][1])


def _filled_fields(fields: list[Field], document: Mapping[str, Any], model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields:
        value = document[field.name] if field.name in document else default_of(model, field.name)
        if field.widget == "colour":
            found |= _coloured(field.name, str(value or ""))
        else:
            found[field.name] = _written(value)
    return found


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else ""
        case float():
            return f"{value:.10g}"
        case UUID() | int() | str():
            return str(value)
    return ""


def _document(fields: Mapping[str, str], known: list[Field]) -> dict[str, Any]:
    """The fields as values. A number left empty is left out, so that its default counts or it is asked for."""
    found: dict[str, Any] = {}
    for field in known:
        text = fields.get(field.name, "")
        match field.widget:
            case "check":
                found[field.name] = text == "true"
            case "colour":
                found[field.name] = _colour(fields, field.name) or None
            case "template":
                found[field.name] = text.replace("\r\n", "\n")
            case "picture":
                if text.strip():
                    found[field.name] = text.strip()
            case "text" if field.name == "alt":
                found[field.name] = text.strip()
            case _:
                if text.strip():
                    found[field.name] = text.strip()
    return found


def _coloured(name: str, colour: str) -> dict[str, str]:
    is_own = colour.startswith("#")
    return {name: OWN if is_own else colour, f"{name}_own": colour if is_own else "#1a4f8b"}


def _colour(fields: Mapping[str, str], name: str) -> str:
    chosen = fields.get(name, "")
    return fields.get(f"{name}_own", "") if chosen == OWN else chosen


def _is_text(field: Field) -> bool:
    return field.widget == "template"
