"""Saving answers: the hot path of an exam. One statement decides and stores; nothing of it goes through objects."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Person
from certification.exams.batching import Save, store
from certification.exams.contents import Recent, content_of
from certification.exams.models import GRACE, AttemptStatus
from certification.exams.responses import Response, check_response
from core.database import fetchrow
from core.errors import Conflict, InvalidInput, NotFound
from core.i18n import N_

MAX_SEQUENCE = 2**53
"""The greatest whole number that every JSON client counts to exactly (RFC 8259 section 6)."""


class AttemptClosed(Conflict):
    """The attempt takes no more answers."""

    code, message = "attempt_closed", N_("This attempt is closed. What was saved until then counts.")


@dataclass(frozen=True, slots=True)
class Saved:
    """What is stored for one position now."""

    position: int
    sequence: int
    response: Response
    saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Form:
    """Whose an attempt is and which item version stands at each position; both are frozen at the start."""

    person_id: UUID
    version_ids: tuple[UUID, ...]


_forms: Recent[UUID, _Form] = Recent(1000)

_STORED = """
    SELECT a.status, a.deadline, r.sequence, r.response, r.saved_at
    FROM attempt a JOIN response r ON r.attempt_id = a.id WHERE a.id = $1 AND r.position = $2
"""


async def save(attempt_id: UUID, position: int, *, sequence: int, response: object, by: Person, now: datetime) -> Saved:
    """Store an answer, or leave what is there where its sequence is not lower; returns what is stored now.

    `position` counts from 1; `sequence` is the client's counter, 1 to 2**53. Raises `NotFound` for another person's
    attempt or a position that it has not, `InvalidInput` for what is no answer to the item, and `AttemptClosed` once
    it is submitted or the deadline has passed by more than the grace.
    """
    form = await _form(attempt_id)
    if form.person_id != by.id or not 1 <= position <= len(form.version_ids):
        raise NotFound()
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise InvalidInput({"sequence": "Count from 1 to 2**53."})
    checked = check_response(await content_of(form.version_ids[position - 1]), response)
    document = None if checked is None else json.dumps(checked, ensure_ascii=False)
    if await store(Save(attempt_id, position, sequence, document, now)):
        return Saved(position, sequence, checked, now)
    return await _stored(attempt_id, position, now)


async def save_next(attempt_id: UUID, position: int, *, response: object, by: Person, now: datetime) -> Saved:
    """Store an answer that comes without a counter, from a browser without scripts: it follows what is stored."""
    form = await _form(attempt_id)
    if form.person_id != by.id or not 1 <= position <= len(form.version_ids):
        raise NotFound()
    stored = await _stored(attempt_id, position, now)
    return await save(attempt_id, position, sequence=stored.sequence + 1, response=response, by=by, now=now)


async def _stored(attempt_id: UUID, position: int, now: datetime) -> Saved:
    row = await fetchrow(_STORED, attempt_id, position)
    if row is None:
        raise NotFound()
    if row["status"] != AttemptStatus.in_progress or now > row["deadline"] + GRACE:
        raise AttemptClosed()
    return Saved(position, row["sequence"], _decoded(row["response"]), row["saved_at"])


async def _form(attempt_id: UUID) -> _Form:
    kept = _forms.get(attempt_id)
    if kept is not None:
        return kept
    row = await fetchrow(
        """SELECT a.person_id, array_agg(r.item_version_id ORDER BY r.position) AS version_ids
           FROM attempt a JOIN response r ON r.attempt_id = a.id WHERE a.id = $1 GROUP BY a.person_id""",
        attempt_id,
    )
    if row is None:
        raise NotFound()
    form = _Form(row["person_id"], tuple(row["version_ids"]))
    _forms.put(attempt_id, form)
    return form


def _decoded(stored: str | None) -> Any:  # Any: JSON that `check_response` has let in
    return None if stored is None else json.loads(stored)
