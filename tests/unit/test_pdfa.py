"""The rules of PDF/A-3, level B, and of tagged PDF that decision 0022 names, read back by pikepdf."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from hashlib import md5
from io import BytesIO
from typing import Any
from uuid import UUID

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageCms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.pdfbase.pdfdoc import PDFArray, PDFStream

from certification.certificates.transcript import TranscriptEntry, TranscriptFacts, render_transcript
from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import SAMPLE, SAMPLE_ATTENDANCE, DocumentFacts
from certification.signing import pades, updates
from core.typesetting.document import Document
from core.typesetting.images import UnreadablePicture, image
from core.typesetting.objects import Stream, name, text_string
from core.typesetting.pdfa import AttachedFile, srgb_profile
from events.registration.pdf import render_ticket
from tests.factories.documents import NOW, pdf_of
from tests.factories.layouts import png
from tests.unit.test_pades import judged
from tests.unit.test_ticket_pdf import FACTS as TICKET

BADGE = AttachedFile("open-badge.json", "application/ld+json", b'{"type": ["VerifiableCredential"]}', "Open Badge")
ARABIC = replace(SAMPLE, language="ar", holder_name="محمد عبد الله", organization="مؤسسة (المصادر)", accent="#8a1c1c")
INDIC = replace(SAMPLE_ATTENDANCE, language="hi", holder_name="ज्ञानेश्वरी क्षत्रिय 渡辺 ณัฐพงษ์ Nguyễn")
LOGO, SIGNATURE = UUID(int=1), UUID(int=2)


def illustrated() -> LayoutDefinition:
    elements = [
        *shipped.DEFINITIONS["classic"].model_dump(mode="json")["elements"],
        {
            "kind": "picture",
            "id": "logo",
            "x": 30,
            "y": 22,
            "width": 40,
            "height": 20,
            "picture": str(LOGO),
            "alt": "Logo",
        },
        {
            "kind": "picture",
            "id": "ghost",
            "x": 30,
            "y": 60,
            "width": 9,
            "height": 9,
            "picture": str(LOGO),
            "opacity": 0.2,
        },
        {
            "kind": "signature",
            "id": "signed",
            "x": 200,
            "y": 22,
            "width": 60,
            "height": 30,
            "picture": str(SIGNATURE),
            "name": "Wangari Maathai",
        },
    ]
    return LayoutDefinition.model_validate({"elements": elements})


PICTURES = {LOGO: png(400, 200, "#ff0000", "RGB"), SIGNATURE: png(300, 100)}
DOCUMENTS: dict[str, tuple[DocumentFacts, Any]] = {
    "classic": (SAMPLE, "classic"),
    "modern": (ARABIC, "modern"),
    "plain": (INDIC, "plain"),
    "illustrated": (SAMPLE, illustrated()),
}


@pytest.fixture(scope="module", params=DOCUMENTS)
def pdf(request: pytest.FixtureRequest) -> bytes:
    facts, layout = DOCUMENTS[request.param]
    return pdf_of(facts, layout, pictures=PICTURES, attachments=(BADGE,))


TRANSCRIPT = TranscriptFacts(
    person="محمد (Mohammed) ज्ञानेश्वरी",
    language="en",
    written_on=date(2026, 11, 24),
    entries=tuple(
        TranscriptEntry(
            number=f"CF-{number:04d}",
            achievement="Certified Associate",
            holder_name="Nguyễn Thị Ánh Tuyết",
            issuer="Foundation",
            achieved_on=date(2026, 1, 1),
            valid_until=None,
            standing="Valid",
            worth="12 hours",
            verify_url=f"https://confero.example.org/verify/CF-{number:04d}",
        )
        for number in range(14)
    ),
)
OTHERS = {"ticket": partial(render_ticket, TICKET), "transcript": partial(render_transcript, TRANSCRIPT)}


@pytest.fixture(scope="module", params=[*DOCUMENTS, *OTHERS])
def kept(request: pytest.FixtureRequest) -> bytes:
    """Whatever this product sets on pages: certificates, a ticket, and a transcript of two pages."""
    if request.param in OTHERS:
        return OTHERS[request.param]()
    facts, layout = DOCUMENTS[request.param]
    return pdf_of(facts, layout, pictures=PICTURES, attachments=(BADGE,))


def opened(pdf: bytes) -> Any:  # Any: what a PDF object holds is what these tests find out
    return pikepdf.open(BytesIO(pdf))


def instructions(of: Any) -> Iterator[tuple[Any, str]]:
    """The operands and the operator of each instruction of a page or form."""
    for each in pikepdf.parse_content_stream(of):
        yield each.operands, str(each.operator)


def objects_of(document: Any, kind: str) -> list[Any]:
    return [
        each
        for each in document.objects
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream) and each.get("/Type") == kind
    ]


def test_the_file_is_written_as_archives_ask(kept: bytes) -> None:
    """ISO 19005-3, 6.1: header, identifier, cross-reference table, streams and their lengths, no encryption."""
    assert kept.startswith(b"%PDF-1.7\n%")
    assert min(kept[10:14]) > 127
    assert kept.endswith(b"%%EOF\n")
    assert kept.count(b"%%EOF") == 1
    assert len(re.findall(rb"\nendstream\nendobj\n", kept)) == kept.count(b"endstream")
    assert len(re.findall(rb">>\nstream\n", kept)) == kept.count(b"endstream")
    with opened(kept) as document:
        assert document.check_pdf_syntax() == []
        assert not document.is_encrypted
        assert document.trailer.ID[0] == document.trailer.ID[1]
        assert bytes(document.trailer.ID[0]) == md5(kept.rpartition(b"trailer\n")[0], usedforsecurity=False).digest()
        for each in document.objects:
            if isinstance(each, pikepdf.Stream):
                assert "/F" not in each
                assert each.get("/Filter") in (None, "/FlateDecode", "/DCTDecode")
    start = int(kept.rsplit(b"startxref\n", 1)[1].split()[0])
    assert kept[start : start + 7] == b"xref\n0 "
    entries = kept[start:].split(b"trailer")[0].split(b"\n", 2)[2]
    for number, entry in enumerate(re.findall(rb"(\d{10}) 00000 n \n", entries), 1):
        assert kept[int(entry) :].startswith(b"%d 0 obj\n" % number)


def test_metadata_says_the_same_twice_and_makes_the_claim(kept: bytes) -> None:
    """6.6.2 to 6.6.4: XMP in the clear, the claim in it, and an Info dictionary that agrees."""
    with opened(kept) as document:
        stream = document.Root.Metadata
        assert (stream.Type, stream.Subtype) == ("/Metadata", "/XML")
        assert "/Filter" not in stream
        content = stream.read_raw_bytes()
        assert content in kept
        assert content.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
        metadata = document.open_metadata()
        assert metadata.pdfa_status == "3B"
        assert metadata["dc:title"] == str(document.docinfo["/Title"])
        assert metadata["dc:creator"] == [str(document.docinfo["/Author"])]
        assert metadata.get("dc:description") == document.docinfo.get("/Subject")
        assert set(document.docinfo) - {"/Subject"} == {
            "/Title",
            "/Author",
            "/Creator",
            "/Producer",
            "/CreationDate",
            "/ModDate",
        }
        assert metadata["dc:language"] == {str(document.Root.Lang)}
        assert metadata["pdf:Producer"] == str(document.docinfo["/Producer"]) == "Confero"
        assert metadata["xmp:CreatorTool"] == str(document.docinfo["/Creator"]) == "Confero"
        hours = "T09:30:00+00:00" if "/Subject" in document.docinfo else "T00:00:00+00:00"
        assert metadata["xmp:CreateDate"] == metadata["xmp:ModifyDate"] == f"2026-11-24{hours}"
        said = f"D:20261124{hours[1:9].replace(':', '')}+00'00'"
        assert str(document.docinfo["/CreationDate"]) == str(document.docinfo["/ModDate"]) == said


def test_the_title_is_shown_and_the_language_known() -> None:
    with opened(pdf_of(ARABIC, "modern")) as document:
        assert str(document.docinfo["/Title"]) == f"{ARABIC.achievement}: {ARABIC.holder_name}"
        assert str(document.Root.Lang) == "ar"
        assert document.Root.ViewerPreferences.DisplayDocTitle


def test_metadata_holds_any_words_and_nothing_that_xml_cannot() -> None:
    facts = replace(SAMPLE, organization="A & B <Foundation>", achievement="Rock\x0b & \x00roll")
    unseen = [each for each in shipped.DEFINITIONS["plain"].elements if each.id != "body"]
    named = {"kind": "text", "id": "n", "x": 24, "y": 50, "width": 99, "height": 20, "text": "{{ holder_name }}"}
    document = {"elements": [*(each.model_dump(mode="json") for each in unseen), named]}
    with opened(pdf_of(facts, LayoutDefinition.model_validate(document))) as read:
        assert read.open_metadata()["dc:creator"] == ["A & B <Foundation>"]
        assert read.open_metadata()["dc:title"] == str(read.docinfo["/Title"]) == f"Rock & roll: {SAMPLE.holder_name}"


def test_colours_are_those_of_the_output_intent(kept: bytes) -> None:
    """6.2.3 and 6.2.4: one intent with a profile for three channels; grey and RGB alone are used."""
    with opened(kept) as document:
        (intent,) = document.Root.OutputIntents
        assert (intent.S, str(intent.OutputConditionIdentifier)) == ("/GTS_PDFA1", "sRGB IEC61966-2.1")
        assert intent.DestOutputProfile.N == 3
        assert intent.DestOutputProfile.read_bytes() == srgb_profile()
        for each in objects_of(document, "/XObject"):
            assert each.get("/ColorSpace") in (None, "/DeviceRGB", "/DeviceGray")
        for operator in operators_of(document):
            assert operator not in ("k", "K", "cs", "CS", "sc", "SC", "scn", "SCN", "sh", "ri", "BI")


def test_the_profile_is_that_of_srgb_and_always_the_same() -> None:
    profile = srgb_profile()
    assert len(profile) == int.from_bytes(profile[:4])
    assert profile[8:12] == b"\x04\x20\x00\x00"
    assert (profile[12:16], profile[16:20], profile[20:24], profile[36:40]) == (b"mntr", b"RGB ", b"XYZ ", b"acsp")
    assert profile[24:44] == bytes.fromhex("07d000010001000000000000") + b"acsp" + bytes(4)
    read = ImageCms.ImageCmsProfile(BytesIO(profile))
    assert "sRGB" in ImageCms.getProfileDescription(read)
    ramp = Image.linear_gradient("L").convert("RGB")
    same = ImageCms.profileToProfile(ramp, read, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert same is not None
    assert max(abs(one - other) for one, other in zip(ramp.tobytes(), same.tobytes(), strict=True)) <= 1


def test_every_font_is_in_the_file_and_as_wide_as_it_says(kept: bytes) -> None:
    """6.2.11: embedded, symbolic with one cmap and no /Encoding, widths of the program, no .notdef shown."""
    with opened(kept) as document:
        page = document.pages[0]
        shown = codes_of(document)
        assert shown.keys() <= page.Resources.Font.keys()
        assert document.Root.get("/AcroForm") is None
        for label, font in page.Resources.Font.items():
            descriptor = font.FontDescriptor
            program = TTFont(BytesIO(descriptor.FontFile2.read_bytes()))
            assert (font.Subtype, descriptor.FontName) == ("/TrueType", font.BaseFont)
            assert re.fullmatch(r"/[A-Z]{6}\+Noto(Sans|Serif).*", str(font.BaseFont))
            assert "/Encoding" not in font
            assert descriptor.Flags & 0b100100 == 0b100
            assert descriptor.FontFile2.Length1 == len(descriptor.FontFile2.read_bytes())
            assert "/ToUnicode" in font
            (table,) = program["cmap"].tables
            units = program["head"].unitsPerEm
            for code in shown.get(label, set()):
                glyph = table.cmap[code]
                assert glyph != ".notdef"
                width = program["hmtx"][glyph][0] * 1000 / units
                assert float(font.Widths[code - font.FirstChar]) == pytest.approx(width, abs=1)


def test_nothing_is_drawn_outside_content_or_decoration(kept: bytes) -> None:
    """ISO 32000-1, 14.8.2.2: each mark is an artifact or has its number, every number once and in reading order."""
    with opened(kept) as document:
        for page in document.pages:
            numbers: list[int] = []
            depth = 0
            for operands, operator in instructions(page):
                match operator:
                    case "BDC":
                        if operands[0] != "/Span":
                            assert depth == 0
                            numbers.append(operands[1].MCID)
                        depth += 1
                    case "BMC":
                        assert (depth, operands[0]) == (0, "/Artifact")
                        depth += 1
                    case "EMC":
                        depth -= 1
                    case _:
                        assert depth > 0
            assert depth == 0
            assert len(numbers) > 3
            assert numbers == list(range(len(numbers)))
            on_it = [element for element in elements_of(document) if element.Pg.objgen == page.objgen]
            assert numbers == [number for element in on_it for number in own(element)]


def test_the_structure_tree_leads_both_ways(kept: bytes) -> None:
    with opened(kept) as document:
        root = document.Root.StructTreeRoot
        assert document.Root.MarkInfo.Marked
        assert root.K.S == "/Document"
        assert root.K.P.objgen == root.objgen
        assert document.pages[0].StructParents == 0
        keys = [page.StructParents for page in document.pages]
        assert len(set(keys)) == len(keys)
        assert {page.Tabs for page in document.pages} == {"/S"}
        parents = {
            int(key): value for key, value in zip(root.ParentTree.Nums[::2], root.ParentTree.Nums[1::2], strict=True)
        }
        assert root.ParentTreeNextKey == len(parents)
        assert list(parents) == list(range(len(parents)))
        assert keys == [key for key, owners in parents.items() if isinstance(owners, pikepdf.Array)]
        for element in elements_of(document):
            for number in own(element):
                assert parents[element.Pg.StructParents][number].objgen == element.objgen
            for kid in element.K:
                if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/OBJR":
                    assert parents[int(kid.Obj.StructParent)].objgen == element.objgen
        tags = [str(element.S) for element in elements_of(document)]
        assert tags.count("/H1") == 1
        assert set(tags) <= {"/H1", "/P", "/Figure", "/Link"}


def test_figures_are_described_and_have_their_place(pdf: bytes) -> None:
    with opened(pdf) as document:
        figures = [element for element in elements_of(document) if element.S == "/Figure"]
        assert len(figures) >= 1
        for figure in figures:
            assert len(str(figure.Alt)) > 3
            left, bottom, right, top = (float(edge) for edge in figure.A.BBox)
            assert 0 <= left < right <= float(document.pages[0].MediaBox[2])
            assert 0 <= bottom < top <= float(document.pages[0].MediaBox[3])


def test_links_are_printed_described_and_in_the_tree(pdf: bytes) -> None:
    """ISO 19005-3, 6.5.2 and 6.5.3; ISO 32000-1, 14.8.4.4.2."""
    with opened(pdf) as document:
        page = document.pages[0]
        tree = document.Root.StructTreeRoot.ParentTree.Nums
        notes = list(page.Annots)
        assert len(notes) == 2
        for index, note in enumerate(notes, 1):
            assert (note.Subtype, note.F, note.StructParent) == ("/Link", 4, index)
            assert note.A.S == "/URI"
            assert str(note.A.URI).startswith("https://confero.example.org/verify/")
            assert str(note.A.URI) in str(note.Contents)
            owner = list(tree)[2 * index + 1]
            assert owner.S == "/Link"
            assert any(isinstance(kid, pikepdf.Dictionary) and kid.get("/Obj") == note for kid in owner.K)


def test_the_badge_is_attached_by_name_and_associated(pdf: bytes) -> None:
    """ISO 19005-3, 6.8 and annex E."""
    with opened(pdf) as document:
        label, specification = document.Root.Names.EmbeddedFiles.Names
        (associated,) = document.Root.AF
        assert str(label) == str(specification.F) == str(specification.UF) == "open-badge.json"
        assert associated == specification
        assert (specification.Type, specification.AFRelationship) == ("/Filespec", "/Data")
        assert str(specification.Desc) == "Open Badge"
        embedded = specification.EF.F
        assert embedded.objgen == specification.EF.UF.objgen
        assert (embedded.Type, embedded.Subtype) == ("/EmbeddedFile", "/application/ld+json")
        assert embedded.read_bytes() == BADGE.content
        assert embedded.Params.Size == len(BADGE.content)
        assert str(embedded.Params.ModDate) == "D:20261124093000+00'00'"
        assert document.attachments["open-badge.json"].get_file().read_bytes() == BADGE.content


def test_several_files_are_named_in_order() -> None:
    more = AttachedFile("a.txt", "text/plain", b"a", "Ümlaut (1)", "Supplement")
    with opened(pdf_of(SAMPLE, attachments=(BADGE, more))) as document:
        assert [str(each) for each in list(document.Root.Names.EmbeddedFiles.Names)[::2]] == [
            "a.txt",
            "open-badge.json",
        ]
        assert str(document.Root.AF[0].Desc) == "Ümlaut (1)"
    with opened(pdf_of(SAMPLE)) as document:
        assert "/AF" not in document.Root
        assert "/Names" not in document.Root


def test_pictures_keep_to_what_archives_take() -> None:
    facts, layout = DOCUMENTS["illustrated"]
    with opened(pdf_of(facts, layout, pictures=PICTURES)) as document:
        images = [each for each in objects_of(document, "/XObject") if each.Subtype == "/Image"]
        assert len(images) == 3  # logo once, though shown twice; signature and its mask
        for each in images:
            assert "/Interpolate" not in each
            assert "/Alternates" not in each
            assert each.BitsPerComponent == 8
        (state,) = document.pages[0].Resources.ExtGState.values()
        assert dict(state) == {"/ca": Decimal("0.2")}


def test_shaped_text_carries_its_words() -> None:
    with opened(pdf_of(replace(SAMPLE, holder_name="कि"))) as document:
        content = document.pages[0].Contents.read_bytes()
    marks = [bytes.fromhex(mark.decode()) for mark in re.findall(rb"/ActualText <([0-9A-Fa-f]+)>", content)]
    assert marks == [b"\xfe\xff" + "कि".encode("utf-16-be")]


def test_it_can_be_signed_and_stays_what_it_is(pdf: bytes) -> None:
    IncrementalPdfFileWriter(BytesIO(pdf))  # A file that is not as it says is refused here.
    signed, _level = pades.sign_pdf_here(pdf, "open-systems", organization_name="Open Systems", now=NOW)
    assert signed.startswith(pdf)
    assert judged(signed).bottom_line
    with opened(signed) as document:
        assert document.open_metadata().pdfa_status == "3B"
        assert document.Root.Names.EmbeddedFiles.Names[1].EF.F.read_bytes() == BADGE.content
        assert document.Root.StructTreeRoot.K.S == "/Document"
        assert document.Root.MarkInfo.Marked


def test_signing_makes_no_later_version_of_it(pdf: bytes) -> None:
    """ISO 19005-3 is about PDF 1.7 (ISO 32000-1); what PAdES adds to that is ETSI's extension (EN 319 142-1)."""
    signed, _level = pades.sign_pdf_here(pdf, "open-systems", organization_name="Open Systems", now=NOW)
    assert signed.startswith(b"%PDF-1.7\n")
    with opened(signed) as document:
        assert document.pdf_version == "1.7"
        assert "/Version" not in document.Root
        assert {key: dict(value) for key, value in document.Root.Extensions.items()} == {
            "/ESIC": {
                "/Type": pikepdf.Name.DeveloperExtensions,
                "/BaseVersion": pikepdf.Name("/1.7"),
                "/ExtensionLevel": 1,
            }
        }


def test_signing_as_pyhanko_does_alone_would_make_it_pdf_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the test above: the update that keeps the version is what keeps it."""
    monkeypatch.setattr(updates, "ArchivalUpdate", IncrementalPdfFileWriter)
    signed, _level = pades.sign_pdf_here(pdf_of(), "open-systems", organization_name="Open Systems", now=NOW)
    with opened(signed) as document:
        assert document.Root.Version == "/2.0"
        assert "/ISO_" in document.Root.Extensions
        assert str(document.docinfo["/Producer"]) != document.open_metadata()["pdf:Producer"]


def test_signing_changes_nothing_but_what_a_signature_needs(pdf: bytes) -> None:
    """ISO 19005-3, 6.1.7.1, 6.3, 6.4 and 6.6.3: streams, annotations, form and metadata of the file that is kept."""
    signed, _level = pades.sign_pdf_here(pdf, "open-systems", organization_name="Open Systems", now=NOW)
    assert signed.startswith(pdf)
    assert len(re.findall(rb"\nendstream\nendobj\n", signed)) == signed.count(b"endstream")
    assert signed.endswith(b"%%EOF\n")
    with opened(pdf) as before, opened(signed) as after:
        assert set(after.Root.keys()) - set(before.Root.keys()) == {"/AcroForm", "/Extensions"}
        assert after.Root.Metadata.read_raw_bytes() == before.Root.Metadata.read_raw_bytes()
        assert dict(after.docinfo) == dict(before.docinfo)
        assert after.trailer.ID[0] == before.trailer.ID[0] != after.trailer.ID[1]
        assert set(after.Root.AcroForm.keys()) == {"/Fields", "/SigFlags"}
        (was,), (page,) = before.pages, after.pages
        assert set(page.keys()) == set(was.keys())
        *links, widget = page.Annots
        assert [note.objgen for note in links] == [note.objgen for note in was.Annots]
        assert set(widget.keys()) == {"/Type", "/Subtype", "/FT", "/T", "/F", "/Rect", "/P", "/V"}
        assert (widget.Subtype, widget.FT, widget.F) == ("/Widget", "/Sig", 0b10000100)  # printed, locked
        assert page.Contents.objgen == was.Contents.objgen


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_a_picture_of_any_mode_becomes_grey_or_srgb(mode: str) -> None:
    buffer = BytesIO()
    Image.new(mode, (30, 20)).save(buffer, "TIFF" if mode == "CMYK" else "PNG")
    made = image(buffer.getvalue())
    assert (made.width, made.height) == (30, 20)
    assert made.space == ("DeviceGray" if mode in ("L", "1") else "DeviceRGB")
    assert len(zlib.decompress(made.content)) == 30 * 20 * (1 if made.space == "DeviceGray" else 3)
    assert (made.mask is not None) == (mode in ("RGBA", "LA"))


def test_a_plain_photograph_goes_in_as_it_is_and_a_turned_one_upright() -> None:
    plain, turned = BytesIO(), BytesIO()
    photograph = Image.linear_gradient("L").convert("RGB").resize((40, 20))
    photograph.save(plain, "JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph.save(turned, "JPEG", exif=exif)
    as_it_is = image(plain.getvalue())
    assert (as_it_is.code, as_it_is.content) == ("DCTDecode", plain.getvalue())
    made = image(turned.getvalue())
    assert (made.width, made.height) == (20, 40)
    assert made.code == "FlateDecode"
    assert image(plain.getvalue()) is image(plain.getvalue())


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", png()[:60], zlib.compress(b"x")])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        image(content)


def test_objects_are_written_so_that_every_text_and_name_comes_back() -> None:
    document = Document("en")
    words = ["plain", r"back\slash (and) ) brackets", "Ünïcode 漢 🦆", "line\nbreak", ""]
    document.Catalog.OutputIntents = PDFArray([text_string(word) for word in words])
    document.Catalog.AF = PDFArray([name("application/ld+json"), name("a b#é")])
    document.setDateFormatter(lambda: "D:20261124093000+00'00'")
    with opened(document.GetPDFData(None)) as read:
        assert [str(each) for each in read.Root.OutputIntents] == words
        assert [str(each) for each in read.Root.AF] == ["/application/ld+json", "/a b#é"]


def test_the_stream_of_reportlab_needs_the_line_break_that_ours_adds() -> None:
    """The one flaw that a subclass mends; where reportlab mends it, this says that the subclass can go."""
    assert PDFStream(content=b"x").format(Document("en")).endswith(b"stream\nxendstream\n")
    assert Stream(content=b"x").format(Document("en")) == b"<</Length 1>>\nstream\nx\nendstream\n"


def elements_of(document: Any) -> list[Any]:
    """Every structure element but the outermost, in reading order."""

    def walk(element: Any) -> list[Any]:
        below = [kid for kid in element.K if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]
        for kid in below:
            assert kid.P.objgen == element.objgen
        return [found for kid in below for found in [kid, *walk(kid)]]

    return walk(document.Root.StructTreeRoot.K)


def own(element: Any) -> list[int]:
    return [int(kid) for kid in element.K if isinstance(kid, int)]


def operators_of(document: Any) -> set[str]:
    found = {operator for page in document.pages for _operands, operator in instructions(page)}
    for each in objects_of(document, "/XObject"):
        if each.Subtype == "/Form":
            found |= {operator for _operands, operator in instructions(each)}
    return found


def codes_of(document: Any) -> dict[str, set[int]]:
    """The codes that the pages show, by the name of the font."""
    found: dict[str, set[int]] = {}
    font = ""
    for operands, operator in (each for page in document.pages for each in instructions(page)):
        if operator == "Tf":
            font = str(operands[0])
        elif operator in ("Tj", "TJ"):
            parts = operands[0] if operator == "TJ" else [operands[0]]
            for part in parts:
                if isinstance(part, pikepdf.String):
                    found.setdefault(font, set()).update(bytes(part))
    return found


def test_a_second_page_has_its_own_numbers_and_equal_facts_equal_bytes() -> None:
    pdf = render_transcript(TRANSCRIPT)
    assert render_transcript(TRANSCRIPT) == pdf
    with opened(pdf) as document:
        assert len(document.pages) == 2
        links = [note for page in document.pages for note in page.Annots]
        assert [str(note.A.URI) for note in links] == [entry.verify_url for entry in TRANSCRIPT.entries]
        assert {(note.F, note.Border[2]) for note in links} == {(4, 0)}
        assert [str(element.S) for element in document.Root.StructTreeRoot.K.K][:2] == ["/H1", "/P"]
