"""What a definition may hold: what is refused names the element, and what is accepted can always be set."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from certification.layouts import placeholders, shipped, words
from certification.layouts.colours import legible_on, mixed, resolved
from certification.layouts.definition import LayoutDefinition, page_size
from certification.layouts.elements import SMALLEST_QR, Qr
from certification.layouts.facts import SAMPLE, SAMPLE_ATTENDANCE
from tests.factories.documents import VARIANTS, pdf_of

NAME = {"kind": "text", "id": "name", "x": 20, "y": 20, "width": 200, "height": 20, "text": "{{ holder_name }}"}
CODE = {"kind": "qr", "id": "code", "x": 20, "y": 60, "width": 30, "height": 30}


def definition(*elements: dict[str, Any], **more: Any) -> LayoutDefinition:
    return LayoutDefinition.model_validate({"elements": [NAME, CODE, *elements]} | more)


def refused(*elements: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        definition(*elements, **more)
    return " | ".join(error["msg"] for error in refusal.value.errors())


def text(**changed: Any) -> dict[str, Any]:
    return {"kind": "text", "id": "more", "x": 20, "y": 100, "width": 80, "height": 10, "text": "Words"} | changed


def test_places_are_millimetres_on_the_four_pages() -> None:
    assert page_size("A4", "portrait") == (210, 297)
    assert page_size("A4", "landscape") == (297, 210)
    assert page_size("Letter", "portrait") == (215.9, 279.4)
    assert definition(page="Letter").size == (279.4, 215.9)


@pytest.mark.parametrize(("origin", "page", "orientation"), VARIANTS)
def test_shipped_layouts_survive_json(origin: str, page: Any, orientation: Any) -> None:
    made = shipped.definition_of(origin, page, orientation)
    again = LayoutDefinition.model_validate_json(made.model_dump_json())
    assert again == made
    assert hash(again) == hash(made)
    assert again.size == page_size(page, orientation)


@pytest.mark.parametrize(("origin", "page", "orientation"), VARIANTS)
def test_a_layout_moves_to_any_page(origin: str, page: Any, orientation: Any) -> None:
    made = shipped.DEFINITIONS[origin].on_page(page, orientation)
    assert (made.page, made.orientation) == (page, orientation)
    code = next(each for each in made.elements if isinstance(each, Qr))
    assert code.width == code.height >= SMALLEST_QR
    assert pdf_of(SAMPLE, made).startswith(b"%PDF-1.7")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": "{{ holder }}"}, "In element “more”: There is no placeholder {{ holder }}. Did you mean {{ holder_"),
        ({"text": "{{ words.sorce }}"}, "no placeholder {{ words.sorce }}. Did you mean {{ words.score }}?"),
        ({"text": "{{ words }}"}, "no placeholder {{ words }}"),
        ({"id": "name"}, "Two elements are called “name”"),
        ({"id": "Not a slug"}, "String should match pattern"),
        ({"x": 250}, "“more” reaches over the edge of the page (297 × 210 mm)"),
        ({"y": 55}, "“code” and “more” overlap"),
        ({"min_size": 20}, "smallest size must not be above the size"),
        ({"colour": "blue"}, "String should match pattern"),
        ({"width": float("nan")}, "finite number"),
        ({"width": -1}, "greater than 0"),
        ({"shadow": 1}, "Extra inputs are not permitted"),
        ({"kind": "video"}, "does not match any of the expected tags"),
        ({"text": "x" * 1001}, "at most 1000 characters"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], said: str) -> None:
    assert said in refused(text(**changed))


def test_the_page_names_its_holder_and_leads_to_its_verification() -> None:
    with pytest.raises(ValidationError, match="must name the holder"):
        LayoutDefinition.model_validate({"elements": [CODE]})
    with pytest.raises(ValidationError, match="must lead to its verification"):
        LayoutDefinition.model_validate({"elements": [NAME]})
    assert LayoutDefinition.model_validate({"elements": [NAME, text(text="{{ verify_at }}")]})


def test_a_line_has_a_length_and_a_code_can_be_read() -> None:
    line = {"kind": "line", "id": "rule", "x": 1, "y": 1, "width": 0, "height": 0}
    assert "The line “rule” has no length" in refused(line)
    assert definition(line | {"height": 30})
    assert "greater than or equal to 18" in refused({**CODE, "id": "small", "x": 200, "width": 17})


def test_pictures_and_frames_may_lie_under_text() -> None:
    picture = uuid4()
    under = {"kind": "picture", "id": "logo", "x": 20, "y": 20, "width": 50, "height": 50, "picture": str(picture)}
    made = definition(under, background_picture=str(UUID(int=7)))
    assert made.pictures() == {picture, UUID(int=7)}


def test_a_placeholder_in_a_stack_a_record_and_a_signature_is_checked_too() -> None:
    box = {"x": 100, "y": 60, "width": 80, "height": 30}
    assert "In element “s”" in refused({"kind": "stack", "id": "s", "texts": [{"text": "{{ a }}"}]} | box)
    assert "In element “r”" in refused(
        {"kind": "record", "id": "r", "entries": [{"label": "", "value": "{{a}}"}]} | box
    )
    assert "In element “g”" in refused({"kind": "signature", "id": "g", "title": "{{ a }}"} | box)
    assert "In element “e”" in refused({"kind": "seal", "id": "e", "text": "{{ a }}"} | box)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ holder_name.__class__ }}",
        "{{ holder_name['__class__'] }}",
        "{{ holder_name|attr('__class__') }}",
        "{{ words.__class__ }}",
        "{{ words['score'] }}",
        "{{ self }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ dict(a=1) }}",
        "{{ holder_name.format }}",
        "{{ '%s'|format(holder_name) }}",
        "{{ holder_name|map('upper') }}",
        "{{ holder_name|replace('a', 'b') }}",
        "{{ 'x' * 99999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 1 + 1 }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ holder_name[0:3] }}",
        "{% for letter in holder_name %}{{ letter }}{% endfor %}",
        "{% set holder_name = 'x' %}",
        "{% set x = 1 %}",
        "{% include 'secrets' %}",
        "{% import 'os' as os %}",
        "{% extends 'base' %}",
        "{% block a %}{% endblock %}",
        "{% macro a() %}{% endmacro %}",
        "{% call holder_name() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with %}{% endwith %}",
        "{% raw %}{{ x }}",
        "{% if holder_name is defined %}x{% endif %}",
        "{% if 'a' is filter %}x{% endif %}",
        "{{ holder_name|date('%Y') }}",
        "{{ issued_on|date(style='full') }}",
        "{{ issued_on|date(holder_name) }}",
        "{{ holder_name|upper('x') }}",
        "{{ holder_name|default }}",
        "{{ holder_name",
        "{{ }}",
        "{% if %}",
        "{{ " + "(" * 450 + "1" + ")" * 450 + " }}",
        "{% if number %}" * 60 + "x" + "{% endif %}" * 60,
    ],
)
def test_nothing_but_placeholders_filters_and_conditions_is_possible(template: str) -> None:
    with pytest.raises(placeholders.TemplateProblem):
        placeholders.check(template)
    assert refused(text(text=template[:1000]))


@pytest.mark.parametrize(
    ("template", "comes_out"),
    [
        ("{{ holder_name }}", "Amina Wanjiru Otieno"),
        ("{{ holder_name|upper }}", "AMINA WANJIRU OTIENO"),
        ("{{ words.passed_on }} {{ achieved_on }}", "Passed on November 23, 2026"),
        ("{{ issued_on|date('short') }}", "11/24/26"),
        ("{% if hours %}{{ hours }} h{% elif score %}{{ score }}{% endif %}", "86.67%"),
        ("{{ event or achievement }}", "Certified Cloud Native Associate"),
        ("{{ 'A' if kind == 'attendance' and not score else 'C' }}", "C"),
        ("{{ event|default('none', true) }}", "none"),
        ("{{ number ~ '/' ~ language }}", "CF-7Q2K-M4XD/en"),
        ("{{ initials }}", "NOS"),
        ("{% if issued_on != achieved_on %}later{% endif %}", "later"),
        ("<b>{{ '{{' }}</b> & {# said to nobody #}", "<b>{{</b> & "),
    ],
)
def test_templates_say_what_the_facts_are(template: str, comes_out: str) -> None:
    assert placeholders.rendered(template, placeholders.values_of(SAMPLE)) == comes_out


def test_every_documented_placeholder_and_word_comes_out() -> None:
    for facts in (SAMPLE, SAMPLE_ATTENDANCE):
        values = placeholders.values_of(facts)
        assert values.keys() == placeholders.names().keys() | {"words"}
        for name in placeholders.names():
            assert placeholders.rendered(f"{{{{ {name} }}}}", values) == str(values[name])
    for word, written in words.words_in("en").items():
        assert placeholders.rendered(f"{{{{ words.{word} }}}}", {"words": words.words_in("en")}) == written


def test_facts_are_never_taken_for_templates() -> None:
    values = placeholders.values_of(SAMPLE) | {"holder_name": "{{ number }}{% if x %}"}
    assert placeholders.rendered("{{ holder_name }}", values) == "{{ number }}{% if x %}"


def test_initials_take_capitals_or_the_first_letter_with_its_marks() -> None:
    assert placeholders.initials_of("Nairobi Open Source Foundation") == "NOS"
    assert placeholders.initials_of("open source") == "o"
    assert placeholders.initials_of("मुक्त प्रतिष्ठान") == "मु"
    assert placeholders.initials_of("日本財団") == "日"
    assert placeholders.initials_of(" ") == ""


def test_colours_are_resolved_by_name_and_legible_on_each_other() -> None:
    assert resolved("accent", "#ff0000") == (1, 0, 0)
    assert resolved("#00ff00", "#ff0000", 0.5) == (0.5, 1, 0.5)
    assert resolved("on_accent", "#1a4f8b") == (1, 1, 1)
    assert resolved("on_accent", "#ffdd00") == resolved("ink", "#ffdd00")
    assert mixed((0, 0, 0), (1, 1, 1), 0.25) == (0.25, 0.25, 0.25)
    assert legible_on((0, 0, 0)) == (1, 1, 1)
