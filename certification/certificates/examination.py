"""What a file alone says: which kind it is, whether its own signatures hold, and what it claims to be."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from certification.badges.verdicts import BadgeCheck, Reason
from certification.certificates.numbers import any_number
from certification.signing.inspection import PdfInspection, inspect_pdf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from certification.badges.issuer_keys import Fetch

_NUMBER = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?![0-9A-Z])")


class FileKind(StrEnum):
    """By the first bytes, whatever the file is called."""

    pdf = "pdf"
    png = "png"
    svg = "svg"
    json = "json"
    jwt = "jwt"
    other = "other"


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. `pdf` is there for a PDF; `badge` for a badge, or the one that a PDF or a picture carries.

    `credential` is that badge as it stands in the file. `number` is the certificate that the file claims to be.
    """

    kind: FileKind
    pdf: PdfInspection | None = None
    badge: BadgeCheck | None = None
    credential: bytes | None = None
    number: str | None = None


def kind_of(content: bytes) -> FileKind:
    """Which kind of file the bytes are."""
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"%PDF-"):
        return FileKind.pdf
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.png
    if start.startswith(b"<"):
        return FileKind.svg
    if start.startswith(b"{"):
        return FileKind.json
    return FileKind.jwt if start.startswith(b"ey") else FileKind.other


async def examine(
    content: bytes,
    *,
    now: datetime,
    fetch: "Fetch | None" = None,
    has_database: bool = True,
    trusted: frozenset[str] = frozenset(),
) -> Examination:
    """Look into a file, which may be anything at all; never raises for what is in it, and works within limits.

    `fetch` and `has_database` say where keys and statuses of badges may be asked for, and `trusted` whom the reader
    trusts, as in `badges.checking.check`.
    """
    from certification.badges import checking

    check = partial(checking.check, now=now, fetch=fetch, has_database=has_database, trusted=trusted)
    kind = kind_of(content)
    if kind is FileKind.pdf:
        return await _examine_pdf(content, check)
    if kind is FileKind.other:
        return Examination(kind)
    checked = await check(content)
    return Examination(kind, badge=checked, credential=content, number=_number_of(checked))


async def _examine_pdf(content: bytes, check: "Callable[[bytes], Awaitable[BadgeCheck]]") -> Examination:
    found = await inspect_pdf(content)
    number = _number_in(found.subject)
    for credential in found.credentials:
        checked = await check(credential)
        if Reason.not_a_badge not in checked.reasons:
            return Examination(FileKind.pdf, found, checked, credential, _number_of(checked) or number)
    return Examination(FileKind.pdf, found, number=number)


def _number_of(checked: BadgeCheck) -> str | None:
    return any_number(checked.claims.number) if checked.claims else None


def _number_in(text: str) -> str | None:
    found = _NUMBER.search(text)
    return any_number(found.group()) if found else None
