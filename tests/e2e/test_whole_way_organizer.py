"""An owner goes the whole way in a real browser: an event from draft to cancellation, a certification from its items to
a graded essay, and what stands around them: members, tokens, the audit log."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import icalendar
from playwright.async_api import Browser, Page, expect

from accounts import people
from accounts.models import Person
from certification.exams.models import Result
from certification.programs.models import Certification
from core import mail
from core.models import OutgoingMail
from events.catalog.models import Event
from events.registration import registrations
from tests.e2e.live import LiveServer
from tests.e2e.visitor import NARROW, WIDE, check_page, visiting
from tests.e2e.world import sit
from tests.factories import accounts
from tests.patience import PATIENCE

PASSWORD = "four unrelated quiet lanterns"
DAY = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
GIFT = """
$CATEGORY: Files

::List:: Which command lists files? {=ls ~cd ~rm}

::Init:: PID 1 is init. {TRUE}

::Bits:: How many bits has a byte? {#8:0}

::Inodes:: Explain inodes. {}

::Broken:: This one has no right answer. {~one ~two}
"""


async def test_whole_way_of_an_organizer_of_events(live: LiveServer, browser: Browser) -> None:
    slug, email = await _foundation("Savanna Foundation")
    guests = [await accounts.person(name=name) for name in ("Wanjiru Kamau", "Kofi Mensah", "Ana Núñez")]
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/sign-in")
        page.on("dialog", lambda dialog: dialog.accept())
        await _sign_in(page, email, slug)
        event = await _create_event(page, live, slug)
        base = f"{live.url}/organize/events/{event.slug}"
        await _fill_programme(page, base)
        await page.goto(base)
        await page.get_by_role("button", name=re.compile("^Publish this event")).click()
        await expect(page.get_by_role("heading", name="Share this event")).to_be_visible()
        await check_page(page)
        for guest in guests:
            await registrations.register(await Event.get(id=event.id), by=guest, now=datetime.now(UTC))
        await _look_at_registrations(page, base, guests)
        await _lower_capacity_too_far(page, base)
        await _move(page, base, guests[0])
        await _cancel(page, base, guests[0])


async def test_whole_way_of_an_organizer_of_certifications(live: LiveServer, browser: Browser) -> None:
    slug, email = await _foundation("Baobab Foundation")
    learner = await accounts.person(name="Ana Núñez")
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/sign-in")
        page.on("dialog", lambda dialog: dialog.accept())
        await _sign_in(page, email, slug)
        exam = await _create_certification(page, live, slug)
        base = f"{live.url}/organize/certifications/{exam.slug}"
        await _import_items(page, base)
        await page.goto(base)
        await page.get_by_role("button", name=re.compile("^Publish this certification")).click()
        await expect(page.get_by_text("Share this certification")).to_be_visible()
        await check_page(page)
        attempt = await sit(await Certification.get(id=exam.id), learner, now=datetime.now(UTC))
        await _grade(page, base)
        result = await Result.get(attempt_id=attempt.id)
        assert (str(result.score), result.is_passed) == ("90.00", True)
        await page.goto(base)
        await expect(page.get_by_role("figure", name="Results by domain")).to_be_visible()
        await check_page(page)


async def test_owner_gives_a_role_makes_a_token_and_reads_the_audit_log(live: LiveServer, browser: Browser) -> None:
    slug, email = await _foundation("Acacia Foundation")
    colleague = await accounts.person(name="Kofi Mensah")
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/sign-in")
        page.on("dialog", lambda dialog: dialog.accept())
        await _sign_in(page, email, slug)
        await page.goto(f"{live.url}/organize/{slug}/members")
        await _fill(page, email=str(colleague.email))
        await page.get_by_role("radio", name=re.compile("^Check-in staff")).check()
        await page.get_by_role("button", name="Give the role").click()
        await expect(page.get_by_role("row", name=re.compile("Kofi Mensah"))).to_be_visible()
        await check_page(page)

        await page.goto(f"{live.url}/me/tokens")
        await _fill(page, name="registration kiosk")
        await page.get_by_role("checkbox").first.check()
        await page.get_by_role("button", name="Make the token").click()
        secret = await page.locator(".secret code").inner_text()
        await check_page(page)
        await page.set_viewport_size({"width": NARROW, "height": 900})
        await page.goto(f"{live.url}/me/tokens")
        await expect(page.get_by_role("link", name="API tokens")).to_be_in_viewport(ratio=0.9)
        await page.set_viewport_size({"width": WIDE, "height": 900})
        answer = await page.context.request.get(f"{live.url}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status, (await answer.json())["email"]) == (200, email)
        await page.goto(f"{live.url}/me/tokens")
        await expect(page.get_by_role("listitem").filter(has_text="registration kiosk")).to_be_visible()
        assert secret not in await page.content()

        await page.goto(f"{live.url}/organize/{slug}/audit")
        await expect(page.get_by_text("Kofi Mensah").first).to_be_visible()
        await check_page(page)


async def _foundation(name: str) -> tuple[str, str]:
    """An organization with an owner who has a password; returns its slug and the owner's address."""
    email = f"owner@{name.split()[0].lower()}.example"
    now = datetime.now(UTC)
    _, organization = await people.create_owner(
        email, password=PASSWORD, name="Amina Otieno", organization=name, now=now
    )
    return organization.slug, email


async def _sign_in(page: Page, email: str, slug: str) -> None:
    await _fill(page, email=email, password="not the right one")
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check_page(page)
    await _fill(page, password=PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(re.compile("/me$"))
    await page.goto(page.url.replace("/me", "/organize"))
    await page.get_by_role("main").get_by_role("link", name=re.compile("Foundation")).first.click()
    await expect(page).to_have_url(re.compile(f"/organize/{slug}$"))


async def _create_event(page: Page, live: LiveServer, slug: str) -> Event:
    await page.goto(f"{live.url}/organize/{slug}/events/new")
    facts = {
        "title": "Savanna Systems Day",
        "summary": "One day about systems.",
        "description": "**Talks**, tables and tea.",
        "starts_at": f"{DAY}T09:00",
        "ends_at": f"{DAY}T18:00",
        "venue.name": "iHub",
        "venue.street": "Senteu Plaza",
        "venue.postal_code": "00100",
        "venue.city": "Nairobi",
        "venue.region": "Nairobi County",
        "online_url": "https://stream.example.org/savanna",
        "capacity": "0",
    }
    await _fill(page, **facts)
    await page.locator("[name='time_zone']").select_option("Africa/Nairobi")
    await page.locator("[name='venue.country']").select_option("KE")
    await page.locator("[name='format'][value='hybrid']").check()
    await page.locator("[name='languages'][value='en']").check()
    await page.locator("form.form").evaluate("form => { form.noValidate = true }")
    submit = page.locator("form.form button[type=submit]").first
    await submit.click()
    await expect(page.locator(".error-summary")).to_contain_text("Places")
    await expect(page.locator("[name='venue.street']")).to_have_value("Senteu Plaza")
    await check_page(page)
    await _fill(page, capacity="40")
    await submit.click()
    await expect(page.get_by_role("button", name=re.compile("^Publish this event"))).to_be_visible()
    event = await Event.get(title="Savanna Systems Day").select_related("venue")
    assert (event.starts_at.isoformat(), event.format.value) == (f"{DAY}T06:00:00+00:00", "hybrid")
    assert event.venue is not None
    assert (event.venue.street, event.venue.country, event.venue.region) == ("Senteu Plaza", "KE", "Nairobi County")
    return event


async def _fill_programme(page: Page, base: str) -> None:
    """Two rooms, a speaker, two sessions; a room or a speaker taken twice is refused and named."""
    for name in ("Baobab", "Acacia"):
        await page.goto(f"{base}/rooms")
        await _fill(page, name=name, capacity="40")
        await page.get_by_role("button", name="Add the room").click()
        await expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    await page.goto(f"{base}/speakers")
    await _fill(page, name="Wanjiru Kamau")
    await page.get_by_role("button", name="Add the speaker").click()
    await expect(page.get_by_role("rowheader", name="Wanjiru Kamau")).to_be_visible()

    await _propose(page, base, "Profiling in practice", "Baobab", 11, 12)
    await expect(page.get_by_role("link", name="Profiling in practice")).to_be_visible()
    await _propose(page, base, "What a scheduler knows", "Baobab", 11, 13)
    await expect(page.locator(".error-summary")).to_contain_text("Profiling in practice")
    await check_page(page)
    await page.locator("[name='room']").select_option(label="Acacia")
    await page.get_by_role("button", name="Add the session").click()
    await expect(page.locator(".error-summary")).to_contain_text("Wanjiru Kamau")
    await _fill(page, starts_at=f"{DAY}T14:00", ends_at=f"{DAY}T15:00")
    await page.get_by_role("button", name="Add the session").click()
    await expect(page.get_by_role("link", name="What a scheduler knows")).to_be_visible()
    await check_page(page)


async def _propose(page: Page, base: str, title: str, room: str, starts: int, ends: int) -> None:
    await page.goto(f"{base}/programme/sessions/new")
    await _fill(page, title=title, starts_at=f"{DAY}T{starts}:00", ends_at=f"{DAY}T{ends}:00")
    await page.locator("[name='room']").select_option(label=room)
    await page.get_by_role("checkbox", name="Wanjiru Kamau").check()
    await page.get_by_role("button", name="Add the session").click()


async def _look_at_registrations(page: Page, base: str, guests: list[Person]) -> None:
    await page.goto(f"{base}/registrations")
    for guest in guests:
        await expect(page.get_by_role("rowheader", name=re.compile(guest.display_name))).to_be_visible()
    await check_page(page)
    await page.get_by_label("Name, e-mail or code").fill("nunez")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_role("rowheader")).to_have_count(1)
    await expect(page.get_by_role("rowheader", name=re.compile("Ana Núñez"))).to_be_visible()
    answer = await page.context.request.get(f"{base}/registrations.csv")
    lines = (await answer.text()).strip().splitlines()
    assert (answer.status, len(lines)) == (200, 4)
    assert all(any(guest.display_name in line for line in lines[1:]) for guest in guests)


async def _lower_capacity_too_far(page: Page, base: str) -> None:
    await page.goto(f"{base}/edit")
    await _fill(page, capacity="2")
    await page.locator("form.form button[type=submit]").first.click()
    await expect(page.locator(".error-summary")).to_contain_text("3")
    await check_page(page)


async def _move(page: Page, base: str, guest: Person) -> None:
    before = await OutgoingMail.filter(to_address=guest.email).count()
    await page.goto(f"{base}/edit")
    await _fill(page, starts_at=f"{DAY}T10:00", ends_at=f"{DAY}T19:00")
    await page.locator("form.form button[type=submit]").first.click()
    await expect(page.get_by_role("heading", name="Share this event")).to_be_visible()
    event = (await _invitation(guest, before)).events[0]
    starts_at = event.start
    assert isinstance(starts_at, datetime)
    assert starts_at.astimezone(UTC).isoformat() == f"{DAY}T07:00:00+00:00"
    assert event.sequence == 1


async def _cancel(page: Page, base: str, guest: Person) -> None:
    before = await OutgoingMail.filter(to_address=guest.email).count()
    await page.goto(base)
    await page.get_by_role("link", name="Cancel this event").click()
    await _fill(page, reason="The hall has been flooded.")
    await check_page(page)
    await page.get_by_role("button", name="Cancel the event").click()
    await expect(page.get_by_text("This event is cancelled").first).to_be_visible()
    await check_page(page)
    calendar = await _invitation(guest, before)
    assert (calendar["METHOD"], calendar.events[0]["STATUS"]) == ("CANCEL", "CANCELLED")
    assert calendar.events[0].sequence == 2


async def _invitation(guest: Person, after: int) -> icalendar.Calendar:
    """The calendar file of the guest's next mail with one, as soon as the worker has written it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for kept in (await OutgoingMail.filter(to_address=guest.email).order_by("created_at"))[after:]:
                for attached in kept.attachments:
                    if attached["content_type"].startswith("text/calendar"):
                        return icalendar.Calendar.from_ical(await mail.content_of(attached))
            await asyncio.sleep(0.05)


async def _create_certification(page: Page, live: LiveServer, slug: str) -> Certification:
    await page.goto(f"{live.url}/organize/{slug}/certifications/new")
    await _fill(page, title="Certified Baobab Associate", statement="has shown the skills of an associate")
    await page.locator("[name='policy.cut_score']").fill("60")
    await page.get_by_role("button", name=re.compile("^Create the draft")).click()
    await expect(page.get_by_role("link", name=re.compile("^Add items"))).to_be_visible()
    await check_page(page)
    return await Certification.get(title="Certified Baobab Associate")


async def _import_items(page: Page, base: str) -> None:
    """Checked first, with a report that names every item, then imported; the broken one is refused and said so."""
    await page.goto(f"{base}/items/import")
    await page.locator("[name='text']").last.fill(GIFT)
    await page.get_by_role("button", name=re.compile("^Check the file")).click()
    await expect(page.get_by_role("heading", name="This is what the import would do")).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("Broken"))).to_contain_text("Refused")
    await expect(page.get_by_role("row", name=re.compile("List"))).to_contain_text("Taken")
    await check_page(page)
    await page.get_by_role("button", name=re.compile("^Import now")).click()
    await expect(page.get_by_role("heading", name="The file is imported")).to_be_visible()
    await check_page(page)
    await page.get_by_role("link", name=re.compile("^Look at the items")).click()
    await expect(page.get_by_text("Inodes")).to_be_visible()
    await expect(page.get_by_text("Broken")).to_have_count(0)
    await check_page(page)


async def _grade(page: Page, base: str) -> None:
    await page.goto(base)
    await page.get_by_role("link", name=re.compile("^Grade essays")).click()
    await page.get_by_role("link", name=re.compile("^Grade the next response")).click()
    await expect(page.get_by_text("An inode holds everything about a file but its name.")).to_be_visible()
    await check_page(page)
    await _fill(page, percent="60", comment="Names hard links too.")
    await page.get_by_role("button", name=re.compile("^Save the mark")).click()
    await expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()


async def _fill(page: Page, **values: str) -> None:
    """Type into the fields of these names."""
    for name, value in values.items():
        await page.locator(f"[name='{name}']").last.fill(value)
