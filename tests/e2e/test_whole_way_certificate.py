"""A certificate's whole life in a real browser: an officer designs the layout, a learner passes and downloads, a
stranger verifies by dropping the file, the name is corrected, the holder renews, and the officer revokes."""

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pypdfium2
from playwright.async_api import Browser, Page, expect

from accounts.models import Person, Role
from certification.certificates.models import Certificate
from certification.layouts.models import Layout
from certification.programs.models import Certification
from certification.renewal import credits
from certification.renewal.models import CreditSource
from core.database import new_id
from tests.e2e import exam_desk
from tests.e2e.live import LiveServer
from tests.e2e.test_verify import drop
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts, certification, layouts

NAME, CORRECTED = "Zoe Angstrom", "Zoë Ångström-Ōta"
WORDS = "Conferred in Nairobi on"


async def test_whole_way_of_a_certificate(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization(name="Kilimo Systems Foundation")
    officer = await accounts.member(organization, Role.certification_officer)
    owner = await accounts.member(organization)
    learner = await accounts.person(name=NAME)
    program = await certification.certification(
        organization, policy={"validity_months": 24, "renewal_credits": Decimal(5), "grace_days": 30}
    )
    layout = await layouts.layout(organization, "Associates")

    await _design(browser, live, officer, layout)
    await _choose(browser, live, owner, program, layout)
    number, document = await _pass(browser, live, learner, program)
    assert _words(document).startswith(WORDS)
    assert NAME in _words(document)
    await _verify(browser, live, document, "Genuine and valid")

    await _correct(browser, live, officer, number)
    new = await Certificate.get(holder_name=CORRECTED, person_id=learner.id)
    await _verify(browser, live, document, "Genuine, but superseded", link=new.number)

    renewed = await _renew(browser, live, learner, program, new)
    await _verify_number(browser, live, new.number, "Valid", link=renewed.number)
    await _revoke(browser, live, officer, renewed.number)
    await _verify_number(browser, live, renewed.number, "Revoked", link=new.number)


async def _design(browser: Browser, live: LiveServer, officer: Person, layout: Layout) -> None:
    """Write words of our own at the top of the page, and save."""
    organization = await layout.organization
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/{organization.slug}/layouts")
        await check_page(page)
        await page.get_by_role("link", name="Associates").first.click()
        first = page.locator("details[id^='element-']", has=page.locator("textarea")).first
        await first.locator("summary").first.click()
        before = await page.locator("#preview img").get_attribute("src")
        assert before is not None
        await first.locator("textarea").first.fill(WORDS + " {{ achieved_on }}")
        await expect(page.locator("#preview img")).not_to_have_attribute("src", before)
        await check_page(page)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved as version 2.")).to_be_visible()


async def _choose(browser: Browser, live: LiveServer, owner: Person, program: Certification, layout: Layout) -> None:
    async with visiting(browser, live.url, owner) as visitor:
        page = await visitor.open(f"/organize/certifications/{program.slug}/edit")
        await page.get_by_label("Layout", exact=True).select_option(str(layout.id))
        await check_page(page)
        await page.get_by_role("button", name=re.compile("^Save")).first.click()
        await expect(page.get_by_label("Layout", exact=True)).to_have_value(str(layout.id))


async def _pass(browser: Browser, live: LiveServer, learner: Person, program: Certification) -> tuple[str, bytes]:
    """Sit the exam, pass, and download the certificate: its number and its bytes."""
    async with visiting(browser, live.url, learner) as visitor:
        page = await visitor.open(f"/certifications/{program.slug}/start")
        await page.get_by_role("button", name=re.compile("^Start exam")).click()
        for position, kind in enumerate(await exam_desk.kinds(page), 1):
            await exam_desk.answer(await exam_desk.go_to(page, position), kind)
        await exam_desk.expect_saved(page)
        await page.get_by_role("button", name=re.compile("^Submit exam")).first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Submit exam").click()
        link = page.locator("a[href$='.pdf']")
        await expect(link).to_be_visible()
        async with page.expect_download() as downloading:
            await link.click()
        download = await downloading.value
        number = download.suggested_filename.removesuffix(".pdf")
        await page.goto(f"{live.url}/me/certificates/{number}")
        await check_page(page)
        answer = await page.context.request.get(f"{live.url}/me/certificates/{number}.pdf")
        return number, await answer.body()


async def _verify(browser: Browser, live: LiveServer, document: bytes, heading: str, link: str | None = None) -> None:
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/verify")
        await drop(page, document, "certificate.pdf")
        await _expect(page, heading, link)


async def _verify_number(browser: Browser, live: LiveServer, number: str, heading: str, link: str) -> None:
    async with visiting(browser, live.url) as visitor:
        await _expect(await visitor.open(f"/verify/{number}"), heading, link)


async def _expect(page: Page, heading: str, link: str | None) -> None:
    await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    if link is not None:
        await expect(page.get_by_role("link", name=link).first).to_be_visible()
    await check_page(page)


async def _correct(browser: Browser, live: LiveServer, officer: Person, number: str) -> None:
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/certificates/{number}")
        form = page.locator("form[action$='/correct']")
        await form.get_by_label("Certificate name").fill(CORRECTED)
        await form.get_by_label("Reason").fill("The diacritics were lost.")
        await form.get_by_role("button").click()
        await expect(page.get_by_text("The corrected certificate is being issued.")).to_be_visible()
        await check_page(page)
        followed = page.get_by_text("It is followed by:")
        while not await followed.is_visible():  # The test's time limit ends this where nothing is issued.
            await page.reload()
        await check_page(page)


async def _renew(
    browser: Browser, live: LiveServer, learner: Person, program: Certification, held: Certificate
) -> Certificate:
    """Renew with credits that were earned meanwhile; returns the new certificate."""
    now = datetime.now(UTC)
    await credits.earn(
        program,
        learner,
        source=CreditSource.event,
        source_id=new_id(),
        amount=Decimal(6),
        title="Nairobi Cloud Meetup",
        earned_on=now.date(),
        now=now + timedelta(seconds=1),
    )
    async with visiting(browser, live.url, learner) as visitor:
        page = await visitor.open(f"/me/certificates/{held.number}/renewal")
        await check_page(page)
        await page.get_by_role("button", name="Renew with your credits").click()
        await expect(page.get_by_role("heading", name="Renewed")).to_be_visible()
        await page.get_by_role("link", name="Open your new certificate").click()
        await expect(page.get_by_role("link", name=held.number)).to_be_visible()
        await check_page(page)
        return await Certificate.get(number=page.url.rpartition("/")[2])


async def _revoke(browser: Browser, live: LiveServer, officer: Person, number: str) -> None:
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/certificates/{number}")
        form = page.locator("form[action$='/revoke']")
        await form.get_by_role("textbox").fill("The identity document was not theirs.")
        await form.get_by_role("button").click()
        await expect(page.get_by_text("Saved. The holder is told by mail.")).to_be_visible()
        await check_page(page)


def _words(document: bytes) -> str:
    page = pypdfium2.PdfDocument(io.BytesIO(document))[0]
    return " ".join(page.get_textpage().get_text_range().split())
