"""What holders do with a certificate: share it, hide their name; and what organizers count."""

import hashlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import pypdfium2
import zxingcpp

from api.app import create_app
from certification.badges.models import Badge
from certification.certificates import holdings, sharing, statistics
from certification.certificates.models import Certificate
from core.settings import Settings, get_settings
from tests.factories import accounts
from tests.integration.certification.test_certificates import a_certificate


async def test_linkedin_form_is_filled_in_with_every_field(database: str) -> None:
    certificate, _, _ = await a_certificate()

    address = urlsplit(sharing.linkedin_url(certificate))

    assert (address.netloc, address.path) == ("www.linkedin.com", "/profile/add")
    issued = certificate.issued_at
    assert parse_qs(address.query) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["Certified Associate"],
        "organizationName": [certificate.issuer_name],
        "issueYear": [str(issued.year)],
        "issueMonth": [str(issued.month)],
        "expirationYear": ["2028"],
        "expirationMonth": ["11"],
        "certUrl": [f"{get_settings().public_url}/verify/{certificate.number}"],
        "certId": [certificate.number],
    }


async def test_certificate_without_end_gives_linkedin_no_expiry(database: str) -> None:
    certificate, _, _ = await a_certificate(validity_months=None)

    assert "expiration" not in sharing.linkedin_url(certificate)


async def test_html_of_the_badge_escapes_what_it_shows(database: str) -> None:
    certificate, _, _ = await a_certificate()
    certificate.achievement = 'A "quoted" <b>title</b>'

    code = sharing.embed_code(certificate)

    assert 'alt="A &quot;quoted&quot; &lt;b&gt;title&lt;/b&gt;, ' in code
    assert f"/achievements/{certificate.certification_id}/image.svg" in code
    assert "<script" not in code


async def test_holder_hides_the_name_and_shows_it_again(database: str, settings: Settings) -> None:
    certificate, holder, _ = await a_certificate()
    async with accounts.signed_in(create_app(settings), holder) as client:
        page = await client.get(f"/me/certificates/{certificate.number}")
        assert page.status_code == 200
        assert "Hide my name" in page.text
        done = await client.post(f"/me/certificates/{certificate.number}/privacy", data={"is_name_hidden": "true"})
        assert done.status_code == 303
        assert (await Certificate.get(id=certificate.id)).is_name_hidden is True
        assert "Show my name" in (await client.get(f"/me/certificates/{certificate.number}")).text
        await client.post(f"/me/certificates/{certificate.number}/privacy", data={})
        assert (await Certificate.get(id=certificate.id)).is_name_hidden is False


async def test_only_the_holder_may_hide_the_name(database: str, settings: Settings) -> None:
    certificate, _, owner = await a_certificate()
    async with accounts.signed_in(create_app(settings), owner) as client:
        answer = await client.put(f"/api/v1/certificates/{certificate.number}/privacy", json={"is_name_hidden": True})
        assert answer.status_code == 403
        assert (await client.get(f"/me/certificates/{certificate.number}")).status_code == 403
    assert (await Certificate.get(id=certificate.id)).is_name_hidden is False


async def test_statistics_count_months_ends_and_renewals(database: str) -> None:
    certificate, _, _ = await a_certificate()
    assert certificate.certification_id is not None
    assert certificate.valid_until is not None
    issued = certificate.issued_at.date()

    before = await statistics.of_certification(certificate.certification_id, now=datetime.now(UTC))
    soon = await statistics.of_certification(
        certificate.certification_id, now=certificate.valid_until - timedelta(days=45)
    )
    after = await statistics.of_certification(certificate.certification_id, now=certificate.valid_until)

    assert before.issued[-1] == (issued.replace(day=1), 1)
    assert len(before.issued) == 12
    assert (before.ended, before.renewal_rate) == (0, None)
    assert soon.ending == [(30, 0), (60, 1), (90, 1)]
    assert (after.ended, after.renewed, after.renewal_rate) == (1, 0, 0)


async def test_transcript_lists_everything_and_its_codes_verify(database: str) -> None:
    certificate, holder, _ = await a_certificate()

    content = await holdings.transcript(holder, now=datetime.now(UTC))

    with closing(pypdfium2.PdfDocument(content)) as document:
        page = document[0]
        text = page.get_textpage().get_text_bounded()
        picture = page.render(scale=3).to_pil()
    assert len(document_lines := text.splitlines()) >= 5
    assert "Certified Associate" in document_lines
    assert any(line.endswith(certificate.number) and line.startswith("Valid") for line in document_lines)
    codes = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert codes == [f"{get_settings().public_url}/verify/{certificate.number}"]


async def test_wallet_holds_pdf_and_badge_as_they_were_issued(database: str, settings: Settings) -> None:
    certificate, holder, _ = await a_certificate()
    badge = await Badge.get(id=certificate.badge_id)

    async with accounts.signed_in(create_app(settings), holder) as client:
        answer = await client.get("/me/wallet.zip")

    with ZipFile(BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == [
            f"{certificate.number}/{certificate.number}.pdf",
            f"{certificate.number}/open-badge.json",
            f"{certificate.number}/open-badge.jwt",
        ]
        pdf = archive.read(f"{certificate.number}/{certificate.number}.pdf")
        assert hashlib.sha256(pdf).hexdigest() == certificate.pdf_sha256
        assert archive.read(f"{certificate.number}/open-badge.json").decode() == badge.credential
        assert archive.read(f"{certificate.number}/open-badge.jwt").decode() == badge.jwt


async def test_who_holds_nothing_is_told_so(database: str, settings: Settings) -> None:
    person = await accounts.person()
    async with accounts.signed_in(create_app(settings), person) as client:
        for path in ("/me/transcript.pdf", "/me/wallet.zip", "/api/v1/me/transcript.pdf", "/api/v1/me/wallet.zip"):
            assert (await client.get(path)).status_code == 404
        assert (await client.get("/api/v1/me/wallet.zip")).json()["code"] == "nothing_held"
