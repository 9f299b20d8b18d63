"""The serif beside the sans: it has every letter of its scripts, others fall back, and who asks for none sees none."""

import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from pydantic import ValidationError

from api.pages.layout_form import Draft
from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import SAMPLE
from core.errors import InvalidInput
from core.fonts import FAMILIES, LATIN, Typeface, Weight, ensure, fonts_folder
from core.typesetting import Style, fit, lay, measure
from core.typesetting.faces import face
from tests.factories.documents import pdf_of, text_of
from tests.unit.test_typesetting import NAMES

SERIF = Style(typeface=Typeface.SERIF)
EUROPEAN = [name for name in NAMES if unicodedata.name(name[0]).split()[0] in ("LATIN", "GREEK", "CYRILLIC")]
OTHERS = [name for name in NAMES if name not in EUROPEAN]


def fonts_in(pdf: bytes) -> set[str]:
    return {name.decode() for name in re.findall(rb"/BaseFont */\w+\+([\w-]+)", pdf)}


def fonts_of(text: str, style: Style = SERIF) -> list[str]:
    return [f"{run.face.name}: {run.text.strip()}" for run in lay(text, style).runs]


def look(definition: LayoutDefinition, **fields: Any) -> LayoutDefinition:
    return LayoutDefinition.model_validate(definition.model_dump(mode="json") | fields)


@pytest.mark.parametrize("weight", Weight)
def test_the_serif_has_every_latin_greek_and_cyrillic_letter_of_the_sans(weight: Weight) -> None:
    sans, serif = (face(LATIN[typeface], weight) for typeface in Typeface)
    letters = [
        character
        for character in map(chr, range(0x20, sys.maxunicode))
        if sans.knows(character) and unicodedata.name(character, "").split(" ")[0] in ("LATIN", "GREEK", "CYRILLIC")
    ]
    assert len(letters) > 1800
    assert {*"ǮẬỗựŵĦøßơĐẺỲỹąēģķļņțșşŧðþıİŁŻἈᾷὭΐѢѳґҐїЎЏӘӨҺ"} <= set(letters)
    assert [character for character in letters if not serif.knows(character)] == []


@pytest.mark.parametrize("name", EUROPEAN)
@pytest.mark.parametrize("weight", Weight)
def test_a_name_is_set_in_the_serif_alone(name: str, weight: Weight) -> None:
    line = lay(name, replace(SERIF, weight=weight))
    assert [run.face.name for run in line.runs] == [f"NotoSerif-{weight.name.title()}"]
    assert all(run.face.font.face.charToGlyph[glyph.code] != 0 for run in line.runs for glyph in run.glyphs)


def test_a_decomposed_letter_is_set_as_its_composed_form() -> None:
    assert lay("Nguye\u0302\u0303n", SERIF) == lay("Nguy\u1ec5n", SERIF)
    assert fonts_of("Ị\u0308t") == ["NotoSerif-Regular: Ị\u0308t"]  # no composed form exists


@pytest.mark.parametrize("name", OTHERS)
def test_a_script_without_serifs_looks_the_same_in_both_typefaces(name: str) -> None:
    assert lay(name, SERIF) == lay(name, Style())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ali محمد Khan", ["NotoSerif-Regular: Ali", "NotoSansArabic-Regular: محمد", "NotoSansArabic-Regular: "]),
        ("Ἀριστοτέλης สมชาย", ["NotoSerif-Regular: Ἀριστοτέλης", "NotoSansThai-Regular: สมชาย"]),
        ("Щедрин 渡辺", ["NotoSerif-Regular: Щедрин", "NotoSansSC-Regular: 渡辺"]),
        ("Trần ज्ञान", ["NotoSerif-Regular: Trần", "NotoSansDevanagari-Regular: ज्ञान"]),
    ],
)
def test_within_a_line_only_what_the_serif_lacks_falls_back(text: str, shown: list[str]) -> None:
    assert fonts_of(text)[: len(shown)] == shown
    assert [each.replace("NotoSerif", "NotoSans") for each in fonts_of(text)] == fonts_of(text, Style())


def test_letters_are_spaced_in_both_typefaces_and_the_serif_is_drawn_by_its_own_widths() -> None:
    font = TTFont(LATIN[Typeface.SERIF].source())
    assert measure("H", SERIF, 10) == pytest.approx(font["hmtx"]["H"][0] / 100)
    assert measure("H", SERIF, 10) != measure("H", Style(), 10)
    assert measure("HH", replace(SERIF, tracking=100), 10) == pytest.approx(measure("HH", SERIF, 10) + 2)
    assert measure("محمد", replace(SERIF, tracking=100), 10) == measure("محمد", SERIF, 10)


def test_a_folder_cut_before_the_serif_came_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hebrew = next(family for family in FAMILIES if "Hebrew" in family.name)
    monkeypatch.setattr("core.fonts.FAMILIES", (hebrew,))
    ensure(tmp_path)
    assert not list(tmp_path.glob("NotoSerif*"))
    monkeypatch.setattr("core.fonts.FAMILIES", (hebrew, LATIN[Typeface.SERIF]))
    ensure(tmp_path)
    for weight in Weight:
        name = LATIN[Typeface.SERIF].filename(weight)
        assert (tmp_path / name).read_bytes() == (fonts_folder() / name).read_bytes()
        assert TTFont(tmp_path / name)["OS/2"].usWeightClass == weight


@pytest.mark.parametrize("style", [Style(), SERIF])
def test_a_name_is_made_smaller_before_one_of_its_words_is_cut(style: Style) -> None:
    name = "Екатерина Шостакович-Щербакова"
    width = measure("Шостакович-Щербакова", style, 30)
    fitted = fit(name, style, 41, 25, width, 3)
    assert [line.text.strip() for line in fitted.lines] == name.split()
    assert fitted.size == pytest.approx(30, rel=1e-4)
    cut = fit(name, style, 41, 31, width, 3)  # There is no size from 31 on at which the word is whole.
    assert len(cut.lines) == 3
    assert "".join(line.text for line in cut.lines).replace(" ", "") == name.replace(" ", "")


def test_a_layout_without_typefaces_is_set_in_the_sans_byte_for_byte() -> None:
    modern = shipped.definition_of("modern")
    stored = modern.model_dump(mode="json")
    del stored["typeface"]
    for element in stored["elements"]:
        element.pop("typeface", None)
        for text in element.get("texts", ()):
            del text["typeface"]
    before = LayoutDefinition.model_validate(stored)
    assert before == modern
    assert {name.partition("-")[0] for name in fonts_in(pdf_of(layout=before))} == {"NotoSans"}
    assert pdf_of(layout=before) == pdf_of(layout=modern) != pdf_of(layout=look(modern, typeface="serif"))


@pytest.mark.parametrize("origin", ["modern", "plain"])
def test_the_page_gives_its_typeface_to_all_that_name_none(origin: str) -> None:
    definition = look(shipped.definition_of(origin), typeface="serif")
    assert {name.partition("-")[0] for name in fonts_in(pdf_of(layout=definition))} == {"NotoSerif"}
    assert definition.on_page("Letter", "portrait").typeface == "serif"


def test_every_kind_of_element_with_words_can_have_its_own_typeface() -> None:
    name = {"kind": "text", "id": "name", "x": 20, "y": 20, "width": 200, "height": 20, "text": "{{ holder_name }}"}
    code = {"kind": "qr", "id": "code", "x": 20, "y": 60, "width": 30, "height": 30}
    entry = {"label": "Number", "value": "{{ number }}"}
    box = {"id": "more", "x": 60, "y": 60, "width": 60, "height": 40}
    for more in (
        {"kind": "text", "text": "Words"},
        {"kind": "stack", "texts": [{"text": "Words", "typeface": "serif"}]},
        {"kind": "record", "entries": [entry]},
        {"kind": "signature", "name": "Ada", "title": "Director"},
        {"kind": "seal", "text": "AB"},
    ):
        own = {} if more["kind"] == "stack" else {"typeface": "serif"}
        made = LayoutDefinition.model_validate({"elements": [name, code, box | more | own]})
        assert {each.partition("-")[0] for each in fonts_in(pdf_of(layout=made))} == {"NotoSans", "NotoSerif"}, more


def test_a_typeface_that_does_not_exist_is_refused() -> None:
    modern = shipped.definition_of("modern")
    with pytest.raises(ValidationError):
        look(modern, typeface="fraktur")
    found = Draft.of(modern)
    number = next(n for n, element in enumerate(found.elements) if element.kind == "stack")
    for field in ("typeface", f"elements.{number}.texts.1.typeface"):
        with pytest.raises(InvalidInput) as refusal:
            Draft.typed(found.values() | {field: "fraktur"}).read()
        assert list(refusal.value.fields) == [field]


def test_the_form_gives_typefaces_to_the_page_and_to_its_texts() -> None:
    found = Draft.of(shipped.definition_of("modern"))
    number = next(n for n, element in enumerate(found.elements) if element.kind == "stack")
    assert found.values()["typeface"] == "sans"
    assert found.values()[f"elements.{number}.texts.0.typeface"] == ""
    changed = Draft.typed(found.values() | {"typeface": "serif", f"elements.{number}.texts.0.typeface": "sans"})
    definition = changed.read()
    stack: Any = definition.elements[number]
    assert (definition.typeface, stack.texts[0].typeface, stack.texts[1].typeface) == ("serif", "sans", None)
    assert changed.drawn() == definition
    assert Draft.of(definition).read() == definition
    sent_by_an_older_page = {name: text for name, text in found.values().items() if not name.endswith("typeface")}
    assert Draft.typed(sent_by_an_older_page).read() == shipped.definition_of("modern")


@pytest.mark.parametrize("name", EUROPEAN)
def test_the_classic_certificate_names_its_holder_in_the_serif(name: str) -> None:
    pdf = pdf_of(replace(SAMPLE, holder_name=name), "classic")
    read = text_of(pdf)
    assert read.partition("This certifies that")[2].partition("has earned")[0].strip() == lay(name, SERIF).text
    assert fonts_in(pdf) == {"NotoSerif-Regular", "NotoSerif-Bold", "NotoSans-Regular", "NotoSans-Bold"}
    assert pdf == pdf_of(replace(SAMPLE, holder_name=name), "classic")
