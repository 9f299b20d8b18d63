"""Certificates that were issued by the application itself, with badge, list place and PDF."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from accounts.models import Organization, Person
from certification.certificates import issuing
from certification.certificates.models import Certificate, SourceKind
from certification.programs.models import Certification
from certification.programs.queries import current_policy
from tests.factories import accounts, certification

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def certificate(
    organization: Organization | None = None,
    *,
    holder: Person | None = None,
    exam: Certification | None = None,
    name: str = "Zoë Ångström",
    now: datetime = NOW,
) -> Certificate:
    """A valid certificate of an exam, of a new person and organization unless given."""
    exam = exam or await certification.certification(organization, items={})
    wanted = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=exam,
        policy=await current_policy(exam.id),
        person=holder or await accounts.person(),
        holder_name=name,
        achieved_at=now,
        score=Decimal("81.50"),
        locale="en",
        by_job=False,
    )
    issued = await issuing.issue(wanted, now=now)
    assert issued is not None
    return issued
