"""Erasing a person reaches everything above accounts, and stops before what a verifier needs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from accounts.models import Person
from certification.bank.models import ItemVersion
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.erasure import erase_person
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.programs.models import Certification, CertificationPolicy
from core.database import execute
from events.registration import registrations
from events.registration.models import Quota, Registration, RegistrationStatus
from tests.factories import accounts, certification, events


async def attempt_of(person: Person, program: Certification, status: AttemptStatus) -> Attempt:
    """An attempt with one answered item."""
    now = datetime.now(UTC)
    policy = await CertificationPolicy.get(certification_id=program.id)
    entitlement = await certification.entitlement(program, person)
    made = await Attempt.create(
        certification=program,
        policy=policy,
        entitlement=entitlement,
        person=person,
        seed=1,
        certificate_name="Amina Otieno",
        status=status,
        started_at=now,
        deadline=now + timedelta(minutes=90),
    )
    version = await ItemVersion.filter(item__certification_id=program.id).first()
    await Response.create(
        attempt=made,
        position=1,
        item_version=version,
        domain_name="General",
        option_order=[],
        right_order=[],
        response=["b"],
        saved_at=now,
    )
    return made


async def test_coming_registrations_are_cancelled_and_past_ones_lose_the_name(database: str) -> None:
    person, now = await accounts.person(name="Amina Otieno"), datetime.now(UTC)
    coming, past = await events.published_event(places=1), await events.published_event()
    for event in (coming, past):
        await registrations.register(event, by=person, attendee_name="Amina Otieno", now=now)
    await execute(
        "UPDATE event SET starts_at = $2, ends_at = $3 WHERE id = $1",
        past.id,
        now - timedelta(days=2),
        now - timedelta(days=1),
    )
    await erase_person(person, by=person, now=now)
    rows = {row.event_id: row for row in await Registration.filter(person_id=person.id)}
    assert rows[coming.id].status is RegistrationStatus.cancelled
    assert rows[past.id].status is RegistrationStatus.confirmed
    assert {row.attendee_name for row in rows.values()} == {""}
    assert (await Quota.get(event_id=coming.id)).taken == 0
    stranger = await accounts.person()
    await registrations.register(coming, by=stranger, attendee_name="Bob", now=now)


async def test_open_attempts_are_voided_and_every_answer_goes(database: str) -> None:
    person, other = await accounts.person(), await accounts.person()
    program = await certification.certification()
    graded = await attempt_of(person, program, AttemptStatus.graded)
    open_one = await attempt_of(person, program, AttemptStatus.in_progress)
    others = await attempt_of(other, program, AttemptStatus.in_progress)
    await erase_person(person, by=person, now=datetime.now(UTC))
    for attempt in (graded, open_one, others):
        await attempt.refresh_from_db()
    assert (graded.status, open_one.status, others.status) == (
        AttemptStatus.graded,
        AttemptStatus.voided,
        AttemptStatus.in_progress,
    )
    assert (graded.certificate_name, others.certificate_name) == ("", "Amina Otieno")
    answers = {row.attempt_id: row.response for row in await Response.all()}
    assert answers == {graded.id: None, open_one.id: None, others.id: ["b"]}


async def test_certificates_and_the_results_they_rest_on_stay(database: str) -> None:
    person, now = await accounts.person(), datetime.now(UTC)
    program = await certification.certification()
    attempt = await attempt_of(person, program, AttemptStatus.graded)
    await Result.create(attempt=attempt, score=Decimal(80), cut_score=Decimal(66), is_passed=True, domains=[])
    request = await IssueRequest.create(
        source_kind=SourceKind.attempt,
        source_id=attempt.id,
        certification=program,
        policy_id=attempt.policy_id,
        person=person,
        holder_name="Amina Otieno",
        achieved_at=now,
    )
    await Certificate.create(
        number="CF-2027-0001",
        issue_request=request,
        organization_id=program.organization_id,
        certification=program,
        person=person,
        holder_name="Amina Otieno",
        achievement=program.title,
        issuer_name="Open Systems Foundation",
        achieved_at=now,
        issued_at=now,
        facts={},
        pdf_sha256="0" * 64,
        pdf_size=1,
    )
    await erase_person(person, by=person, now=now)
    kept = await Certificate.get(number="CF-2027-0001")
    assert (kept.holder_name, kept.status.value) == ("Amina Otieno", "valid")
    assert await Result.filter(attempt_id=attempt.id).count() == 1
