"""The certificate: every fact can be read from it, its code leads to its verification, and its bytes are frozen."""

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL.Image import Image

from certification.certificates.pdf import CertificateFacts, render_certificate
from core.typesetting import UnsettableText

FACTS = CertificateFacts(
    number="CF-7Q2K-M4XD",
    holder_name="Amina Wanjiru Otieno",
    achievement="Certified Cloud Native Associate",
    statement="has shown in a proctored exam what an associate needs to run cloud native systems.",
    organization="Nairobi Open Source Foundation",
    accent="#1a4f8b",
    issued_on=date(2026, 11, 24),
    passed_on=date(2026, 11, 23),
    valid_until=date(2028, 11, 23),
    verify_url="https://confero.example.org/verify/CF-7Q2K-M4XD",
    language="en",
    score_text="87 %",
)
FIELDS = {
    "en": ("Zoë Ćwiękała", "Associate", "Foundation"),
    "vi": ("Nguyễn Thị Ánh Tuyết", "Chuyên viên điện toán", "Quỹ Nguồn mở"),
    "ru": ("Щедрин Юрий Ёлкин", "Специалист", "Фонд"),
    "el": ("Αλέξανδρος Παπαδόπουλος", "Ειδικός", "Ίδρυμα"),
    "ar": ("محمد عبد الله الحسيني", "مساعد معتمد", "مؤسسة المصادر"),
    "he": ("דוד בן־גוריון", "מומחה מוסמך", "קרן הקוד"),
    "hi": ("ज्ञानेश्वरी श्रीवास्तव", "प्रमाणित सहयोगी", "मुक्त प्रतिष्ठान"),
    "th": ("ณัฐพงษ์ น้ำผึ้ง", "ผู้เชี่ยวชาญ", "มูลนิธิ"),
    "zh-Hans": ("张伟", "认证专家", "开源基金会"),
    "zh-Hant": ("陳雅婷", "認證專家", "開源基金會"),
    "ja": ("渡辺 さくら", "認定技術者", "日本財団"),
    "ko": ("김민준", "공인 전문가", "오픈소스 재단"),
}


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        read = unicodedata.normalize("NFC", document[0].get_textpage().get_text_range())
    return " ".join(read.split())


def image_of(pdf: bytes) -> Image:
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image = document[0].render(scale=3).to_pil()
    return picture


def test_every_fact_is_on_the_page() -> None:
    text = text_of(render_certificate(FACTS))
    for fact in (FACTS.number, FACTS.holder_name, FACTS.achievement, FACTS.statement, FACTS.organization, "87 %"):
        assert fact in text
    for day in ("November 23, 2026", "November 24, 2026", "November 23, 2028"):
        assert day in text
    assert f"Verify at {FACTS.verify_url}" in text


def test_what_does_not_apply_is_left_out() -> None:
    text = text_of(render_certificate(replace(FACTS, valid_until=None, score_text=None, issued_on=FACTS.passed_on)))
    assert "Valid until" not in text
    assert "Score" not in text
    assert "Issued on" not in text
    assert "Passed on" in text


@pytest.mark.parametrize("language", FIELDS)
def test_every_field_takes_every_script(language: str) -> None:
    name, achievement, organization = FIELDS[language]
    facts = replace(FACTS, holder_name=name, achievement=achievement, organization=organization, language=language)
    pdf = render_certificate(facts)
    text = text_of(pdf)
    for fact in (name, achievement, organization):
        assert fact in text
    with pikepdf.open(BytesIO(pdf)) as document:
        assert document.Root.Lang == language
        assert document.check_pdf_syntax() == []
        for font in document.pages[0].Resources.Font.values():
            assert "/FontFile2" in font.FontDescriptor
            assert "/ToUnicode" in font


def test_shaped_text_carries_its_words() -> None:
    pdf = render_certificate(replace(FACTS, holder_name="कि"))
    with pikepdf.open(BytesIO(pdf)) as document:
        content = document.pages[0].Contents.read_bytes()
    marks = [bytes.fromhex(mark.decode()) for mark in re.findall(rb"/ActualText <([0-9A-Fa-f]+)>", content)]
    assert marks == [b"\xfe\xff" + "कि".encode("utf-16-be")]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_code_leads_to_the_verification(language: str) -> None:
    (code,) = zxingcpp.read_barcodes(image_of(render_certificate(replace(FACTS, language=language))))
    assert code.text == FACTS.verify_url
    assert code.format == zxingcpp.BarcodeFormat.QRCode


def test_equal_facts_give_equal_bytes() -> None:
    first = render_certificate(FACTS)
    other = render_certificate(replace(FACTS, holder_name="محمد ज्ञानेश्वरी"))
    assert render_certificate(FACTS) == first
    assert other != first


def test_threads_do_not_disturb_each_other() -> None:
    facts = [replace(FACTS, holder_name=name, language=language) for language, (name, _, _) in FIELDS.items()] * 4
    with ThreadPoolExecutor(4) as pool:
        rendered = list(pool.map(render_certificate, facts))
    assert rendered == [render_certificate(each) for each in facts]


def test_metadata_names_what_it_is() -> None:
    with pikepdf.open(BytesIO(render_certificate(FACTS))) as document:
        assert str(document.docinfo["/Title"]) == "Certified Cloud Native Associate: Amina Wanjiru Otieno"
        assert str(document.docinfo["/Author"]) == "Nairobi Open Source Foundation"
        assert str(document.docinfo["/CreationDate"]) == "D:20261124000000+00'00'"
        assert [float(edge) for edge in document.pages[0].MediaBox] == pytest.approx([0, 0, 841.89, 595.276], abs=0.01)
        links = [str(note.A.URI) for note in document.pages[0].Annots]
    assert links == [FACTS.verify_url, FACTS.verify_url]


@pytest.mark.parametrize("name", ["W" * 120, "Maximiliana-Theodora " * 6, "漢" * 120, "محمد " * 24])
def test_a_name_of_120_characters_stays_within_the_frame(name: str) -> None:
    facts = replace(FACTS, holder_name=name, achievement="Advanced " * 12, statement="shown " * 80)
    with pypdfium2.PdfDocument(render_certificate(facts)) as document:
        page = document[0].get_textpage()
        boxes = [page.get_charbox(index) for index in range(page.count_chars())]
        read = "".join(page.get_text_range().split())
    assert min(left for left, _, _, _ in boxes if left > 0) > 60
    assert max(right for _, _, right, _ in boxes) < 842 - 60
    if name.isascii():
        assert name.replace(" ", "").replace("-", "") in read.replace("-", "").replace("\ufffe", "").replace("\x02", "")


@pytest.mark.parametrize("field", ["holder_name", "achievement", "statement", "organization", "score_text"])
def test_what_no_font_can_set_is_refused_in_every_field(field: str) -> None:
    changed: dict[str, Any] = {field: "Ada 🦆"}
    with pytest.raises(UnsettableText) as refusal:
        render_certificate(replace(FACTS, **changed))
    assert refusal.value.characters == "🦆"


@pytest.mark.parametrize("accent", ["blue", "#12", "#12345g", ""])
def test_a_wrong_accent_is_refused(accent: str) -> None:
    with pytest.raises(ValueError, match=r"colour|hexadecimal"):
        render_certificate(replace(FACTS, accent=accent))
