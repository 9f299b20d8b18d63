"""What comes in and goes out about items, and what an import reports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from certification.bank.content import ItemContent, ItemType
from certification.bank.models import ItemVersion
from certification.bank.queries import ItemRow
from certification.programs.schemas import DomainName, Title
from core.pages import PageQuery


class BankFormat(StrEnum):
    """File formats of item banks."""

    gift = "gift"


class ImportOutcome(StrEnum):
    """What became of one item of a file; `changed` differs from the file or gave an item a new version."""

    taken = "taken"
    changed = "changed"
    unchanged = "unchanged"
    refused = "refused"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemIn(_In):
    """A new item: its title for authors, its domain by name, and what it asks."""

    title: Title
    domain: DomainName
    content: ItemContent


class ItemChange(_In):
    """What may be changed about an item; other content becomes a new version."""

    title: Title | None = None
    domain: DomainName | None = None
    content: ItemContent | None = None
    is_retired: bool | None = None


class ItemHead(_In):
    """What a form says of an item besides its content; the domain by its id."""

    title: Title
    domain: UUID


class ItemSearch(PageQuery):
    """Which items to list; those that are retired only where asked."""

    q: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None
    domain: UUID | None = None
    type: ItemType | None = None
    retired: bool = False


class ImportQuery(_In):
    """How to read the file. With `dry_run` nothing is changed, and the report tells what would happen."""

    format: BankFormat
    domain: Annotated[DomainName | None, Field(description="Domain of items without a category; else the first.")] = (
        None
    )
    dry_run: bool = False


class ExportQuery(_In):
    """Which format to write."""

    format: BankFormat = BankFormat.gift


class ImportedItem(BaseModel):
    """What became of one item: `index` counts from 1, `line` is the line of the file on which it starts."""

    index: int
    line: int
    title: str
    outcome: ImportOutcome
    messages: list[str]


class ImportReportOut(BaseModel):
    """What became of every item of a file, in its order."""

    taken: int
    changed: int
    unchanged: int
    refused: int
    items: list[ImportedItem]

    @classmethod
    def of(cls, items: list[ImportedItem]) -> Self:
        """The items with their counts."""
        counts = {outcome.value: sum(item.outcome is outcome for item in items) for outcome in ImportOutcome}
        return cls(items=items, **counts)


class ItemSummary(BaseModel):
    """An item in a list."""

    id: UUID
    title: str
    domain: str
    type: ItemType
    version: int
    is_retired: bool
    created_at: datetime

    @classmethod
    def of(cls, row: ItemRow) -> Self:
        """From the row."""
        return cls(
            id=row.id,
            title=row.title,
            domain=row.domain,
            type=row.type,
            version=row.version,
            is_retired=row.retired_at is not None,
            created_at=row.created_at,
        )


class BankItemOut(ItemSummary):
    """An item with its content, key included: for its authors only."""

    content: ItemContent

    @classmethod
    def full(cls, row: ItemRow) -> Self:
        """From the row."""
        return cls(**ItemSummary.of(row).model_dump(), content=row.read())


class ItemVersionOut(BaseModel):
    """One version of an item's content."""

    version: int
    type: ItemType
    content: ItemContent
    created_at: datetime

    @classmethod
    def of(cls, version: ItemVersion, content: ItemContent) -> Self:
        """From the row and its content as read."""
        return cls(version=version.version, type=content.type, content=content, created_at=version.created_at)
