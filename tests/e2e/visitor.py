"""Somebody in front of a browser: pages are looked at by axe, at two widths and in both colour schemes.

`CONFERO_TEST_SCREENSHOTS=<folder>` keeps a picture of every page that is looked at.
"""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from accounts import sign_in
from accounts.models import Person
from api.auth import session_cookie
from tests.patience import PATIENCE
from tests.postgres import ROOT

WIDE, NARROW = 1280, 390
_AXE = (ROOT / "api" / "static" / "vendor" / "axe.js").read_text()
_RUN = """async (options) => {
  await new Promise(requestAnimationFrame);
  const changing = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
  await Promise.allSettled(changing.map((animation) => animation.finished));
  const found = await axe.run(document, options);
  return found.violations.map((rule) => ({
    rule: rule.id, help: rule.help,
    nodes: rule.nodes.map((node) => node.target.join(" ") + " · " + node.failureSummary.replace(/\\s+/g, " ")),
  }));
}"""
_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > width + 1)
    .map((e) => e.tagName.toLowerCase() + "." + e.className).slice(0, 8);
}"""
_EVERY_RULE: dict[str, Any] = {"iframes": False}
_CONTRAST: dict[str, Any] = {"iframes": False, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
_PICTURES = os.environ.get("CONFERO_TEST_SCREENSHOTS")


@dataclass
class Visitor:
    """One browser profile on one server. Whatever a page complains about is kept in `complaints`."""

    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    expects_outage: bool = False

    async def open(self, path: str) -> Page:
        """A new tab at `path`."""
        page = await self.context.new_page()
        await page.goto(self.url + path)
        return page

    def watch(self, page: Page) -> None:
        """Note script errors, violations of the content security policy and answers that should not be."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Answers that fail are judged by `_on_response`, which knows what was asked for.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status < 400 or (response.status == 503 and self.expects_outage):
            return
        is_refusal = response.status < 500 and response.request.resource_type in ("document", "fetch", "xhr")
        if not is_refusal:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def assert_no_complaints(self) -> None:
        """Fail with everything noted until now."""
        assert self.complaints == [], "\n".join(self.complaints)


@asynccontextmanager
async def visiting(browser: Browser, url: str, someone: Person | None = None, **options: Any) -> AsyncIterator[Visitor]:
    """A fresh browser profile, signed in as `someone` if given; fails at the end where a page complained.

    `options` go to Playwright's `new_context`, such as `java_script_enabled=False`.
    """
    chosen = {"locale": "en-GB", "timezone_id": "Africa/Nairobi", **options}
    context = await browser.new_context(viewport={"width": WIDE, "height": 900}, **chosen)
    context.set_default_timeout(PATIENCE * 1000)
    visitor = Visitor(context, url)
    context.on("page", visitor.watch)
    if someone is not None:
        secret = await sign_in.start_session(someone, user_agent="test", address="127.0.0.1", now=datetime.now(UTC))
        await context.add_cookies([{"name": session_cookie(), "value": secret, "url": url}])
    try:
        yield visitor
    finally:
        await context.close()
    visitor.assert_no_complaints()


async def check_page(page: Page, *, allowed_overflow: bool = False) -> None:
    """No violation of any of axe's rules and nothing wider than the screen, at 1280 and at 390 px, light and dark.

    Fails with the rule and the elements. Side effect: the page is 1280 px wide and light afterwards.
    """
    problems: list[str] = []
    for width in (NARROW, WIDE):
        await page.set_viewport_size({"width": width, "height": 900})
        if not allowed_overflow and (wide := await page.evaluate(_OVERFLOW)):
            problems.append(f"wider than {width} px: {wide}")
        problems += await _violations(page, _EVERY_RULE, f"{width} px")
        await _keep_picture(page, str(width))
    await page.emulate_media(color_scheme="dark")
    problems += await _violations(page, _CONTRAST, "dark")
    await _keep_picture(page, "dark")
    await page.emulate_media(color_scheme="light")
    assert problems == [], f"{page.url}\n" + "\n".join(problems)


async def _violations(page: Page, options: dict[str, Any], where: str) -> list[str]:
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_AXE)
    found = await page.evaluate(_RUN, options)
    return [f"{where}: {each['rule']} ({each['help']}): {node}" for each in found for node in each["nodes"][:4]]


async def _keep_picture(page: Page, kind: str) -> None:
    if not _PICTURES:
        return
    name = re.sub(r"[^a-z0-9]+", "-", page.url.split("/", 3)[-1].lower()).strip("-")[:80] or "home"
    await page.screenshot(path=Path(_PICTURES) / f"{name}-{kind}.png", full_page=True)
