"""What a verifier is told: by number, by address, and by every kind of file, in every state, in their language."""

import asyncio
import json
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pikepdf
import pytest
from PIL import Image
from pydantic import SecretStr
from reportlab.pdfgen.canvas import Canvas

from accounts.models import Person
from api.app import create_app
from certification.badges import baking
from certification.badges.credential import build, secure
from certification.badges.models import Badge
from certification.certificates import issuing, sharing, statements, statuses, verification
from certification.certificates.file_verification import FileVerdict, FileVerification, verify_file
from certification.certificates.findings import Outcome, Subject
from certification.certificates.models import Certificate, IssueRequest, IssueState
from certification.certificates.verification import Standing
from certification.signing import keys, pades
from certification.signing.signers import CannotSign
from core import files
from core.database import fetchval
from core.errors import InvalidInput
from core.i18n import use_locale
from core.job_runner import run_pending
from core.settings import Environment, Settings, get_settings
from tests import shared
from tests.authorities import stamping_service
from tests.factories import accounts
from tests.factories import badges as badge_factory
from tests.factories.secrets import secret
from tests.integration.certification.test_certificates import NOW, a_certificate, a_certification, request_for
from tests.integration.certification.test_succession import corrected, earned, held
from tests.unit.test_inspection import HOSTILE

SHARED = shared.folder("openbadges")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>Badge</title></svg>'


async def badge_of(certificate: Certificate) -> Badge:
    """The badge that was issued with it."""
    return await Badge.get(id=certificate.badge_id)


async def pdf_of(certificate: Certificate) -> bytes:
    """The PDF as it was issued."""
    return await files.get(certificate.pdf_sha256)


def png() -> bytes:
    """A small picture."""
    buffer = BytesIO()
    Image.new("RGB", (4, 4), "navy").save(buffer, "PNG")
    return buffer.getvalue()


def outcomes(found: FileVerification) -> list[tuple[str, str]]:
    """Each check by name."""
    return [(check.subject.value, check.outcome.value) for check in found.checks]


async def test_issued_pdf_is_checked_in_every_way(database: str) -> None:
    certificate, _, _ = await a_certificate()

    found = await verify_file(await pdf_of(certificate), number=None, now=NOW)

    assert found.verdict is FileVerdict.genuine
    assert found.verification is not None
    assert found.verification.standing is Standing.valid
    assert outcomes(found) == [
        ("bytes", "passed"),
        ("signature", "passed"),
        ("signature", "unchecked"),
        ("badge", "passed"),
        ("issuer", "passed"),
        ("register", "passed"),
        ("status", "passed"),
        ("dates", "passed"),
    ]
    assert "self-signed" in found.checks[2].text


@pytest.mark.parametrize("form", ["json", "spaced json", "jwt", "png", "svg", "png of the jwt"])
async def test_issued_badge_is_genuine_in_every_form(database: str, form: str) -> None:
    certificate, _, _ = await a_certificate()
    badge = await badge_of(certificate)
    content = {
        "json": badge.credential.encode(),
        "spaced json": json.dumps(json.loads(badge.credential), indent=2).encode(),
        "jwt": badge.jwt.encode() + b"\n",
        "png": baking.bake_png(png(), badge.credential),
        "svg": baking.bake_svg(SVG, badge.credential),
        "png of the jwt": baking.bake_png(png(), badge.jwt),
    }[form]

    found = await verify_file(content, number=certificate.number, now=NOW)

    assert found.verdict is FileVerdict.genuine
    assert found.number == certificate.number
    assert ("badge", "passed") in outcomes(found)
    assert ("bytes", "passed") not in outcomes(found)
    assert Outcome.failed not in {check.outcome for check in found.checks}


@pytest.mark.parametrize("form", ["json", "jwt", "svg"])
async def test_badge_with_another_name_is_not_genuine(database: str, form: str) -> None:
    certificate, _, _ = await a_certificate()
    badge = await badge_of(certificate)
    forged = badge.credential.replace("Zoë Ångström", "Mallory Example")
    assert forged != badge.credential
    content = {"json": forged.encode(), "jwt": _renamed_jwt(badge.jwt), "svg": baking.bake_svg(SVG, forged)}[form]

    found = await verify_file(content, number=None, now=NOW)

    assert found.verdict is FileVerdict.altered
    assert found.number == certificate.number
    assert ("badge", "failed") in outcomes(found)
    assert "This is not the file that Open Systems Foundation issued" in statements.of_file(found)


def _renamed_jwt(jwt: str) -> bytes:
    from base64 import urlsafe_b64decode, urlsafe_b64encode

    header, payload, signature = jwt.split(".")
    text = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace("Zoë Ångström".encode(), b"Mallory Example")
    return f"{header}.{urlsafe_b64encode(text).rstrip(b'=').decode()}.{signature}".encode()


async def test_badge_signed_by_the_right_key_but_never_issued_is_not_genuine(database: str) -> None:
    """Whoever holds the key can sign anything; the register knows what was issued."""
    certificate, _, _ = await a_certificate()
    document = json.loads((await badge_of(certificate)).credential)
    document.pop("proof")
    document["credentialSubject"]["achievement"]["name"] = "Certified Everything"
    key = await keys.key_in_use(certificate.organization_id)
    signed = secure(document, key, now=NOW)

    found = await verify_file(signed.credential.encode(), number=None, now=NOW)

    assert found.verdict is FileVerdict.altered
    assert found.badge is not None
    assert found.badge.key_source is not None
    assert "It is not the badge that was issued with this certificate." in {check.text for check in found.checks}


async def test_badge_that_names_the_organization_with_a_key_of_its_own_is_refused(database: str) -> None:
    certificate, _, _ = await a_certificate()
    document = json.loads((await badge_of(certificate)).credential)
    document.pop("proof")
    forged = secure(document, badge_factory.signing_key(), now=NOW)

    found = await verify_file(forged.credential.encode(), number=None, now=NOW)

    assert found.verdict is FileVerdict.altered
    assert ("issuer", "failed") in outcomes(found)


async def test_changed_pdf_is_told_by_name_wherever_the_byte_is(database: str) -> None:
    """Online every byte counts, in the signature too: it is another file, and its number is known all the same."""
    certificate, _, _ = await a_certificate()
    pdf = await pdf_of(certificate)

    for position in [*range(0, len(pdf), len(pdf) // 40), len(pdf) - 1]:
        changed = bytearray(pdf)
        changed[position] ^= 0x01
        found = await verify_file(bytes(changed), number=certificate.number, now=NOW)
        assert found.verdict is FileVerdict.altered, position
        assert found.number == certificate.number
        assert Subject.bytes in {check.subject for check in found.checks}


async def test_pdf_with_the_badge_of_another_is_not_genuine(database: str) -> None:
    """A page of one's own, signed by oneself, with a genuine badge attached, which proves nothing about the page."""
    certificate, _, _ = await a_certificate()
    with pikepdf.open(BytesIO(_a_page("Mallory Example"))) as document:
        spec = pikepdf.AttachedFileSpec(document, (await badge_of(certificate)).credential.encode(), filename="b.json")
        document.attachments["b.json"] = spec
        out = BytesIO()
        document.save(out)
    forged, _ = await pades.sign_pdf(out.getvalue(), "mallory", organization_name="Open Systems Foundation", now=NOW)

    found = await verify_file(forged, number=None, now=NOW)

    assert found.verdict is FileVerdict.altered
    assert found.pdf is not None
    assert found.pdf.is_intact
    assert ("bytes", "failed") in outcomes(found)


def _a_page(text: str) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 700, text)
    canvas.save()
    return buffer.getvalue()


async def test_pdf_of_somebody_else_says_who_signed_it(database: str) -> None:
    pdf, _ = await pades.sign_pdf(_a_page("Offer"), "elsewhere", organization_name="Elsewhere", now=NOW)

    signed = await verify_file(pdf, number=None, now=NOW)
    unsigned = await verify_file(_a_page("Offer"), number=None, now=NOW)

    assert (signed.verdict, unsigned.verdict) == (FileVerdict.foreign, FileVerdict.not_issued)
    assert "in the name of “Elsewhere (self-signed, for development)”, and unchanged" in statements.of_file(signed)
    assert "It was not issued here" in statements.of_file(unsigned)


async def test_foreign_badge_says_what_could_be_checked_and_what_not(database: str) -> None:
    document = build(badge_factory.facts())
    issuer = "did:web:badges.example.com"
    document["issuer"]["id"] = issuer
    key = badge_factory.signing_key()
    foreign = secure(document, key, now=NOW).credential

    moment = badge_factory.ISSUED_AT
    found = await verify_file(foreign.encode(), number=None, now=moment)
    changed = await verify_file(foreign.replace("Amina", "Alina").encode(), number=None, now=moment)

    assert (found.verdict, changed.verdict) == (FileVerdict.foreign, FileVerdict.foreign)
    assert outcomes(found) == [("badge", "passed"), ("issuer", "unchecked"), ("status", "unchecked")]
    assert statements.tone_of_file(found) is statements.Tone.warning
    assert statements.tone_of_file(changed) is statements.Tone.danger
    assert "names “Open Systems Foundation” (did:web:badges.example.com) as its issuer" in statements.of_file(found)
    assert "is for the issuer to say" in statements.of_file(found)
    assert "not to be relied on" in statements.of_file(changed)


@pytest.mark.parametrize("name", sorted(path.name for path in SHARED.glob("*")) if SHARED else [])
async def test_shared_badges_are_never_called_genuine(database: str, settings: Settings, name: str) -> None:
    content = shared.content("openbadges", name)
    found = await verify_file(content, number=None, now=NOW)
    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.post("/verify/file", files={"file": (name, content, "application/json")})

    assert found.verdict in (FileVerdict.foreign, FileVerdict.unreadable)
    assert page.status_code == 200
    assert "Genuine" not in page.text


async def put(certificate: Certificate, officer: Person, standing: str) -> datetime:
    """Bring a valid certificate into a state, and return the moment at which to look."""
    if standing == "expired":
        assert certificate.valid_until is not None
        return certificate.valid_until
    if standing == "suspended":
        await statuses.suspend(certificate, reason="Under review", by=officer, now=NOW)
    if standing == "revoked":
        await statuses.revoke(certificate, reason="Forged identity", by=officer, now=NOW)
    return NOW


@pytest.mark.parametrize(
    ("standing", "title", "words"),
    [
        ("valid", "Genuine and valid", "and it is valid until November 24, 2028."),
        ("expired", "Genuine, but expired", "but it was valid only until November 24, 2028."),
        ("suspended", "Genuine, but suspended", "do not rely on it for now."),
        ("revoked", "Genuine, but revoked", "do not rely on it."),
    ],
)
async def test_genuine_file_of_every_state(database: str, standing: str, title: str, words: str) -> None:
    certificate, _, officer = await a_certificate()
    pdf, badge = await pdf_of(certificate), await badge_of(certificate)
    moment = await put(certificate, officer, standing)

    for content in (pdf, badge.credential.encode(), badge.jwt.encode()):
        found = await verify_file(content, number=None, now=moment)
        assert found.verdict is FileVerdict.genuine
        assert found.verification is not None
        assert found.verification.standing.value == standing
        assert statements.title_of_file(found) == title
        assert statements.of_file(found).endswith(words)
        assert (statements.tone_of_file(found) is statements.Tone.success) == (standing == "valid")


async def test_correction_and_its_predecessor_point_at_each_other(database: str, settings: Settings) -> None:
    one = await held()
    new = await corrected(one)
    old = await Certificate.get(id=one.certificate.id)

    async with accounts.signed_in(create_app(settings), None) as client:
        old_page = (await client.get(f"/verify/{old.number}")).text
        new_page = (await client.get(f"/verify/{new.number}")).text
        old_file = (await client.post("/verify/file", files={"file": ("c.pdf", await pdf_of(old))})).text
        told = (await client.get(f"/api/v1/certificates/{old.number}")).json()
        told_new = (await client.get(f"/api/v1/certificates/{new.number}")).json()

    assert f"has replaced this certificate by a corrected one, {new.number}" in old_page
    assert f'<a href="/verify/{new.number}">Corrected by certificate {new.number}</a>' in old_page
    assert f'<a href="/verify/{old.number}">Takes the place of certificate {old.number}</a>' in new_page
    assert "Genuine, but superseded" in old_file
    assert f"Corrected by certificate {new.number}" in old_file
    assert (told["status"], told["corrected_by"], told["renewed_by"]) == ("superseded", new.number, None)
    assert (told_new["status"], told_new["corrects"], told_new["renews"]) == ("valid", old.number, None)


async def test_renewal_and_its_predecessor_point_at_each_other(database: str, settings: Settings) -> None:
    one = await held(validity_months=24)
    later = NOW + timedelta(days=700)
    new = await earned(one.certification, one.holder, at=later)
    old = await Certificate.get(id=one.certificate.id)
    found = await verification.verify(old.number, now=later)
    ended = await verification.verify(old.number, now=NOW + timedelta(days=800))

    async with accounts.signed_in(create_app(settings), None) as client:
        old_page = (await client.get(f"/verify/{old.number}")).text
        new_page = (await client.get(f"/verify/{new.number}")).text

    assert (found.standing, found.renewed_by, found.corrected_by) == (Standing.valid, new.number, None)
    assert (ended.standing, ended.renewed_by) == (Standing.expired, new.number)
    assert f"has been renewed by certificate {new.number}" in statements.of_number(ended)
    assert f"Renewed by certificate {new.number}" in old_page
    assert f"Renews certificate {old.number}" in new_page


async def test_hidden_name_is_on_no_page_and_in_no_answer_but_the_file_is_genuine(
    database: str, settings: Settings
) -> None:
    certificate, holder, _ = await a_certificate()
    pdf, badge = await pdf_of(certificate), await badge_of(certificate)
    await sharing.hide_name(certificate, is_hidden=True, by=holder)

    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.get(f"/verify/{certificate.number}")
        told = await client.get(f"/api/v1/certificates/{certificate.number}")
        file_page = await client.post("/verify/file", files={"file": ("c.pdf", pdf)})
        file_told = await client.post("/api/v1/verifications", content=badge.credential.encode())

    for answer in (page, told, file_page, file_told):
        assert answer.status_code == 200
        assert "Zoë" not in answer.text
        assert "\\u00eb" not in answer.text
    assert "a holder who keeps their name private" in page.text
    assert "Kept private by the holder" in page.text
    assert (told.json()["holder"], told.json()["is_name_hidden"]) == (None, True)
    assert "Genuine and valid" in file_page.text
    assert file_told.json()["verdict"] == "genuine"


async def test_api_tells_what_a_foreign_badge_says_of_itself(database: str, settings: Settings) -> None:
    document = build(badge_factory.facts())
    document["issuer"]["id"] = "did:web:badges.example.com"
    signed = secure(document, badge_factory.signing_key(), now=NOW)

    async with accounts.signed_in(create_app(settings), None) as client:
        answer = (await client.post("/api/v1/verifications", content=signed.jwt.encode())).json()

    assert (answer["verdict"], answer["kind"], answer["certificate"]) == ("foreign", "jwt", None)
    assert answer["claims"] == {
        "issuer": "did:web:badges.example.com",
        "issuer_name": "Open Systems Foundation",
        "holder": "Amina Otieno",
        "achievement": "Certified System Associate",
        "number": answer["claims"]["number"],
        "valid_from": "2026-11-24T09:30:00Z",
        "valid_until": "2028-11-24T09:30:00Z",
    }


async def test_page_is_in_the_readers_language(database: str, settings: Settings) -> None:
    certificate, _, _ = await a_certificate()
    app = create_app(settings)

    async with accounts.signed_in(app, None) as client:
        english = await client.get(f"/verify/{certificate.number}")
        french = await client.get(f"/verify/{certificate.number}", headers={"accept-language": "fr"})
        told = await client.get(f"/api/v1/certificates/{certificate.number}", headers={"accept-language": "fr"})

    assert 'lang="en"' in english.text
    assert 'lang="fr"' in french.text
    use_locale("fr")
    try:
        expected = statements.of_number(await verification.verify(certificate.number, now=datetime.now(UTC)))
    finally:
        use_locale("en")
    assert told.json()["statement"] == expected
    assert "24 novembre 2028" in french.text


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("7K3M-9QXT-2WBD", "7K3M-9QXT-2WBD"),
        (" 7k3m 9qxt 2wbd ", "7K3M-9QXT-2WBD"),
        ("not a number/", "not a number"),
        ("http://testserver/verify/7K3M-9QXT-2WBD", "7K3M-9QXT-2WBD"),
        ("HTTP://TESTSERVER/verify/7K3M%2D9QXT-2WBD/", "7K3M-9QXT-2WBD"),
        ("http://testserver/verify/7K3M-9QXT-2WBD?x=1#y", "7K3M-9QXT-2WBD"),
    ],
)
async def test_number_is_taken_from_what_a_code_holds(database: str, typed: str, asked: str) -> None:
    assert verification.asked_number(typed) == asked


async def test_address_of_another_server_is_not_answered_for(database: str, settings: Settings) -> None:
    with pytest.raises(InvalidInput):
        verification.asked_number("https://elsewhere.example/verify/7K3M-9QXT-2WBD")
    async with accounts.signed_in(create_app(settings), None) as client:
        answer = await client.get("/verify", params={"number": "https://elsewhere.example/verify/7K3M-9QXT-2WBD"})

    assert answer.status_code == 422
    assert "leads to elsewhere.example" in answer.text
    assert 'value="https://elsewhere.example/verify/7K3M-9QXT-2WBD"' in answer.text


async def test_unsigned_certificate_says_that_its_bytes_are_compared(database: str, settings: Settings) -> None:
    get_settings().environment = Environment.production
    get_settings().keys_secret = SecretStr(secret("another site"))
    try:
        certificate, _, _ = await a_certificate()
    finally:
        get_settings().environment = Environment.test

    found = await verify_file(await pdf_of(certificate), number=None, now=NOW)
    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.get(f"/verify/{certificate.number}")

    assert certificate.signature.value == "none"
    assert found.verdict is FileVerdict.genuine
    assert ("signature", "unchecked") in outcomes(found)
    assert "None; its bytes are compared here" in page.text


async def test_time_stamp_service_that_is_down_holds_nothing_half_made(database: str, settings: Settings) -> None:
    certification, _ = await a_certification()
    with stamping_service() as service:
        settings.timestamp_url = service.url
    wanted = await request_for(certification, await accounts.person())

    with pytest.raises(CannotSign, match="time-stamp"):
        await run_pending()
    assert await Certificate.all().count() == 0
    assert (await IssueRequest.get(id=wanted.id)).state is IssueState.waiting
    assert await fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint LIKE 'certificates.%'") == 1, "it is retried"

    with stamping_service() as service:
        settings.timestamp_url = service.url
        certificate = await issuing.issue(wanted.id, now=NOW)
    assert certificate is not None
    assert certificate.signature.value == "B-T"
    found = await verify_file(await pdf_of(certificate), number=None, now=NOW)
    assert found.verdict is FileVerdict.genuine
    assert ("time_stamp", "passed") in outcomes(found)


def _hostile() -> dict[str, bytes]:
    packer = zlib.compressobj(9)
    billion = b"".join(packer.compress(b"0" * 2**20) for _ in range(64)) + packer.flush()
    chunk = b"iTXt" + b"openbadgecredential\0\1\0\0\0" + billion
    crc = zlib.crc32(chunk).to_bytes(4, "big")
    bomb_png = (
        png()[:33] + len(billion + b"openbadgecredential\0\1\0\0\0").to_bytes(4, "big") + chunk + crc + png()[33:]
    )
    laughs = (
        b'<!DOCTYPE s [<!ENTITY a "'
        + b"ha" * 1000
        + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
        + b"]><svg>&j;</svg>"
    )
    return {
        "png with a bomb": bomb_png,
        "png cut short": png()[:40],
        "svg that laughs": laughs,
        "svg that reads files": b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        "svg never closed": b"<svg>" * 100_000,
        "json too deep": b"[" * 5 + b'{"a":' * 100_000,
        "object too deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "huge json": b'{"a":"' + b"x" * 2_000_000 + b'"}',
        "json twice": b'{"id":"a","id":"b"}',
        "no utf-8": b'{"a":"\xff\xfe"}',
        "jwt of nothing": b"eyJhbGciOiJub25lIn0.e30.",
        "jwt too long": b"ey" + b"A" * 500_000,
        "zip": b"PK\x03\x04" + b"\0" * 100,
        "zeros": b"\0" * 1000,
        "pdf and zip": b"%PDF-1.7\nPK\x03\x04" + b"\0" * 1000,
        **{f"pdf: {name}": make() for name, (make, _) in HOSTILE.items() if name != "nothing"},
    }


async def test_hostile_files_get_a_clear_answer_and_never_a_fault(database: str, settings: Settings) -> None:
    settings.max_upload_bytes = 32 * 2**20
    refused: list[tuple[object, ...]] = []
    async with accounts.signed_in(create_app(settings), None) as client:
        for name, content in (await asyncio.to_thread(_hostile)).items():
            page = await client.post("/verify/file", files={"file": ("../../x", content, "text/html")})
            told = await client.post("/api/v1/verifications", content=content)
            if (page.status_code, told.status_code) != (200, 200):
                refused.append((name, page.status_code, told.status_code))
            elif told.json()["verdict"] not in ("unreadable", "not_issued", "foreign"):
                refused.append((name, told.json()["verdict"]))

    assert refused == []


async def test_file_larger_than_allowed_is_refused(database: str, settings: Settings) -> None:
    settings.max_upload_bytes = 4096
    content = b"%PDF-1.7\n" + b" " * 8192
    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.post("/verify/file", files={"file": ("c.pdf", content)})
        told = await client.post("/api/v1/verifications", content=content)

    assert (page.status_code, told.status_code) == (413, 413)


async def test_empty_and_missing_files_are_asked_for(database: str, settings: Settings) -> None:
    async with accounts.signed_in(create_app(settings), None) as client:
        empty = await client.post("/verify/file", files={"file": ("c.pdf", b"")})
        missing = await client.post("/verify/file", data={})
        told = await client.post("/api/v1/verifications", content=b"")

    assert (empty.status_code, "This file is empty" in empty.text) == (422, True)
    assert (missing.status_code, "Choose a file" in missing.text) == (422, True)
    assert (told.status_code, told.json()["verdict"]) == (200, "unreadable")


def test_web_process_loads_no_engine_until_a_file_is_verified() -> None:
    """In a process of its own: this one has loaded everything long ago."""
    program = (
        "import sys\n"
        "import api.app, api.v1.routes, api.pages.routes, certification.signing.pades\n"
        "print([name for name in ('pyhanko', 'pikepdf', 'openbadgeslib', 'pyld') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
