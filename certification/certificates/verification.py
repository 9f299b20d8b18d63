"""What anyone may learn about a certificate: its status, holder, achievement and dates, and nothing more."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certification.certificates import findings
from certification.certificates.findings import Check
from certification.certificates.models import Certificate, CertificateStatus
from certification.certificates.numbers import normalize_number, other_host
from core.errors import InvalidInput
from core.i18n import gettext as _


class Standing(StrEnum):
    """What a verifier is told: the stored status, or what follows from the date or from absence."""

    valid = "valid"
    expired = "expired"
    suspended = "suspended"
    revoked = "revoked"
    superseded = "superseded"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to a verifier; `certificate` is None where the number is unknown.

    `predecessor` is the certificate that this one corrects or renews, `successor` the one that did so to it.
    """

    number: str
    standing: Standing
    certificate: Certificate | None = None
    predecessor: Certificate | None = None
    successor: Certificate | None = None
    checks: tuple[Check, ...] = ()

    @property
    def corrects(self) -> str | None:
        """The number of the certificate that this one took the place of."""
        return self.predecessor.number if self.predecessor and _is_superseded(self.predecessor) else None

    @property
    def renews(self) -> str | None:
        """The number of the certificate that this one followed, which stays in force until its own end."""
        return self.predecessor.number if self.predecessor and not _is_superseded(self.predecessor) else None

    @property
    def corrected_by(self) -> str | None:
        """The number of the certificate that took the place of this one."""
        return self.successor.number if self.successor and self.standing is Standing.superseded else None

    @property
    def renewed_by(self) -> str | None:
        """The number of the certificate that followed this one."""
        return self.successor.number if self.successor and self.standing is not Standing.superseded else None

    @property
    def holder(self) -> str | None:
        """The name on the certificate; None where its holder keeps it to themselves."""
        found = self.certificate
        return found.holder_name if found is not None and not found.is_name_hidden else None


def standing_of(certificate: Certificate, *, now: datetime) -> Standing:
    """Revoked, suspended and superseded outweigh the date; a valid one expires by its date."""
    if certificate.status is CertificateStatus.valid and certificate.is_expired_at(now):
        return Standing.expired
    return Standing(certificate.status.value)


def asked_number(typed: str) -> str:
    """What to look up: the number that was meant (see `normalize_number`), else what was typed, cut.

    Raises `InvalidInput` for the address of another server, which alone can answer.
    """
    host = other_host(typed)
    if host is not None:
        message = _("This address leads to %(host)s. Open it there: each server answers for its own certificates.")
        raise InvalidInput({"number": message % {"host": host[:100]}})
    return normalize_number(typed) or typed.strip().rstrip("/").rpartition("/")[2][:40]


async def verify(typed_number: str, *, now: datetime) -> Verification:
    """Look a number up as it was typed or scanned; an impossible number is simply unknown."""
    number = normalize_number(typed_number)
    if number is None:
        return _unknown(typed_number.strip()[:40])
    found = await Certificate.get_or_none(number=number).select_related("successor")
    return await of_certificate(found, now=now) if found else _unknown(number)


async def of_certificate(certificate: Certificate, *, now: datetime) -> Verification:
    """How a certificate stands; its successor has been loaded with it."""
    successor = certificate.successor
    return Verification(
        certificate.number,
        standing_of(certificate, now=now),
        certificate,
        predecessor=await Certificate.get_or_none(successor_id=certificate.id),
        successor=successor if isinstance(successor, Certificate) else None,
        checks=tuple(findings.of_register(certificate, now=now)),
    )


def _unknown(number: str) -> Verification:
    return Verification(number, Standing.unknown, checks=(findings.not_registered(number),))


def _is_superseded(certificate: Certificate) -> bool:
    return certificate.status is CertificateStatus.superseded
