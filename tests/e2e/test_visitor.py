"""Negative control of the browser tests: what they look for is found where it is."""

import pytest
from playwright.async_api import Browser

from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting

SOUND = '<!DOCTYPE html><html lang="en"><title>T</title><main><h1>Heading</h1>{body}</main></html>'


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<img src='data:,'>", "image-alt"),
        ("<input type='text'>", "label"),
        ("<p style='color: #999; background: #fff'>faint</p>", "color-contrast"),
        ("<p style='width: 1300px'>wide</p>", "wider than 1280 px"),
        ("<p style='width: 400px'>wide</p>", "wider than 390 px"),
        (
            "<style>@media (prefers-color-scheme: dark) { p { color: #333; background: #222 } }</style><p>night</p>",
            "dark: color-contrast",
        ),
    ],
)
async def test_what_is_wrong_with_a_page_is_found(live: LiveServer, browser: Browser, body: str, rule: str) -> None:
    async with visiting(browser, live.url) as visitor:
        page = await visitor.context.new_page()
        await page.set_content(SOUND.replace("{body}", body))
        with pytest.raises(AssertionError, match=rule):
            await check_page(page)
        await page.set_content(SOUND.replace("{body}", "<p>Nothing is wrong here.</p>"))
        await check_page(page)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("() => console.error('said by the page')", "said by the page"),
        ("() => { setTimeout(() => { throw new Error('thrown by the page') }) }", "thrown by the page"),
        (
            "() => { const s = document.createElement('script'); s.text = '1'; document.body.append(s) }",
            "Content Security Policy",
        ),
        ("() => fetch('/api/v1/no-such-thing', {method: 'POST'})", ""),
        ("() => new Promise((end) => { const i = new Image(); i.onerror = end; i.src = '/no-such.png' })", "404 GET"),
    ],
)
async def test_complaints_of_a_page_are_noted(live: LiveServer, browser: Browser, script: str, complaint: str) -> None:
    """All but a refusal that the page asked for itself, which it may well deal with."""
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/")
        await page.evaluate(script)
        await page.evaluate("() => new Promise((end) => setTimeout(end, 1))")  # after whatever the script has left
        noted, visitor.complaints = visitor.complaints, []
        assert (complaint in "".join(noted)) if complaint else noted == []


async def test_complaint_that_is_noted_fails_the_visit(live: LiveServer, browser: Browser) -> None:
    async def visit() -> None:
        async with visiting(browser, live.url) as visitor:
            visitor.complaints.append("said by the page")

    with pytest.raises(AssertionError, match="said by the page"):
        await visit()
