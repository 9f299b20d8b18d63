"""Reads of the item bank used more than once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from certification.bank.content import ItemContent, ItemType, parse_content
from certification.bank.models import ItemVersion
from core.database import fetch, fetchval
from core.pages import decode_cursor, encode_cursor

if TYPE_CHECKING:
    from certification.bank.schemas import ItemSearch

_ROWS = """
    SELECT i.id, i.title, i.domain_id, d.name AS domain, i.retired_at, i.created_at,
           v.id AS version_id, v.version, v.type, v.content, v.created_at AS changed_at
    FROM item i
    JOIN domain d ON d.id = i.domain_id
    JOIN LATERAL (SELECT * FROM item_version WHERE item_id = i.id ORDER BY version DESC LIMIT 1) v ON true
    WHERE i.certification_id = $1"""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its domain and its current version; `content` is the stored document, key included."""

    id: UUID
    title: str
    domain_id: UUID
    domain: str
    retired_at: datetime | None
    created_at: datetime
    version_id: UUID
    version: int
    type: ItemType
    content: dict[str, Any]
    changed_at: datetime

    @classmethod
    def of(cls, record: asyncpg.Record) -> "ItemRow":
        """From a record of the statement above."""
        values = dict(record)
        values["type"], values["content"] = ItemType(values["type"]), json.loads(values["content"])
        return cls(**values)

    def read(self) -> ItemContent:
        """The content as its model."""
        return parse_content(self.content)


async def find(certification_id: UUID, search: "ItemSearch") -> tuple[list[ItemRow], str | None]:
    """A page of a certification's items, the newest first, by words of title or prompt, domain and type."""
    (after,) = decode_cursor(search.cursor, UUID) if search.cursor else (None,)
    found = await fetch(
        _ROWS
        + """ AND (i.retired_at IS NOT NULL) = $2
            AND ($3::text = '' OR strpos(lower(i.title), lower($3)) > 0
                 OR strpos(lower(v.content->'prompt'->>'source'), lower($3)) > 0)
            AND ($4::uuid IS NULL OR i.domain_id = $4)
            AND ($5::text IS NULL OR v.type = $5)
            AND ($6::uuid IS NULL OR i.id < $6)
          ORDER BY i.id DESC LIMIT $7""",
        certification_id,
        search.retired,
        search.q or "",
        search.domain,
        search.type.value if search.type else None,
        after,
        search.limit + 1,
    )
    shown = [ItemRow.of(record) for record in found[: search.limit]]
    return shown, encode_cursor(shown[-1].id) if len(found) > search.limit else None


async def row_of(certification_id: UUID, item_id: UUID) -> ItemRow | None:
    """One item of the certification, or None."""
    found = await fetch(_ROWS + " AND i.id = $2", certification_id, item_id)
    return ItemRow.of(found[0]) if found else None


async def every_row(certification_id: UUID, *, retired: bool | None = None) -> list[ItemRow]:
    """All items of the certification, the oldest first; `retired` narrows them to those that are or are not."""
    found: Sequence[asyncpg.Record] = await fetch(
        _ROWS + " AND ($2::bool IS NULL OR (i.retired_at IS NOT NULL) = $2) ORDER BY i.id", certification_id, retired
    )
    return [ItemRow.of(record) for record in found]


async def versions_of(item_id: UUID) -> list[ItemVersion]:
    """Every version of an item, the newest first."""
    return await ItemVersion.filter(item_id=item_id).order_by("-version")


async def counts_by_domain(certification_id: UUID) -> dict[UUID, int]:
    """How many items in use each domain has."""
    found = await fetch(
        "SELECT domain_id, count(*) AS items FROM item WHERE certification_id = $1 AND retired_at IS NULL GROUP BY 1",
        certification_id,
    )
    return {record["domain_id"]: record["items"] for record in found}


async def count_retired(certification_id: UUID) -> int:
    """How many items are retired."""
    found: int = await fetchval(
        "SELECT count(*) FROM item WHERE certification_id = $1 AND retired_at IS NOT NULL", certification_id
    )
    return found
