"""One person goes the whole way in a real browser: finds an event, registers, is checked in, sits an exam, passes,
downloads the certificate, and a stranger verifies it."""

import io
import re

import pikepdf
import pypdfium2
import zxingcpp
from playwright.async_api import Browser, FilePayload, Page, expect

from accounts.models import Person
from certification.bank.content import parse_content
from certification.exams.models import Attempt, Response
from core.models import OutgoingMail
from events.catalog.models import Event
from events.registration.models import Registration
from tests.e2e import exam_desk
from tests.e2e.live import LiveServer
from tests.e2e.visitor import Visitor, check_page, visiting
from tests.factories import accounts, certification, events

NAME, PASSWORD = "Zoë Ångström-Ōta", "four unrelated quiet lanterns"


async def test_whole_way_of_an_attendee_and_learner(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization(name="Kilimo Systems Foundation")
    owner = await accounts.member(organization)
    event = await events.published_event(organization, title="Kilimo Cluster Days", starts_at=events.in_days(0.1))
    await events.session(event, await events.room(event, "Baobab"), speakers=[await events.speaker(organization)])
    exam = await certification.certification(organization)
    email = f"{organization.slug}@example.org"

    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/")
        code = await _register(page, live, event, email)
        await _be_checked_in(browser, live, owner, event, code)
        await _start_exam(page, live, exam.slug)
        await _answer(page, range(1, 4))
        cookies, exam_page = await page.context.storage_state(), page.url.removeprefix(live.url)

    # The browser was closed in mid-exam, and what it kept of this site but for the cookies is lost.
    cookies["origins"] = []
    async with visiting(browser, live.url, storage_state=cookies) as visitor:
        page = await visitor.open(exam_page)
        await _survive_a_killed_server(visitor, page, live)
        number, document = await _pass(page, live, exam.title)

    _inspect(document, number, live)
    await _verify_as_stranger(browser, live, number, document)
    await _revoke(browser, live, owner, number)
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open(f"/verify/{number}")
        await expect(page.get_by_role("heading", name=re.compile("revoked", re.I)).first).to_be_visible()
        await check_page(page)


async def _register(page: Page, live: LiveServer, event: Event, email: str) -> str:
    """Find the event, sign up and confirm the address on the way, and hold a ticket; returns its code."""
    await check_page(page)
    await page.get_by_label("Find an event").fill("kilmo cluster")  # A typo is forgiven.
    await page.get_by_role("button", name="Search").first.click()
    await check_page(page)
    await page.get_by_role("link", name=event.title).click()
    await expect(page.get_by_role("heading", name="Programme", exact=True)).to_be_visible()
    await page.get_by_role("link", name=re.compile("^Register for free")).click()
    await expect(page).to_have_url(re.compile("/sign-in"))
    await page.get_by_role("main").get_by_role("link", name="Sign up").click()
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill("password1234")
    await page.get_by_role("button", name=re.compile("^Sign up")).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("E-mail")).to_have_value(email)
    await check_page(page)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name=re.compile("^Sign up")).click()
    await expect(page.get_by_text(f"We have sent a mail to {email}.")).to_be_visible()
    await check_page(page)
    await _confirm_address(page, live, email)
    await expect(page).to_have_url(re.compile(f"/events/{event.slug}/register$"))
    await check_page(page)
    await page.get_by_role("button", name=re.compile("^Register for free")).click()
    await expect(page.get_by_role("img", name="QR code of this ticket")).to_be_visible()
    await check_page(page)
    row = await Registration.get(event_id=event.id, person__email=email).select_related("person")
    assert (row.attendee_name, row.person.time_zone) == (NAME, "Africa/Nairobi")
    picture = await page.locator(".ticket-stub svg").screenshot()
    assert [found.text for found in _read_codes(picture)] == [row.code]
    return str(await page.locator(".ticket-code").inner_text())


async def _confirm_address(page: Page, live: LiveServer, email: str) -> None:
    kept = await OutgoingMail.get(to_address=email, template="accounts/welcome")
    await page.goto(f"{live.url}/dev/outbox/{kept.id}")
    link = re.search(r"http\S+/confirm/\S+", kept.text)
    assert link is not None
    await page.goto(link[0])
    await check_page(page)
    await page.get_by_role("button", name="Confirm this address").click()
    await expect(page.get_by_text("Your e-mail address is confirmed.")).to_be_visible()
    await check_page(page)


async def _be_checked_in(browser: Browser, live: LiveServer, staff: Person, event: Event, code: str) -> None:
    async with visiting(browser, live.url, staff) as visitor:
        page = await visitor.open(f"/organize/events/{event.slug}/check-in")
        field = page.get_by_label("Code on the ticket")
        result = page.locator("#result")
        await field.fill(code)
        await field.press("Enter")
        await expect(result.get_by_role("heading", name=NAME)).to_be_visible()
        await field.fill(code)
        await field.press("Enter")
        await expect(result.get_by_role("heading", name="Already checked in")).to_be_visible()
        await expect(result.get_by_text("First scan")).to_be_visible()
        await field.fill("NOT-A-CODE")
        await field.press("Enter")
        await expect(result.get_by_role("heading", name="Unknown code")).to_be_visible()
        await check_page(page)


async def _start_exam(page: Page, live: LiveServer, slug: str) -> None:
    await page.goto(f"{live.url}/certifications/{slug}")
    await check_page(page)
    await page.goto(f"{live.url}/certifications/{slug}/start")
    await expect(page.get_by_label("Name on the certificate")).to_have_value(NAME)
    await check_page(page)
    await page.get_by_role("button", name=re.compile("^Start exam")).click()
    await expect(page.get_by_role("timer")).to_be_visible()
    await check_page(page)


async def _answer(page: Page, positions: range) -> None:
    kinds = await exam_desk.kinds(page)
    for position in positions:
        await exam_desk.answer(await exam_desk.go_to(page, position), kinds[position - 1])
    await exam_desk.expect_saved(page)


async def _survive_a_killed_server(visitor: Visitor, page: Page, live: LiveServer) -> None:
    """Answers given before, while and after the server is gone are all there, in the browser and in the database."""
    kinds = await exam_desk.kinds(page)
    assert len(kinds) == len(certification.SCORED_AT_ONCE)
    for position in range(1, 4):
        await exam_desk.expect_answered(exam_desk.question_at(page, position), kinds[position - 1])
    await _answer(page, range(4, 5))
    visitor.expects_outage = True
    live.kill()
    await exam_desk.answer(await exam_desk.go_to(page, 5), kinds[4])
    await expect(page.locator("[data-save-status]")).to_have_attribute("data-state", "waiting")
    live.start()
    await exam_desk.answer(await exam_desk.go_to(page, 6), kinds[5])
    await exam_desk.expect_saved(page)
    visitor.expects_outage = False
    attempt = await Attempt.get(id=page.url.split("/")[-1].split("#")[0])
    for row in await Response.filter(attempt_id=attempt.id).select_related("item_version"):
        right = certification.right_response(parse_content(row.item_version.content))
        given, wanted = (sorted(each) if isinstance(each, list) else each for each in (row.response, right))
        assert given == wanted


async def _pass(page: Page, live: LiveServer, title: str) -> tuple[str, bytes]:
    """Hand in, see the result, and download the certificate as soon as it is there: its number and its bytes."""
    await page.reload()
    await page.get_by_role("button", name=re.compile("^Submit exam")).first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("Every question has an answer.")).to_be_visible()
    await check_page(page)
    await dialog.get_by_role("button", name="Submit exam").click()
    await expect(page.get_by_role("heading", name="You passed")).to_be_visible()
    link = page.locator("a[href$='.pdf']")
    await expect(link).to_be_visible()
    await check_page(page)
    number = str(await link.get_attribute("href")).rpartition("/")[2].removesuffix(".pdf")
    answer = await page.context.request.get(f"{live.url}/me/certificates/{number}.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    await page.goto(f"{live.url}/me/certificates")
    await expect(page.get_by_text(title)).to_be_visible()
    await check_page(page)
    return number, await answer.body()


def _inspect(document: bytes, number: str, live: LiveServer) -> None:
    """The PDF opens without repairs, says whom it is for, and its QR code leads to its verification."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert pdf.get_warnings() == []
        assert len(pdf.pages) == 1
    page = pypdfium2.PdfDocument(document)[0]
    assert NAME in page.get_textpage().get_text_range()
    picture = io.BytesIO()
    page.render(scale=3).to_pil().save(picture, "PNG")
    assert [found.text for found in _read_codes(picture.getvalue())] == [f"{live.url}/verify/{number}"]


async def _verify_as_stranger(browser: Browser, live: LiveServer, number: str, document: bytes) -> None:
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/verify")
        await page.get_by_label("Certificate number").fill(number.lower())
        await page.get_by_role("button", name="Verify this number").click()
        await expect(page).to_have_url(re.compile("/verify/"))
        await expect(page.get_by_text(NAME).first).to_be_visible()
        await expect(page.get_by_role("heading", name=re.compile("valid", re.I)).first).to_be_visible()
        await check_page(page)
        for content, verdict in ((document, "genuine"), (document + b"%", "not")):
            await page.goto(f"{live.url}/verify/{number}")
            file: FilePayload = {"name": "certificate.pdf", "mimeType": "application/pdf", "buffer": content}
            await page.locator("input[type=file]").set_input_files(file)
            await page.locator("form:has(input[type=file]) button[type=submit]").click()
            await expect(page.get_by_role("heading", name=re.compile(verdict, re.I)).first).to_be_visible()
            await check_page(page)


async def _revoke(browser: Browser, live: LiveServer, officer: Person, number: str) -> None:
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(f"/organize/certificates/{number}")
        page.on("dialog", lambda dialog: dialog.accept())
        await check_page(page)
        form = page.locator("form[action$='/revoke']")
        await form.get_by_role("textbox").fill("The identity document was not theirs.")
        await form.get_by_role("button").click()
        await expect(page.get_by_text(re.compile("revoked", re.I)).first).to_be_visible()
        await check_page(page)


def _read_codes(picture: bytes) -> list[zxingcpp.Barcode]:
    from PIL import Image

    return list(zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L")))
