"""Looking several numbers up at once, for an employer: what is true of each, and which are repeated or cannot be."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certification.bulk import csv_file
from certification.certificates.models import Certificate
from certification.certificates.numbers import normalize_number
from certification.certificates.verification import Standing, Verification, standing_of
from core.errors import InvalidInput
from core.i18n import gettext as _
from core.spreadsheets import csv_of

MOST_NUMBERS = 500
"""How many numbers are looked up at a time."""
_SEPARATORS = re.compile(r"[,;\t]")
_LONGEST = 300
_MOST_LINES = 5000


class LookupOutcome(StrEnum):
    """How a number stands, or why it was not looked up."""

    valid = "valid"
    expired = "expired"
    suspended = "suspended"
    revoked = "revoked"
    superseded = "superseded"
    unknown = "unknown"
    impossible = "impossible"
    repeated = "repeated"


@dataclass(frozen=True, slots=True)
class Asked:
    """One number as it was typed, and the line it stands in, counted as an editor does."""

    line: int
    typed: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one number. `found` is None where it is impossible or was looked up in `first_line` already."""

    line: int
    typed: str
    outcome: LookupOutcome
    number: str | None = None
    first_line: int | None = None
    found: Verification | None = None

    @property
    def holder(self) -> str | None:
        """The name on the certificate; None where there is none, or its holder keeps it to themselves."""
        return self.found.holder if self.found else None

    @property
    def certificate(self) -> Certificate | None:
        """The certificate with this number."""
        return self.found.certificate if self.found else None

    @property
    def followed_by(self) -> str | None:
        """The number of the certificate that corrected or renewed it."""
        return (self.found.corrected_by or self.found.renewed_by) if self.found else None


def read_text(text: str) -> list[Asked]:
    """The numbers of a pasted list, one a line or with commas between. Raises `InvalidInput` for `numbers`."""
    asked = [
        Asked(line, cell.strip()[:_LONGEST])
        for line, written in enumerate(text.splitlines(), start=1)
        for cell in _SEPARATORS.split(written)
        if cell.strip()
    ]
    return _limited(asked, "numbers")


async def read_file(content: bytes) -> list[Asked]:
    """The numbers of a CSV file's column `number`, or of its only column. Raises `InvalidInput` for `file`, `Busy`."""
    rows = (await csv_file.read_confined(content, key="number")).rows
    return _limited([Asked(row.line, row.values["number"]) for row in rows if "number" in row.values], "file")


def as_text(asked: Sequence[Asked]) -> str:
    """The same numbers as a list for `read_text`, in the same lines unless those lie far apart."""
    if asked and asked[-1].line > _MOST_LINES:
        return "\n".join(_SEPARATORS.sub(" ", one.typed) for one in asked)
    lines: dict[int, list[str]] = {}
    for one in asked:
        lines.setdefault(one.line, []).append(_SEPARATORS.sub(" ", one.typed))
    return "\n".join(", ".join(lines.get(line, [])) for line in range(1, asked[-1].line + 1 if asked else 1))


async def look_up(asked: Sequence[Asked], *, now: datetime) -> list[Looked]:
    """What is true of each number, in the order they were asked; one query for all of them."""
    numbers = [normalize_number(one.typed) for one in asked]
    rows = await Certificate.filter(number__in=[number for number in numbers if number]).select_related("successor")
    by_number = {row.number: row for row in rows}
    first_lines: dict[str, int] = {}
    looked: list[Looked] = []
    for one, number in zip(asked, numbers, strict=True):
        if number is None:
            looked.append(Looked(one.line, one.typed, LookupOutcome.impossible))
        elif number in first_lines:
            line = first_lines[number]
            looked.append(Looked(one.line, one.typed, LookupOutcome.repeated, number, first_line=line))
        else:
            first_lines[number] = one.line
            found = _verified(number, by_number.get(number), now)
            outcome = LookupOutcome(found.standing.value)
            looked.append(Looked(one.line, one.typed, outcome, number, found=found))
    return looked


def counts(looked: Iterable[Looked]) -> dict[LookupOutcome, int]:
    """How many numbers came to each outcome, those that none came to left out."""
    outcomes = [one.outcome for one in looked]
    return {outcome: outcomes.count(outcome) for outcome in LookupOutcome if outcome in outcomes}


def as_csv(looked: Iterable[Looked]) -> bytes:
    """The answers as UTF-8 CSV in the order they were asked; days are UTC, ISO 8601."""
    headings = (
        *(_("Line"), _("As given"), _("Number"), _("Status"), _("Holder"), _("Achievement"), _("Conferred by")),
        *(_("Achieved on"), _("Valid until"), _("Followed by"), _("Same as line")),
    )
    return csv_of(headings, map(_cells, looked))


def _cells(one: Looked) -> tuple[str, ...]:
    start = (str(one.line), one.typed, one.number or "", one.outcome.value, one.holder or "")
    end = (one.followed_by or "", str(one.first_line or ""))
    found = one.certificate
    if found is None:
        return (*start, "", "", "", "", *end)
    until = found.valid_until.date().isoformat() if found.valid_until else ""
    return (*start, found.achievement, found.issuer_name, found.achieved_at.date().isoformat(), until, *end)


def _verified(number: str, certificate: Certificate | None, now: datetime) -> Verification:
    if certificate is None:
        return Verification(number, Standing.unknown)
    successor = certificate.successor
    return Verification(
        number,
        standing_of(certificate, now=now),
        certificate,
        successor=successor if isinstance(successor, Certificate) else None,
    )


def _limited(asked: list[Asked], field: str) -> list[Asked]:
    if not asked:
        raise InvalidInput({field: _("Give at least one certificate number.")})
    if len(asked) > MOST_NUMBERS:
        message = _("At most {limit} numbers at a time; these are {count}.")
        raise InvalidInput({field: message.format(limit=MOST_NUMBERS, count=len(asked))})
    return asked
