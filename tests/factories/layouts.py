"""Layouts, definitions and pictures."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from accounts.models import Organization, Person
from certification.layouts import layouts, pictures, shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutPicture
from tests.factories import accounts


def png(width: int = 60, height: int = 40, colour: str = "#0b5a61", mode: str = "RGBA") -> bytes:
    """A picture with a disc in it."""
    image = Image.new(mode, (width, height))
    ImageDraw.Draw(image).ellipse((2, 2, width - 3, height - 3), fill=colour)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def changed(definition: LayoutDefinition, number: int, **fields: Any) -> LayoutDefinition:
    """The definition with fields of one element changed, validated anew."""
    document = definition.model_dump(mode="json")
    document["elements"][number] |= fields
    return LayoutDefinition.model_validate(document)


async def layout(
    organization: Organization | None = None,
    name: str = "Ours",
    *,
    by: Person | None = None,
    definition: LayoutDefinition | None = None,
) -> Layout:
    """A layout of the organization, grown from `modern` unless a definition is given."""
    owner = organization or await accounts.organization()
    someone = by or await accounts.person()
    chosen = definition or shipped.definition_of("modern")
    return await layouts.create(owner, name, chosen, by=someone, now=datetime.now(UTC))


async def picture(organization: Organization, name: str = "Logo", **fields: Any) -> LayoutPicture:
    """A picture of the organization."""
    someone = await accounts.person()
    return await pictures.upload(organization, name, png(**fields), by=someone, now=datetime.now(UTC))
