"""Two clicks on one button in a browser are one."""

from playwright.async_api import Browser

from tests.e2e.live import LiveServer
from tests.e2e.visitor import visiting
from tests.factories import accounts

_CLICKS = """async () => {
  const stopped = [], button = document.querySelector("main form[method=post] button");
  window.addEventListener("submit", (event) => { stopped.push(event.defaultPrevented); event.preventDefault(); });
  button.click();
  button.click();
  const now = Date.now();
  Date.now = () => now + 60_000;
  button.click();
  return stopped;
}"""


async def test_a_second_click_sends_nothing_until_the_answer_must_have_come(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization(name="Impatient Foundation")
    owner = await accounts.member(organization)
    async with visiting(browser, live.url, owner) as visitor:
        page = await visitor.open(f"/organize/{organization.slug}/keys")
        assert await page.evaluate(_CLICKS) == [False, True, False]
