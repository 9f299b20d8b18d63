"""reportlab's canvas for documents that are kept for years: tagged PDF/A-3 of one page or several.

Whoever draws says what it is: content, with its place in the structure tree, or decoration. Everything else is
reportlab's: paths, colours, states and transforms.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas

from core.typesetting.artwork import Artwork
from core.typesetting.document import Document
from core.typesetting.images import Image
from core.typesetting.objects import text_string
from core.typesetting.pdfa import AttachedFile, Metadata, attach, claim
from core.typesetting.structure import Box


@dataclass(frozen=True, slots=True)
class Link:
    """An address, the place on the page that leads to it, and the words that describe it."""

    address: str
    box: Box
    words: str


class ArchivalCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
    """A canvas whose file is tagged and claims PDF/A-3, level B (decision 0035). Paths are filled by winding number."""

    def __init__(self, size: tuple[float, float], metadata: Metadata) -> None:
        """Begin the first page, of `size` points as all others."""
        super().__init__(BytesIO(), pagesize=size, pageCompression=1, invariant=1)
        self._doc = Document(metadata.language)
        self._pictures: dict[int, tuple[str, Image]] = {}
        self._metadata = metadata
        claim(self._doc, metadata)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        width, height = self._pagesize
        return width, height

    def init_graphics_state(self) -> None:
        """Begin a page as reportlab does, but fill by winding number: strokes of letters overlap."""
        super().init_graphics_state()
        self._fillMode = FILL_NON_ZERO

    def _make_preamble(self) -> None:
        """Choose no font: reportlab's Helvetica would not be embedded."""
        self._preamble = ""

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """Around what says nothing: it is left out when the page is read aloud or copied."""
        self._code.append("/Artifact BMC")
        yield
        self._code.append("EMC")

    @contextmanager
    def content(self, tag: Literal["H1", "P"], link: Link | None = None) -> Iterator[None]:
        """Around text, which follows in reading order what was drawn before; `link` makes it lead somewhere."""
        with self._marked(tag, link):
            yield

    @contextmanager
    def figure(self, alt: str, box: Box, link: Link | None = None) -> Iterator[None]:
        """Around a figure within `box`, told as `alt` to those who cannot see it."""
        with self._marked("Figure", link, alt=text_string(alt), box=box):
            yield

    @contextmanager
    def _marked(self, tag: str, link: Link | None, **more: Any) -> Iterator[None]:
        annotation = self._annotated(link) if link else None
        tag, number = self._doc.structure.add(tag, self._doc.thisPageRef(), link=annotation, **more)
        self._code.append(f"/{tag} <</MCID {number}>> BDC")
        yield
        self._code.append("EMC")

    def _annotated(self, link: Link) -> Any:
        """A reference to the annotation of a link, which is printed and finds its element (ISO 19005-3, 6.5)."""
        key, words = self._doc.structure.key(), text_string(link.words)
        box = [round(edge, 2) for edge in link.box]
        self.linkURL(link.address, box, thickness=0, F=4, StructParent=key, Contents=words)
        return self._annotationrefs[-1]

    def artwork(self, drawn: Artwork) -> None:
        """Draw `drawn`, which the document holds once."""
        if not self._doc.hasForm(drawn.name):
            self._doc.addForm(drawn.name, drawn.stream())
        self.doForm(drawn.name)

    def picture(self, image: Image, x: float, y: float, width: float, height: float) -> None:
        """Draw `image` over a rectangle, with the opacity set before."""
        label, _ = self._pictures.setdefault(id(image), (f"Im{len(self._pictures)}", image))
        if not self._doc.hasForm(label):
            self._doc.addForm(label, image.stream(self._doc))
        self.saveState()
        self.transform(width, 0, 0, height, x, y)
        self.doForm(label)
        self.restoreState()

    def finished(self, attachments: Sequence[AttachedFile] = ()) -> bytes:
        """The file. Equal content, metadata and attachments give equal bytes."""
        attach(self._doc, attachments, self._metadata.created_at)
        written: bytes = self.getpdfdata()
        return written
