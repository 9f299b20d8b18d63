"""A holder claims a credit, an officer approves it, the holder renews, and both certificates verify and are linked."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser, expect

from accounts.models import Organization, Person, Role
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from certification.renewal import reminders
from core.models import OutgoingMail
from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts, renewal


async def test_claim_approve_renew_and_verify_both(live: LiveServer, browser: Browser, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    holder = await accounts.person(name="Zoë Ångström")
    held = await renewal.certificate(holder=holder, now=now)
    await renewal.earned(held, "12", now=now)
    officer = await accounts.member(await Organization.get(id=held.organization_id), Role.certification_officer)
    program = await Certification.get(id=held.certification_id)
    evidence = tmp_path / "kernels.pdf"
    evidence.write_bytes(renewal.PDF)

    async with visiting(browser, live.url, holder) as at_home, visiting(browser, live.url, officer) as at_work:
        page = await at_home.open("/me/certificates")
        await page.get_by_role("link", name="Renewal").click()
        await expect(page.get_by_role("progressbar", name="Approved credits")).to_be_visible()
        await expect(page.get_by_text("12 of 20")).to_be_visible()
        await check_page(page)
        await page.get_by_label("What it was").fill("Course on kernels")
        await page.get_by_role("spinbutton", name="Credits").fill("10")
        await page.get_by_label("Finished on").fill((now - timedelta(days=3)).date().isoformat())
        await page.get_by_label("Evidence", exact=True).set_input_files(evidence)
        await page.get_by_role("button", name="Claim these credits").click()
        await expect(page.get_by_text("Claimed. A certification officer looks at it")).to_be_visible()
        await expect(page.get_by_text("Waits for an officer")).to_be_visible()

        desk = await at_work.open(f"/organize/certifications/{program.slug}")
        await desk.get_by_role("link", name="Credits (1)").click()
        async with desk.expect_download() as downloading:
            await desk.get_by_role("link", name="Download the evidence").click()
        received = await (await downloading.value).path()
        assert await asyncio.to_thread(received.read_bytes) == renewal.PDF
        await check_page(desk)
        await desk.get_by_role("button", name="Refuse").click()
        await expect(desk.get_by_role("alert")).to_contain_text("Say why; the holder is told.")
        await check_page(desk)
        await desk.get_by_role("spinbutton", name="Credits").fill("8")
        await desk.get_by_role("textbox", name="Reason").fill("Two of the ten hours were breaks.")
        await desk.get_by_role("button", name="Approve").click()
        await expect(desk.get_by_text("No claim waits")).to_be_visible()
        await desk.get_by_role("link", name="Approved", exact=True).click()
        await expect(desk.get_by_role("button", name="Take back")).to_be_visible()
        await check_page(desk)

        await page.reload()
        await expect(page.get_by_text("20 of 20")).to_be_visible()
        await check_page(page)
        await page.get_by_role("button", name="Renew with your credits").click()
        await expect(page.get_by_role("heading", name="Renewed")).to_be_visible()
        await check_page(page)
        await page.get_by_role("link", name="Open your new certificate").click()
        await expect(page.get_by_role("link", name=held.number)).to_be_visible()
        new = await Certificate.get(person_id=holder.id, id__not=held.id)
        await page.get_by_role("link", name=held.number).click()
        await expect(page.get_by_role("link", name=new.number)).to_be_visible()
        for number in (held.number, new.number):
            await page.goto(f"{live.url}/verify/{number}")
            await expect(page.get_by_role("heading", name="Valid").first).to_be_visible()

    assert (await Certificate.get(id=held.id)).successor_id == new.id
    texts = {mail.template: mail.text for mail in await OutgoingMail.filter(to_address=holder.email)}
    assert "approved 8 of the 10 credits" in texts["renewal/claim_decided"]
    assert "Two of the ten hours were breaks." in texts["renewal/claim_decided"]
    issued = await OutgoingMail.filter(to_address=holder.email, template="certificates/issued")
    assert sum(new.number in mail.text for mail in issued) == 1
    assert await OutgoingMail.filter(to_address=officer.email, template="renewal/claim_waits").count() == 1


async def test_mails_are_read_in_the_outbox(live: LiveServer, browser: Browser) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    held = await renewal.certificate(now=now)
    await renewal.earned(held, "12", now=now)
    holder = await Person.get(id=held.person_id)
    assert reminders.distance_of(held, holder, now=now) == 30
    assert await reminders.remind(held, holder, days_before=30, now=now)
    kept = await OutgoingMail.get(to_address=holder.email, template="renewal/reminder")

    async with visiting(browser, live.url) as anyone:
        page = await anyone.open(f"/dev/outbox/{kept.id}/html")
        await expect(page.get_by_role("link", name="Pass the exam again")).to_be_visible()
        await expect(page.get_by_text("you have 12 of 20")).to_be_visible()
        await page.goto(f"{live.url}/dev/outbox/{kept.id}")
        await check_page(page)
