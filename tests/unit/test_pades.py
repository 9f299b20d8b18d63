"""Signed PDFs, judged by pyHanko's own validator, which shares no code with our inspection."""

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pikepdf
import pkcs11
import pytest
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from reportlab.pdfgen.canvas import Canvas

from certification.signing import development, pades, signers
from certification.signing.levels import SignatureLevel
from certification.signing.signers import CannotSign
from core.settings import Environment, MissingSettings, PdfSignerSettings, Settings, get_settings, load_settings
from tests.authorities import authority, container, stamping_service
from tests.factories import tokens
from tests.patience import PATIENCE

NOW = datetime.now(UTC).replace(microsecond=0)


def a_page() -> bytes:
    """A PDF of one page."""
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 700, "Certified Associate")
    canvas.save()
    return buffer.getvalue()


def signed_by(**settings: object) -> tuple[bytes, SignatureLevel]:
    """A page signed for `open-systems` under these settings."""
    get_settings().__dict__.update(settings)
    return pades.sign_pdf_here(a_page(), "open-systems", organization_name="Open Systems Foundation", now=NOW)


def signature_of(pdf: bytes) -> EmbeddedPdfSignature:
    """The only signature."""
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    assert isinstance(signature, EmbeddedPdfSignature)
    return signature


def judged(
    pdf: bytes, *roots: asn1_x509.Certificate, stamp_root: asn1_x509.Certificate | None = None
) -> PdfSignatureStatus:
    """What pyHanko's validator says, trusting `roots` alone, or else the signature's own certificate."""
    signature = signature_of(pdf)
    trusted = ValidationContext(trust_roots=list(roots) or [signature.signer_cert])
    stamps = ValidationContext(trust_roots=[stamp_root]) if stamp_root else None
    return asyncio.run(async_validate_pdf_signature(signature, trusted, stamps))


def is_accepted(pdf: bytes, *, trusting: asn1_x509.Certificate) -> bool:
    """Whether pyHanko's validator calls it valid; it raises over damage to the structure, before it judges."""
    try:
        return bool(judged(pdf, trusting).bottom_line)
    except (ValueError, PdfError, SignatureValidationError):
        return False


def test_development_signs_with_a_certificate_that_says_so() -> None:
    pdf, level = signed_by()

    assert level is SignatureLevel.b_b
    signature = signature_of(pdf)
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.self_reported_timestamp == NOW
    assert signature.signer_cert.subject.native == {
        "organization_name": "Open Systems Foundation",
        "common_name": "Open Systems Foundation (self-signed, for development)",
    }
    assert signature.signer_cert.key_usage_value.native == {"digital_signature", "non_repudiation"}
    status = judged(pdf)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert pdf.startswith(a_page())


def test_unknown_certificate_is_not_trusted() -> None:
    """Negative control of the judge: trusting another root, it finds the same signature intact but not trusted."""
    pdf, _ = signed_by()

    status = judged(pdf, authority().root)

    assert (status.intact, status.trusted, status.bottom_line) == (True, False, False)


@pytest.mark.parametrize("place", ["page", "signature dictionary", "signature"])
def test_one_changed_byte_is_noticed_by_the_independent_validator(place: str) -> None:
    pdf, _ = signed_by()
    _, gap_from, gap_to, _ = signature_of(pdf).byte_range
    position = {"page": 200, "signature dictionary": gap_to + 40, "signature": gap_from + 600}[place]
    changed = bytearray(pdf)
    changed[position] = ord("5") if changed[position] != ord("5") else ord("6")

    assert is_accepted(pdf, trusting=signature_of(pdf).signer_cert)
    assert not is_accepted(bytes(changed), trusting=signature_of(pdf).signer_cert)


def test_signing_keeps_what_pdf_a_asks_of_fields() -> None:
    pdf, _ = signed_by()

    with pikepdf.open(BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        form = document.Root.AcroForm
        assert form.SigFlags == 3
        assert "/NeedAppearances" not in form
        field = form.Fields[0]
        assert int(field.F) & 0b100, "a printable annotation (ISO 19005-3, 6.3.2)"
        assert not int(field.F) & 0b100011, "neither invisible, hidden nor hidden on screen"
        box = [float(number) for number in field.Rect]
        assert (box[0], box[1]) == (box[2], box[3]), "without size it needs no appearance (ISO 19005-3, 6.3.3)"


def test_certificate_for_development_is_made_once_and_only_for_this_user() -> None:
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: development.signer_file("open-systems", "Open Systems"), range(32)))

    assert len({file.read_bytes() for file in files}) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert sorted(file.name for file in files[0].parent.iterdir()) == [".lock", "open-systems.p12"]


def test_each_organization_has_its_own_certificate() -> None:
    one = development.signer_file("open-systems", "Open Systems").read_bytes()
    other = development.signer_file("other", "Other").read_bytes()

    assert one != other


@pytest.mark.parametrize("slug", ["../etc", "", "a/b", "A"])
def test_no_other_name_becomes_a_file(slug: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        development.signer_file(slug, "Somebody")


def test_long_name_still_fits_into_the_subject() -> None:
    development.signer_file("long", "Ψ" * 200)


def test_production_signs_nothing_unless_configured() -> None:
    pdf, level = signed_by(environment=Environment.production)

    assert (pdf, level) == (a_page(), SignatureLevel.none)
    assert not (get_settings().var_dir / "signing").exists()


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_pkcs12_signs_with_its_chain(tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    root = authority()
    file = tmp_path / "signer.p12"
    file.write_bytes(container(root, "Open Systems Foundation", passphrase="correct", key=key))
    chosen = PdfSignerSettings.model_validate({"pkcs12": file, "passphrase": "correct"})

    pdf, level = signed_by(environment=Environment.production, pdf_signers={"*": chosen})

    assert level is SignatureLevel.b_b
    status = judged(pdf, root.root)
    assert status.bottom_line
    assert status.signing_cert.subject.native == {"common_name": "Open Systems Foundation"}


def test_own_signer_comes_before_the_one_for_all(tmp_path: Path) -> None:
    root = authority()
    for name in ("own", "all"):
        (tmp_path / name).write_bytes(container(root, name, passphrase=None))
    chosen = {
        "*": PdfSignerSettings(pkcs12=tmp_path / "all"),
        "open-systems": PdfSignerSettings(pkcs12=tmp_path / "own"),
    }

    pdf, _ = signed_by(pdf_signers=chosen)

    assert judged(pdf, root.root).signing_cert.subject.native == {"common_name": "own"}


def test_renewed_certificate_is_taken_without_a_restart(tmp_path: Path) -> None:
    first, second, file = authority(), authority(), tmp_path / "signer.p12"
    chosen = {"*": PdfSignerSettings(pkcs12=file)}
    file.write_bytes(container(first, "Old", passphrase=None))
    signed_by(pdf_signers=chosen)
    file.write_bytes(container(second, "New", passphrase=None))
    os.utime(file, ns=(1, 1))

    pdf, _ = signed_by(pdf_signers=chosen)

    assert judged(pdf, second.root).bottom_line


def test_wrong_passphrase_is_named_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "signer.p12"
    file.write_bytes(container(authority(), "Open Systems", passphrase="correct"))
    chosen = PdfSignerSettings.model_validate({"pkcs12": file, "passphrase": "wrong-secret"})

    with pytest.raises(CannotSign, match="open-systems") as refused:
        signed_by(pdf_signers={"*": chosen})

    assert "wrong-secret" not in repr(refused.value) + repr(chosen) + repr(get_settings())


@pytest.mark.parametrize("moment", [NOW - timedelta(days=30), NOW + timedelta(days=400)])
def test_certificate_that_is_not_in_its_dates_signs_nothing(tmp_path: Path, moment: datetime) -> None:
    file = tmp_path / "signer.p12"
    file.write_bytes(container(authority(), "Open Systems", passphrase=None))
    get_settings().pdf_signers = {"*": PdfSignerSettings(pkcs12=file)}

    with pytest.raises(CannotSign, match="Configure a new one"):
        pades.sign_pdf_here(a_page(), "open-systems", organization_name="Open Systems", now=moment)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match=r"gone\.p12"):
        signed_by(pdf_signers={"*": PdfSignerSettings(pkcs12=tmp_path / "gone.p12")})


@pytest.mark.parametrize("junk", [b"", b"no pdf at all", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_pdf_is_not_signed(junk: bytes) -> None:
    with pytest.raises(CannotSign):
        pades.sign_pdf_here(junk, "open-systems", organization_name="Open Systems", now=NOW)


def test_time_stamp_makes_it_baseline_t() -> None:
    with stamping_service() as service:
        pdf, level = signed_by(timestamp_url=service.url)
        again, _ = signed_by(timestamp_url=service.url)

        assert level is SignatureLevel.b_t
        status = judged(pdf, stamp_root=service.root.root)
        assert status.bottom_line
        stamp = status.timestamp_validity
        assert stamp is not None
        assert (stamp.intact, stamp.valid, stamp.trusted) == (True, True, True)
        assert judged(again, stamp_root=service.root.root).bottom_line
        assert len(service.requests) == 3, "one to measure its token, once per process, and one for each signature"


@pytest.mark.parametrize(
    "answer",
    [
        (503, "text/plain", b"down"),
        (200, "application/timestamp-reply", b"no token"),
        (200, "application/timestamp-reply", b""),
        (200, "text/html", b"<h1>Welcome</h1>"),
    ],
)
def test_time_stamp_service_that_answers_wrongly_fails_the_signature(answer: tuple[int, str, bytes]) -> None:
    with stamping_service() as service:
        service.answer = answer
        with pytest.raises(CannotSign, match="time-stamp"):
            signed_by(timestamp_url=service.url)
        service.answer = None

        assert signed_by(timestamp_url=service.url)[1] is SignatureLevel.b_t


def test_time_stamp_service_that_is_down_fails_and_never_signs_at_a_lower_level() -> None:
    with stamping_service() as service:
        url = service.url

    with pytest.raises(CannotSign, match="time-stamp"):
        signed_by(timestamp_url=url)


def test_time_stamp_of_another_document_is_refused() -> None:
    with stamping_service() as service:
        stamper = signers.TimeStamper(service.url, timeout=PATIENCE)  # type: ignore[no-untyped-call]
        stamper.include_nonce = False
        other = asyncio.run(stamper.async_timestamp(b"\1" * 32, "sha256"))
        reply = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": other})
        service.answer = (200, "application/timestamp-reply", reply.dump())

        with pytest.raises(TimestampRequestError, match="another document"):
            asyncio.run(stamper.async_timestamp(b"\2" * 32, "sha256"))


def test_signature_that_outgrew_its_room_is_measured_anew() -> None:
    loaded = signers.signer_for("open-systems", organization_name="Open Systems")
    assert loaded is not None
    loaded.reserved = 200

    with pytest.raises(CannotSign) as refused:
        signed_by()

    assert isinstance(refused.value.__cause__, SigningError)
    assert judged(signed_by()[0]).bottom_line


async def test_many_at_once_are_each_signed() -> None:
    made = await asyncio.gather(
        *(pades.sign_pdf(a_page(), "open-systems", organization_name="Open Systems", now=NOW) for _ in range(12))
    )

    contents = {pdf for pdf, _ in made}
    assert len(contents) == 12
    for pdf in contents:
        signature = signature_of(pdf)
        assert signature.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE


@pytest.fixture
def token(tmp_path: Path) -> PdfSignerSettings:
    """A SoftHSM token with a key and its certificate."""
    label = f"confero-{uuid4().hex[:12]}"  # at most 32 characters
    module = tokens.soft_token(label)
    key, root = ec.generate_private_key(ec.SECP256R1()), authority()
    pem = tmp_path / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tokens.utility("--import", str(pem), "--token", label, "--label", "signer", "--id", "01", "--pin", tokens.PIN)
    library = pkcs11.lib(str(module))
    library.reinitialize()
    with library.get_token(token_label=label).open(rw=True, user_pin=tokens.PIN) as session:
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.LABEL: "signer",
                pkcs11.Attribute.ID: b"\1",
                pkcs11.Attribute.SUBJECT: b"",
                pkcs11.Attribute.VALUE: root.issue("Held in a token", key).public_bytes(Encoding.DER),
            }
        )
    return PdfSignerSettings.model_validate(
        {"pkcs11_module": module, "token": label, "pin": tokens.PIN, "key_label": "signer"}
    )


def test_pkcs11_token_signs_from_several_threads(token: PdfSignerSettings) -> None:
    get_settings().__dict__.update(pdf_signers={"*": token})
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: signed_by()[0], range(8)))

    for pdf in made:
        status = judged(pdf)
        assert status.bottom_line
        assert status.signing_cert.subject.native == {"common_name": "Held in a token"}


def test_pkcs11_pin_that_is_wrong_is_named_and_not_told(token: PdfSignerSettings) -> None:
    wrong = PdfSignerSettings.model_validate({**token.model_dump(), "pin": "1357"})

    with pytest.raises(CannotSign, match="cannot be loaded") as refused:
        signed_by(pdf_signers={"*": wrong})

    assert isinstance(refused.value.__cause__, pkcs11.PinIncorrect)
    assert "1357" not in repr(refused.value) + repr(wrong)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ('{"*": {}}', "PDF_SIGNERS"),
        ('{"*": {"pkcs12": "/a", "pkcs11_module": "/b"}}', "either pkcs12 or pkcs11_module"),
        ('{"*": {"pkcs11_module": "/b"}}', "token and key_label"),
        ('{"*": {"pkcs12": "/a", "passphrase": "hush", "surplus": 1}}', "PDF_SIGNERS"),
        ('{"*": {"pkcs12": "/a", "passphrase": "hush"', "pdf_signers"),
    ],
)
def test_setting_that_cannot_be_right_is_refused_without_its_secret(
    given: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFERO_PDF_SIGNERS", given)

    with pytest.raises(MissingSettings, match=named) as refused:
        load_settings(_env_file=None)

    assert "hush" not in str(refused.value)


def test_signers_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFERO_PDF_SIGNERS", '{"*": {"pkcs12": "/etc/confero/signer.p12", "passphrase": "hush"}}')
    settings: Settings = load_settings(_env_file=None)

    assert settings.pdf_signers["*"].pkcs12 == Path("/etc/confero/signer.p12")
    assert "hush" not in repr(settings)


def test_timestamp_url_must_be_an_address() -> None:
    with pytest.raises(MissingSettings, match="CONFERO_TIMESTAMP_URL"):
        load_settings(_env_file=None, timestamp_url="timestamp.example.org")
