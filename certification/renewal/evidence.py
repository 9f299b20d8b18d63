"""Files that prove a claim: what is taken, where they lie, and removing those that no credit refers to."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from core import files
from core.database import execute, fetchval, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _
from core.jobs import enqueue

MOST_BYTES = 5 * 1024 * 1024
"""Largest file of evidence."""
_AREA = "evidence"
_END = 2048


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """A kind of file that is taken."""

    content_type: str
    suffix: str


_PDF = EvidenceKind("application/pdf", "pdf")
_PNG = EvidenceKind("image/png", "png")
_JPEG = EvidenceKind("image/jpeg", "jpg")


def kind_of(content: bytes) -> EvidenceKind:
    """What a file is, by its own first and last bytes and whatever its name says.

    Raises `InvalidInput` for `file` where it is empty, larger than 5 MB, cut off, or neither PDF, PNG nor JPEG.
    Sources: ISO 32000-2 section 7.5, PNG (W3C) section 5, ITU-T T.81 annex B.
    """
    if not content:
        raise InvalidInput({"file": _("Choose a file.")})
    if len(content) > MOST_BYTES:
        message = _("The file is larger than {megabytes} MB. Send a smaller scan.")
        raise InvalidInput({"file": message.format(megabytes=MOST_BYTES // 1024**2)})
    end = content[-_END:]
    for kind, is_begun, is_whole in (
        (_PDF, b"%PDF-" in content[:1024], b"%%EOF" in end),
        (_PNG, content.startswith(b"\x89PNG\r\n\x1a\n"), b"IEND" in end),
        (_JPEG, content.startswith(b"\xff\xd8\xff"), b"\xff\xd9" in end),
    ):
        if is_begun and not is_whole:
            raise InvalidInput({"file": _("The file is cut off. Send it again.")})
        if is_begun:
            return kind
    raise InvalidInput({"file": _("Send a PDF, or a picture as PNG or JPEG.")})


async def keep(content: bytes) -> str:
    """Store a checked file and return its SHA-256, in the transaction that will refer to it.

    Waits for a removal of the same bytes that runs, and lets a later one wait for the caller's transaction.
    """
    kind_of(content)
    await _lock(hashlib.sha256(content).hexdigest())
    return await files.put(content, area=_AREA)


async def content_of(sha256: str) -> bytes:
    """The bytes of a file. Raises `NotFound`."""
    return await files.get(sha256, area=_AREA)


async def forget(digests: Iterable[str]) -> None:
    """Have the files removed after the running transaction, but those that another credit refers to."""
    listed = sorted(set(digests))
    if listed:
        await enqueue("renewal.forget_evidence", {"sha256": listed})


async def remove_unreferred(digests: Iterable[str]) -> None:
    """Remove the files that no credit refers to any more."""
    for digest in digests:
        async with transaction():
            await _lock(digest)
            if not await fetchval("SELECT EXISTS (SELECT FROM credit WHERE evidence_sha256 = $1)", digest):
                await files.remove(digest, area=_AREA)


async def _lock(digest: str) -> None:
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"evidence {digest}")
