"""What makes a reportlab document PDF/A-3, level B (ISO 19005-3): metadata, the claim, sRGB, and the files it carries.

What the claim rests on is told in decision 0035.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import md5
from typing import Literal
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfdoc import PDFArray, PDFText, ViewerPreferencesPDFDictionary

from core.typesetting.document import Document
from core.typesetting.objects import Dictionary, Stream, deflated, encoded, name, text_string

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
    """What a document says about itself; `language` is a BCP 47 tag, `subject` may be empty."""

    title: str
    author: str
    subject: str
    language: str
    created_at: datetime


def claim(document: Document, metadata: Metadata) -> None:
    """Say in `document` what it is, twice (Info and XMP), with the output intent that its colours are meant for."""
    info, catalog = document.info, document.Catalog
    info.title, info.author, info.subject = (
        _plain(words) for words in (metadata.title, metadata.author, metadata.subject)
    )
    info.creator = info.producer = _PRODUCER
    document.setDateFormatter(lambda: _date(metadata.created_at))
    packet = {"Type": name("Metadata"), "Subtype": name("XML")}
    catalog.Metadata = Stream(Dictionary(packet), _xmp(metadata))
    catalog.ViewerPreferences = ViewerPreferencesPDFDictionary()
    catalog.ViewerPreferences["DisplayDocTitle"] = "true"
    intent = {
        "Type": name("OutputIntent"),
        "S": name("GTS_PDFA1"),
        "OutputConditionIdentifier": text_string("sRGB IEC61966-2.1"),
        "Info": text_string("sRGB IEC61966-2.1"),
        "DestOutputProfile": encoded(_compressed_profile(), "FlateDecode", {"N": 3}),
    }
    catalog.OutputIntents = PDFArray([Dictionary(intent)])


def attach(document: Document, attachments: Sequence[AttachedFile], moment: datetime) -> None:
    """Put files into `document`: by name, and associated with the whole of it (ISO 19005-3, 6.8)."""
    if not attachments:
        return
    names, associated = [], []
    for each in sorted(attachments, key=lambda attached: attached.name.encode("utf-16-be")):
        label = text_string(each.name)
        file = document.Reference(_embedded(each, moment))
        specification = {
            "Type": name("Filespec"),
            "F": label,
            "UF": label,
            "Desc": text_string(each.description),
            "AFRelationship": name(each.relationship),
            "EF": Dictionary({"F": file, "UF": file}),
        }
        associated.append(document.Reference(Dictionary(specification)))
        names += [label, associated[-1]]
    document.Catalog.AF = PDFArray(associated)
    document.Catalog.Names = Dictionary({"EmbeddedFiles": Dictionary({"Names": PDFArray(names)})})


def _embedded(attached: AttachedFile, moment: datetime) -> Stream:
    written = text_string(_date(moment))
    parameters = {
        "Size": len(attached.content),
        "CreationDate": written,
        "ModDate": written,
        "CheckSum": PDFText(md5(attached.content, usedforsecurity=False).digest()),
    }
    entries = {"Type": name("EmbeddedFile"), "Subtype": name(attached.content_type)}
    return deflated(attached.content, entries | {"Params": Dictionary(parameters)})


def _date(moment: datetime) -> str:
    return f"D:{moment.astimezone(UTC):%Y%m%d%H%M%S}+00'00'"


def _plain(text: str) -> str:
    """`text` without what XML cannot hold: Info and XMP must say the same."""
    return " ".join(text.translate(_ILLEGAL_IN_XML).split())


def _xmp(metadata: Metadata) -> bytes:
    """The metadata stream (ISO 16684-1), not compressed, with the claim of ISO 19005-3, 6.6.4."""
    title, author, subject = (escape(_plain(text)) for text in (metadata.title, metadata.author, metadata.subject))
    described = f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>\n'
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
{described if subject else ""}<dc:language><rdf:Bag><rdf:li>{escape(metadata.language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{_PRODUCER}</xmp:CreatorTool>
<xmp:CreateDate>{moment}</xmp:CreateDate>
<xmp:ModifyDate>{moment}</xmp:ModifyDate>
<xmp:MetadataDate>{moment}</xmp:MetadataDate>
<pdf:Producer>{_PRODUCER}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


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
