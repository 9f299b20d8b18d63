"""Sets a document: a layout and facts in, the bytes of a PDF out."""

from collections.abc import Mapping, Sequence
from contextvars import copy_context
from datetime import datetime
from uuid import UUID

from certification.layouts.definition import LayoutDefinition
from certification.layouts.drawings import paint_background
from certification.layouts.facts import DocumentFacts
from certification.layouts.painting import paint
from certification.layouts.placeholders import values_of
from certification.layouts.sheet import MM, MissingPicture, Sheet
from core.i18n import direction, use_locale
from core.i18n import gettext as _
from core.typesetting.canvas import ArchivalCanvas
from core.typesetting.pdfa import AttachedFile, Metadata

__all__ = ["AttachedFile", "MissingPicture", "render"]


def render(
    definition: LayoutDefinition,
    facts: DocumentFacts,
    *,
    pictures: Mapping[UUID, bytes],
    attachments: Sequence[AttachedFile] = (),
    created_at: datetime,
) -> bytes:
    """The PDF of a document; equal input gives equal bytes.

    `pictures` holds the bytes of every picture that the definition names. Fixed words are in the document's language,
    whatever the running task's is. Raises `core.typesetting.UnsettableText` where a text holds a character that no
    font can set, `MissingPicture` where a picture is not among `pictures`, `core.typesetting.images.UnreadablePicture`
    where one is none, and ValueError where the accent is no colour.
    """
    return copy_context().run(_render, definition, facts, pictures, attachments, created_at)


def _render(
    definition: LayoutDefinition,
    facts: DocumentFacts,
    pictures: Mapping[UUID, bytes],
    attachments: Sequence[AttachedFile],
    created_at: datetime,
) -> bytes:
    use_locale(facts.language)
    metadata = Metadata(
        title=_("%(achievement)s: %(name)s") % {"achievement": facts.achievement, "name": facts.holder_name},
        author=facts.organization,
        subject=_("Certificate %(number)s") % {"number": facts.number},
        language=facts.language,
        created_at=created_at,
    )
    width, height = definition.size
    canvas = ArchivalCanvas((width * MM, height * MM), metadata)
    is_mirrored = direction(facts.language) == "rtl"
    sheet = Sheet(canvas, facts, values_of(facts), pictures, is_mirrored, definition.typeface)
    paint_background(sheet, definition.background, definition.background_picture)
    for element in definition.elements:
        paint(sheet, element)
    return canvas.finished(attachments)
