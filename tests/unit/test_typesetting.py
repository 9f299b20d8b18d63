"""Text of every supported script: what is drawn reads back as what was given, fits, and is never a box."""

import re
import unicodedata
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from hypothesis import given, settings, strategies
from reportlab.pdfgen.canvas import Canvas

from core.fonts import FAMILIES, Weight, ensure, fonts_folder
from core.typesetting import Align, Line, Style, UnsettableText, draw, draw_qr, fit, lay, measure, qr_modules, wrap

NAMES = [
    "Amina Wanjiru Otieno",
    "Zoë O’Connor-Ångström",
    "Nguyễn Thị Ánh Tuyết",
    "Đặng Hữu Phước",
    "Trần Quốc Bảo Ngữ",
    "Stanisław Wąchock-Żółkiewski",
    "Małgorzata Ćwiękała",
    "Şeyda Güneş İğdır",
    "Çağrı Yıldız",
    "Přemysl Žďárský",
    "Jiří Dvořák-Šťastný",
    "Zsófia Őrségi-Űrhajós",
    "Ștefan Țepeș",
    "Þórður Æsir Ðarraðar",
    "Щедрин Юрий Ёлкин",
    "Олександр Їжакевич",
    "Ђорђе Његош",
    "Αλέξανδρος Παπαδόπουλος",
    "Ἀριστοτέλης ὁ Σταγειρίτης",
    "محمد عبد الله الحسيني",
    "فاطمة الزهراء بنت إلياس",
    "علی‌رضا پورگنجی",
    "بَيْت لَحْم",
    "דוד בן־גוריון",
    "שרה כהן־לוי",
    "ज्ञानेश्वरी श्रीवास्तव",
    "क्षत्रिय हर्षवर्धन",
    "ณัฐพงษ์ น้ำผึ้ง ปิ่นเกล้า",
    "พิชญ์ ทรัพย์ทวี",
    "张伟",
    "欧阳 娜娜",
    "陳雅婷",
    "歐陽 靜儀",
    "渡辺 さくら",
    "髙橋 アレクサンドラ・ジョージ",
    "김민준",
    "남궁 서연",
    "সত্যজিৎ রায়",
    "வைரமுத்து",
    "శ్రీనివాస రామానుజన్",
    "ဖြိုးမင်းသိန်း",
    "សុខ ស្រីមុំ",
]


MIXED = ["Mohammed Al-Fassi محمد الفاسي", "אברהם Abraham", "محمد Smith علي", "فاطمة (Fatima) حسن"]
"""Which word comes first is for the reader to guess here: a PDF does not say which direction a line has."""


def page(*lines: str, weight: Weight = Weight.REGULAR) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(900, 80 * len(lines)), pageCompression=0, invariant=1)
    for index, line in enumerate(lines):
        draw(canvas, line, 40, 80 * index + 30, Style(weight), 30)
    canvas.save()
    return buffer.getvalue()


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return unicodedata.normalize("NFC", document[0].get_textpage().get_text_range()).strip()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weight", Weight)
def test_text_reads_back_as_it_was_given(name: str, weight: Weight) -> None:
    assert text_of(page(name, weight=weight)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", MIXED)
def test_words_of_a_line_in_two_directions_read_back_whole(name: str) -> None:
    assert sorted(re.findall(r"\w+", text_of(page(name)))) == sorted(re.findall(r"\w+", name))


@pytest.mark.parametrize("name", [*NAMES, *MIXED])
def test_no_glyph_is_the_missing_one(name: str) -> None:
    for run in lay(name, Style()).runs:
        assert all(run.face.font.face.charToGlyph[glyph.code] != 0 for glyph in run.glyphs)


@pytest.mark.parametrize("text", ["Ada 🦆", "ᏣᎳᎩ", "𓀀", "a\U0010fffdb", "Ann\x07a", "\U0001ee38"])
def test_a_character_that_no_font_has_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnsettableText) as refusal:
        lay(text, Style())
    assert refusal.value.characters
    assert set(refusal.value.characters) <= set(text)
    assert f"U+{ord(refusal.value.characters[0]):04X}" in refusal.value.message
    assert refusal.value.status == 422


def test_decomposed_text_is_set_as_its_composed_form() -> None:
    assert lay("Nguye\u0302\u0303n", Style()).text == "Nguy\u1ec5n"
    assert lay("Nguye\u0302\u0303n", Style()).advance == lay("Nguyễn", Style()).advance


def test_direction_controls_are_left_out() -> None:
    assert lay("\u202eevil\u202c", Style()).text == "evil"


def test_reordered_letters_carry_the_text_and_plain_ones_do_not() -> None:
    assert "/ActualText <FEFF0915093f>" in page("कि").decode("latin-1")
    assert "/ActualText" not in page("Office ÄÖÜ").decode("latin-1")


def test_equal_text_gives_equal_bytes_whatever_was_set_before() -> None:
    before = page("علي क्षत्रिय office")
    page("محمد ज्ञानेश्वरी ffi")
    assert page("علي क्षत्रिय office") == before


def runs(text: str, style: Style) -> list[str]:
    return [
        f"{run.face.name.removeprefix('NotoSans').removesuffix('-Regular')}:{run.text}" for run in lay(text, style).runs
    ]


def test_runs_are_ordered_as_the_bidirectional_algorithm_says() -> None:
    assert runs("Ali محمد Khan", Style()) == [":Ali ", "Arabic:محمد", "Arabic: ", ":Khan"]
    assert runs("שלום Abc", Style()) == [":Abc", "Hebrew:שלום "]
    assert runs("שלום (Abc) 42", Style()) == [":42", ":) ", ":Abc", "Hebrew:שלום ("]


@pytest.mark.parametrize(
    ("text", "language", "face"),
    [
        ("直", None, "SC"),
        ("直", "zh-Hans", "SC"),
        ("直", "zh-Hant", "TC"),
        ("直", "zh-TW", "TC"),
        ("直", "zh-Hant-HK", "TC"),
        ("直", "ja", "JP"),
        ("直", "ko-KR", "KR"),
        ("直子 さん", None, "JP"),
        ("金直 김", None, "KR"),
        ("直ㄅ", None, "TC"),
    ],
)
def test_the_shape_of_a_han_character_follows_language_then_evidence(
    text: str, language: str | None, face: str
) -> None:
    assert {run.face.name for run in lay(text, Style(language=language)).runs} == {f"NotoSans{face}-Regular"}


def test_a_line_is_as_wide_as_its_glyphs() -> None:
    font = TTFont(fonts_folder() / "NotoSans-Regular.ttf")
    assert measure("H", Style(), 10) == pytest.approx(font["hmtx"]["H"][0] / 100)
    assert measure("HH", Style(tracking=100), 10) == pytest.approx(2 * font["hmtx"]["H"][0] / 100 + 2)
    assert measure("", Style(), 10) == 0


def test_alignment_moves_the_line_by_its_width() -> None:
    width = measure("Hamburg", Style(), 20)
    edges = []
    for align in Align:
        buffer = BytesIO()
        canvas = Canvas(buffer, pagesize=(400, 100))
        draw(canvas, "Hamburg", 200, 40, Style(), 20, align)
        canvas.save()
        with pypdfium2.PdfDocument(buffer.getvalue()) as document:
            edges.append(document[0].get_textpage().get_charbox(0)[0])
    assert edges[0] - edges[1] == pytest.approx(width / 2, abs=0.1)
    assert edges[0] - edges[2] == pytest.approx(width, abs=0.1)


@pytest.mark.parametrize("name", [*NAMES, "W" * 120, "Maximiliana " * 10, "漢" * 120, "น้ำ" * 40, "محمد" * 30])
def test_fitted_text_never_leaves_its_width(name: str) -> None:
    fitted = fit(name, Style(Weight.LIGHT), 46, 30, 300, 2)
    assert 1 <= len(fitted.lines) <= 2
    assert all(measure(line, Style(), fitted.size) <= 300.01 for line in fitted.lines)
    assert "".join(line.text for line in fitted.lines).replace(" ", "") == lay(name, Style()).text.replace(" ", "")


def test_text_shrinks_before_it_wraps() -> None:
    width = measure("Amina Wanjiru Otieno", Style(), 40)
    assert fit("Amina Wanjiru Otieno", Style(), 46, 30, width, 2).size == pytest.approx(40)
    assert len(fit("Amina Wanjiru Otieno", Style(), 46, 30, width, 2).lines) == 1
    assert len(fit("Amina Wanjiru Otieno", Style(), 46, 42, width, 2).lines) == 2
    assert fit("Ann", Style(), 46, 30, width, 2).size == 46


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines]


def test_lines_break_at_spaces_and_between_han_but_not_before_closing_punctuation() -> None:
    assert texts(wrap("one two three", Style(), 10, measure("one two", Style(), 10) + 0.1)) == ["one two", "three"]
    assert texts(wrap("漢字、漢字", Style(), 10, 20.1)) == ["漢", "字、", "漢字"]
    assert texts(wrap("김민준 박", Style(), 10, measure("김민준", Style(), 10) + 0.1)) == ["김민준", "박"]


def test_a_wrapped_paragraph_keeps_its_direction() -> None:
    lines = wrap("محمد abc 12", Style(), 10, measure("محمد", Style(), 10) + 0.5)
    assert texts(lines) == ["محمد", "abc", "12"]
    width = measure("محمد abc 12", Style(), 10)
    assert lines[1] == lay("abc", Style(rtl=True))
    assert [run.text.strip() for run in wrap("محمد abc - -", Style(), 10, width)[0].runs] == ["- -", "abc", "محمد"]


def test_a_qr_code_reads_back_with_its_quiet_zone() -> None:
    text = "https://confero.example.org/verify/CF-7Q2K-M4XD-91"
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(100, 100))
    draw_qr(canvas, text, 0, 0, 100)
    canvas.save()
    with pypdfium2.PdfDocument(buffer.getvalue()) as document:
        image = document[0].render(scale=4).to_pil()
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == text
    rows = qr_modules(text)
    quiet = int(400 * 4 / (len(rows) + 8)) - 1
    grey = image.convert("L")
    assert grey.crop((0, 0, 400, quiet)).getextrema() == (255, 255)
    assert grey.crop((0, 0, quiet, 400)).getextrema() == (255, 255)
    assert rows[0].startswith(b"\x00" * 7 + b"\xff")


def test_fonts_are_cut_once_and_completed_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.fonts.FAMILIES", [family for family in FAMILIES if "Hebrew" in family.name])
    ensure(tmp_path)
    cut = tmp_path / "NotoSansHebrew-Bold.ttf"
    content, stamp = cut.read_bytes(), cut.stat().st_mtime_ns
    ensure(tmp_path)
    assert cut.stat().st_mtime_ns == stamp
    cut.write_bytes(content[:100])
    (tmp_path / "manifest.json").write_text("{")
    ensure(tmp_path)
    assert cut.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "NotoSansHebrew-Bold.ttf",
        "NotoSansHebrew-Light.ttf",
        "NotoSansHebrew-Regular.ttf",
        "manifest.json",
    ]


def test_a_cut_font_is_the_instance_that_fonttools_cuts() -> None:
    family = next(family for family in FAMILIES if "Hebrew" in family.name)
    mine = TTFont(fonts_folder() / family.filename(Weight.BOLD))
    theirs = instantiateVariableFont(TTFont(family.source()), {"wght": 700, "wdth": 100})
    assert mine.getGlyphOrder() == theirs.getGlyphOrder()
    assert {name: width for name, (width, _) in mine["hmtx"].metrics.items()} == {
        name: width for name, (width, _) in theirs["hmtx"].metrics.items()
    }
    for name in mine.getGlyphOrder():
        ours, other = mine["glyf"][name], theirs["glyf"][name]
        assert ours.numberOfContours == other.numberOfContours
        assert getattr(ours, "xMax", 0) == pytest.approx(getattr(other, "xMax", 0), abs=1)  # accents round apart
    assert mine["OS/2"].usWeightClass == 700
    assert mine["name"].getDebugName(6) == "NotoSansHebrew-Bold"
    assert mine["name"].getDebugName(2) == "Bold"


@given(
    strategies.text(
        strategies.one_of(
            strategies.characters(codec="utf-8"),
            strategies.sampled_from("aé (בּاَلاکا)ั้น क्षि漢かㅎ한\u200c\u200d\u200f\u202e\u2067\t-1٣۳"),
        ),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_either_set_within_its_width_or_refused(text: str) -> None:
    try:
        fitted = fit(text, Style(), 20, 12, 120, 2)
    except UnsettableText:
        return
    assert all(measure(line, Style(), fitted.size) <= 120.01 for line in fitted.lines)
    assert page(*[line.text for line in fitted.lines]).startswith(b"%PDF")
