"""Every page works without JavaScript: signing up, registering, checking in, sitting an exam."""

import re

from playwright.async_api import Browser, expect

from core.models import OutgoingMail
from tests.e2e import exam_desk
from tests.e2e.live import LiveServer
from tests.e2e.visitor import visiting
from tests.factories import accounts, certification, events


async def test_somebody_without_scripts_registers_and_is_checked_in(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization()
    event = await events.published_event(organization, title="Quiet Meetup", starts_at=events.in_days(0.1))
    async with visiting(browser, live.url, java_script_enabled=False) as visitor:
        page = await visitor.open(f"/sign-up?next=/events/{event.slug}/register")
        await page.get_by_label("Name").fill("Kofi Mensah")
        await page.get_by_label("E-mail").fill(f"{organization.slug}-guest@example.org")
        await page.get_by_label("Password").fill("four unrelated quiet lanterns")
        await page.get_by_role("button", name=re.compile("^Sign up")).click()
        await expect(page.get_by_text("We have sent a mail to")).to_be_visible()
        mail = await OutgoingMail.get(to_address=f"{organization.slug}-guest@example.org")
        link = re.search(r"http\S+/confirm/\S+", mail.text)
        assert link is not None
        await page.goto(link[0])
        await page.get_by_role("button", name="Confirm this address").click()
        await page.get_by_role("button", name=re.compile("^Register for free")).click()
        code = await page.locator(".ticket-code").inner_text()

    staff = await accounts.member(organization)
    async with visiting(browser, live.url, staff, java_script_enabled=False) as visitor:
        page = await visitor.open(f"/organize/events/{event.slug}/check-in")
        for verdict in ("Kofi Mensah", "Already checked in"):
            await page.get_by_label("Code on the ticket").fill(code)
            await page.get_by_role("button", name="Check in").click()
            await expect(page.get_by_role("heading", name=verdict)).to_be_visible()


async def test_somebody_without_scripts_sits_an_exam_and_passes(live: LiveServer, browser: Browser) -> None:
    learner = await accounts.person(name="Ana Núñez")
    exam = await certification.certification()
    async with visiting(browser, live.url, learner, java_script_enabled=False) as visitor:
        page = await visitor.open(f"/certifications/{exam.slug}/start")
        await page.get_by_role("button", name=re.compile("^Start exam")).click()
        kinds = await exam_desk.kinds(page)
        for position, kind in enumerate(kinds, start=1):
            question = exam_desk.question_at(page, position)
            await exam_desk.answer(question, kind)
            await question.get_by_role("button", name="Save this answer").click()
            await expect(page.get_by_text(f"Question {position} is saved.")).to_be_visible()
        await page.get_by_role("main").get_by_text("Submit exam").first.click()
        await expect(page.get_by_text("Every question has an answer.")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Submit exam")).click()
        await expect(page.get_by_role("heading", name="You passed")).to_be_visible()
