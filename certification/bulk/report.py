"""A run as a CSV file: every line with what came of it, read with a cursor, so that its length does not matter."""

import csv
import io
import json
from collections.abc import AsyncIterator

from certification.bulk.models import BulkRun
from core.database import transaction
from core.i18n import gettext as _

_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"
_LINES = """
SELECT l.position, l.given, l.state, l.problem, l.done_at, c.number, c.holder_name
FROM bulk_line l LEFT JOIN certificate c ON c.id = l.certificate_id WHERE l.run_id = $1 ORDER BY l.position"""


async def as_csv(run: BulkRun) -> AsyncIterator[bytes]:
    """All lines in the order of the file, as UTF-8 CSV (RFC 4180) in pieces of 500; times are UTC, ISO 8601.

    A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV Injection). Holds one
    snapshot of the database while it is read.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow((_("Line"), _("E-mail"), _("Name"), _("Number"), _("State"), _("Remark"), _("Done")))
    async with transaction() as connection:
        cursor = await connection.cursor(_LINES, run.id)
        while rows := await cursor.fetch(_BATCH):
            for row in rows:
                given = json.loads(row["given"]) if isinstance(row["given"], str) else row["given"]
                name = row["holder_name"] or given.get("name") or given.get("holder") or ""
                cells = (given.get("email", ""), name, row["number"] or given.get("number", ""))
                done_at = row["done_at"].isoformat(timespec="seconds") if row["done_at"] else ""
                line = given.get("line", row["position"])
                writer.writerow((line, *map(_harmless, cells), row["state"], _harmless(row["problem"]), done_at))
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
