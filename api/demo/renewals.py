"""The demo's renewals: a certificate that ends in 25 days, one renewed by an exam, one by credits; and a claim."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4

from dateutil.relativedelta import relativedelta

from accounts.models import Person
from certification.certificates import directory, issuing
from certification.certificates.models import Certificate, SourceKind
from certification.programs import certifications, queries
from certification.programs.models import Certification
from certification.programs.schemas import CertificationChange, PolicyIn
from certification.renewal import credits, renewing
from certification.renewal.models import CreditSource
from certification.renewal.schemas import ClaimIn
from events.catalog.models import Event

_NEEDED = 12


async def make(
    facilitator: Certification,
    *,
    learner: Person,
    attendee: Person,
    event: Event,
    by: Person,
    officer: Person,
    now: datetime,
) -> None:
    """Let credits renew the facilitator's certificate, and give its holders a history.

    The learner's ends in 25 days, with 9 of 12 credits and a claim of 4 that waits for an officer. The attendee has had
    one for years, which the exam that was just passed renews. A third person renews by credits. All three asked to be
    in the directory of holders.
    """
    policy = PolicyIn(renewal_credits=Decimal(_NEEDED), grace_days=60)
    await certifications.change(facilitator, CertificationChange(policy=policy), by=by, now=now)
    third = await Person.filter(email__startswith="crowd.").order_by("id").offset(40).first()
    assert third is not None  # the crowd is there before its exams are
    held = await _held(facilitator, learner, ends_in=timedelta(days=25), now=now)
    await _held(facilitator, attendee, ends_in=timedelta(days=20), now=now)
    renewed = await _held(facilitator, third, ends_in=timedelta(days=70), now=now)
    for person, one in ((learner, held), (third, renewed)):
        await credits.earn(
            facilitator,
            person,
            source=CreditSource.event,
            source_id=event.id,
            amount=Decimal(3),
            title=event.title,
            earned_on=event.ends_at.astimezone(event.zone).date(),
            now=event.ends_at,
        )
        await _claim(one, "Moderating disagreement, a course of the Accra Makers", 6, 160, person, officer, now=now)
    await _claim(held, "Run a day for newcomers at the town library", 4, 2, learner, None, now=now)
    await _claim(renewed, "Mentoring for one season", 5, 90, third, officer, now=now)
    await renewing.renew(renewed, by=third, now=now - timedelta(days=1))
    for person, country in ((learner, "KE"), (attendee, "FR"), (third, "NG")):
        await directory.join(person, country)


async def _held(facilitator: Certification, person: Person, *, ends_in: timedelta, now: datetime) -> Certificate:
    policy = await queries.current_policy(facilitator.id)
    achieved_at = now + ends_in - relativedelta(months=policy.validity_months or 36)
    request_id = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=facilitator,
        policy=policy,
        person=person,
        holder_name=person.certificate_name or person.display_name,
        achieved_at=achieved_at,
        score=Decimal("88.00"),
        locale=person.locale,
        by_job=False,
    )
    made = await issuing.issue(request_id, now=achieved_at + timedelta(minutes=1))
    assert made is not None  # the demo's names can all be set
    return made


async def _claim(
    held: Certificate, title: str, amount: int, days_ago: int, person: Person, officer: Person | None, *, now: datetime
) -> None:
    """A claim with a page of evidence, approved where an officer is given."""
    claimed_at = now - timedelta(days=days_ago - 1)
    made = await credits.claim(
        held,
        ClaimIn(title=title, amount=Decimal(amount), earned_on=(now - timedelta(days=days_ago)).date()),
        file_name="confirmation.pdf",
        content=_evidence(title, person.display_name),
        by=person,
        now=claimed_at,
    )
    if officer is not None:
        await credits.decide(made, is_approved=True, by=officer, now=claimed_at + timedelta(days=1))


def _evidence(title: str, name: str) -> bytes:
    """A small PDF that says who took part in what."""
    from reportlab.pdfgen.canvas import Canvas

    written = BytesIO()
    page = Canvas(written, pagesize=(420, 240), invariant=1)
    page.drawString(24, 180, f"{name} took part in:")
    page.drawString(24, 156, title)
    page.save()
    return written.getvalue()
