"""The ticket: its facts can be read, and its QR code is the registration's code and nothing else."""

import unicodedata
from dataclasses import replace
from datetime import date
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from core.typesetting import UnsettableText
from events.registration.pdf import TicketFacts, render_ticket

FACTS = TicketFacts(
    event="Open Source Summit Paris 2027",
    when="Thursday, 14 January 2027, 09:00–18:00 (Europe/Paris)",
    where="Palais des Congrès, 2 place de la Porte Maillot, Paris",
    attendee_name="Nguyễn Thị Ánh Tuyết",
    ticket_type="Early bird",
    code="7Q2KM4XD91TB",
    organization="Nairobi Open Source Foundation",
    accent="#1a4f8b",
    language="en",
    printed_on=date(2026, 11, 24),
)


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        read = unicodedata.normalize("NFC", document[0].get_textpage().get_text_range())
    return " ".join(read.split())


def test_every_fact_is_on_the_page() -> None:
    text = text_of(render_ticket(FACTS))
    for fact in (FACTS.event, FACTS.when, FACTS.where, FACTS.attendee_name, FACTS.ticket_type, FACTS.organization):
        assert fact in text
    assert "7Q2K M4XD 91TB" in text


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_qr_code_is_the_code_itself(language: str) -> None:
    with pypdfium2.PdfDocument(render_ticket(replace(FACTS, language=language))) as document:
        (code,) = zxingcpp.read_barcodes(document[0].render(scale=1).to_pil())
    assert code.text == FACTS.code


@pytest.mark.parametrize(
    "name",
    ["محمد عبد الله الحسيني", "דוד בן־גוריון", "ज्ञानेश्वरी", "ณัฐพงษ์ น้ำผึ้ง", "渡辺 さくら", "김민준", "张伟", "陳雅婷"],
)
def test_an_attendee_of_any_script_reads_back(name: str) -> None:
    assert name in text_of(render_ticket(replace(FACTS, attendee_name=name)))


def test_long_facts_stay_on_the_page_and_above_the_fold() -> None:
    long = replace(
        FACTS, event="Summit " * 30, where="Palais " * 30, attendee_name="W" * 120, ticket_type="Early " * 20
    )
    with pypdfium2.PdfDocument(render_ticket(long)) as document:
        page = document[0].get_textpage()
        boxes = [page.get_charbox(index) for index in range(page.count_chars())]
    assert max(right for _, _, right, _ in boxes) < 596 - 50
    assert not [bottom for _, bottom, _, top in boxes if bottom < 421 < top]


def test_equal_facts_give_equal_bytes_and_the_file_is_sound() -> None:
    pdf = render_ticket(FACTS)
    assert render_ticket(FACTS) == pdf
    with pikepdf.open(BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        assert document.Root.Lang == "en"
        assert str(document.docinfo["/Title"]) == "Ticket: Open Source Summit Paris 2027"


def test_a_name_that_no_font_can_set_is_refused() -> None:
    with pytest.raises(UnsettableText) as refusal:
        render_ticket(replace(FACTS, attendee_name="ᏣᎳᎩ"))
    assert refusal.value.characters == "ᎩᎳᏣ"
