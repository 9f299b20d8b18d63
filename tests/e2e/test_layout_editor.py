"""The editor of layouts in a browser: the preview follows, elements are dragged, versions come back; axe looks on."""

from playwright.async_api import Browser, Locator, Page, expect

from accounts.models import Role
from certification.layouts import queries
from certification.layouts.models import Layout
from tests.e2e.live import LiveServer
from tests.e2e.visitor import NARROW, check_page, visiting
from tests.factories import accounts, layouts

TEXT, SIZE = "elements.{}.texts.0.text", "elements.{}.texts.0.size"


async def made() -> tuple[Layout, str, int]:
    """A layout of a new organization, where its editor is, and the place of its texts."""
    organization = await accounts.organization(name="Open Systems Foundation")
    layout = await layouts.layout(organization, "Associates")
    definition = (await queries.latest(layout.id)).definition
    stack = next(n for n, element in enumerate(definition["elements"]) if element["kind"] == "stack")
    return layout, f"/organize/{organization.slug}/layouts/{layout.id}", stack


def field(page: Page, name: str, number: int) -> Locator:
    return page.locator(f"[id='{name.format(number)}']")


async def shown(page: Page) -> str:
    """The picture that the preview shows."""
    address = await page.locator("#preview img").get_attribute("src")
    assert address is not None
    return address


async def after_preview(page: Page, before: str) -> str:
    """The next picture."""
    await expect(page.locator("#preview img")).not_to_have_attribute("src", before)
    return await shown(page)


async def test_design_save_and_restore(live: LiveServer, browser: Browser) -> None:
    layout, base, stack = await made()
    officer = await accounts.member(await layout.organization, Role.certification_officer)
    async with visiting(browser, live.url, officer) as visitor:
        page = await visitor.open(base)
        first = await shown(page)
        await page.locator(f"#element-{stack} > summary").click()
        await field(page, TEXT, stack).fill("Hurrah, {{ holder_name }}!")
        second = await after_preview(page, first)
        await page.locator(f"#element-{stack}").get_by_text("How it looks").first.click()
        await field(page, SIZE, stack).fill("24")
        third = await after_preview(page, second)
        await page.get_by_label("Shown with").select_option("thai")
        await after_preview(page, third)
        await check_page(page)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved as version 2.")).to_be_visible()
        await expect(field(page, TEXT, stack)).to_have_value("Hurrah, {{ holder_name }}!")
        await page.get_by_role("link", name="Version 1", exact=True).click()
        await expect(page.get_by_role("heading", name="Version 1 of Associates")).to_be_visible()
        await check_page(page)
        await page.get_by_role("button", name="Restore this version").click()
        await expect(page.get_by_text("Version 1 is back, as version 3.")).to_be_visible()
        await expect(field(page, TEXT, stack)).not_to_have_value("Hurrah, {{ holder_name }}!")
    assert [one.version for one in await queries.versions_of(layout.id)] == [3, 2, 1]


async def test_a_wrong_placeholder_is_said_beside_its_field_and_on_the_page(live: LiveServer, browser: Browser) -> None:
    layout, base, stack = await made()
    async with visiting(browser, live.url, await accounts.member(await layout.organization)) as visitor:
        page = await visitor.open(base)
        first = await shown(page)
        await page.locator(f"#element-{stack} > summary").click()
        text = field(page, TEXT, stack)
        await text.fill("{{ holder_nam }}")
        message = page.locator(f"[id='{TEXT.format(stack)}-error']")
        await expect(message).to_contain_text(
            "There is no placeholder {{ holder_nam }}. Did you mean {{ holder_name }}?"
        )
        await expect(text).to_have_attribute("aria-invalid", "true")
        assert await shown(page) == first
        await check_page(page)
        await page.locator(f"#element-{stack} > summary").click()
        await page.locator("#preview-problems a").click()
        await expect(text).to_be_focused()
        await text.fill("")
        await page.locator("summary", has_text="Placeholders").click()
        await page.get_by_role("button", name="{{ achievement }}", exact=True).click()
        await expect(text).to_have_value("{{ achievement }}")
        await after_preview(page, first)
        await expect(message).to_have_count(0)


async def test_elements_are_dragged_and_moved_by_keyboard(live: LiveServer, browser: Browser) -> None:
    layout, base, _stack = await made()
    async with visiting(browser, live.url, await accounts.member(await layout.organization)) as visitor:
        page = await visitor.open(base)
        first = await shown(page)
        await page.get_by_role("button", name="QR code").last.click()
        await expect(page.locator("[data-opened]")).to_be_visible()
        number = await page.locator("[data-opened]").get_attribute("data-element")
        across = page.locator(f"[id='elements.{number}.x']")
        was = float(await across.input_value())
        second = await after_preview(page, first)
        handle = page.locator(f"#handle-{number}")
        await handle.focus()
        await page.keyboard.press("ArrowRight")
        await expect(across).to_have_value(f"{was + 1:g}")
        third = await after_preview(page, second)
        await expect(handle).to_be_focused()
        box = await handle.locator(".handle").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] / 2 + 12, box["y"] + box["height"] / 2, steps=3)
        await page.mouse.up()
        await after_preview(page, third)
        assert was + 3 < float(await across.input_value()) < was + 9  # 12 pixels of a page about 680 wide
        await page.get_by_label("Orientation").select_option("portrait")
        await expect(page.locator(".sheet-portrait")).to_be_visible()
        await page.locator(f"#element-{number} [value='remove.{number}']").click()
        await expect(page.locator(f"#element-{number}")).to_have_count(0)
    assert (await queries.latest(layout.id)).version == 1


async def test_the_editor_works_without_scripts_and_on_a_phone(live: LiveServer, browser: Browser) -> None:
    layout, base, stack = await made()
    owner = await accounts.member(await layout.organization)
    async with visiting(browser, live.url, owner, java_script_enabled=False) as visitor:
        page = await visitor.open(base)
        await page.set_viewport_size({"width": NARROW, "height": 844})
        first = await shown(page)
        await page.locator(f"#element-{stack} > summary").click()
        await field(page, TEXT, stack).fill("Without a script")
        await page.get_by_role("button", name="Preview", exact=True).last.click()
        assert await shown(page) != first
        await expect(field(page, TEXT, stack)).to_have_value("Without a script")
        await page.get_by_role("button", name="Straight line", exact=True).click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved as version 2.")).to_be_visible()
