"""Vector artwork that is the same on every page: drawn and compressed once a process, then only copied."""

import zlib
from collections.abc import Sequence

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream
from reportlab.pdfgen.canvas import Canvas

from core.typesetting.writer import stream


class Artwork:
    """A form XObject (ISO 32000-2, 8.10) of path operators; it takes colours and line width from where it is drawn."""

    def __init__(self, name: str, operators: str, box: Sequence[float]) -> None:
        """Keep `operators`, which draw inside `box` (left, bottom, right, top in points), under a name of its own."""
        self.name = name
        self._content = zlib.compress(operators.encode("ascii"), 9)
        self._box = tuple(box)
        corners = " ".join(f"{edge:g}" for edge in self._box)
        entries = f"/Type/XObject/Subtype/Form/BBox[{corners}]/Resources<<>>/Filter/FlateDecode"
        self.stream = stream(entries.encode("ascii"), self._content)
        """The whole form XObject, for `pdfa.Document`."""

    def draw(self, canvas: Canvas) -> None:
        """Draw it where the canvas' coordinates are; a document holds it once, however often it is drawn."""
        if not canvas.hasForm(self.name):
            entries = {
                "Type": PDFName("XObject"),
                "Subtype": PDFName("Form"),
                "BBox": PDFArray(self._box),
                "Filter": PDFName("FlateDecode"),
            }
            canvas._doc.addForm(self.name, PDFStream(PDFDictionary(entries), self._content))
        canvas.doForm(self.name)
