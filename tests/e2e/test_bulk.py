"""Runs over many certificates in a real browser: from the file to the report, and a run that is at work."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, FilePayload, expect

from certification.attendance import conferring
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from certification.certificates.models import Certificate
from events.onsite.models import CheckIn, CheckInList
from events.registration.models import Registration, TicketType
from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts, certification, events


async def test_an_officer_issues_to_the_people_of_a_file(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization()
    exam, officer = await certification.certification(organization, items={}), await accounts.member(organization)
    holders = [await accounts.person(name=f"Holder {number}") for number in range(3)]
    text = "\n".join(["email", *(str(one.email) for one in holders), "nobody@example.org"])
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/certifications/{exam.slug}/runs")
        await page.get_by_role("link", name="Issue certificates").click()
        upload = FilePayload(name="spring.csv", mimeType="text/csv", buffer=text.encode())
        await page.locator("#file").set_input_files(upload)
        await page.get_by_role("button", name=re.compile("^Check the lines")).click()
        await expect(page.get_by_text("Nobody has an account with this address")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Issue 3 certificates")).click()
        # Nothing is pressed from here on: the page asks by itself until the worker is done.
        await expect(page.get_by_text("3 of 3")).to_be_visible()
        await expect(page.locator("main").get_by_text("Finished").first).to_be_visible()
        await expect(page.get_by_role("link", name=re.compile("^[0-9A-Z]{4}-"))).to_have_count(3)
        await check_page(page)
    assert await Certificate.filter(certification_id=exam.id).count() == 3


async def test_a_run_at_work_shows_how_fast_it_is_and_can_be_stopped(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization()
    exam, officer = await certification.certification(organization, items={}), await accounts.member(organization)
    now = datetime.now(UTC)
    run = await BulkRun.create(
        organization=organization,
        certification=exam,
        kind=RunKind.issue,
        state=RunState.running,
        started_at=now,
        source_name="members.csv",
        created_by_id=officer.id,
    )
    for position in range(1, 41):  # no job is at work on them
        is_done = position <= 30
        await BulkLine.create(
            run=run,
            position=position,
            given={"email": f"guest{position}@example.org"},
            state=LineState.done if is_done else LineState.ready,
            done_at=now - timedelta(seconds=20 - position / 2) if is_done else None,
        )
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/certifications/{exam.slug}/runs/{run.id}")
        await expect(page.get_by_text("30 of 40")).to_be_visible()
        await expect(page.get_by_text(re.compile(r"a second\s+·\s+about"))).to_be_visible()
        await check_page(page)
        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert (await BulkRun.get(id=run.id)).state is RunState.stopped


async def test_an_organizer_switches_certificates_of_attendance_on_and_issues(
    live: LiveServer, browser: Browser
) -> None:
    start = datetime.now(UTC) - timedelta(hours=12)
    event = await events.published_event(title="Lake Summit", starts_at=start, ends_at=start + timedelta(hours=8))
    organizer, guest = await accounts.member(await event.organization), await accounts.person(name="Amara Diallo")
    registration = await Registration.create(
        event=event,
        ticket_type=await TicketType.get(event_id=event.id),
        person=guest,
        attendee_name="Amara Diallo",
        code="LAKESUMMIT01",
    )
    await CheckIn.create(check_in_list=await CheckInList.get(event_id=event.id), registration=registration)
    async with visiting(browser, live.url, organizer) as visitor:
        page = await visitor.open(f"/organize/events/{event.slug}/attendance")
        await page.get_by_role("link", name="Switch them on").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Begins within a minute")).to_be_visible()
        await conferring.confer_due(now=datetime.now(UTC))  # What the worker does every minute.
        await page.reload()
        await expect(page.get_by_role("link", name=re.compile("^[0-9A-Z]{4}-"))).to_be_visible()
        await check_page(page)
    certificate = await Certificate.get(person_id=guest.id)
    assert (certificate.achievement, str(certificate.hours)) == ("Lake Summit", "8.00")
