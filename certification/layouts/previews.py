"""Looking at a layout before anything is issued from it: a sample as PDF, and its page as a picture."""

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from threading import Lock
from typing import Any
from uuid import UUID

from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import DocumentFacts
from certification.layouts.queries import pictures_of, refuse_foreign_pictures
from certification.layouts.rendering import render
from core.errors import InvalidInput
from core.i18n import gettext as _
from core.typesetting import UnsettableText

_pdfium = Lock()  # PDFium is not made for several threads (its documentation, fpdfview.h).


async def document(definition: LayoutDefinition, facts: DocumentFacts, *, organization_id: UUID) -> bytes:
    """The sample as a PDF.

    Raises `InvalidInput` where a text of the layout holds a character that no font can set, and for pictures that are
    not the organization's.
    """
    await refuse_foreign_pictures(organization_id, definition)
    pictures = await pictures_of(definition)
    created_at = datetime(facts.issued_on.year, facts.issued_on.month, facts.issued_on.day, tzinfo=UTC)
    try:
        return await asyncio.to_thread(render, definition, facts, pictures=pictures, created_at=created_at)
    except UnsettableText as problem:
        message = _("This layout holds a character that cannot be printed: {problem}")
        raise InvalidInput({"definition": message.format(problem=problem)}) from None


async def picture(definition: LayoutDefinition, facts: DocumentFacts, *, organization_id: UUID, width: int) -> bytes:
    """The sample's page as a PNG, `width` pixels wide. Raises like `document`."""
    return await asyncio.to_thread(
        _rasterised, await document(definition, facts, organization_id=organization_id), width
    )


def _rasterised(pdf: bytes, width: int) -> bytes:
    # Only who designs needs it: web processes start without.
    import pypdfium2

    with _pdfium:
        opened: Any = pypdfium2.PdfDocument(pdf)  # Any: the package has no types
        try:
            page = opened[0]
            image = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
        finally:
            opened.close()
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
