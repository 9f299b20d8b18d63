"""What comes in and goes out about certifications, policies, domains and entitlements."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints, model_validator

from certification.programs.models import (
    Certification,
    CertificationAccess,
    CertificationPolicy,
    CertificationStatus,
    Domain,
    Entitlement,
    EntitlementSource,
)
from core.pages import PageQuery


def _known_language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError("Use a language tag such as en, fr or pt-BR.") from None
    return tag


def _text(longest: int, shortest: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


LanguageTag = Annotated[str, _text(16), AfterValidator(_known_language)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PolicyIn(_In):
    """The rules of a certification. Defaults: product.md, Policies."""

    cut_score: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2, description="Percent needed to pass.")] = (
        Decimal("66.00")
    )
    time_limit_minutes: Annotated[int, Field(ge=1, le=1440)] = 90
    form_length: Annotated[int | None, Field(ge=1, le=500, description="Items on a form; null takes all.")] = None
    attempts_allowed: Annotated[int, Field(ge=1, le=100, description="First attempt and retakes together.")] = 2
    entitlement_months: Annotated[int, Field(ge=1, le=120)] = 12
    retake_wait_days: Annotated[int, Field(ge=0, le=365)] = 0
    validity_months: Annotated[int | None, Field(ge=1, le=600, description="Null never expires.")] = 24


class DomainIn(_In):
    """A topic and its weight relative to the others."""

    name: Annotated[str, _text(150)]
    weight: Annotated[int, Field(ge=1, le=1000)] = 1


class CertificationChange(_In):
    """What may be changed about a certification; fields that are left out stay."""

    title: Annotated[str | None, _text(200)] = None
    statement: Annotated[str | None, _text(500)] = None
    summary: Annotated[str | None, _text(300, 0)] = None
    description: Annotated[str | None, _text(20_000, 0)] = None
    language: LanguageTag | None = None
    access: CertificationAccess | None = None
    policy: PolicyIn | None = None


class CertificationIn(_In):
    """A new certification: what it attests, who may sit, its rules and its domains."""

    title: Annotated[str, _text(200)]
    statement: Annotated[str, _text(500), Field(description="What the certificate attests, in one sentence.")]
    summary: Annotated[str, _text(300, 0)] = ""
    description: Annotated[str, _text(20_000, 0), Field(description="Markdown.")] = ""
    language: LanguageTag = "en"
    access: CertificationAccess = CertificationAccess.open
    policy: PolicyIn = PolicyIn()
    domains: Annotated[list[DomainIn], Field(max_length=50)] = []

    @model_validator(mode="after")
    def _domains_differ(self) -> Self:
        names = [domain.name.casefold() for domain in self.domains]
        if len(names) != len(set(names)):
            raise ValueError("Give every domain a name of its own.")
        return self


class DomainsIn(_In):
    """All domains of a certification, in order."""

    domains: Annotated[list[DomainIn], Field(min_length=1, max_length=50)]


class EntitlementIn(_In):
    """A grant of the right to sit; what is left out follows the policy."""

    email: EmailStr
    attempts_allowed: Annotated[int | None, Field(ge=1, le=100)] = None
    valid_until: datetime | None = None
    note: Annotated[str, _text(100, 0)] = ""


class CertificationSearch(PageQuery):
    """Which published certifications to list."""

    q: Annotated[str | None, _text(200)] = None


class PolicyOut(BaseModel):
    """One version of the rules."""

    version: int
    cut_score: Decimal
    time_limit_minutes: int
    form_length: int | None
    attempts_allowed: int
    entitlement_months: int
    retake_wait_days: int
    validity_months: int | None

    @classmethod
    def of(cls, policy: CertificationPolicy) -> Self:
        """From the row."""
        return cls(**{name: getattr(policy, name) for name in cls.model_fields})


class DomainOut(BaseModel):
    """A topic and its weight."""

    id: UUID
    name: str
    weight: int

    @classmethod
    def of(cls, domain: Domain) -> Self:
        """From the row."""
        return cls(id=domain.id, name=domain.name, weight=domain.weight)


class CertificationCard(BaseModel):
    """A certification in a list."""

    slug: str
    title: str
    summary: str
    statement: str
    language: str
    organization: str
    access: CertificationAccess
    status: CertificationStatus

    @classmethod
    def of(cls, certification: Certification) -> Self:
        """From the row with its organization fetched."""
        return cls(
            organization=certification.organization.name,
            **{name: getattr(certification, name) for name in cls.model_fields if name != "organization"},
        )


class CertificationOut(CertificationCard):
    """A certification with its rules and domains."""

    description: str
    policy: PolicyOut
    domains: list[DomainOut]

    @classmethod
    def full(cls, certification: Certification, policy: CertificationPolicy, domains: list[Domain]) -> Self:
        """From the rows."""
        return cls(
            **CertificationCard.of(certification).model_dump(),
            description=certification.description,
            policy=PolicyOut.of(policy),
            domains=[DomainOut.of(domain) for domain in domains],
        )


class EntitlementOut(BaseModel):
    """Somebody's right to sit."""

    id: UUID
    attempts_allowed: int
    attempts_used: int
    valid_until: datetime
    source: EntitlementSource
    created_at: datetime

    @classmethod
    def of(cls, entitlement: Entitlement) -> Self:
        """From the row."""
        return cls(**{name: getattr(entitlement, name) for name in cls.model_fields})
