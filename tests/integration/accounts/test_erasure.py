"""Erasing a person reaches everything above accounts, and stops before what a verifier needs."""

import asyncio
import json
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from accounts import addresses, links
from accounts.models import LinkPurpose, Person
from api.app import create_app
from certification.bank.models import ItemVersion
from certification.certificates import issuing
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.erasure import erase_person
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.programs.models import Certification, CertificationPolicy
from core import mail
from core.database import execute, fetch, fetchval, new_id, own_connection, transaction
from core.errors import NotFound
from core.models import OutgoingMail
from core.settings import Settings
from events.catalog import events as catalog_events
from events.catalog import search
from events.catalog.schemas import EventSearch
from events.programme import sessions
from events.programme.models import Speaker
from events.registration import registrations
from events.registration.jobs import confirm
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


async def test_a_speaker_leaves_the_programme_and_can_no_longer_be_found(database: str) -> None:
    person, now = await accounts.person(name="Zawadi Nyambura"), datetime.now(UTC)
    event = await events.published_event()
    organization = await event.organization
    speaker = await events.speaker(organization, "Zawadi Nyambura", person=person)
    await events.session(event, speakers=[speaker])
    locked = await catalog_events.lock(event)
    await sessions.reindex(locked)
    assert [card.slug for card in (await search.find(EventSearch(q="Nyambura"), now)).items] == [event.slug]
    await erase_person(person, by=person, now=now)
    assert (await search.find(EventSearch(q="Nyambura"), now)).items == []
    assert (await Speaker.get(id=speaker.id)).name == "—"


async def test_mails_go_with_their_files_also_those_to_an_earlier_address(database: str) -> None:
    person, now = await accounts.person("first@example.org"), datetime.now(UTC)
    registration = await registrations.register(await events.published_event(), by=person, now=now)
    await confirm({"id": str(registration.id)})
    await OutgoingMail.all().update(sent_at=now)
    [ticket, _entry] = (await OutgoingMail.get()).attachments
    shared = mail.Attachment("ticket.pdf", "application/pdf", await mail.content_of(ticket))
    await mail.send("accounts/erased", to=("Bob", "bob@example.org"), context={}, attachments=[shared])

    secret = await links.create(person, LinkPurpose.confirm_email, email="second@example.org", now=now)
    person = await addresses.confirm(secret, by=person, now=now)
    assert [each.template for each in await OutgoingMail.filter(to_address="first@example.org")] == [
        "accounts/email_changed"
    ]
    await mail.forget_files(await _files_to_forget())
    assert await mail.content_of(ticket) == shared.content  # it is in Bob's mail, too
    await mail.forget_to("bob@example.org")
    await mail.forget_files(await _files_to_forget())
    with pytest.raises(NotFound):
        await mail.content_of(ticket)

    await mail.send("accounts/erased", to=("Amina", "second@example.org"), context={})
    await erase_person(person, by=person, now=now)
    kept = await OutgoingMail.filter(to_address="second@example.org")
    assert [each.key for each in kept] == [f"accounts.erased {person.id}"]


async def test_a_mail_that_is_being_sent_to_an_earlier_address_is_forgotten_as_well(database: str) -> None:
    """The job that sends it holds its row when the erasure comes, and commits first."""
    outside = copy_context()
    await mail.send("accounts/disabled", to=("", "first@example.org"), context={})
    async with transaction(), own_connection() as looking:
        await OutgoingMail.all().update(sent_at=datetime.now(UTC))
        forgetting = asyncio.create_task(mail.forget_once_sent("first@example.org"), context=outside)
        while not await looking.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            assert not forgetting.done()
    await forgetting
    sent = await OutgoingMail.get()
    assert (sent.to_address, sent.text) == ("", "")


async def _files_to_forget() -> dict[str, Any]:
    """The payload of the latest job that removes files."""
    sql = "SELECT payload FROM pgqueuer WHERE entrypoint = 'mail.forget_files' ORDER BY id DESC LIMIT 1"
    payload: dict[str, Any] = json.loads(await fetchval(sql))
    return payload


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
        organization_id=program.organization_id,
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


async def until_waits(work: asyncio.Task[Any]) -> None:
    """Until the connection on which `work` is done waits for a lock; fails where it never does."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with own_connection() as connection:
        while not await connection.fetchval(waiting):
            assert not work.done(), "it waits for nothing"


async def register_during_erasure(settings: Settings) -> httpx.Response:
    """The answer to a registration that came while its person's erasure was being written."""
    person, event = await accounts.person(name="Amina Otieno"), await events.published_event()
    async with accounts.signed_in(create_app(settings), person) as client:

        async def register() -> httpx.Response:
            return await client.post(f"/api/v1/events/{event.slug}/registrations", json={})

        async with transaction():
            await erase_person(person, by=person, now=datetime.now(UTC))
            registering = asyncio.get_running_loop().create_task(register(), context=Context())
            await until_waits(registering)
        return await registering


async def test_registering_while_the_account_is_erased_leaves_nothing(settings: Settings, database: str) -> None:
    answer = await register_during_erasure(settings)
    assert (answer.status_code, answer.json()["code"]) == (410, "account_erased")
    assert await Registration.all().count() == 0
    assert (await Quota.get()).taken == 0


async def test_control_without_the_trigger_the_name_outlives_the_erasure(settings: Settings, database: str) -> None:
    await execute("ALTER TABLE registration DISABLE TRIGGER registration_no_erased")
    try:
        await register_during_erasure(settings)
        assert [row.attendee_name for row in await Registration.all()] == ["Amina Otieno"]
    finally:
        await execute("ALTER TABLE registration ENABLE TRIGGER registration_no_erased")


async def test_nothing_can_be_written_for_an_erased_person(database: str) -> None:
    """Every table with a `person_id` that words or rights hang on; attempted rows are copies of their last own ones."""
    rows = await fetch(
        """SELECT c.table_name AS name FROM information_schema.columns c WHERE c.column_name = 'person_id'
           AND c.table_schema = 'public' ORDER BY 1"""
    )
    guarded = await fetch("SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname LIKE '%_no_erased'")
    free = {"bulk_line", "certificate", "idempotent_request", "refusal"}  # what came of requests, not rights
    assert {row["name"] for row in rows} - {row["name"] for row in guarded} == free


async def test_what_waits_to_be_conferred_is_not(database: str) -> None:
    person, program = await accounts.person(), await certification.certification(items={})
    policy = await CertificationPolicy.get(certification_id=program.id)
    waiting = await issuing.request(
        SourceKind.attempt,
        new_id(),
        certification=program,
        policy=policy,
        person=person,
        holder_name="Amina Otieno",
        achieved_at=datetime.now(UTC),
        score=None,
        locale="en",
    )
    await erase_person(person, by=person, now=datetime.now(UTC))
    assert await issuing.issue(waiting, now=datetime.now(UTC)) is None
    officer = await accounts.member(await program.organization)
    held = await IssueRequest.get(id=waiting)
    with pytest.raises(issuing.NotHeld, match="The account was erased"):
        await issuing.retry(held, holder_name="Amina Otieno", by=officer, now=datetime.now(UTC))
    assert (await IssueRequest.get(id=waiting)).problem == "The account was erased."
    assert await Certificate.all().count() == 0
