"""The editor's form: a definition becomes fields and back, errors find their field, elements are added and moved."""

from typing import Any, get_args

import pytest

from api.pages.layout_fields import MODELS, PARTS, fields_of, part_fields
from api.pages.layout_form import Draft
from certification.layouts import editing, shipped
from certification.layouts.legibility import faint
from core.errors import InvalidInput
from tests.factories.layouts import changed

PAGES = [(page, orientation) for page in ("A4", "Letter") for orientation in ("landscape", "portrait")]


def draft(origin: str = "modern") -> Draft:
    return Draft.of(shipped.definition_of(origin))


def refusals(found: Draft) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refusal:
        found.read()
    return refusal.value.fields


def typed(found: Draft, **fields: str) -> Draft:
    return Draft.typed(found.values() | {name.replace("__", "."): text for name, text in fields.items()})


def number_of(found: Draft, kind: str) -> int:
    return next(n for n, element in enumerate(found.elements) if element.kind == kind)


@pytest.mark.parametrize("origin", shipped.ORIGINS)
@pytest.mark.parametrize(("page", "orientation"), PAGES)
def test_a_definition_goes_through_the_form_unchanged(origin: str, page: str, orientation: str) -> None:
    definition = shipped.definition_of(origin, page, orientation)  # type: ignore[arg-type]  # parametrized
    assert Draft.typed(Draft.of(definition).values()).read() == definition


def test_every_field_of_an_element_can_be_edited() -> None:
    for kind, model in MODELS.items():
        asked = {field.name for field in fields_of(kind)} | {"kind"}
        if kind in PARTS:
            name, part = PARTS[kind]
            content, look = part_fields(kind)
            assert {field.name for field in [*content, *look]} == part.model_fields.keys(), kind
            asked |= {name}
        assert asked == model.model_fields.keys(), kind


def test_every_choice_that_a_field_offers_is_one_that_the_layout_takes() -> None:
    def taken(annotation: Any) -> set[str]:
        values = get_args(annotation)
        return {"", *get_args(values[0])} if type(None) in values else set(values)

    asked: list[tuple[Any, Any]] = [(model, field) for kind, model in MODELS.items() for field in fields_of(kind)]
    asked += [(PARTS[kind][1], field) for kind in PARTS for field in part_fields(kind)[1]]
    choices = [(model, field) for model, field in asked if field.widget == "choice"]
    assert len(choices) > 15
    for model, field in choices:
        offered = [key for key, _words in field.options]
        assert len(offered) == len(set(offered))
        assert set(offered) == taken(model.model_fields[field.name].annotation), (model, field.name)


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_goes_through_the_form_and_is_read_with_its_defaults(kind: str) -> None:
    found, number = draft("plain").applied(f"add.{kind}")
    assert number is not None
    element = found.elements[number]
    assert element.kind == kind
    if kind == "picture":
        assert refusals(found) == {f"elements.{number}.picture": "This field is required."}
        found = typed(found, **{f"elements.{number}.picture": "0190b2f0-0000-7000-8000-000000000001"})
    definition = found.read()
    assert Draft.of(definition).read() == definition


def test_an_unknown_placeholder_is_named_with_its_element_beside_its_field() -> None:
    found = draft()
    number = number_of(found, "stack")
    at = f"elements.{number}.texts.0.text"
    element = found.elements[number].fields["id"]
    message = (
        f"In element “{element}”: There is no placeholder {{{{ holder_nam }}}}. Did you mean {{{{ holder_name }}}}?"
    )
    assert refusals(typed(found, **{at: "{{ holder_nam }}"})) == {at: message}


@pytest.mark.parametrize(
    ("kind", "field", "text", "shown"),
    [
        ("text", "size", "", ""),
        ("text", "size", "1", "size"),
        ("text", "size", "much", "size"),
        ("text", "size", "4", "min_size"),
        ("text", "colour", "mauve", "colour"),
        ("text", "x", "", "x"),
        ("text", "x", "-3", "x"),
        ("text", "x", "nan", "x"),
        ("stack", "texts.0.size", "3", "texts.0.min_size"),
        ("stack", "texts.0.leading", "9", "texts.0.leading"),
        ("record", "columns", "0", "columns"),
        ("record", "entries.0.value", "{% for x in y %}", "entries.0.value"),
        ("qr", "width", "3", "width"),
        ("text", "id", "Not A Name", "id"),
    ],
)
def test_errors_stand_at_the_field_that_was_typed_into(kind: str, field: str, text: str, shown: str) -> None:
    found = draft()
    number = number_of(found, kind)
    wrong = typed(found, **{f"elements.{number}.{field}": text})
    if not shown:
        assert wrong.read()  # an empty number is its default
        return
    assert list(refusals(wrong)) == [f"elements.{number}.{shown}"]


def test_rules_of_the_whole_page_are_said_and_the_page_can_still_be_looked_at() -> None:
    found = draft()
    stack, seal = number_of(found, "stack"), number_of(found, "seal")
    fields = found.elements[stack].fields
    moved = typed(found, **{f"elements.{seal}.x": fields["x"], f"elements.{seal}.y": fields["y"]})
    problems = refusals(moved)
    assert list(problems) == [""]
    assert "overlap" in problems[""]
    drawn = moved.drawn()
    assert drawn is not None
    assert drawn.elements[seal].x == float(fields["x"])
    assert typed(moved, **{f"elements.{seal}.x": "?"}).drawn() is None
    assert Draft.typed({"page": "A4"}).drawn() is None


def test_moving_duplicating_and_removing_lose_nothing() -> None:
    found = typed(draft(), **{"elements.1.id": "typed-by-me"})
    names = [element.fields["id"] for element in found.elements]
    up, opened = found.applied("up.1")
    assert [element.fields["id"] for element in up.elements][:2] == ["typed-by-me", names[0]]
    assert opened == 0
    assert up.applied("down.0")[0] == found
    assert [e.fields["id"] for e in found.applied("remove.0")[0].elements] == names[1:]
    twice, opened = found.applied("duplicate.1")
    assert (opened, twice.elements[2].fields["id"]) == (2, "typed-by-me-2")
    assert twice.read()


def test_texts_of_a_stack_are_added_moved_and_removed() -> None:
    found = draft()
    number = number_of(found, "stack")
    texts = [part["text"] for part in found.elements[number].parts]
    more = found.applied(f"part_add.{number}")[0]
    assert [part["text"] for part in more.elements[number].parts] == [*texts, ""]
    moved = found.applied(f"part_up.{number}.1")[0]
    assert [part["text"] for part in moved.elements[number].parts][:2] == [texts[1], texts[0]]
    fewer = found.applied(f"part_remove.{number}.0")[0]
    assert [part["text"] for part in fewer.elements[number].parts] == texts[1:]


@pytest.mark.parametrize(
    "action", ["", "up", "up.x", "up.999", "remove.-1", "part_up.0.99", "add.nothing", "fit", "x.1.2"]
)
def test_an_action_that_names_nothing_changes_nothing(action: str) -> None:
    assert draft().applied(action)[0] == draft()


def test_a_new_element_finds_a_free_place() -> None:
    box = editing.free_box(50, 10, (100, 100), [(0, 0, 100, 40)], least=5)
    assert box == (12.0, 40.0, 50.0, 10.0)
    assert editing.free_box(80, 80, (100, 100), [(0, 0, 100, 60)], least=5) == (12.0, 60.0, 24.0, 24.0)
    assert editing.free_box(50, 50, (100, 100), [(0, 0, 100, 100)], least=5) == (12.0, 12.0, 50, 50)


def test_another_page_takes_the_arrangement_made_for_it_or_scales() -> None:
    found = typed(draft("classic"), orientation="portrait")
    assert found.on_its_page().read() == shipped.definition_of("classic", "A4", "portrait")
    own = changed(shipped.definition_of("classic"), 0, id="mine")
    scaled = typed(Draft.of(own), page="Letter").on_its_page().read()
    assert (scaled.page, scaled.elements[0].width) == ("Letter", round(own.elements[0].width * 279.4 / 297, 2))


def test_a_draft_that_is_wrong_is_scaled_to_another_page_as_well() -> None:
    found = typed(draft("plain"), **{"elements.0.id": "Not A Name", "orientation": "portrait"})
    box = found.elements[0].box()
    assert box is not None
    turned = found.on_its_page()
    across = 210 / 297
    assert turned.elements[0].fields["width"] == f"{round(box[2] * across, 1):g}"
    assert turned.head["laid_orientation"] == "portrait"


def test_words_that_are_too_faint_are_named_with_their_ratio() -> None:
    plain = shipped.definition_of("plain")
    assert list(faint(plain, "#0f5f5c")) == []
    number = next(n for n, element in enumerate(plain.elements) if element.kind == "text")
    weak = changed(plain, number, colour="#bbbbbb", size=11, min_size=8)
    (found,) = faint(weak, "#0f5f5c")
    assert (found.field, found.element) == (f"elements.{number}.colour", plain.elements[number].id)
    assert (round(found.ratio, 2), found.needed) == (1.92, 4.5)  # #bbb on white, by WCAG's formula
