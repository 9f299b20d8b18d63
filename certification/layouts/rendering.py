"""Sets a document: a layout and facts in, the bytes of a PDF out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import DocumentFacts
from core.typesetting.pdfa import AttachedFile


def render(
    definition: LayoutDefinition,
    facts: DocumentFacts,
    *,
    pictures: Mapping[UUID, bytes],
    attachments: Sequence[AttachedFile] = (),
    created_at: datetime,
) -> bytes:
    """The PDF of a document; equal input gives equal bytes.

    `pictures` holds the PNG or JPEG bytes of every picture that the definition names. Raises
    `core.typesetting.UnsettableText` where a text holds a character that no font can set, `MissingPicture` where
    a picture is not among `pictures`, ValueError where the accent is no colour.
    """
    raise NotImplementedError
