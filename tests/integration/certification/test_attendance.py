"""Certificates of attendance: hours by the programme, one run for each event, late check-ins."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEntry, Person
from accounts.tokens import new_code
from api.worker import import_jobs
from certification.attendance import conferring, hours, offers
from certification.attendance.conferring import NotOffered, NotOver
from certification.attendance.hours import HoursRule
from certification.attendance.schemas import OfferIn
from certification.bulk import planning, runs
from certification.bulk.models import BulkLine, BulkRun, RunKind, RunState
from certification.certificates.models import Certificate, IssueRequest
from certification.renewal.models import Credit
from core.errors import InvalidInput
from core.job_runner import run_pending
from core.models import OutgoingMail
from events.catalog.models import Event, EventStatus
from events.onsite.models import CheckIn, CheckInList
from events.programme.models import Session, SessionKind
from events.registration.models import Registration, RegistrationStatus, TicketType
from tests.factories import accounts, certification, events

import_jobs()
NOW = datetime.now(UTC)
START = events.in_days(-2).replace(hour=6)
HOUR = timedelta(hours=1)


async def held_event(**fields: Any) -> tuple[Event, Person]:
    """An event of eight hours that ended yesterday, and an organizer of it."""
    event = await events.published_event(**{"starts_at": START, "ends_at": START + 8 * HOUR, **fields})
    return event, await accounts.member(await event.organization)


async def attendee(event: Event, *lists: CheckInList, name: str = "Zoë Ntim", **fields: Any) -> Registration:
    """A registration that was checked in at these lists, or at none."""
    person = await accounts.person(name=name)
    registration = await Registration.create(
        event=event,
        ticket_type=await TicketType.get(event_id=event.id),
        person=person,
        attendee_name=name,
        code=new_code(12),
        **fields,
    )
    for one in lists:
        await CheckIn.create(check_in_list=one, registration=registration)
    return registration


async def door(event: Event) -> CheckInList:
    return await CheckInList.get(event_id=event.id, session_id=None)


async def kept(session: Session) -> CheckInList:
    return await CheckInList.create(event_id=session.event_id, session=session, name=str(session.id))


async def offer(event: Event, by: Person, **fields: Any) -> None:
    await offers.save(event, OfferIn(**{"is_on": True, **fields}), by=by, now=NOW)


async def hours_of(event: Event) -> dict[str, str]:
    rows = await hours.attended(event, credits_per_hour=Decimal(1), limit=100)
    return {row.name: str(row.hours) for row in rows}


async def test_hours_are_those_of_the_sessions_a_person_was_checked_in_at(database: str) -> None:
    event, _organizer = await held_event()
    morning = await events.session(event, title="Morning", starts_at=START, ends_at=START + 2 * HOUR)
    beside = await events.session(event, title="Beside", starts_at=START + HOUR, ends_at=START + 3 * HOUR)
    evening = await events.session(event, title="Evening", starts_at=START + 6 * HOUR, ends_at=START + 6.5 * HOUR)
    lunch = await events.session(
        event, title="Lunch", kind=SessionKind.break_, starts_at=START + 3 * HOUR, ends_at=START + 4 * HOUR
    )
    await events.session(event, title="Not kept", starts_at=START + 4 * HOUR, ends_at=START + 6 * HOUR)
    untimed = await Session.create(event=event, title="Without a time")
    lists = [await kept(one) for one in (morning, beside, evening, lunch, untimed)]
    await attendee(event, *lists, name="Everywhere")
    await attendee(event, lists[0], name="Morning only")
    await attendee(event, lists[0], lists[2], name="Two apart")
    await attendee(event, lists[3], name="Lunch only")
    await attendee(event, await door(event), name="Door only")
    await attendee(event, name="Never there")
    await attendee(event, lists[0], name="Cancelled", status=RegistrationStatus.cancelled)
    assert (await hours.basis_of(event)).rule is HoursRule.sessions
    assert await hours_of(event) == {
        "Everywhere": "3.50",
        "Morning only": "2.00",
        "Two apart": "2.50",
        "Lunch only": "0.00",
        "Door only": "0.00",
    }


async def test_without_check_in_at_sessions_the_programme_counts_and_without_one_the_event(database: str) -> None:
    event, _organizer = await held_event()
    await attendee(event, await door(event), name="Zoë")
    assert (await hours.basis_of(event)).rule is HoursRule.event
    assert await hours_of(event) == {"Zoë": "8.00"}
    await events.session(event, starts_at=START, ends_at=START + HOUR)
    await events.session(event, title="Beside", starts_at=START, ends_at=START + 1.5 * HOUR)
    await events.session(
        event, kind=SessionKind.break_, title="Tea", starts_at=START + 2 * HOUR, ends_at=START + 3 * HOUR
    )
    assert (await hours.basis_of(event)).rule is HoursRule.programme
    assert await hours_of(event) == {"Zoë": "1.50"}


async def test_when_the_event_is_over_everybody_who_was_there_gets_one_certificate(database: str) -> None:
    event, organizer = await held_event(title="Nairobi Systems Days")
    entrance = await door(event)
    there = [await attendee(event, entrance, name=f"Guest {number}") for number in range(5)]
    await attendee(event, name="Never there")
    await offer(event, organizer, statement="took part in", credits_per_hour=Decimal("0.5"))

    assert await conferring.confer_due(now=NOW) == 1
    assert await conferring.confer_due(now=NOW) == 0
    await run_pending()

    run = await BulkRun.get(event_id=event.id)
    assert (run.kind, run.state, run.created_by_id) == (RunKind.attendance, RunState.finished, None)
    certificates = await Certificate.all().order_by("holder_name")
    assert [(one.holder_name, one.hours, one.credits) for one in certificates] == [
        (f"Guest {number}", Decimal("8.00"), Decimal("4.00")) for number in range(5)
    ]
    assert {(one.achievement, one.event_id, one.achieved_at) for one in certificates} == {
        ("Nairobi Systems Days", event.id, event.ends_at)
    }
    assert {(r.source_id, r.statement) for r in await IssueRequest.all()} == {(r.id, "took part in") for r in there}
    assert await OutgoingMail.filter(template="certificates/issued").count() == 5
    rows = await hours.attended(event, credits_per_hour=Decimal(1), limit=100)
    assert {row.number for row in rows} == {one.number for one in certificates}
    assert await AuditEntry.filter(action="bulk_run.started", actor_id=None).count() == 1


async def test_an_event_that_is_not_over_moved_cancelled_off_or_empty_confers_nothing(database: str) -> None:
    ends = NOW + HOUR
    running, organizer = await held_event(ends_at=ends)
    cancelled, second = await held_event()
    switched_off, third = await held_event()
    empty, fourth = await held_event()
    draft, fifth = await held_event()
    for event, by in ((running, organizer), (cancelled, second), (switched_off, third), (draft, fifth)):
        await attendee(event, await door(event))
        await offer(event, by, is_on=event.id != switched_off.id)
    await offer(empty, fourth)
    await attendee(empty)
    await Event.filter(id=cancelled.id).update(status=EventStatus.cancelled)
    await Event.filter(id=draft.id).update(status=EventStatus.draft)
    assert await conferring.confer_due(now=NOW) == 0
    with pytest.raises(NotOver):
        await conferring.confer(running, by=organizer, now=NOW)
    with pytest.raises(NotOffered):
        await conferring.confer(switched_off, by=third, now=NOW)
    with pytest.raises(NotOffered):
        await conferring.confer(cancelled, by=second, now=NOW)
    with pytest.raises(runs.NothingToDo):
        await conferring.confer(empty, by=fourth, now=NOW)
    assert (await BulkRun.all().count(), await Certificate.all().count()) == (0, 0)
    # Moved ahead: what counts is when it is over now.
    await Event.filter(id=running.id).update(ends_at=NOW + 24 * HOUR)
    assert await conferring.confer_due(now=ends + HOUR) == 0
    assert await conferring.confer_due(now=NOW + 24 * HOUR) == 1


async def test_two_workers_at_the_same_minute_start_one_run(database: str) -> None:
    event, organizer = await held_event()
    await attendee(event, await door(event))
    await offer(event, organizer)
    await asyncio.gather(*(conferring.confer_due(now=NOW) for _ in range(4)))
    assert await BulkRun.all().count() == 1
    assert await BulkLine.all().count() == 1
    await run_pending()
    assert await Certificate.all().count() == 1


async def test_going_on_adds_who_is_missing_and_nobody_twice(database: str) -> None:
    event, organizer = await held_event()
    entrance = await door(event)
    await attendee(event, entrance, name="In time")
    late = await attendee(event, name="Late")
    await offer(event, organizer)
    await conferring.confer_due(now=NOW)
    await run_pending()
    with pytest.raises(runs.NothingToDo):
        await conferring.confer(event, by=organizer, now=NOW)
    await CheckIn.create(check_in_list=entrance, registration=late)
    await conferring.confer_due(now=NOW)
    assert await Certificate.all().count() == 1
    await conferring.confer(event, by=organizer, now=NOW)
    await run_pending()
    assert [one.holder_name for one in await Certificate.all().order_by("issued_at")] == ["In time", "Late"]
    assert await OutgoingMail.filter(template="certificates/issued").count() == 2
    run = await BulkRun.get()
    assert (run.state, await BulkLine.filter(run=run).count()) == (RunState.finished, 2)


async def test_a_registration_cancelled_before_its_line_is_left_out(database: str) -> None:
    event, organizer = await held_event()
    registration = await attendee(event, await door(event))
    await offer(event, organizer)
    await conferring.confer_due(now=NOW)
    await Registration.filter(id=registration.id).update(status=RegistrationStatus.cancelled)
    await run_pending()
    line = await BulkLine.get()
    assert (line.state.value, line.problem) == ("failed", "The registration was cancelled.")
    assert await Certificate.all().count() == 0


async def test_an_offer_names_only_what_belongs_to_the_organization(database: str) -> None:
    event, organizer = await held_event()
    own = await certification.certification(await event.organization, items={})
    foreign = await certification.certification(items={})
    await offer(event, organizer, certifications=[own.slug])
    saved = await offers.offer_of(event)
    assert [one.slug for one in saved.certifications] == [own.slug]
    with pytest.raises(InvalidInput) as refused:
        await offer(event, organizer, certifications=[own.slug, foreign.slug])
    assert set(refused.value.fields) == {"certifications"}
    with pytest.raises(InvalidInput) as refused:
        await offer(event, organizer, layout=foreign.id)
    assert set(refused.value.fields) == {"layout"}
    await offer(event, organizer, is_on=False)
    saved = await offers.offer_of(event)
    assert (saved.is_on, list(saved.certifications)) == (False, [])
    await Event.filter(id=event.id).update(status=EventStatus.cancelled)
    with pytest.raises(offers.EventNotHeld):
        await offer(event, organizer)


async def test_hours_count_to_the_renewal_of_what_an_attendee_holds(database: str) -> None:
    event, organizer = await held_event(title="Systems Days")
    exam = await certification.certification(await event.organization, items={}, policy={"renewal_credits": 20})
    entrance = await door(event)
    holder, other = [await attendee(event, entrance, name=name) for name in ("Holder", "Other")]
    person = await Person.get(id=holder.person_id)
    draft = await planning.plan_file(exam, RunKind.issue, str(person.email).encode(), by=organizer, now=NOW)
    await runs.start(draft, by=organizer, now=NOW)
    await run_pending()
    await offer(event, organizer, certifications=[exam.slug], credits_per_hour=Decimal("1.25"))
    await conferring.confer_due(now=NOW)
    await run_pending()
    line = await BulkLine.get(run__kind=RunKind.attendance, person_id=holder.person_id)
    await conferring.confer_one(line, await conferring.attending(await line.run), NOW)
    earned = await Credit.get()
    assert (earned.person_id, earned.certification_id, earned.source_id) == (holder.person_id, exam.id, event.id)
    assert (earned.amount, earned.title, earned.state.value) == (Decimal("10.00"), "Systems Days", "approved")
    assert await Certificate.filter(person_id=other.person_id).count() == 1


async def test_those_who_attended_are_paged_in_the_order_of_registering(database: str) -> None:
    event, _organizer = await held_event()
    entrance = await door(event)
    made = [await attendee(event, entrance, name=f"Guest {number}") for number in range(5)]
    first = await hours.attended(event, credits_per_hour=Decimal(1), limit=3)
    last = (first[-1].registered_at, first[-1].registration_id)
    second = await hours.attended(event, credits_per_hour=Decimal(1), after=last, limit=3)
    assert [row.registration_id for row in [*first, *second]] == [one.id for one in made]
