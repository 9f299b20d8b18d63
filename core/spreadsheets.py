"""CSV for spreadsheets: cells that cannot be taken for formulas, and the mark by which Excel knows UTF-8."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the full-width ones, which spreadsheets set to Japanese take for the same."""
_BOM = "\ufeff"

Row = Sequence[str]


def harmless(text: str) -> str:
    """`text`, with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV Injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_of(headings: Row, rows: Iterable[Row]) -> bytes:
    """A table as UTF-8 CSV (RFC 4180); every cell is made harmless."""
    return _head(headings) + _lines(rows)


async def streamed(headings: Row, batches: AsyncIterator[Iterable[Row]]) -> AsyncIterator[bytes]:
    """A table as `csv_of` writes it, in one piece for the headings and one for each batch of rows."""
    yield _head(headings)
    async for rows in batches:
        yield _lines(rows)


def _head(headings: Row) -> bytes:
    return _BOM.encode() + _lines([headings])


def _lines(rows: Iterable[Row]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([harmless(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()
