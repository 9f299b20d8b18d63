"""A mark in documents that this site writes and that are no certificates, so that they are told from forgeries.

The mark is a comment before the file's end, which no reader minds: what the document is, numbers that stand in it, and
a keyed hash (HMAC-SHA-256) over every byte of the file but the hash itself. Nothing has to be kept to know it again.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.settings import get_settings

_BEGIN: Final = b"%confero-document "
_FORM: Final = re.compile(rb"(transcript|ticket) ([0-9a-f]{64})((?: [0-9A-Z-]{1,20}){0,500})\n")
_END: Final = b"startxref"
_BLANK: Final = b"0" * 64
_NEAR_END: Final = 16_384
"""Bytes before the end that are looked at."""


class DocumentKind(StrEnum):
    """What a document of this site is."""

    transcript = "transcript"
    ticket = "ticket"


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """What a mark says. `is_unchanged`: every byte is as this site wrote it; else anybody may have written the mark."""

    kind: DocumentKind
    numbers: tuple[str, ...]
    is_unchanged: bool


def marked(pdf: bytes, kind: DocumentKind, numbers: Sequence[str] = ()) -> bytes:
    """The finished PDF with a mark that names up to 500 `numbers`; equal input gives equal bytes under one secret."""
    head, end, tail = pdf.rpartition(_END)
    listed = b"".join(b" " + number.encode("ascii") for number in numbers[:500])
    start = head + _BEGIN + kind.value.encode() + b" "
    rest = listed + b"\n" + end + tail
    return start + _hash(start + _BLANK + rest) + rest


def mark_of(content: bytes) -> OwnDocument | None:
    """The mark near the end of a file, which may be anything at all; None where there is none."""
    place = content.rfind(_BEGIN, max(0, len(content) - _NEAR_END))
    found = _FORM.match(content, place + len(_BEGIN)) if place >= 0 else None
    if found is None:
        return None
    start, end = found.span(2)
    hashed = _hash(content[:start] + _BLANK + content[end:])
    return OwnDocument(
        DocumentKind(found[1].decode()),
        tuple(found[3].decode().split()),
        hmac.compare_digest(hashed, found[2]),
    )


def _hash(content: bytes) -> bytes:
    secret = get_settings().signing_secret
    return hmac.new(secret, b"own document\n" + content, hashlib.sha256).hexdigest().encode()
