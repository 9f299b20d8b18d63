"""Vector artwork that is the same on every page: drawn and compressed once a process, then only copied."""

import zlib
from collections.abc import Iterable, Sequence
from hashlib import sha256

from reportlab.pdfbase.pdfdoc import PDFArray
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from core.typesetting.objects import Dictionary, Stream, encoded, name


class Artwork:
    """A form XObject (ISO 32000-1, 8.10) of stroked paths; it takes colour and line width from where it is drawn."""

    def __init__(self, paths: Iterable[PDFPathObject], box: Sequence[float]) -> None:
        """Draw `paths`, which lie within `box` (left, bottom, right, top in points)."""
        canvas = Canvas(None)
        for path in paths:
            canvas.drawPath(path, stroke=1, fill=0)
        operators = canvas.getCurrentPageContent().encode("ascii")
        self.name = f"A{sha256(operators).hexdigest()[:12]}"
        """A name of its own: equal artwork is in a document once."""
        self._box = tuple(box)
        self._content = zlib.compress(operators, 9)

    def stream(self) -> Stream:
        """The form, to be put into a document."""
        entries = {"Type": name("XObject"), "Subtype": name("Form"), "Resources": Dictionary()}
        return encoded(self._content, "FlateDecode", entries | {"BBox": PDFArray(self._box)})
