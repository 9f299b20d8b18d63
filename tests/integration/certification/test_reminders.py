"""Reminders before the end: each distance once, the nearest alone after a gap, none where there is nothing to do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Person
from api.worker import import_jobs
from certification.certificates import statuses
from certification.certificates.models import Certificate
from certification.erasure import erase_person
from certification.renewal import reminders, renewing
from certification.renewal.models import RenewalReminder
from core.database import execute
from core.job_runner import run_pending
from core.jobs import SCHEDULES
from core.models import OutgoingMail
from tests.factories import accounts, renewal
from tests.factories.renewal import NOW

import_jobs()
END = NOW + timedelta(days=120)


async def ending() -> Certificate:
    """A certificate that ends in 120 days."""
    return await renewal.certificate(ends_in=timedelta(days=120))


async def sent() -> list[int]:
    """Distances of the reminders that were sent, in order."""
    return [row.days_before for row in await RenewalReminder.all().order_by("sent_at", "-days_before")]


async def mails() -> list[OutgoingMail]:
    """Reminders in the outbox, in order."""
    return await OutgoingMail.filter(template="renewal/reminder").order_by("created_at")


def test_they_run_once_a_day() -> None:
    assert SCHEDULES["renewal.remind"].every == timedelta(days=1)


async def test_each_distance_once_over_all_days(database: str) -> None:
    await ending()
    counted = [await reminders.send_due(now=NOW + timedelta(hours=12 * tick)) for tick in range(260)]
    assert sum(counted) == 4
    assert [index // 2 for index, count in enumerate(counted) if count] == [30, 60, 90, 113]
    assert await sent() == [90, 60, 30, 7]
    assert len(await mails()) == 4


async def test_after_a_gap_only_the_nearest_is_sent(database: str) -> None:
    held = await ending()
    assert await reminders.send_due(now=END - timedelta(days=20)) == 1
    assert await sent() == [30]
    assert await reminders.send_due(now=END - timedelta(days=7)) == 1
    assert await sent() == [30, 7]
    assert await reminders.send_due(now=END - timedelta(hours=1)) == 0
    await RenewalReminder.all().delete()
    assert await reminders.send_due(now=END + timedelta(hours=1)) == 0
    assert held.valid_until == END


async def test_days_are_those_of_the_holders_calendar(database: str) -> None:
    held = await ending()
    person = await Person.get(id=held.person_id)
    night = datetime(2026, 12, 23, 22, 30, tzinfo=UTC)  # the end is 24 March 2027, 09:00 UTC: 91 days, 90 in Nairobi
    assert reminders.distance_of(held, person, now=night) is None
    person.time_zone = "Africa/Nairobi"
    assert reminders.distance_of(held, person, now=night) == 90


async def test_certificate_for_a_month_comes_without_the_warning_that_it_ends_in_one(database: str) -> None:
    held = await renewal.certificate(await renewal.program(validity_months=1), ends_in=timedelta(days=29))
    assert held.issued_at < NOW
    assert await reminders.send_due(now=held.issued_at + timedelta(hours=1)) == 0
    assert await reminders.send_due(now=NOW + timedelta(days=22)) == 1
    assert await sent() == [7]


async def test_mail_says_what_renews_in_the_holders_language_and_zone(database: str) -> None:
    held = await ending()
    await Person.filter(id=held.person_id).update(time_zone="Africa/Nairobi", locale="fr")
    await renewal.earned(held, "12.5")
    await reminders.send_due(now=END - timedelta(days=60))
    (mail,) = await mails()
    assert mail.locale == "fr"
    assert "24 mars 2027" in mail.subject
    assert "24 mars 2027, 12:00" in mail.text
    assert "23 avril 2027" in mail.text
    assert "12,5 sur 20" in mail.text
    assert f"/me/certificates/{held.number}/renewal" in mail.text
    assert "/certifications/certification-" in mail.text


async def test_mail_offers_to_renew_at_once_where_there_are_enough_credits(database: str) -> None:
    held = await ending()
    await renewal.earned(held, "20")
    await reminders.send_due(now=END - timedelta(days=60))
    (mail,) = await mails()
    assert f"Renew it now: http://testserver/me/certificates/{held.number}/renewal" in mail.text


async def test_mail_of_a_program_without_credits_names_passing_again_alone(database: str) -> None:
    await renewal.certificate(await renewal.program(renewal_credits=None, grace_days=0), ends_in=timedelta(days=30))
    await reminders.send_due(now=NOW)
    (mail,) = await mails()
    assert "Pass the exam again" in mail.text
    assert "credits" not in mail.text
    assert "renew it until" not in mail.text


@pytest.mark.parametrize("status", ["suspended", "revoked"])
async def test_nothing_about_what_is_not_in_force(database: str, status: str) -> None:
    held = await ending()
    change = statuses.suspend if status == "suspended" else statuses.revoke
    await change(held, reason="Under review.", by=await renewal.officer_of(held), now=NOW)
    assert await reminders.send_due(now=END - timedelta(days=60)) == 0


async def test_nothing_about_what_was_renewed_or_is_about_to_be(database: str) -> None:
    held = await renewal.certificate(ends_in=timedelta(days=30))
    await renewal.earned(held, "20")
    await renewing.renew(held, by=await Person.get(id=held.person_id), now=NOW)
    assert await reminders.send_due(now=NOW) == 0
    await run_pending()
    assert await reminders.send_due(now=NOW) == 0


async def test_nothing_about_what_was_superseded(database: str) -> None:
    """The old one says no more; the corrected one speaks for both."""
    old, new = await renewal.certificate(ends_in=timedelta(days=30)), await renewal.certificate()
    await execute("UPDATE certificate SET status = 'superseded', successor_id = $2 WHERE id = $1", old.id, new.id)
    await reminders.send_due(now=NOW)
    assert [row.certificate_id for row in await RenewalReminder.all()] == [new.id]


async def test_nothing_to_an_erased_person(database: str) -> None:
    held = await ending()
    person = await Person.get(id=held.person_id)
    await erase_person(person, by=person, now=NOW)
    assert await reminders.send_due(now=END - timedelta(days=60)) == 0


async def test_pages_of_certificates_are_all_reached(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "_PAGE", 2)
    program = await renewal.program(renewal_credits=Decimal(5))
    for _ in range(5):
        await renewal.certificate(program, await accounts.person(), ends_in=timedelta(days=30))
    assert await reminders.send_due(now=NOW) == 5
    assert len({mail.to_address for mail in await mails()}) == 5
    assert await reminders.send_due(now=NOW) == 0
