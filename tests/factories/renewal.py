"""Certificates that can be renewed, credits, and files of evidence."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from dateutil.relativedelta import relativedelta

from accounts.models import Organization, Person, Role
from certification.certificates import issuing
from certification.certificates.models import Certificate, SourceKind
from certification.programs.models import Certification
from certification.programs.queries import current_policy
from certification.renewal import credits
from certification.renewal.models import Credit, CreditSource
from certification.renewal.schemas import ClaimIn
from tests.factories import accounts
from tests.factories import certification as programs

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PDF = b"%PDF-1.7\n%evidence\n%%EOF\n"


async def program(organization: Organization | None = None, **policy: Any) -> Certification:
    """A certification for 24 months that 20 credits renew, with 30 days of grace, unless said otherwise."""
    rules = {"validity_months": 24, "renewal_credits": Decimal(20), "grace_days": 30, **policy}
    return await programs.certification(organization, policy=rules)


async def certificate(
    of: Certification | None = None,
    holder: Person | None = None,
    *,
    ends_in: timedelta = timedelta(days=25),
    now: datetime = NOW,
    name: str = "Zoë Ångström",
) -> Certificate:
    """An issued certificate whose validity ends so long after `now`, as its policy's months before that."""
    chosen = of or await program()
    policy = await current_policy(chosen.id)
    achieved_at = now + ends_in - relativedelta(months=policy.validity_months or 0)
    request_id = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=chosen,
        policy=policy,
        person=holder or await accounts.person(),
        holder_name=name,
        achieved_at=achieved_at,
        score=Decimal("81.50"),
        locale="en",
        by_job=False,
    )
    made = await issuing.issue(request_id, now=achieved_at)
    assert made is not None
    return made


async def earned(held: Certificate, amount: str | Decimal, *, on: date | None = None, now: datetime = NOW) -> Credit:
    """Credits for an event that the holder attended ten days ago."""
    source = uuid4()
    chosen = await Certification.get(id=held.certification_id)
    day = on or (now - timedelta(days=10)).date()
    person = await Person.get(id=held.person_id)
    await credits.earn(
        chosen,
        person,
        source=CreditSource.event,
        source_id=source,
        amount=Decimal(amount),
        title="Nairobi Cloud Meetup",
        earned_on=day,
        now=now,
    )
    return await Credit.get(source_id=source)


async def claim(
    held: Certificate, amount: str = "5", *, content: bytes = PDF, on: date | None = None, now: datetime = NOW
) -> Credit:
    """A claim of the holder that waits for an officer."""
    return await credits.claim(
        held,
        ClaimIn(title="Course on kernels", amount=Decimal(amount), earned_on=on or (now - timedelta(days=20)).date()),
        file_name="kernels.pdf",
        content=content,
        by=await Person.get(id=held.person_id),
        now=now,
    )


async def officer_of(held: Certificate) -> Person:
    """Somebody who decides about credits there."""
    return await accounts.member(await Organization.get(id=held.organization_id), Role.certification_officer)
