"""A run as a CSV file: every line with what came of it, read in slices: its length is no matter, nor a slow reader."""

import json
from collections.abc import AsyncIterator

import asyncpg

from certification.bulk.models import BulkRun
from core.database import fetch
from core.i18n import gettext as _
from core.spreadsheets import Row, streamed

_BATCH = 500
_LINES = """
SELECT l.position, l.given, l.state, l.problem, l.done_at, c.number, c.holder_name
FROM bulk_line l LEFT JOIN certificate c ON c.id = l.certificate_id
WHERE l.run_id = $1 AND l.position > $2 ORDER BY l.position LIMIT $3"""


def as_csv(run: BulkRun) -> AsyncIterator[bytes]:
    """All lines in the order of the file, in pieces of 500; times are UTC, ISO 8601.

    Holds nothing of the database while its reader reads.
    """
    headings = (_("Line"), _("E-mail"), _("Name"), _("Number"), _("State"), _("Remark"), _("Done"))
    return streamed(headings, _batches(run))


async def _batches(run: BulkRun) -> AsyncIterator[list[Row]]:
    position = -1
    while rows := await fetch(_LINES, run.id, position, _BATCH):
        yield [_line(row) for row in rows]
        position = rows[-1]["position"]


def _line(row: asyncpg.Record) -> Row:
    given = json.loads(row["given"]) if isinstance(row["given"], str) else row["given"]
    return (
        str(given.get("line", row["position"])),
        given.get("email", ""),
        row["holder_name"] or given.get("name") or given.get("holder") or "",
        row["number"] or given.get("number", ""),
        row["state"],
        row["problem"],
        row["done_at"].isoformat(timespec="seconds") if row["done_at"] else "",
    )
