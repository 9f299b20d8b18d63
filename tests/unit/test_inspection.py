"""What a PDF says of itself; and that no file, however it is made, does more than get an answer."""

import asyncio
import json
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from reportlab.pdfgen.canvas import Canvas

from certification.signing import pades, signers
from certification.signing.inspection import PdfProblem, PdfSignature, SignatureState, inspect_pdf, inspect_pdf_here
from core.settings import PdfSignerSettings, get_settings
from tests.authorities import authority, container, stamping_service

NOW = datetime.now(UTC).replace(microsecond=0)
BADGE = json.dumps({"id": "urn:uuid:0197c1a0-0000-7000-8000-000000000000"}).encode()


def a_document(*attached: tuple[str, bytes], signs: bool = True) -> bytes:
    """A page with these files attached, signed by the certificate for development unless told otherwise."""
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 700, "Certified Associate")
    canvas.save()
    with pikepdf.open(buffer) as document:
        for name, content in attached:
            document.attachments[name] = pikepdf.AttachedFileSpec(document, content, filename=name)
        out = BytesIO()
        document.save(out, deterministic_id=True)
    return signed(out.getvalue()) if signs else out.getvalue()


def signed(pdf: bytes, organization: str = "Open Systems Foundation") -> bytes:
    """Signed by the certificate for development of an organization."""
    slug = organization.lower().replace(" ", "-")
    return pades.sign_pdf_here(pdf, slug, organization_name=organization, now=NOW)[0]


def only_signature(pdf: bytes) -> PdfSignature:
    """What is said of the only signature."""
    (signature,) = inspect_pdf_here(pdf).signatures
    return signature


def gap_of(pdf: bytes) -> tuple[int, int]:
    """Where the string with the signature begins and ends: the only bytes that are not signed."""
    _, start, end, _ = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].byte_range
    return int(start), int(end)


def test_signed_file_is_intact_and_names_its_signer() -> None:
    found = inspect_pdf_here(a_document(("badge.json", BADGE)))

    assert found.is_intact
    assert found.credentials == (BADGE,)
    assert found.signature is not None
    assert found.signature.state is SignatureState.intact
    assert found.signature.signer == "Open Systems Foundation (self-signed, for development)"
    assert found.signature.organization == "Open Systems Foundation"
    assert found.signature.is_self_signed
    assert (found.signature.signed_at, found.signature.stamped_at) == (NOW, None)
    assert found.signature.was_in_date
    assert len(found.signature.certificate_sha256) == 64


def test_unsigned_file_is_read_all_the_same() -> None:
    found = inspect_pdf_here(a_document(("badge.json", BADGE), signs=False))

    assert (found.problem, found.signatures, found.credentials) == (None, (), (BADGE,))
    assert not found.is_intact


def test_every_byte_in_the_signed_range_counts() -> None:
    """Walks the whole file: whichever byte changes, the file is no longer called intact."""
    pdf = a_document(("badge.json", BADGE))
    start, end = gap_of(pdf)
    outside = [position for position in range(len(pdf)) if not start <= position < end]
    changed = bytearray(pdf)
    unnoticed = []
    for position in outside[::11] + outside[-100:]:
        changed[position] ^= 0x01
        if inspect_pdf_here(bytes(changed)).is_intact:
            unnoticed.append(position)
        changed[position] ^= 0x01

    assert unnoticed == []
    assert inspect_pdf_here(bytes(changed)).is_intact, "negative control: it is the same file again"


def test_nothing_hides_behind_the_signature() -> None:
    """Beyond what is asked: the padding after the signature is not signed, and must be zeros all the same."""
    pdf = a_document()
    _, end = gap_of(pdf)
    assert pdf[end - 200 : end] == b"0" * 199 + b">"

    for position in range(end - 200, end - 1):
        changed = pdf[:position] + b"7" + pdf[position + 1 :]
        assert not inspect_pdf_here(changed).is_intact


@pytest.mark.parametrize("added", [b"\n", b" ", b"% a remark\n", b"\0" * 100])
def test_what_was_added_at_the_end_is_noticed(added: bytes) -> None:
    found = inspect_pdf_here(a_document() + added)

    assert not found.is_intact
    assert found.problem is PdfProblem.damaged or only_signature(a_document() + added).state is SignatureState.extended


def test_later_revision_is_an_extension() -> None:
    pdf = a_document()
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    writer.root["/Lang"] = pdf_string("xx")
    writer.update_root()  # type: ignore[no-untyped-call]  # pyHanko's
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko's

    assert only_signature(out.getvalue()).state is SignatureState.extended


def test_second_signature_does_not_hide_that_the_first_was_extended() -> None:
    found = inspect_pdf_here(_countersigned(a_document()))

    assert [signature.state for signature in found.signatures] == [SignatureState.extended, SignatureState.intact]
    assert not found.is_intact
    assert found.signature is not None
    assert found.signature.organization == "Open Systems Foundation"


def _countersigned(pdf: bytes) -> bytes:
    signer = SimpleSigner.load_pkcs12_data(container(authority(), "Somebody", passphrase=None), other_certs=[])
    out = BytesIO()
    PdfSigner(PdfSignatureMetadata(field_name="Second"), signer).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(pdf)), output=out
    )
    return out.getvalue()


def test_byte_range_that_leaves_a_hole_is_not_believed() -> None:
    """A file whose signature skips more than itself could say anything in the hole."""
    pdf = a_document()
    start, end = gap_of(pdf)
    before = f"[0 {start} {end} {len(pdf) - end}]".encode()
    assert pdf.count(before) == 1
    wider = f"[0 {start - 9} {end} {len(pdf) - end}]".encode().ljust(len(before))
    changed = pdf.replace(before, wider)

    assert only_signature(changed).state is SignatureState.changed


def test_digest_that_can_be_forged_is_not_believed() -> None:
    signer = SimpleSigner.load_pkcs12_data(container(authority(), "Somebody", passphrase=None), other_certs=[])
    out = BytesIO()
    PdfSigner(PdfSignatureMetadata(field_name="Old", md_algorithm="sha1"), signer).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(a_document(signs=False))), output=out
    )

    assert only_signature(out.getvalue()).state is SignatureState.changed


def test_time_stamp_is_read_and_counts_for_the_dates() -> None:
    with stamping_service() as service:
        get_settings().timestamp_url = service.url
        pdf = a_document()

    signature = only_signature(pdf)
    assert signature.stamped_by == "Test Time Stamps"
    assert signature.stamped_at is not None
    assert abs(signature.stamped_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_claimed_time_outside_the_certificates_dates_is_told() -> None:
    loaded = signers.signer_for("early", organization_name="Early")
    assert loaded is not None
    early = pades._sign(a_document(signs=False), loaded, datetime(1999, 1, 1, tzinfo=UTC))

    assert only_signature(early).state is SignatureState.intact
    assert not only_signature(early).was_in_date


def test_certificate_of_an_authority_names_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("keys") / "signer.p12"
    file.write_bytes(container(authority("Root of Trust"), "Foundation", passphrase=None))
    get_settings().pdf_signers = {"*": PdfSignerSettings(pkcs12=file)}

    signature = only_signature(a_document())

    assert (signature.signer, signature.issuer, signature.is_self_signed) == ("Foundation", "Root of Trust", False)


def test_attachments_that_are_no_badges_are_left_aside() -> None:
    token = b"eyJhbGciOiJFZERTQSJ9.e30.c2ln"
    attached = [
        ("notes.txt", b"hello"),
        ("picture.png", b"\x89PNG"),
        ("a.json", b"\xef\xbb\xbf " + BADGE),
        ("b.jwt", token),
    ]

    found = inspect_pdf_here(a_document(*attached))

    assert sorted(found.credentials) == sorted([b"\xef\xbb\xbf " + BADGE, token])


def test_at_most_five_badges_are_looked_at() -> None:
    attached = [(f"{number}.json", json.dumps({"id": number}).encode()) for number in range(30)]

    assert len(inspect_pdf_here(a_document(*attached)).credentials) == 5


@pytest.mark.parametrize("apart", [(), ("AF",), ("Names",), ("tree",), ("leaf",), ("AF", "Names", "tree", "leaf")])
@pytest.mark.parametrize("entries", [("AF",), ("Names",), ("AF", "Names")])
def test_a_badge_is_found_however_its_entries_are_written(entries: tuple[str, ...], apart: tuple[str, ...]) -> None:
    """Any value may stand in an object of its own (ISO 32000-1, 7.3.10); a tree of names has kids (7.9.6)."""
    with pikepdf.new() as document:
        document.add_blank_page()

        def placed(name: str, value: pikepdf.Object) -> pikepdf.Object:
            return document.make_indirect(value) if name in apart else value

        file = document.make_stream(BADGE, Type=pikepdf.Name.EmbeddedFile)
        spec = document.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Filespec, UF="b.json", EF=pikepdf.Dictionary(UF=file))
        )
        leaf = document.make_indirect(pikepdf.Dictionary(Names=placed("leaf", pikepdf.Array(["b.json", spec]))))
        tree = placed("tree", pikepdf.Dictionary(Kids=placed("leaf", pikepdf.Array([leaf]))))
        values = {"AF": pikepdf.Array([spec]), "Names": pikepdf.Dictionary(EmbeddedFiles=tree)}
        for name in entries:
            document.Root[f"/{name}"] = placed(name, values[name])
        out = BytesIO()
        document.save(out)

    assert inspect_pdf_here(out.getvalue()).credentials == (BADGE,)


def test_what_cannot_be_read_hides_no_badge_before_it() -> None:
    with pikepdf.open(BytesIO(a_document(("b.json", BADGE), signs=False))) as document:
        document.Root.AF = pikepdf.Array([document.attachments["b.json"].obj])
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=7)
        out = BytesIO()
        document.save(out)

    assert inspect_pdf_here(out.getvalue()).credentials == (BADGE,)


def _bomb() -> bytes:
    """A badge of 128 MiB in 128 KiB, attached."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"{" * 2**20) for _ in range(128)) + packer.flush()
    with pikepdf.new() as document:
        document.add_blank_page()
        stream = document.make_stream(packed)
        stream.Filter = pikepdf.Name.FlateDecode
        stream.Type = pikepdf.Name.EmbeddedFile
        spec = document.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="bomb.json", EF=pikepdf.Dictionary(F=stream))
        )
        document.Root.AF = pikepdf.Array([spec])
        out = BytesIO()
        document.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def _xref_stream(extra: bytes) -> bytes:
    body = (
        b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 2000000000"
        + extra
        + b"/Root 2 0 R/Length 0>>\nstream\n\nendstream\nendobj\n"
    )
    return body + b"startxref\n9\n%%EOF\n"


def _name_tree_in_a_circle() -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        node = document.make_indirect(pikepdf.Dictionary())
        node.Kids = pikepdf.Array([node] * 8)
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=node)
        out = BytesIO()
        document.save(out)
    return out.getvalue()


def _encrypted() -> bytes:
    with pikepdf.open(BytesIO(a_document(signs=False))) as document:
        out = BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


HOSTILE = {
    "bomb": (_bomb, None),
    "endless table": (lambda: _xref_stream(b"/W[0 0 0]/Index[0 2000000000]"), PdfProblem.too_slow),
    "nested arrays": (
        lambda: b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
        None,
    ),
    "millions of numbers": (
        lambda: b"%PDF-1.7\n1 0 obj\n[" + b"1 " * 4_000_000 + b"]\nendobj\nstartxref\n9\n%%EOF\n",
        None,
    ),
    "name tree in a circle": (_name_tree_in_a_circle, None),
    "encrypted": (_encrypted, PdfProblem.encrypted),
    "only a header": (lambda: b"%PDF-1.7", PdfProblem.damaged),
    "startxref of itself": (lambda: b"%PDF-1.7\nstartxref\n9\n%%EOF", PdfProblem.damaged),
    "startxref beyond the end": (lambda: b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF", PdfProblem.damaged),
    "picture that is also a PDF": (lambda: b"\x89PNG\r\n\x1a\n" + a_document(), PdfProblem.not_pdf),
    "page of HTML": (lambda: b"<html>%PDF-1.7", PdfProblem.not_pdf),
    "nothing": (lambda: b"", PdfProblem.not_pdf),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_file_gets_an_answer(name: str) -> None:
    make, expected = HOSTILE[name]

    found = await inspect_pdf(await asyncio.to_thread(make), seconds=2)

    assert not found.is_intact
    assert found.credentials == ()
    if expected is not None:
        assert found.problem is expected


def test_metadata_that_never_end_are_read_once() -> None:
    """Ten megabytes of them kept a regular expression busy for a minute, in any file that is damaged."""
    begun = b"<dc:description>"
    found = inspect_pdf_here(b"%PDF-1.7\n" + begun * 600_000)

    assert (found.problem, found.subject) == (PdfProblem.damaged, "")
    short = inspect_pdf_here(b"%PDF-1.7\n" + begun + b"<rdf:li>7K3M</rdf:li></dc:description>")
    assert short.subject == "7K3M"


def test_file_cut_anywhere_gets_an_answer() -> None:
    pdf = a_document(("badge.json", BADGE))

    assert not any(inspect_pdf_here(pdf[:size]).is_intact for size in range(0, len(pdf), 97))
