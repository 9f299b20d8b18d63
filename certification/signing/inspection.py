"""What a PDF says of itself: whether its signature is intact, whose it is, and which badge it carries.

It proves that the bytes are the ones that were signed by the holder of the certificate found in the file. Whether that
certificate deserves trust is another question: `PdfSignature` names it, and whoever asks compares it.
Loads its engine, pyHanko, when a file is inspected and not before.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core import confinement

MAX_SECONDS = 5.0
"""Of a core, for one file."""
_BEGIN, _END, _LONGEST = b"<dc:description>", b"</dc:description>", 2000
_TAG = re.compile(rb"<[^<>]*>")


class PdfProblem(StrEnum):
    """Why a file could not be looked into at all."""

    not_pdf = "not_pdf"
    encrypted = "encrypted"
    damaged = "damaged"
    too_slow = "too_slow"


class SignatureState(StrEnum):
    """What a signature proves. Only `intact` speaks for the whole file."""

    intact = "intact"
    extended = "extended"
    changed = "changed"
    unreadable = "unreadable"


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """One signature. `extended`: what it covers is intact, but something was added afterwards.

    `signed_at` is what the signer claims; `stamped_at` what a time-stamp service vouches for, where its token fits this
    signature. `was_in_date` tells whether the certificate was in its dates at that moment.
    """

    state: SignatureState
    signer: str = ""
    organization: str = ""
    issuer: str = ""
    is_self_signed: bool = False
    certificate_sha256: str = ""
    signed_at: datetime | None = None
    stamped_at: datetime | None = None
    stamped_by: str = ""
    was_in_date: bool = False


@dataclass(frozen=True, slots=True)
class PdfInspection:
    """What was found. `credentials` are attached files that may be badges, as they are in the file, at most five.

    `subject` is what the document's information says that it is about, which anybody can have written.
    """

    problem: PdfProblem | None = None
    signatures: tuple[PdfSignature, ...] = ()
    subject: str = ""
    credentials: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def is_intact(self) -> bool:
        """Whether the issuer's signature covers the whole file and is unbroken: nothing was changed or added since."""
        return self.signature is not None and self.signature.state is SignatureState.intact

    @property
    def signature(self) -> PdfSignature | None:
        """The signature that speaks for the file: the first one, which is the issuer's."""
        return self.signatures[0] if self.signatures else None


async def inspect_pdf(content: bytes, *, seconds: float = MAX_SECONDS) -> PdfInspection:
    """`inspect_pdf_here` in a confined process, which is ended when it uses more than `seconds` of a core.

    Raises `Busy` where too many files wait already, and nothing for what is in the file.
    """
    if not content.startswith(b"%PDF-"):
        return PdfInspection(PdfProblem.not_pdf)
    try:
        return await confinement.run(inspect_pdf_here, content, seconds=seconds)
    except (confinement.Stopped, confinement.Failed):
        return PdfInspection(PdfProblem.too_slow)


def inspect_pdf_here(content: bytes) -> PdfInspection:
    """Look into a file, which may be anything at all: raises nothing, and may take for ever."""
    if not content.startswith(b"%PDF-"):
        return PdfInspection(PdfProblem.not_pdf)
    from certification.signing import dissection

    try:
        return dissection.dissect(content)
    except MemoryError:
        raise
    except Exception:  # whatever a parser says of bytes that are not what they should be
        return PdfInspection(PdfProblem.damaged, subject=_subject_in_clear(content))


def _subject_in_clear(content: bytes) -> str:
    """The subject from the metadata, which stand in a PDF/A uncompressed so that they outlive damage elsewhere."""
    start = content.find(_BEGIN)
    if start < 0:
        return ""
    described, end, _rest = content[start + len(_BEGIN) :][: _LONGEST + len(_END)].partition(_END)
    return _TAG.sub(b" ", described).decode(errors="replace").strip()[:200] if end else ""
