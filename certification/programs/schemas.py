"""What comes in and goes out about certifications, policies, domains and entitlements."""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from accounts.schemas import Email
from certification.layouts import words
from certification.programs.models import (
    Certification,
    CertificationAccess,
    CertificationPolicy,
    CertificationStatus,
    Domain,
    Entitlement,
    EntitlementSource,
)
from core.i18n import gettext as _
from core.pages import PageQuery
from core.text import OneLine, SeveralLines

MAX_DOMAINS = 50
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _known_language(tag: str) -> str:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError(_("Use a language tag such as en, fr or pt-BR.")) from None
    if not words.has_words(tag):
        raise ValueError(_("Certificates can be in {languages} so far.").format(languages=words.offered()))
    return tag


def _end_of_day(value: object) -> object:
    """A bare day, as a form sends it, means its last second in UTC."""
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            day = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
        return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    return value


def _within_reach(moment: datetime) -> datetime:
    # Compared after the bound on the year alone: 9999-12-31 in a western zone has no counterpart in UTC.
    if moment.year >= LATEST.year or moment.year < 1971:
        raise ValueError(_("Choose a day before the year 2200."))
    return moment


def _text(longest: int, shortest: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


LanguageTag = Annotated[str, _text(16), AfterValidator(_known_language)]
Title = Annotated[str, OneLine(200)]
Statement = Annotated[str, OneLine(500)]
Summary = Annotated[str, OneLine(300, 0)]
Description = Annotated[str, SeveralLines(20_000, 0)]
DomainName = Annotated[str, OneLine(150)]
Reason = Annotated[str, OneLine(500, 3)]
Moment = Annotated[AwareDatetime, BeforeValidator(_end_of_day), AfterValidator(_within_reach)]

LayoutId = Annotated[
    UUID | None,
    Field(description="How certificates look: one of the organization's layouts; null is the one it uses by default."),
]


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
    renewal_credits: Annotated[
        Decimal | None,
        Field(gt=0, le=1000, decimal_places=2, description="Credits that renew; null leaves passing again alone."),
    ] = None
    grace_days: Annotated[int, Field(ge=0, le=3650, description="Days after its end in which it can be renewed.")] = 0
    shows_score: Annotated[bool, Field(description="The score on the certificate, its band in the badge.")] = False


class DomainIn(_In):
    """A topic and its weight relative to the others."""

    name: DomainName
    weight: Annotated[int, Field(ge=1, le=1000)] = 1


class DomainChange(DomainIn):
    """A topic among the others; `id` says which one it was, so that it can take another name."""

    id: UUID | None = None


class CertificationChange(_In):
    """What may be changed about a certification; fields that are left out stay, those of the policy too."""

    title: Title | None = None
    statement: Statement | None = None
    summary: Summary | None = None
    description: Description | None = None
    language: LanguageTag | None = None
    access: CertificationAccess | None = None
    policy: PolicyIn | None = None
    layout_id: LayoutId = None


class CertificationIn(_In):
    """A new certification: what it attests, who may sit, its rules and its domains."""

    title: Title
    statement: Annotated[Statement, Field(description="What the certificate attests, in one sentence.")]
    summary: Summary = ""
    description: Annotated[Description, Field(description="Markdown.")] = ""
    language: LanguageTag = "en"
    access: CertificationAccess = CertificationAccess.open
    policy: PolicyIn = PolicyIn()
    domains: Annotated[list[DomainIn], Field(max_length=MAX_DOMAINS)] = []

    @model_validator(mode="after")
    def _domains_differ(self) -> Self:
        names = [domain.name.casefold() for domain in self.domains]
        if len(names) != len(set(names)):
            raise ValueError(_("Give every domain a name of its own."))
        return self


class DomainsIn(_In):
    """All domains of a certification, in order."""

    domains: Annotated[list[DomainChange], Field(min_length=1, max_length=MAX_DOMAINS)]


class EntitlementIn(_In):
    """A grant of the right to sit; what is left out follows the policy."""

    email: Email
    attempts_allowed: Annotated[int | None, Field(ge=1, le=100)] = None
    valid_until: Annotated[Moment | None, Field(description="A bare day means its end in UTC.")] = None
    note: Annotated[str, OneLine(100, 0)] = ""


class CertificationSearch(PageQuery):
    """Which published certifications to list."""

    q: Annotated[str | None, _text(200)] = None


class EntitlementSearch(PageQuery):
    """Which entitlements of a certification to list: by name or address, ended ones too where asked."""

    q: Annotated[str | None, _text(200, 0)] = None
    ended: bool = False


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
    renewal_credits: Decimal | None
    grace_days: int
    shows_score: bool

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
    layout_id: UUID | None
    policy: PolicyOut
    domains: list[DomainOut]

    @classmethod
    def full(cls, certification: Certification, policy: CertificationPolicy, domains: list[Domain]) -> Self:
        """From the rows."""
        return cls(
            **CertificationCard.of(certification).model_dump(),
            description=certification.description,
            layout_id=certification.layout_id,
            policy=PolicyOut.of(policy),
            domains=[DomainOut.of(domain) for domain in domains],
        )


class DomainsOut(BaseModel):
    """All domains of a certification, in order."""

    domains: list[DomainOut]


class EntitlementOut(BaseModel):
    """Somebody's right to sit."""

    id: UUID
    name: str
    email: str | None
    attempts_allowed: int
    attempts_used: int
    valid_until: datetime
    source: EntitlementSource
    note: str
    created_at: datetime

    @classmethod
    def of(cls, entitlement: Entitlement) -> Self:
        """From the row with its person fetched."""
        return cls(
            id=entitlement.id,
            name=entitlement.person.display_name,
            email=entitlement.person.email,
            attempts_allowed=entitlement.attempts_allowed,
            attempts_used=entitlement.attempts_used,
            valid_until=entitlement.valid_until,
            source=entitlement.source,
            note=entitlement.source_reference,
            created_at=entitlement.created_at,
        )
