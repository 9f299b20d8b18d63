"""Answers that arrive together are stored by one statement. Nobody is told "saved" before the commit."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from certification.exams.models import GRACE
from core.batching import Batcher
from core.database import fetch, is_in_transaction, transaction


@dataclass(frozen=True, slots=True)
class Save:
    """One checked answer; `document` is its JSON text, None clears."""

    attempt_id: UUID
    position: int
    sequence: int
    document: str | None
    now: datetime

    @property
    def key(self) -> tuple[UUID, int]:
        """Which row it is for."""
        return self.attempt_id, self.position


# FOR SHARE holds back whoever closes an attempt until its answers are in, and its answers until it is closed: an answer
# that was acknowledged is graded. Locks are taken in the order of ids, so that two statements do not block each other.
_SAVE = """
    WITH sitting AS MATERIALIZED (
        SELECT id, deadline FROM attempt WHERE id = ANY($1) AND status = 'in_progress' ORDER BY id FOR SHARE
    )
    UPDATE response SET response = given.document::jsonb, sequence = given.sequence, saved_at = given.moment
    FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::text[], $5::timestamptz[])
         AS given (attempt_id, position, sequence, document, moment)
    JOIN sitting ON sitting.id = given.attempt_id AND sitting.deadline >= given.moment - $6::interval
    WHERE response.attempt_id = given.attempt_id AND response.position = given.position
      AND response.sequence < given.sequence
    RETURNING response.attempt_id, response.position
"""


async def store(save: Save) -> bool:
    """Store an answer unless its attempt is closed or a sequence as high is there; whether it was stored.

    Inside a transaction it is part of that; otherwise it may share a statement with others.
    """
    if is_in_transaction():
        async with transaction():
            return save.key in await _store([save])
    return await _BATCHER.put(save) is not None


async def _store(saves: list[Save]) -> dict[Hashable, bool]:
    """The rows that were changed, as keys; saves that another process keeps from going together go one by one."""
    try:
        rows = await fetch(
            _SAVE,
            [save.attempt_id for save in saves],
            [save.position for save in saves],
            [save.sequence for save in saves],
            [save.document for save in saves],
            [save.now for save in saves],
            GRACE,
        )
    except asyncpg.DeadlockDetectedError:
        if len(saves) == 1:
            raise
        return {key: True for save in saves for key in await _store([save])}
    return {(row["attempt_id"], row["position"]): True for row in rows}


_BATCHER: Batcher[Save, bool] = Batcher(_store, key=lambda save: save.key)
