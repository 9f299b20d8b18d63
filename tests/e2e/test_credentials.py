"""In a real browser: the password once more, whose address it is, keeping an address, and who signed in."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, expect

from accounts import links, passwords, people
from accounts.models import LinkPurpose, Person, Role, RoleGrant, SignInSession
from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts
from tests.factories.accounts import PASSWORD

NEW_PASSWORD = "seven green tram lines"


async def with_password(person: Person) -> Person:
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def test_giving_a_role_asks_for_the_password_and_loses_nothing(live: LiveServer, browser: Browser) -> None:
    organization = await accounts.organization(name="Old Session Foundation")
    owner = await with_password(await accounts.member(organization))
    newcomer = await accounts.person(name="Kofi Mensah")
    async with visiting(browser, live.url, owner) as visitor:
        await SignInSession.filter(person_id=owner.id).update(proved_at=datetime.now(UTC) - timedelta(minutes=11))
        page = await visitor.open(f"/organize/{organization.slug}/members")
        await page.get_by_label("E-mail of the person").fill(newcomer.email or "")
        await page.locator("input[name=role][value=viewer]").check()
        await page.get_by_role("button", name="Give the role").click()
        await expect(page.get_by_role("heading", name="Type your password again")).to_be_visible()
        await check_page(page)
        await page.get_by_label("Password").fill("not the one")
        await page.keyboard.press("Enter")
        await expect(page.locator("#password_again-error")).to_have_text("This is not your present password.")
        await check_page(page)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_text("The role is given.")).to_be_visible()
        assert await RoleGrant.filter(person_id=newcomer.id, role=Role.viewer).count() == 1
        await page.goto(f"{live.url}/me/sign-ins")
        await check_page(page)


async def test_whoever_has_the_mailbox_takes_over_what_was_made_with_it(live: LiveServer, browser: Browser) -> None:
    eve = await with_password(await accounts.person(confirmed=False))
    email = eve.email or ""
    secret = await links.create(eve, LinkPurpose.confirm_email, email=email, now=datetime.now(UTC))
    async with visiting(browser, live.url, eve) as hers, visiting(browser, live.url) as owners:
        theirs = await hers.open("/me/profile")
        page = await owners.open(f"/confirm/{secret}")
        await expect(page.get_by_label("Password that you chose")).to_be_visible()
        await check_page(page)
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Confirm the address and set this password").click()
        await expect(page.get_by_text("Sign in with your new password.")).to_be_visible()
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(f"{live.url}/me/sign-ins")
        await expect(page.get_by_text("Signed in", exact=True)).to_be_visible()
        await check_page(page)
        await theirs.reload()
        await expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_somebody_signed_in_elsewhere_changes_accounts_to_confirm(live: LiveServer, browser: Browser) -> None:
    newcomer = await with_password(await accounts.person(confirmed=False))
    email = newcomer.email or ""
    secret = await links.create(newcomer, LinkPurpose.confirm_email, email=email, now=datetime.now(UTC))
    async with visiting(browser, live.url, await accounts.person()) as visitor:
        page = await visitor.open(f"/confirm/{secret}")
        await check_page(page)
        await page.get_by_role("button", name="It was me: sign in to that account").click()
        await expect(page.get_by_text(f"an account was made with {email}")).to_be_visible()
        await check_page(page)
        await page.get_by_label("Password that you chose").fill(PASSWORD)
        await page.get_by_role("button", name="Confirm this address", exact=True).click()
        await expect(page.get_by_text("Your e-mail address is confirmed.")).to_be_visible()
    assert (await Person.get(id=newcomer.id)).is_confirmed


async def test_the_old_address_keeps_the_account(live: LiveServer, browser: Browser) -> None:
    person = await with_password(await accounts.person())
    email = person.email or ""
    await people.request_email(person, f"eve-{email}", password=PASSWORD, address="127.0.0.1", now=datetime.now(UTC))
    keep = await links.create(person, LinkPurpose.keep_email, email=email, now=datetime.now(UTC))
    change = await links.create(person, LinkPurpose.confirm_email, email=f"eve-{email}", now=datetime.now(UTC))
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open(f"/confirm/{change}")
        await expect(page.get_by_role("button", name="It was not me: stop this")).to_be_visible()
        await check_page(page)
        await page.goto(f"{live.url}/keep-address/{keep}")
        await check_page(page)
        await page.get_by_role("button", name="Keep this address").click()
        await expect(page.get_by_role("heading", name="Set a new password")).to_be_visible()
        await check_page(page)
        await page.get_by_label("New password").fill(NEW_PASSWORD)
        await page.get_by_role("button", name="Set this password").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await person.refresh_from_db()
    assert await passwords.is_right(NEW_PASSWORD, person.password_hash)


async def test_a_calendar_address_is_shown_once(live: LiveServer, browser: Browser) -> None:
    async with visiting(browser, live.url, await accounts.person()) as visitor:
        page = await visitor.open("/me/registrations")
        await page.get_by_role("button", name="Make a calendar address").click()
        await expect(page.locator("#calendar .code")).to_contain_text("/calendars/")
        await check_page(page)
        await page.goto(f"{live.url}/me/registrations")
        await expect(page.get_by_text("You made an address on")).to_be_visible()
        await check_page(page)
