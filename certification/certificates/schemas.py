"""What comes in and goes out about certificates."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from certification.badges.schemas import BadgeCheckOut
from certification.certificates import sharing, statements
from certification.certificates.directory import ListedHolder
from certification.certificates.examination import FileKind
from certification.certificates.file_verification import FileVerdict, FileVerification
from certification.certificates.findings import Check, Outcome, Subject
from certification.certificates.models import Certificate, CertificateStatus, DirectoryEntry, IssueRequest
from certification.certificates.statistics import CertificateStatistics
from certification.certificates.verification import Standing, Verification, standing_of
from certification.signing.levels import SignatureLevel
from core.own_documents import DocumentKind
from core.pages import PageQuery
from core.text import OneLine
from events.catalog.schemas import CountryCode


class ReasonIn(BaseModel):
    """Why a certificate's status changes; the holder is told, and it is kept."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, OneLine(500, 3)]


class CorrectionIn(ReasonIn):
    """The right name, as on the identity document, and why the certificate is issued again."""

    holder_name: Annotated[str, OneLine(200)]


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

    holder_name: Annotated[str | None, OneLine(200)] = None


class CertificateSearch(PageQuery):
    """Which certificates of a certification to list."""

    q: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None
    status: CertificateStatus | None = None


class VerifyFileQuery(BaseModel):
    """The number that the file is said to belong to, if any."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str | None, Field(max_length=300)] = None


class CheckOut(BaseModel):
    """One check behind an answer; `text` is in the reader's language."""

    subject: Subject
    outcome: Outcome
    text: str

    @classmethod
    def of(cls, check: Check) -> Self:
        """From what was found."""
        return cls(subject=check.subject, outcome=check.outcome, text=check.text)


class VerificationOut(BaseModel):
    """What anyone learns about a number. `statement` says what is true in one sentence, in the reader's language.

    `holder` is absent where the holder keeps their name private. `corrects` and `corrected_by`, `renews` and
    `renewed_by` are the numbers of the certificates before and after this one. `pdf_sha256` names the bytes issued.
    """

    number: str
    status: Standing
    statement: str
    holder: str | None = None
    is_name_hidden: bool = False
    achievement: str | None = None
    issuer: str | None = None
    achieved_at: datetime | None = None
    issued_at: datetime | None = None
    valid_until: datetime | None = None
    corrects: str | None = None
    corrected_by: str | None = None
    renews: str | None = None
    renewed_by: str | None = None
    signature: SignatureLevel | None = None
    pdf_sha256: str | None = None
    badge_signatures: list[str] = Field(
        default=[], description="SHA-256 of the signatures of its Open Badge: as JSON, and as JWT."
    )
    checks: list[CheckOut]

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """From what verification found."""
        found = verification.certificate
        answer = cls(
            number=verification.number,
            status=verification.standing,
            statement=statements.of_number(verification),
            checks=[CheckOut.of(check) for check in verification.checks],
        )
        if found is None:
            return answer
        return answer.model_copy(
            update={
                "holder": verification.holder,
                "is_name_hidden": found.is_name_hidden,
                "achievement": found.achievement,
                "issuer": found.issuer_name,
                "achieved_at": found.achieved_at,
                "issued_at": found.issued_at,
                "valid_until": found.valid_until,
                "corrects": verification.corrects,
                "corrected_by": verification.corrected_by,
                "renews": verification.renews,
                "renewed_by": verification.renewed_by,
                "signature": found.signature,
                "pdf_sha256": found.pdf_sha256,
            }
        )


class BadgeClaimsOut(BaseModel):
    """What a badge of another issuer says of itself; only as true as the checks make it."""

    issuer: str
    issuer_name: str
    holder: str
    achievement: str
    number: str
    valid_from: datetime | None
    valid_until: datetime | None


class OwnDocumentOut(BaseModel):
    """A transcript or ticket of this site. `is_unchanged`: this site wrote every byte; else it merely says so."""

    kind: DocumentKind
    is_unchanged: bool
    numbers: list[str] = Field(description="Certificates that it lists; each has to be verified by itself.")


class FileVerificationOut(BaseModel):
    """What a file is. `certificate` is the one of this register that it is, or says it is; `claims` a foreign badge's.

    Only `genuine` says that it is what was issued; whether it is in force is the certificate's `status`.
    """

    verdict: FileVerdict
    kind: FileKind
    sha256: str
    statement: str
    checks: list[CheckOut]
    certificate: VerificationOut | None
    claims: BadgeClaimsOut | None = None
    badge: BadgeCheckOut | None = None
    document: OwnDocumentOut | None = None

    @classmethod
    def of(cls, found: FileVerification, *, asked: str | None = None) -> Self:
        """From what verification found; `asked` is the number that the file was compared with."""
        said = found.badge.claims if found.badge and found.verification is None else None
        return cls(
            verdict=found.verdict,
            kind=found.kind,
            sha256=found.sha256,
            statement=statements.of_file(found, asked=asked),
            checks=[CheckOut.of(check) for check in found.checks],
            certificate=VerificationOut.of(found.verification) if found.verification else None,
            badge=BadgeCheckOut.of(found.badge) if found.badge else None,
            claims=BadgeClaimsOut(
                issuer=said.issuer_id,
                issuer_name=said.issuer_name,
                holder=said.holder_name,
                achievement=said.achievement,
                number=said.number,
                valid_from=said.valid_from,
                valid_until=said.valid_until,
            )
            if said
            else None,
            document=OwnDocumentOut(**asdict(found.document)) if found.document else None,
        )


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


class IssuedAgainOut(BaseModel):
    """How many certificates are being issued again by a job."""

    certificates: int


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


class DirectoryIn(BaseModel):
    """A holder's wish to be in the public directory, under a country."""

    model_config = ConfigDict(extra="forbid")

    country: Annotated[CountryCode, Field(description="ISO 3166-1 alpha-2.")]


class DirectoryEntryOut(BaseModel):
    """Whether one is in the public directory, and under which country."""

    is_listed: bool
    country: str | None

    @classmethod
    def of(cls, entry: DirectoryEntry | None) -> Self:
        """From the row, or its absence."""
        return cls(is_listed=entry is not None, country=entry.country if entry else None)


class DirectorySearch(PageQuery):
    """Whom of the public directory to list."""

    q: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200), Field(description="Name.")] = (
        None
    )
    certification: Annotated[str | None, Field(max_length=80, description="Slug of a certification they hold.")] = None
    country: Annotated[CountryCode | None, Field(description="ISO 3166-1 alpha-2.")] = None
    # It holds a name, which may be long.
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class ListedCertificateOut(BaseModel):
    """A certificate in the directory; it is in force."""

    number: str
    achievement: str
    certification: str | None
    issuer: str
    achieved_at: datetime
    valid_until: datetime | None


class ListedHolderOut(BaseModel):
    """Somebody who asked to be in the directory, and what they hold."""

    name: str
    country: str
    certificates: list[ListedCertificateOut]

    @classmethod
    def of(cls, holder: ListedHolder) -> Self:
        """From what was found, certifications fetched."""
        return cls(
            name=holder.name,
            country=holder.country,
            certificates=[
                ListedCertificateOut(
                    number=one.number,
                    achievement=one.achievement,
                    certification=one.certification.slug if one.certification else None,
                    issuer=one.issuer_name,
                    achieved_at=one.achieved_at,
                    valid_until=one.valid_until,
                )
                for one in holder.certificates
            ],
        )
