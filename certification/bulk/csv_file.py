"""Reading the CSV files that officers bring: any usual separator and encoding, columns by name in any order."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from core import confinement
from core.errors import InvalidInput
from core.i18n import gettext as _

MOST_LINES = 50_000
_LONGEST_CELL = 1000
_SECONDS = 5.0
"""Of a core, for one file."""
_SEPARATORS = (",", ";", "\t")
COLUMNS: Mapping[str, frozenset[str]] = {
    "email": frozenset({"email", "e-mail", "mail", "email address", "e-mail address"}),
    "name": frozenset({"name", "certificate name", "holder", "holder name", "full name"}),
    "achieved_on": frozenset({"achieved on", "achieved", "passed on", "passed", "date"}),
    "score": frozenset({"score", "score in percent", "percent"}),
    "number": frozenset({"number", "certificate number", "certificate"}),
    "reason": frozenset({"reason"}),
}
"""Every column that means something, and the headings it is known by."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: its number, counted as an editor does, and its cells by column."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """What a file says: its rows, read while they are asked for, and the headings that mean nothing here."""

    rows: Iterator[Row]
    ignored: list[str]


async def read_confined(raw: bytes, *, key: str, optional: frozenset[str] = frozenset()) -> CsvFile:
    """`read` in a confined process, all of the rows at once. Raises `InvalidInput` for field `file`, and `Busy`."""
    try:
        rows, ignored = await confinement.run(_read_whole, raw, key, optional, seconds=_SECONDS)
    except (confinement.Stopped, confinement.Failed):
        message = _("This file is too involved to be read. Cut it into several.")
        raise InvalidInput({"file": message}) from None
    return CsvFile(iter(rows), ignored)


def _read_whole(raw: bytes, key: str, optional: frozenset[str]) -> tuple[list[Row], list[str]]:
    file = read(raw, key=key, optional=optional)
    return list(file.rows), file.ignored


def read(raw: bytes, *, key: str, optional: frozenset[str] = frozenset()) -> CsvFile:
    """The rows of a CSV file with the column `key` and any of `optional`; empty lines are left out.

    A file of one column needs no heading. Asking for a row raises `InvalidInput` for field `file` where the text is
    broken or has more than 50,000 lines, as does a file that is not text or lacks the column.
    """
    text = _text(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    lines = _filled(reader)
    first = next(lines, None)
    if first is None:
        raise InvalidInput({"file": _("The file is empty.")})
    known = {key, *optional}
    named = {place: _column(cell, known) for place, cell in enumerate(first[1])}
    if key in named.values():
        columns = {name: place for place, name in reversed(named.items()) if name is not None}
        ignored = [cell.strip()[:100] for place, cell in enumerate(first[1]) if named[place] is None and cell.strip()]
        return CsvFile(_rows(lines, columns), ignored)
    if len(first[1]) == 1 and not any(named.values()):
        return CsvFile(_rows(chain([first], lines), {key: 0}), [])
    message = _("The first line must name the columns, and one of them must be “{column}”.")
    raise InvalidInput({"file": message.format(column=key)})


def _text(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidInput({"file": _("Save the file as CSV in UTF-8; these bytes are no such text.")}) from None
    if "\x00" in text:
        raise InvalidInput({"file": _("This is no CSV file: it holds bytes that are no text.")})
    head, _end, rest = text.partition("\n")
    return rest if head.strip().lower().startswith("sep=") else text


def _separator(text: str) -> str:
    head = text.lstrip(" \r\n").partition("\n")[0]
    return max(_SEPARATORS, key=head.count)


def _filled(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not empty."""
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            message = _("Line {line} is no CSV: {problem}.").format(line=_line_of(reader), problem=error)
            raise InvalidInput({"file": message}) from None
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        if number > MOST_LINES + 1:
            message = _("A file may have at most {limit} lines. Cut it into several.").format(limit=MOST_LINES)
            raise InvalidInput({"file": message})
        yield _line_of(reader), cells


def _line_of(reader: Iterator[list[str]]) -> int:
    return int(getattr(reader, "line_num", 0))


def _column(heading: str, known: set[str]) -> str | None:
    plain = " ".join(heading.replace("_", " ").split()).casefold()
    return next((name for name in known if plain in COLUMNS[name] or plain == name), None)


def _rows(lines: Iterator[tuple[int, list[str]]], columns: dict[str, int]) -> Iterator[Row]:
    for line, cells in lines:
        values = {
            name: cells[place].strip()[:_LONGEST_CELL]
            for name, place in columns.items()
            if place < len(cells) and cells[place].strip()
        }
        yield Row(line, values)
