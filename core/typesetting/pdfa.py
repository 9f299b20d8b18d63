"""Tagged PDF/A-3 documents of one page: kept for years, read aloud in order, carrying files (ISO 19005-3, level B).

What the claim rests on is told in decision 0022. Whoever draws gives operators; each is either content, with its place
in the structure tree, or an artifact.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import md5
from typing import Any, Literal
from xml.sax.saxutils import escape

from core.typesetting.artwork import Artwork
from core.typesetting.images import Image
from core.typesetting.writer import PdfFile, name, stream, text_string

_PRODUCER = "Confero"
_ILLEGAL_IN_XML = dict.fromkeys([*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], " ")  # XML 1.0, 2.2


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file inside the PDF; `relationship` says what it is to the document (ISO 32000-2, 14.13)."""

    name: str
    content_type: str
    content: bytes
    description: str
    relationship: Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"] = "Data"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a document says about itself; `language` is a BCP 47 tag."""

    title: str
    author: str
    subject: str
    language: str
    created_at: datetime


@dataclass(slots=True)
class _Structure:
    """A structure element: its tag, its marked content or elements, what stands for it, and its link's annotation."""

    tag: str
    content: int | None = None
    children: list["_Structure"] = field(default_factory=list)
    alt: str = ""
    box: tuple[float, float, float, float] | None = None
    annotation: int | None = None  # index among the page's annotations


@dataclass(frozen=True, slots=True)
class _Link:
    address: str
    box: tuple[float, float, float, float]
    words: str


class Document:
    """A page in the making. Fonts, forms and pictures that its operators name are collected as they are used."""

    def __init__(self, size: tuple[float, float]) -> None:
        """Begin an empty page of `size` points."""
        self.size = size
        self.fontMapping: dict[str, str] = {}  # These two are what reportlab's fonts expect of a document.
        self.delayedFonts: list[Any] = []
        self._content: list[str] = []
        self._elements: list[_Structure] = []
        self._links: list[_Link] = []
        self._marked = 0
        self._forms: dict[str, Artwork] = {}
        self._images: dict[int, tuple[str, Image]] = {}
        self._opacities: dict[float, str] = {}

    def decorate(self, operators: str) -> None:
        """Draw what says nothing: it is left out when the page is read aloud or copied."""
        self._content.append(f"/Artifact BMC {operators} EMC")

    def write(self, tag: Literal["H1", "P"], operators: str) -> None:
        """Draw text, which follows in reading order what was drawn before."""
        self._elements.append(self._mark(tag, operators))

    def show(self, operators: str, alt: str, box: tuple[float, float, float, float]) -> None:
        """Draw a figure within `box` (left, bottom, right, top), told as `alt` to those who cannot see it."""
        self._elements.append(self._mark("Figure", operators, alt, box))

    def link(self, address: str, box: tuple[float, float, float, float], words: str) -> None:
        """Make what was drawn last a link over `box`; `words` describe it."""
        last = self._elements[-1]
        link = _Structure("Link", annotation=len(self._links))
        if last.tag == "Figure":
            link.children.append(last)
            self._elements[-1] = link
        else:
            link.content, last.content = last.content, None
            last.children = [link]
            self._content[-1] = f"/Link{self._content[-1][len(last.tag) + 1 :]}"
        self._links.append(_Link(address, box, words))

    def form(self, artwork: Artwork) -> str:
        """The operator that draws `artwork`."""
        self._forms[artwork.name] = artwork
        return f"/{artwork.name} Do"

    def picture(self, image: Image) -> str:
        """The operator that draws `image` into the unit square."""
        label, _ = self._images.setdefault(id(image), (f"Im{len(self._images)}", image))
        return f"/{label} Do"

    def opacity(self, share: float) -> str:
        """The operator after which everything is drawn with this opacity."""
        return f"/{self._opacities.setdefault(share, f'Gs{len(self._opacities)}')} gs"

    def _mark(self, tag: str, operators: str, alt: str = "", box: Any = None) -> _Structure:
        number = self._marked
        self._marked += 1
        self._content.append(f"/{tag} <</MCID {number}>> BDC {operators} EMC")
        return _Structure(tag, number, alt=alt, box=box)

    def written(self, metadata: Metadata, attachments: Sequence[AttachedFile] = ()) -> bytes:
        """The file. Equal content, metadata and attachments give equal bytes."""
        file = PdfFile()
        catalog, page, pages, tree = (file.reserve() for _ in range(4))
        content = zlib.compress("\n".join(self._content).encode("ascii"), 6)
        contents = file.add(stream(b"/Filter/FlateDecode", content))
        notes = self._put_links(file, page)
        self._put_structure(file, tree, page, notes)
        resources = self._resources(file)
        width, height = self.size
        file.put(
            page,
            b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.3f %.3f]/Contents %d 0 R/StructParents 0/Tabs/S%b/Resources%b>>"
            % (pages, width, height, contents, b"/Annots[%b]" % _references(notes) if notes else b"", resources),
        )
        file.put(pages, b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % page)
        info = file.add(_info(metadata))
        described = file.add(stream(b"/Type/Metadata/Subtype/XML", _xmp(metadata)))
        profile = file.add(stream(b"/N 3/Filter/FlateDecode", _compressed_profile()))
        file.put(
            catalog,
            b"<</Type/Catalog/Pages %d 0 R/Lang%b/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R/Metadata %d 0 R"
            b"/ViewerPreferences<</DisplayDocTitle true>>%b"
            b"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)"
            b"/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>]>>"
            % (
                pages,
                text_string(metadata.language),
                tree,
                described,
                _attached(file, attachments, metadata.created_at),
                profile,
            ),
        )
        return file.written(catalog, info)

    def _put_links(self, file: PdfFile, page: int) -> list[int]:
        return [
            file.add(
                b"<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/Rect[%.2f %.2f %.2f %.2f]/P %d 0 R/StructParent %d"
                b"/Contents%b/A<</S/URI/URI%b>>>>"
                % (*link.box, page, index + 1, text_string(link.words), text_string(link.address))
            )
            for index, link in enumerate(self._links)
        ]

    def _put_structure(self, file: PdfFile, tree: int, page: int, notes: Sequence[int]) -> None:
        """The structure tree, and what leads from marked content and annotations back to it (14.7.4.4)."""
        document = file.reserve()
        owners: dict[int, int] = {}
        linked: dict[int, int] = {}

        def put(element: _Structure, parent: int) -> int:
            number = file.reserve()
            kids = []
            if element.content is not None:
                owners[element.content] = number
                kids.append(b"%d" % element.content)
            kids += [b"%d 0 R" % put(child, number) for child in element.children]
            if element.annotation is not None:
                linked[element.annotation] = number
                kids.append(b"<</Type/OBJR/Obj %d 0 R>>" % notes[element.annotation])
            more = b"/Alt%b" % text_string(element.alt) if element.alt else b""
            if element.box:
                more += b"/A<</O/Layout/BBox[%.2f %.2f %.2f %.2f]/Placement/Block>>" % element.box
            file.put(
                number,
                b"<</Type/StructElem/S/%b/P %d 0 R/Pg %d 0 R%b/K[%b]>>"
                % (element.tag.encode("ascii"), parent, page, more, b" ".join(kids)),
            )
            return number

        kids = [put(element, document) for element in self._elements]
        file.put(document, b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>" % (tree, _references(kids)))
        parents = b"0[%b]" % _references([owners[index] for index in range(self._marked)])
        parents += b"".join(b" %d %d 0 R" % (index + 1, owner) for index, owner in sorted(linked.items()))
        file.put(
            tree,
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d>>"
            % (document, parents, len(linked) + 1),
        )

    def _resources(self, file: PdfFile) -> bytes:
        fonts = [entry for font in self.delayedFonts for entry in font.embed(self, file)]
        objects = [(label, file.add(artwork.stream)) for label, artwork in self._forms.items()]
        for label, image in self._images.values():
            mask = file.add(image.mask) if image.mask else None
            objects.append((label, file.add(image.stream(mask))))
        states = b"".join(b"/%b<</ca %.3f>>" % (label.encode(), share) for share, label in self._opacities.items())
        return b"<</Font<<%b>>/XObject<<%b>>/ExtGState<<%b>>>>" % (_named(fonts), _named(objects), states)


def _references(numbers: Sequence[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _named(objects: Sequence[tuple[str, int]]) -> bytes:
    return b"".join(b"/%b %d 0 R" % (label.encode("ascii"), number) for label, number in objects)


def _date(moment: datetime) -> bytes:
    return f"(D:{moment.astimezone(UTC):%Y%m%d%H%M%S}+00'00')".encode("ascii")


def _info(metadata: Metadata) -> bytes:
    moment = _date(metadata.created_at)
    return b"<</Title%b/Author%b/Subject%b/Creator(%b)/Producer(%b)/CreationDate%b/ModDate%b>>" % (
        text_string(_plain(metadata.title)),
        text_string(_plain(metadata.author)),
        text_string(_plain(metadata.subject)),
        _PRODUCER.encode("ascii"),
        _PRODUCER.encode("ascii"),
        moment,
        moment,
    )


def _plain(text: str) -> str:
    """`text` without what XML cannot hold: Info and XMP must say the same."""
    return " ".join(text.translate(_ILLEGAL_IN_XML).split())


def _xmp(metadata: Metadata) -> bytes:
    """The metadata stream (ISO 16684-1), not compressed, with the claim of ISO 19005-3, 6.6.4."""
    title, author, subject = (escape(_plain(text)) for text in (metadata.title, metadata.author, metadata.subject))
    moment = f"{metadata.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{escape(metadata.language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{_PRODUCER}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate>
<xmp:ModifyDate>{moment}</xmp:ModifyDate>
<xmp:MetadataDate>{moment}</xmp:MetadataDate>
<pdf:Producer>{_PRODUCER}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def _attached(file: PdfFile, attachments: Sequence[AttachedFile], moment: datetime) -> bytes:
    """Catalog entries of the attached files: by name, and associated with the document (ISO 19005-3, 6.8)."""
    if not attachments:
        return b""
    written = _date(moment)
    entries = []
    for each in sorted(attachments, key=lambda attached: attached.name.encode("utf-16-be")):
        digest = md5(each.content, usedforsecurity=False).hexdigest().encode("ascii")
        parameters = b"<</Size %d/CreationDate%b/ModDate%b/CheckSum<%b>>>" % (
            len(each.content),
            written,
            written,
            digest,
        )
        entry = b"/Type/EmbeddedFile/Subtype%b/Params%b/Filter/FlateDecode" % (name(each.content_type), parameters)
        content = file.add(stream(entry, zlib.compress(each.content)))
        label = text_string(each.name)
        specification = b"<</Type/Filespec/F%b/UF%b/Desc%b/AFRelationship/%b/EF<</F %d 0 R/UF %d 0 R>>>>" % (
            label,
            label,
            text_string(each.description),
            each.relationship.encode("ascii"),
            content,
            content,
        )
        entries.append((label, file.add(specification)))
    names = b" ".join(b"%b %d 0 R" % entry for entry in entries)
    return b"/AF[%b]/Names<</EmbeddedFiles<</Names[%b]>>>>" % (_references([number for _, number in entries]), names)


@cache
def srgb_profile() -> bytes:
    """The ICC profile of sRGB as LittleCMS makes it, with a fixed date and without marks of the machine."""
    from PIL import ImageCms

    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[8:12] = bytes([4, 0x20, 0, 0])  # ISO 15076-1:2005, to which ISO 32000-1 refers; its tags are all there
    made[24:36] = bytes([0x07, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])  # ICC.1:2010, 7.2: created 2000-01-01 00:00:00
    made[40:44] = bytes(4)  # primary platform: none
    made[84:100] = bytes(16)  # profile ID: not computed
    return bytes(made)


@cache
def _compressed_profile() -> bytes:
    return zlib.compress(srgb_profile(), 9)
