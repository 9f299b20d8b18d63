"""Cursor pagination: a page of a list and the opaque cursor to the next one."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidInput

_UNSETTABLE = re.compile("[\x00\ud800-\udfff]")
T = TypeVar("T")
Part = datetime | UUID | str | int


class PageQuery(BaseModel):
    """Which page of a list: `cursor` from the page before, `limit` items."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=300, description="`next_cursor` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=100, description="Items on a page.")] = 50


class PageOf(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


class ListQuery(PageQuery):
    """Which part of a list that is short by its nature: all of it (up to 1,000), unless `limit` asks for pages."""

    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="Items on a page.")] = 1000


def page_of(
    items: Iterable[T],
    query: PageQuery,
    *,
    key: Callable[[T], tuple[Part, ...]],
    kinds: tuple[type, ...],
    descending: bool = False,
) -> PageOf[T]:
    """One page of a list that is at hand as a whole, in the order of `key`, which tells all items apart.

    `kinds` are the types of the key's parts, as for `decode_cursor`. What is added or removed between two pages moves
    nothing else from one page to another. Raises `InvalidInput` for a foreign cursor.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if query.cursor:
        last = tuple(decode_cursor(query.cursor, *kinds))
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    shown = ordered[: query.limit]
    more = encode_cursor(*key(shown[-1])) if len(ordered) > query.limit else None
    return PageOf(items=shown, next_cursor=more)


def encode_cursor(*key: Part) -> str:
    """The sort key of a page's last row as an opaque cursor."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps(values, default=str, ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[Part]:
    """The sort key inside `cursor`, each part as the kind asked for (datetime, UUID, str, int).

    Raises `InvalidInput` for anything that `encode_cursor` did not make.
    """
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return [_as(kind, value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidInput({"cursor": "Use the `next_cursor` of the page before, unchanged."}) from None


def _as(kind: type, value: object) -> Part:
    if kind is int:
        if not isinstance(value, int) or abs(value) > 2**62:
            raise ValueError
        return value
    if not isinstance(value, str) or _UNSETTABLE.search(value):
        raise ValueError
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    return UUID(value) if kind is UUID else value
