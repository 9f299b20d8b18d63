"""Documents set from shipped layouts, and what can be read from a page."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL.Image import Image

from certification.layouts import shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import SAMPLE, DocumentFacts
from certification.layouts.rendering import render

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
VARIANTS = [
    (origin, page, orientation)
    for origin in shipped.ORIGINS
    for page in ("A4", "Letter")
    for orientation in ("landscape", "portrait")
]
"""Every shipped layout on every page."""


def pdf_of(facts: DocumentFacts = SAMPLE, layout: LayoutDefinition | str = "classic", **given: Any) -> bytes:
    """The PDF of a document in a layout, or in a shipped one by its origin."""
    definition = shipped.DEFINITIONS[layout] if isinstance(layout, str) else layout
    wanted: dict[str, Any] = {"pictures": {}, "created_at": NOW} | given
    return render(definition, facts, **wanted)


def text_of(pdf: bytes) -> str:
    """The text of the page in reading order, as PDFium reads it, with single spaces."""
    with pypdfium2.PdfDocument(pdf) as document:
        read = unicodedata.normalize("NFC", document[0].get_textpage().get_text_range())
    return " ".join(read.split())


def image_of(pdf: bytes, scale: float = 3) -> Image:
    """The page as PDFium paints it."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image = document[0].render(scale=scale).to_pil()
    return picture


def boxes_of(pdf: bytes) -> dict[int, tuple[float, float, float, float]]:
    """What each piece of marked content covers on the page, by its number: left, bottom, right, top in points."""
    found: dict[int, tuple[float, float, float, float]] = {}
    with pypdfium2.PdfDocument(pdf) as document:
        for shown in document[0].get_objects():
            number = pdfium.FPDFPageObj_GetMarkedContentID(shown.raw)
            if number < 0:
                continue
            left, bottom, right, top = shown.get_bounds()
            known = found.get(number, (left, bottom, right, top))
            found[number] = (min(left, known[0]), min(bottom, known[1]), max(right, known[2]), max(top, known[3]))
    return found
