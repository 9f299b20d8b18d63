"""Cursor pagination: a page of a list and the opaque cursor to the next one."""

import base64
import binascii
import json
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidInput

T = TypeVar("T")


class PageQuery(BaseModel):
    """Which page of a list: `cursor` from the page before, `limit` items."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=300, description="`next_cursor` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=100, description="Items on a page.")] = 50


class PageOf(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(*key: datetime | UUID | str | int) -> str:
    """The sort key of a page's last row as an opaque cursor."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[datetime | UUID | str | int]:
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


def _as(kind: type, value: object) -> datetime | UUID | str | int:
    if kind is int:
        if not isinstance(value, int) or abs(value) > 2**62:
            raise ValueError
        return value
    if not isinstance(value, str) or "\x00" in value or not value.isprintable():
        raise ValueError
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    return UUID(value) if kind is UUID else value
