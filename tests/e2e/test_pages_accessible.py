from playwright.async_api import Browser

from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts


async def test_smoke(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization(name="Open Systems Foundation")
    owner = await accounts.member(organization)
    failed = []
    for who, paths in (
        (None, ["/", "/sign-in", "/sign-up", "/verify", "/reset", "/nothing"]),
        (owner, ["/me/profile", "/me/tokens", f"/organize/{organization.slug}"]),
    ):
        async with visiting(browser, live.url, who) as visitor:
            page = await visitor.open("/verify")
            for path in paths:
                await page.goto(live.url + path)
                try:
                    await check_page(page)
                except AssertionError as error:
                    failed.append(str(error))
    assert not failed, "\n".join(failed)
