"""What comes in and goes out about certificates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from certification.certificates import sharing
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest
from certification.certificates.statistics import CertificateStatistics
from certification.certificates.verification import FileVerdict, FileVerification, Standing, Verification, standing_of
from certification.signing.levels import SignatureLevel
from core.pages import PageQuery


class ReasonIn(BaseModel):
    """Why a certificate's status changes; the holder is told, and it is kept."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class CorrectionIn(ReasonIn):
    """The right name, as on the identity document, and why the certificate is issued again."""

    holder_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class CorrectionOut(BaseModel):
    """A correction that was decided; the new certificate is issued in a moment, or held until its name can be set."""

    request: UUID
    corrects: str


class PrivacyIn(BaseModel):
    """Whether the public page keeps the holder's name to itself."""

    model_config = ConfigDict(extra="forbid")

    is_name_hidden: bool = False


class SharingOut(BaseModel):
    """How a holder shows a certificate: its public page, LinkedIn's form filled in, and HTML for a web page."""

    verify_url: str
    linkedin_url: str
    embed_code: str
    is_name_hidden: bool

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """From the row."""
        return cls(
            verify_url=sharing.verify_url(certificate),
            linkedin_url=sharing.linkedin_url(certificate),
            embed_code=sharing.embed_code(certificate),
            is_name_hidden=certificate.is_name_hidden,
        )


class MonthOut(BaseModel):
    """How many certificates were issued in the month that begins on a day."""

    month: date
    issued: int


class EndingOut(BaseModel):
    """How many certificates in force end within so many days and have no successor."""

    within_days: int
    certificates: int


class CertificateStatisticsOut(BaseModel):
    """Certificates of a certification over time. `renewal_rate` is in whole per cent of those whose validity ended."""

    issued: list[MonthOut]
    ended: int
    renewed: int
    renewal_rate: int | None
    ending: list[EndingOut]

    @classmethod
    def of(cls, found: CertificateStatistics) -> Self:
        """From what was counted."""
        return cls(
            issued=[MonthOut(month=month, issued=count) for month, count in found.issued],
            ended=found.ended,
            renewed=found.renewed,
            renewal_rate=found.renewal_rate,
            ending=[EndingOut(within_days=days, certificates=count) for days, count in found.ending],
        )


class RetryIn(BaseModel):
    """A held request tried again, with the name corrected or as it is."""

    model_config = ConfigDict(extra="forbid")

    holder_name: Annotated[str | None, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = None


class CertificateSearch(PageQuery):
    """Which certificates of a certification to list."""

    q: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None
    status: CertificateStatus | None = None


class VerifyFileQuery(BaseModel):
    """The number that the file is said to belong to, if any."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str | None, Field(max_length=40)] = None


class VerificationOut(BaseModel):
    """What anyone learns about a number."""

    number: str
    status: Standing
    holder: str | None = None
    achievement: str | None = None
    issuer: str | None = None
    achieved_at: datetime | None = None
    issued_at: datetime | None = None
    valid_until: datetime | None = None
    superseded_by: str | None = None

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """From what verification found."""
        found = verification.certificate
        if found is None:
            return cls(number=verification.number, status=verification.standing)
        return cls(
            number=found.number,
            status=verification.standing,
            holder=found.holder_name,
            achievement=found.achievement,
            issuer=found.issuer_name,
            achieved_at=found.achieved_at,
            issued_at=found.issued_at,
            valid_until=found.valid_until,
            superseded_by=verification.successor_number,
        )


class FileVerificationOut(BaseModel):
    """Whether a file's bytes are the ones issued, and of which certificate."""

    verdict: FileVerdict
    sha256: str
    certificate: VerificationOut | None

    @classmethod
    def of(cls, found: FileVerification) -> Self:
        """From what verification found."""
        certificate = VerificationOut.of(found.verification) if found.verification else None
        return cls(verdict=found.verdict, sha256=found.sha256, certificate=certificate)


class CertificateOut(BaseModel):
    """A certificate for its holder and for officers."""

    number: str
    status: Standing
    status_reason: str
    holder: str
    achievement: str
    issuer: str
    achieved_at: datetime
    issued_at: datetime
    valid_until: datetime | None
    hours: Decimal | None
    credits: Decimal | None
    pdf_sha256: str
    signature: SignatureLevel
    has_badge: bool
    is_name_hidden: bool

    @classmethod
    def of(cls, certificate: Certificate, *, now: datetime) -> Self:
        """From the row, as it stands at `now`."""
        return cls(
            number=certificate.number,
            status=standing_of(certificate, now=now),
            status_reason=certificate.status_reason,
            holder=certificate.holder_name,
            achievement=certificate.achievement,
            issuer=certificate.issuer_name,
            achieved_at=certificate.achieved_at,
            issued_at=certificate.issued_at,
            valid_until=certificate.valid_until,
            hours=certificate.hours,
            credits=certificate.credits,
            pdf_sha256=certificate.pdf_sha256,
            signature=certificate.signature,
            has_badge=certificate.badge_id is not None,
            is_name_hidden=certificate.is_name_hidden,
        )


class IssueRequestOut(BaseModel):
    """A certificate that waits for an officer, and why."""

    id: UUID
    holder_name: str
    achieved_at: datetime
    created_at: datetime
    problem: str

    @classmethod
    def of(cls, held: IssueRequest) -> Self:
        """From the row."""
        return cls(
            id=held.id,
            holder_name=held.holder_name,
            achieved_at=held.achieved_at,
            created_at=held.created_at,
            problem=held.problem,
        )
