"""CSV for spreadsheets: cells that cannot be taken for formulas, and the mark by which Excel knows UTF-8."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"


def harmless(text: str) -> str:
    """`text`, with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV Injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_of(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as UTF-8 CSV (RFC 4180); every cell is made harmless."""
    buffer = io.StringIO()
    buffer.write(_BOM)
    writer = csv.writer(buffer)
    writer.writerow(headings)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()
