"""An employer verifies several numbers at once and takes the answers along; a holder asks to be found, and is."""

import asyncio
from datetime import UTC, datetime

from playwright.async_api import Browser, expect

from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts, renewal


async def test_several_numbers_from_a_list_and_as_a_file(live: LiveServer, browser: Browser) -> None:
    now = datetime.now(UTC)
    one, other = await renewal.certificate(now=now), await renewal.certificate(now=now, name="Amina Otieno")
    async with visiting(browser, live.url) as employer:
        page = await employer.open("/verify")
        await page.get_by_role("link", name="Verify several numbers").click()
        await page.get_by_role("button", name="Verify these numbers").click()
        await expect(page.get_by_role("alert")).to_contain_text("Give at least one certificate number.")
        await check_page(page)
        await page.get_by_label("Certificate numbers").fill(
            f"{one.number}\n{other.number.lower()}\n{one.number}\n0000-0000-0000\nnonsense"
        )
        await page.get_by_role("button", name="Verify these numbers").click()
        await expect(page.get_by_role("row", name="Amina Otieno")).to_contain_text("Valid")
        await expect(page.get_by_text("See line 1")).to_be_visible()
        await check_page(page)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Download as CSV").click()
        received = await (await downloading.value).path()
        text = (await asyncio.to_thread(received.read_bytes)).decode("utf-8-sig")
        assert [line.split(",")[3] for line in text.splitlines()[1:]] == [
            "valid",
            "valid",
            "repeated",
            "unknown",
            "impossible",
        ]


async def test_holder_is_found_in_the_directory_until_they_leave(live: LiveServer, browser: Browser) -> None:
    holder = await accounts.person(name="Élodie Dupré")
    held = await renewal.certificate(holder=holder, now=datetime.now(UTC), name="Élodie Dupré")
    async with visiting(browser, live.url, holder) as at_home, visiting(browser, live.url) as employer:
        page = await at_home.open("/me/certificates")
        await page.get_by_label("Your country").select_option("FR")
        await page.get_by_role("button", name="List me in the directory").click()
        await expect(page.get_by_text("You are in the directory of holders.")).to_be_visible()
        await check_page(page)

        found = await employer.open("/directory")
        await found.get_by_label("Name").fill("elodie")
        await found.get_by_label("Country").select_option("FR")
        await found.get_by_role("button", name="Search").click()
        await expect(found.get_by_role("heading", name="Élodie Dupré")).to_be_visible()
        await check_page(found)
        await found.get_by_role("link", name=held.achievement).click()
        await expect(found).to_have_url(f"{live.url}/verify/{held.number}")

        await page.get_by_role("button", name="Take me out of the directory").click()
        await expect(page.get_by_role("button", name="List me in the directory")).to_be_visible()
        await found.goto(f"{live.url}/directory?q=elodie")
        await expect(found.get_by_text("Nobody found")).to_be_visible()
