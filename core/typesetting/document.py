"""reportlab's document, tagged and in the syntax that ISO 19005-3 asks for."""

from hashlib import md5

from reportlab.pdfbase.pdfdoc import PDFCatalog, PDFDocument, PDFInfo, PDFPage

from core.typesetting.objects import Dictionary, deflated, name, text_string
from core.typesetting.structure import Structure

_UNKNOWN = b"<00000000000000000000000000000000>"  # keeps the place of the identifier until what it digests is known


class _Catalog(PDFCatalog):  # type: ignore[misc]
    """A catalog that can hold an output intent and associated files as well."""

    __NoDefault__ = (*PDFCatalog.__NoDefault__, "OutputIntents", "AF")
    __Refs__ = ("Outlines", "StructTreeRoot")  # The other entries are short, or streams; they need no object.


class _Info(PDFInfo):  # type: ignore[misc]
    """An information dictionary of what was said, and nothing else: it has to agree with the XMP metadata (6.6.3)."""

    def format(self, document: PDFDocument) -> bytes:
        """The dictionary as it stands in the file."""
        said = {"Title": self.title, "Author": self.author, "Subject": self.subject}
        entries = {key: text_string(words) for key, words in said.items() if words}
        date = text_string(self._dateFormatter())
        entries |= {"Creator": text_string(self.creator), "Producer": text_string(self.producer)}
        entries |= {"CreationDate": date, "ModDate": date}
        written: bytes = Dictionary(entries).format(document)
        return written


class Document(PDFDocument):  # type: ignore[misc]
    """A tagged PDF 1.7 in the making; its identifier is the digest of all else, so equal content is equal bytes."""

    def __init__(self, language: str) -> None:
        """Begin a document without pages; `language` is a BCP 47 tag."""
        super().__init__(compression=1, invariant=1, pdfVersion=(1, 7))
        self.Catalog = self._catalog = _Catalog()
        self.Catalog.Pages = self.Pages
        self.Catalog.Lang = text_string(language)
        self.info = _Info()
        self.structure = Structure()

    def addPage(self, page: PDFPage) -> None:  # noqa: N802
        """Add a page that reportlab's canvas has drawn, and lead from its marked content to the structure tree."""
        page.__NoDefault__ = (*PDFPage.__NoDefault__, "StructParents", "Tabs")
        page.StructParents, page.Tabs = self.structure.end_page(), name("S")
        page.Contents = deflated(page.stream.encode("ascii"))
        page.Trans = None
        super().addPage(page)

    def ID(self) -> bytes:  # noqa: N802
        """The identifier's place in the trailer."""
        return b"[%b%b]" % (_UNKNOWN, _UNKNOWN)

    def format(self) -> bytes:
        """The file."""
        self.structure.write(self)
        self.Catalog.MarkInfo = Dictionary({"Marked": "true"})
        body, trailer, rest = super().format().rpartition(b"trailer\n")
        digest = md5(body, usedforsecurity=False).hexdigest().upper().encode("ascii")
        return b"".join((body, trailer, rest.replace(_UNKNOWN, b"<%b>" % digest)))
