"""What comes in and goes out about layouts, their versions, samples and pictures."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from certification.layouts import words
from certification.layouts.definition import LayoutDefinition, Orientation, PageFormat
from certification.layouts.models import Layout, LayoutPicture, LayoutVersion
from certification.layouts.queries import LayoutRow
from certification.layouts.samples import Kind, SampleHolder
from core.i18n import gettext as _
from core.pages import ListQuery
from core.text import OneLine


def _known_language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError(_("Use a language tag such as en, fr or pt-BR.")) from None
    if not words.has_words(tag):
        raise ValueError(_("Certificates can be in {languages} so far.").format(languages=words.offered()))
    return tag


Name = Annotated[str, OneLine(120)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=16), AfterValidator(_known_language)]
Pixels = Annotated[int, Field(ge=100, le=2400, description="Width of the picture in pixels.")]
Seen = Annotated[
    int | None,
    Field(ge=1, lt=2**31, description="Number of the version you started from; null saves over whatever stands."),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SampleQuery(_In):
    """Which sample to show a layout with."""

    kind: Kind = "certification"
    holder: SampleHolder = SampleHolder.usual
    language: Language = "en"


class PictureQuery(SampleQuery):
    """Which sample to show a layout with, and how large."""

    width: Pixels = 1000


class PreviewIn(PictureQuery):
    """A layout that need not be saved, and the sample to show it with."""

    definition: LayoutDefinition


class LayoutIn(_In):
    """A new layout: as shipped under `origin`, a copy of the layout `copy_of`, or as `definition` says."""

    name: Name
    origin: Literal["classic", "modern", "plain"] | None = None
    copy_of: UUID | None = None
    definition: LayoutDefinition | None = None
    page: Annotated[PageFormat | None, Field(description="Null keeps the page; a copy is fitted to another.")] = None
    orientation: Orientation | None = None

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if sum(given is not None for given in (self.origin, self.copy_of, self.definition)) != 1:
            raise ValueError(_("Say what the layout begins as: origin, copy_of or definition, one of them."))
        return self


class LayoutForm(_In):
    """A new layout from the page: `base` is the layout it begins as a copy of."""

    name: Name
    base: UUID
    page: PageFormat = "A4"
    orientation: Orientation = "landscape"


class LayoutChange(_In):
    """What may be changed about a layout apart from its versions; what is left out stays."""

    name: Name | None = None
    is_archived: bool | None = None


class PictureChange(_In):
    """What may be changed about a picture; what is left out stays."""

    name: Name | None = None
    is_archived: bool | None = None


class NameIn(_In):
    """Another name."""

    name: Name


class VersionIn(_In):
    """A layout as it shall be from now on."""

    definition: LayoutDefinition
    seen: Seen = None


class LayoutSearch(ListQuery):
    """Which layouts or pictures to list: those on offer, or those in the archive."""

    archived: bool = False


class UploadQuery(_In):
    """What an uploaded picture is called."""

    name: Name


class UseOut(BaseModel):
    """What certificates are set from a layout; `is_chosen` is false where it is used because nobody chose one."""

    kind: Literal["certification", "event"]
    slug: str
    title: str
    is_chosen: bool


class LayoutCard(BaseModel):
    """A layout in a list."""

    id: UUID
    name: str
    origin: str | None
    is_archived: bool
    version: int
    saved_at: datetime
    uses: list[UseOut]

    @classmethod
    def of(cls, row: LayoutRow) -> Self:
        """From a row of the list."""
        return cls(
            id=row.id,
            name=row.name,
            origin=row.origin,
            is_archived=row.archived_at is not None,
            version=row.version,
            saved_at=row.saved_at,
            uses=[UseOut(kind=use.kind, slug=use.slug, title=use.title, is_chosen=use.is_chosen) for use in row.uses],
        )


class LayoutOut(BaseModel):
    """A layout with its present definition."""

    id: UUID
    name: str
    origin: str | None
    is_archived: bool
    version: int
    saved_at: datetime
    definition: LayoutDefinition

    @classmethod
    def of(cls, layout: Layout, version: LayoutVersion) -> Self:
        """From the rows."""
        return cls(
            id=layout.id,
            name=layout.name,
            origin=layout.origin,
            is_archived=layout.archived_at is not None,
            version=version.version,
            saved_at=version.created_at,
            definition=LayoutDefinition.model_validate(version.definition),
        )


class VersionOut(BaseModel):
    """One version of a layout. It never changes."""

    version: int
    saved_at: datetime
    definition: LayoutDefinition

    @classmethod
    def of(cls, version: LayoutVersion) -> Self:
        """From the row."""
        definition = LayoutDefinition.model_validate(version.definition)
        return cls(version=version.version, saved_at=version.created_at, definition=definition)


class LayoutPictureOut(BaseModel):
    """A picture for layouts."""

    id: UUID
    name: str
    content_type: str
    width: int
    height: int
    sha256: str
    is_archived: bool

    @classmethod
    def of(cls, picture: LayoutPicture) -> Self:
        """From the row."""
        names = ("id", "name", "content_type", "width", "height", "sha256")
        return cls(**{name: getattr(picture, name) for name in names}, is_archived=picture.archived_at is not None)
