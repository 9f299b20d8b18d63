"""What anyone may learn about a certificate: its status, holder, achievement and dates, and nothing more."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certification.certificates.models import Certificate, CertificateStatus
from certification.certificates.numbers import normalize_number


class Standing(StrEnum):
    """What a verifier is told: the stored status, or what follows from the date or from absence."""

    valid = "valid"
    expired = "expired"
    suspended = "suspended"
    revoked = "revoked"
    superseded = "superseded"
    unknown = "unknown"


class FileVerdict(StrEnum):
    """What an uploaded file is, compared with what was issued."""

    genuine = "genuine"
    other_certificate = "other_certificate"
    not_issued = "not_issued"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to a verifier; `certificate` is None where the number is unknown."""

    number: str
    standing: Standing
    certificate: Certificate | None = None
    successor_number: str | None = None


@dataclass(frozen=True, slots=True)
class FileVerification:
    """The answer about an uploaded file: whether its bytes are the ones issued, and of which certificate."""

    verdict: FileVerdict
    sha256: str
    verification: Verification | None = None


def standing_of(certificate: Certificate, *, now: datetime) -> Standing:
    """Revoked, suspended and superseded outweigh the date; a valid one expires by its date."""
    if certificate.status is CertificateStatus.valid and certificate.is_expired_at(now):
        return Standing.expired
    return Standing(certificate.status.value)


async def verify(typed_number: str, *, now: datetime) -> Verification:
    """Look a number up as it was typed or scanned; an impossible number is simply unknown."""
    number = normalize_number(typed_number)
    if number is None:
        return Verification(typed_number.strip()[:40], Standing.unknown)
    found = await Certificate.get_or_none(number=number).select_related("successor")
    return _verified(found, now) if found else Verification(number, Standing.unknown)


async def verify_file(content: bytes, *, number: str | None, now: datetime) -> FileVerification:
    """Compare a file's bytes with those issued, by SHA-256; with `number`, with those of that certificate.

    One changed byte makes another digest, so that a file is either exactly what was issued or not.
    """
    digest = hashlib.sha256(content).hexdigest()
    found = await Certificate.filter(pdf_sha256=digest).select_related("successor").first()
    if found is None:
        return FileVerification(FileVerdict.not_issued, digest)
    asked = normalize_number(number) if number else None
    verdict = FileVerdict.other_certificate if asked and asked != found.number else FileVerdict.genuine
    return FileVerification(verdict, digest, _verified(found, now))


def _verified(certificate: Certificate, now: datetime) -> Verification:
    successor = certificate.successor
    return Verification(
        certificate.number,
        standing_of(certificate, now=now),
        certificate,
        successor.number if isinstance(successor, Certificate) else None,
    )
