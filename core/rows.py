"""Models from plain SQL, for the few reads that run on every request: the ORM builds its statement anew each time."""

from typing import Any, TypeVar

import asyncpg
from tortoise.models import Model

M = TypeVar("M", bound=Model)


def columns(model: type[Model], alias: str) -> str:
    """The select list of all columns of `model` under `alias`, for `instance` to find: `e.id AS e__id, …`."""
    return ", ".join(f"{alias}.{column} AS {alias}__{column}" for column in model._meta.fields_db_projection.values())


def instance(model: type[M], row: asyncpg.Record, alias: str) -> M:
    """The object of `model` that `columns` selected under `alias`."""
    fields: dict[str, Any] = {
        field: row[f"{alias}__{column}"] for field, column in model._meta.fields_db_projection.items()
    }
    return model._init_from_db(**fields)
