"""Setting documents: every fact can be read, nothing overflows or overlaps, and the bytes are frozen."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import uuid4

import pytest
import zxingcpp

from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.elements import CONTENT
from certification.layouts.facts import SAMPLE, SAMPLE_ATTENDANCE, DocumentFacts
from certification.layouts.rendering import MissingPicture
from certification.layouts.sheet import MM
from core.typesetting import Style, UnsettableText, lay
from core.typesetting.images import UnreadablePicture
from tests.factories.documents import VARIANTS, boxes_of, image_of, pdf_of, text_of
from tests.factories.layouts import png
from tests.unit.test_typesetting import NAMES

LANGUAGES = {  # name, achievement and organization in each
    "en": ("Zoë Ćwiękała", "Associate", "Foundation"),
    "vi": ("Nguyễn Thị Ánh Tuyết", "Chuyên viên điện toán", "Quỹ Nguồn mở"),
    "ru": ("Щедрин Юрий Ёлкин", "Специалист", "Фонд"),
    "el": ("Αλέξανδρος Παπαδόπουλος", "Ειδικός", "Ίδρυμα"),
    "ar": ("محمد عبد الله الحسيني", "مساعد معتمد", "مؤسسة المصادر"),
    "he": ("דוד בן־גוריון", "מומחה מוסמך", "קרן הקוד"),
    "hi": ("ज्ञानेश्वरी श्रीवास्तव", "प्रमाणित सहयोगी", "मुक्त प्रतिष्ठान"),
    "bn": ("সত্যজিৎ রায়", "প্রত্যয়িত সহযোগী", "মুক্ত সংস্থা"),
    "ta": ("வைரமுத்து", "சான்றளிக்கப்பட்டவர்", "அறக்கட்டளை"),
    "th": ("ณัฐพงษ์ น้ำผึ้ง", "ผู้เชี่ยวชาญ", "มูลนิธิ"),
    "zh-Hans": ("张伟", "认证专家", "开源基金会"),
    "zh-Hant": ("陳雅婷", "認證專家", "開源基金會"),
    "ja": ("渡辺 さくら", "認定技術者", "日本財団"),
    "ko": ("김민준", "공인 전문가", "오픈소스 재단"),
}
LONG = [
    "W" * 120,
    "Maximiliana-Theodora " * 6,
    "漢" * 120,
    "محمد " * 24,
    "น้ำ" * 40,
    "ज्ञानेश्वरी" * 10,
    "a" + "\u0302\u0301" * 40,  # marks piled on one letter
    "\u0301\u0301i",
    "ﷺ" * 20,
    "Q̧̣̌" * 30,
]


def facts_of(origin: str, **changed: Any) -> DocumentFacts:
    return replace(SAMPLE_ATTENDANCE if origin == "plain" else SAMPLE, **changed)


def test_a_certificate_says_every_fact() -> None:
    facts = replace(SAMPLE, predecessor_number="CF-1111-2222")
    text = text_of(pdf_of(facts))
    for fact in (facts.holder_name, facts.achievement, facts.statement, facts.organization, facts.number, "86.67%"):
        assert fact in text
    for day in ("Passed on November 23, 2026", "Issued on November 24, 2026", "Valid until November 23, 2028"):
        assert day in text
    assert f"Verify at {facts.verify_url}" in text
    assert "Follows certificate CF-1111-2222" in text


def test_an_attendance_says_what_where_when_and_how_long() -> None:
    text = text_of(pdf_of(SAMPLE_ATTENDANCE, "plain"))
    assert "Certificate of attendance" in text
    assert f"has attended {SAMPLE_ATTENDANCE.event}" in text
    assert "Dates 20–21 November 2026 Place Kenyatta International Convention Centre, Nairobi" in text
    assert "Hours attended 11.5" in text
    assert "Credits 10" in text


def test_what_does_not_apply_is_left_out() -> None:
    bare = replace(SAMPLE, valid_until=None, score=None, issued_on=SAMPLE.achieved_on, statement=" ")
    text = text_of(pdf_of(bare))
    for label in ("Valid until", "Score", "Issued on", "Hours", "Credits", "Follows"):
        assert label not in text
    assert "Passed on" in text


@pytest.mark.parametrize(
    ("language", "score", "hours", "day"),
    [("fr", "86,67 %", "11,5", "23 novembre 2026"), ("de", "86,67 %", "11,5", "23. November 2026")],
)
def test_numbers_and_days_are_written_as_the_language_does(language: str, score: str, hours: str, day: str) -> None:
    text = text_of(pdf_of(replace(SAMPLE, language=language, hours=Decimal("11.50"))))
    assert " ".join(score.split()) in text.replace("\u202f", " ").replace("\xa0", " ")
    assert f" {hours} " in text
    assert day in text


@pytest.mark.parametrize(("index", "name"), list(enumerate(NAMES)))
def test_a_name_is_read_as_it_was_given(index: int, name: str) -> None:
    origin, page, orientation = VARIANTS[index % len(VARIANTS)]
    pdf = pdf_of(facts_of(origin, holder_name=name), shipped.definition_of(origin, page, orientation))  # type: ignore[arg-type]  # parametrized
    read = text_of(pdf)
    before = "CERTIFICATE OF ACHIEVEMENT" if origin == "modern" else "This certifies that"
    after = "has attended" if origin == "plain" else "has earned"
    assert read.partition(before)[2].partition(after)[0].strip() == lay(name, Style()).text


@pytest.mark.parametrize("origin", shipped.ORIGINS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_takes_every_script(language: str, origin: str) -> None:
    name, achievement, organization = LANGUAGES[language]
    facts = facts_of(origin, holder_name=name, achievement=achievement, event=achievement, organization=organization)
    text = text_of(pdf_of(replace(facts, language=language), origin))
    for fact in (name, achievement, organization):
        assert fact in text


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(("origin", "page", "orientation"), VARIANTS)
def test_the_code_leads_to_the_verification(origin: str, page: Any, orientation: Any, language: str) -> None:
    pdf = pdf_of(facts_of(origin, language=language), shipped.definition_of(origin, page, orientation))
    (code,) = zxingcpp.read_barcodes(image_of(pdf))
    assert code.text == facts_of(origin).verify_url
    assert code.format == zxingcpp.BarcodeFormat.QRCode


@pytest.mark.parametrize("origin", shipped.ORIGINS)
def test_a_page_is_mirrored_where_reading_starts_on_the_right(origin: str) -> None:
    from_left, from_right = (
        zxingcpp.read_barcodes(image_of(pdf_of(facts_of(origin, language=language), origin)))[0].position.top_left.x
        for language in ("en", "he")
    )
    width = image_of(pdf_of(SAMPLE, origin)).width
    assert (from_left < width / 2) == (from_right > width / 2)


def overlapping(boxes: dict[int, tuple[float, float, float, float]]) -> list[tuple[int, int]]:
    return [
        (one, other)
        for (one, a), (other, b) in combinations(boxes.items(), 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.1 and min(a[3], b[3]) - max(a[1], b[1]) > 0.1
    ]


def leaving(pdf: bytes, definition: LayoutDefinition) -> list[int]:
    """Pieces of content that lie within none of the places of what is there to be read."""
    height = definition.size[1]
    places = [
        (each.x * MM, (height - each.y - each.height) * MM, (each.x + each.width) * MM, (height - each.y) * MM)
        for each in definition.elements
        if isinstance(each, CONTENT)
    ]
    return [
        number
        for number, (left, bottom, right, top) in boxes_of(pdf).items()
        if not any(
            left > x - 0.3 and bottom > y - 0.3 and right < far + 0.3 and top < high + 0.3 for x, y, far, high in places
        )
    ]


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize(("origin", "page", "orientation"), VARIANTS)
def test_nothing_leaves_its_place_or_lies_over_another(origin: str, page: Any, orientation: Any, name: str) -> None:
    definition = shipped.definition_of(origin, page, orientation)
    facts = facts_of(
        origin,
        holder_name=name,
        achievement="Advanced " * 12,
        event="Advanced " * 12,
        statement="shown ệ " * 120,
        organization=name[:60] + " Foundation " * 4,
        number="CF-" + "W" * 40,
        event_place="Somewhere " * 12,
        predecessor_number="CF-1111-2222",
        hours=Decimal("1234567.25"),
        credits=Decimal("1234567.25"),
    )
    pdf = pdf_of(facts, definition)
    assert overlapping(boxes_of(pdf)) == []
    assert leaving(pdf, definition) == []


def test_the_test_of_overlaps_finds_one() -> None:
    definition = shipped.DEFINITIONS["classic"]
    document = definition.model_dump(mode="json")
    seal = next(each for each in document["elements"] if each["kind"] == "seal")
    seal["y"] -= 21
    moved = LayoutDefinition.model_validate(document)
    assert leaving(pdf_of(SAMPLE, moved), definition) == [0]
    assert overlapping({0: (0, 0, 10, 10), 1: (9, 9, 20, 20), 2: (10, 0, 20, 9)}) == [(0, 1)]


def test_a_long_name_shrinks_before_it_wraps() -> None:
    def height(name: str) -> float:
        facts = replace(SAMPLE, holder_name=name)
        return max(box[3] - box[1] for box in list(boxes_of(pdf_of(facts)).values())[3:4])

    one, smaller, two = (height("Hh " * count) for count in (4, 12, 24))
    assert smaller < one
    assert two > smaller


@pytest.mark.parametrize(
    "field", ["holder_name", "achievement", "statement", "organization", "predecessor_number", "number"]
)
def test_what_no_font_can_set_is_refused_in_every_field(field: str) -> None:
    changed: dict[str, Any] = {field: "Ada 🦆"}
    with pytest.raises(UnsettableText) as refusal:
        pdf_of(replace(SAMPLE, **changed))
    assert refusal.value.characters == "🦆"


@pytest.mark.parametrize("accent", ["blue", "#12", "#12345g", ""])
def test_a_wrong_accent_is_refused(accent: str) -> None:
    with pytest.raises(ValueError, match=r"colour|hexadecimal"):
        pdf_of(replace(SAMPLE, accent=accent))


def test_equal_facts_give_equal_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from tests.factories.documents import *; from dataclasses import replace;"
        "pdf_of(replace(SAMPLE, holder_name='فاطمة Žofia क्षि 漢'), 'modern');"
        "facts = replace(SAMPLE, holder_name='محمد ज्ञानेश्वरी', statement='ffi');"
        "print(hashlib.sha256(pdf_of(facts)).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    facts = replace(SAMPLE, holder_name="محمد ज्ञानेश्वरी", statement="ffi")
    assert run.stdout.strip() == hashlib.sha256(pdf_of(facts)).hexdigest()
    assert pdf_of(SAMPLE) != pdf_of(facts)


def test_threads_do_not_disturb_each_other() -> None:
    facts = [replace(SAMPLE, holder_name=name, language=tag) for tag, (name, _, _) in LANGUAGES.items()] * 3
    with ThreadPoolExecutor(4) as pool:
        rendered = list(pool.map(pdf_of, facts))
    assert rendered == [pdf_of(each) for each in facts]


def with_pictures(**chosen: Any) -> LayoutDefinition:
    logo = {"kind": "picture", "id": "logo", "x": 30, "y": 24, "width": 40, "height": 20} | chosen
    elements = [*shipped.DEFINITIONS["classic"].model_dump(mode="json")["elements"], logo]
    return LayoutDefinition.model_validate({"elements": elements})


def test_a_picture_stands_where_the_layout_says() -> None:
    picture = uuid4()
    definition = with_pictures(picture=str(picture), alt="The logo")
    page = image_of(pdf_of(SAMPLE, definition, pictures={picture: png(400, 200, "#ff0000")}), scale=1)
    assert page.getpixel((round(50 * MM), round(34 * MM))) == (255, 0, 0)
    assert page.getpixel((round(31 * MM), round(25 * MM))) == (255, 255, 255)  # transparent there


def test_a_picture_that_covers_its_box_fills_it_and_stays_inside() -> None:
    picture = uuid4()
    definition = with_pictures(picture=str(picture), fit="cover", opacity=0.5)
    content = png(50, 400, "#00ff00", "RGB")
    page = image_of(pdf_of(SAMPLE, definition, pictures={picture: content}), scale=1)
    assert page.getpixel((round(50 * MM), round(34 * MM))) == pytest.approx((127, 255, 127), abs=2)
    assert page.getpixel((round(50 * MM), round(46 * MM))) == (255, 255, 255)


def test_a_background_picture_lies_under_everything() -> None:
    picture = uuid4()
    plain = shipped.DEFINITIONS["plain"].model_dump(mode="json")
    definition = LayoutDefinition.model_validate(plain | {"background_picture": str(picture)})
    pdf = pdf_of(SAMPLE_ATTENDANCE, definition, pictures={picture: png(40, 40, "#ffeecc", "RGB")})
    assert SAMPLE_ATTENDANCE.holder_name in text_of(pdf)
    (code,) = zxingcpp.read_barcodes(image_of(pdf))
    assert code.text == SAMPLE_ATTENDANCE.verify_url


def test_a_picture_that_is_missing_or_none_is_refused() -> None:
    picture = uuid4()
    definition = with_pictures(picture=str(picture))
    with pytest.raises(MissingPicture):
        pdf_of(SAMPLE, definition)
    with pytest.raises(UnreadablePicture):
        pdf_of(SAMPLE, definition, pictures={picture: b"\x89PNG\r\n\x1a\nnot really"})


def test_a_signature_block_holds_name_title_and_picture_above_the_line() -> None:
    picture = uuid4()
    block = {
        "kind": "signature",
        "id": "director",
        "x": 30,
        "y": 22,
        "width": 60,
        "height": 30,
        "picture": str(picture),
        "name": "Wangari Maathai",
        "title": "Director of {{ organization }}",
    }
    elements = [*shipped.DEFINITIONS["classic"].model_dump(mode="json")["elements"], block]
    definition = LayoutDefinition.model_validate({"elements": elements})
    pdf = pdf_of(SAMPLE, definition, pictures={picture: png(300, 100, "#000080")})
    assert f"Wangari Maathai Director of {SAMPLE.organization}" in text_of(pdf)
    assert overlapping(boxes_of(pdf)) == []


@pytest.mark.parametrize("style", ["guilloche", "double", "single", "corners"])
@pytest.mark.parametrize("seal", ["engraved", "serrated", "ring"])
@pytest.mark.parametrize("pattern", ["none", "waves", "rosette", "medallion"])
def test_every_ornament_is_drawn(style: str, seal: str, pattern: str) -> None:
    document = shipped.DEFINITIONS["classic"].model_dump(mode="json")
    for each in document["elements"]:
        each |= {"frame": {"style": style}, "seal": {"style": seal}, "panel": {"pattern": pattern}}.get(
            each["kind"], {}
        )
    page = image_of(pdf_of(SAMPLE, LayoutDefinition.model_validate(document)), scale=2)
    corner = page.crop((round(2 * 9 * MM), round(2 * 9 * MM), round(2 * 17 * MM), round(2 * 17 * MM)))
    assert min(corner.convert("L").tobytes()) < 140
    middle = page.getpixel((page.width // 2, round(2 * 25 * MM)))
    assert (middle == (255, 255, 255)) == (seal == "ring")
    assert "NOS" in text_of(pdf_of(SAMPLE, LayoutDefinition.model_validate(document)))
