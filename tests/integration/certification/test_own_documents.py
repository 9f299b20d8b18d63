"""A transcript or a ticket of this site that is dropped on /verify is told from a certificate and from a forgery."""

from datetime import UTC, datetime
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from accounts.models import Person
from api.app import create_app
from certification.certificates import holdings
from certification.certificates.file_verification import FileVerdict, verify_file
from certification.certificates.models import Certificate
from certification.certificates.statements import of_file
from core import files
from core.own_documents import DocumentKind, mark_of, marked
from core.settings import Settings, use_settings
from events.registration import registrations
from tests.factories import accounts, events, issued
from tests.factories.secrets import secret

NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def a_transcript() -> tuple[bytes, Certificate]:
    certificate = await issued.certificate()
    holder = await Person.get(id=certificate.person_id)
    return await holdings.transcript(holder, now=NOW), certificate


async def a_ticket(app: Starlette) -> bytes:
    event = await events.published_event()
    person = await accounts.person()
    registration = await registrations.register(event, by=person, now=NOW)
    async with accounts.signed_in(app, person) as client:
        answer = await client.get(f"/me/registrations/{registration.id}/ticket.pdf")
    assert answer.content.startswith(b"%PDF-"), answer.text
    return answer.content


async def test_a_transcript_is_told_by_what_this_site_wrote(app: Starlette) -> None:
    pdf, certificate = await a_transcript()
    async with accounts.signed_in(app, None) as client:
        page = await client.post("/verify/file", files={"file": ("transcript.pdf", pdf, "application/pdf")})
        told = await client.post("/api/v1/verifications", content=pdf)

    assert "This is a transcript of this site, not a certificate." in page.text
    assert f'href="/verify/{certificate.number}"' in page.text
    assert told.json()["verdict"] == "own_document"
    assert told.json()["document"] == {"kind": "transcript", "is_unchanged": True, "numbers": [certificate.number]}


async def test_a_ticket_is_told_and_its_code_is_not_looked_up(app: Starlette) -> None:
    found = await verify_file(await a_ticket(app), number=None, now=NOW)
    assert (found.verdict, found.document and found.document.is_unchanged) == (FileVerdict.own_document, True)
    assert of_file(found) == (
        "This is a ticket of this site, not a certificate. It is checked at the entrance of its event."
    )


async def test_a_changed_transcript_is_not_this_sites(app: Starlette) -> None:
    pdf, certificate = await a_transcript()
    place = pdf.index(b"/Producer")
    for forged in (
        pdf[:place] + b"/producer" + pdf[place + 9 :],
        pdf + b"\n",
        pdf.replace(certificate.number.encode(), b"0000-0000-0000"),
    ):
        found = await verify_file(forged, number=None, now=NOW)
        assert (found.verdict, found.document and found.document.is_unchanged) == (FileVerdict.own_document, False)
        assert "it is not as this site wrote it" in of_file(found)


async def test_a_transcript_of_another_site_is_not_this_sites(app: Starlette, settings: Settings) -> None:
    use_settings(settings.model_copy(update={"secret_key": SecretStr(secret("another site"))}))
    pdf, _certificate = await a_transcript()
    use_settings(settings)
    found = await verify_file(pdf, number=None, now=NOW)
    assert (found.verdict, found.document and found.document.is_unchanged) == (FileVerdict.own_document, False)


async def test_a_forged_mark_hides_no_forged_certificate(app: Starlette) -> None:
    certificate = await issued.certificate()
    pdf = await files.get(certificate.pdf_sha256)
    mark = b"%confero-document transcript " + b"0" * 64 + b"\n"
    for forged in (pdf + mark, pdf.replace(b"startxref", mark + b"startxref")):
        found = await verify_file(forged, number=None, now=NOW)
        assert (found.verdict, found.number) == (FileVerdict.altered, certificate.number)


async def test_a_marked_document_is_read_as_before_and_is_the_same_again(app: Starlette) -> None:
    pdf, _certificate = await a_transcript()
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert opened.check_pdf_syntax() == [] if hasattr(opened, "check_pdf_syntax") else True
        assert len(opened.pages) == 1
    assert "Transcript of" in pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded()
    head, _, tail = pdf.rpartition(b"%confero-document ")
    bare = head + tail.partition(b"\n")[2]
    found = mark_of(pdf)
    assert found is not None
    assert marked(bare, DocumentKind.transcript, found.numbers) == pdf


async def test_a_print_is_asked_for_its_number(app: Starlette) -> None:
    blank = BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    document.save(blank)
    async with accounts.signed_in(app, None) as client:
        page = await client.post("/verify/file", files={"file": ("scan.pdf", blank.getvalue(), "application/pdf")})
    assert "If this is a print or a scan of a certificate, type the number that stands on it." in page.text
    assert "Type the number" in page.text


@pytest.mark.parametrize(
    "content", [b"", b"%confero-document ", b"%confero-document transcript " + b"0" * 64, b"x" * 9]
)
def test_what_is_no_mark_is_none(content: bytes) -> None:
    assert mark_of(content) is None
