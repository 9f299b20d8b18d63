"""Tickets, calendar entries and the mails that bring them."""

import importlib
import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import httpx
import pikepdf
import pytest
import zxingcpp
from icalendar import Calendar
from PIL import Image
from starlette.applications import Starlette
from tortoise.connection import get_connection

from accounts.models import Person
from accounts.tokens import fingerprint
from api.app import create_app
from core import mail as mail_module
from core.database import execute, fetch, fetchrow, fetchval
from core.models import OutgoingMail
from core.settings import Settings
from events.catalog.models import Event, EventFormat
from events.registration import feeds, jobs, registrations, tickets
from events.registration.models import Registration
from tests.factories import accounts, events

NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def entry_of(mail: OutgoingMail) -> tuple[str, Calendar]:
    """Method and content of the calendar file that a mail carries."""
    listed = next(each for each in mail.attachments if each["filename"].endswith(".ics"))
    calendar = Calendar.from_ical(await mail_module.content_of(listed))
    return str(calendar["method"]), calendar


async def test_the_confirmation_is_written_once_with_pdf_and_calendar_entry(database: str) -> None:
    event = await events.published_event(title="Cloud Day")
    registration = await registrations.register(event, by=await accounts.person(name="Zoë Ntim"), now=NOW)
    for _ in range(2):
        await jobs.confirm({"id": str(registration.id)})
    mail = await OutgoingMail.get()
    assert mail.subject == "Your ticket: Cloud Day"
    assert tickets.shown_code(registration.code) in mail.text
    assert f"http://testserver/me/registrations/{registration.id}" in mail.html
    assert [each["content_type"].split(";")[0] for each in mail.attachments] == ["application/pdf", "text/calendar"]
    method, calendar = await entry_of(mail)
    [entry] = calendar.walk("VEVENT")
    assert (method, str(entry["summary"]), entry.decoded("dtstart")) == ("REQUEST", "Cloud Day", event.starts_at)
    pdf = await mail_module.content_of(mail.attachments[0])
    with pikepdf.open(BytesIO(pdf)) as document:
        assert len(document.pages) == 1


async def test_a_registration_cancelled_in_the_meantime_gets_no_confirmation(database: str) -> None:
    person = await accounts.person()
    registration = await registrations.register(await events.published_event(), by=person, now=NOW)
    await registrations.cancel(registration, by=person, now=NOW)
    await jobs.confirm({"id": str(registration.id)})
    assert await OutgoingMail.all().count() == 0
    for _ in range(2):
        await jobs.tell_cancelled({"id": str(registration.id)})
    method, calendar = await entry_of(await OutgoingMail.get())
    [entry] = calendar.walk("VEVENT")
    assert (method, str(entry["status"]), entry["sequence"]) == ("CANCEL", "CANCELLED", 1)


async def test_a_cancelled_event_confirms_nothing_and_is_nobodys_next_step(app: Starlette) -> None:
    person, event = await accounts.person(), await events.published_event(title="Cloud Day")
    registration = await registrations.register(event, by=person, now=NOW)
    async with accounts.signed_in(app, person) as client:
        assert "Cloud Day" in (await client.get("/me")).text
        await Event.filter(id=event.id).update(status="cancelled", cancelled_at=NOW)
        home, listed = await client.get("/me"), await client.get("/me/registrations")
    await jobs.confirm({"id": str(registration.id)})
    assert await OutgoingMail.all().count() == 0
    assert "Cloud Day" not in home.text
    assert "Event cancelled" in listed.text


@pytest.mark.parametrize(("topic", "method"), [("event.moved", "REQUEST"), ("event.cancelled", "CANCEL")])
async def test_attendees_hear_once_of_a_changed_event(
    database: str, monkeypatch: pytest.MonkeyPatch, topic: str, method: str
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    event = await events.published_event()
    made = [await registrations.register(event, by=await accounts.person(), now=NOW) for _ in range(3)]
    await registrations.cancel(made[2], by=await accounts.member(await event.organization), now=NOW)
    made.append(await registrations.register(event, by=await accounts.person(), now=NOW))
    await Event.filter(id=event.id).update(sequence=4, starts_at=event.starts_at + timedelta(minutes=30))
    payload = {"event": str(event.id), "topic": topic, "facts": {"sequence": 4, "was": {}}}
    for _ in range(2):
        await jobs.tell_attendees({**payload, "after": None})
        second = sorted(each.id for each in (made[0], made[1], made[3]))[1]
        await jobs.tell_attendees({**payload, "after": str(second)})
    mails = await OutgoingMail.all()
    assert len(mails) == 3
    said, calendar = await entry_of(mails[0])
    [entry] = calendar.walk("VEVENT")
    assert (said, entry["sequence"]) == (method, 4)


@pytest.mark.parametrize("format_", [EventFormat.hybrid, EventFormat.online])
async def test_who_has_a_place_gets_the_link_to_attend_until_it_is_given_back(
    app: Starlette, format_: EventFormat
) -> None:
    link = "https://meet.example.org/cloud-day"
    person, event = await accounts.person(), await events.published_event(format=format_, online_url=link)
    registration = await registrations.register(event, by=person, now=NOW)
    await jobs.confirm({"id": str(registration.id)})
    mail = await OutgoingMail.get()
    _method, calendar = await entry_of(mail)
    assert (link in mail.text, link in mail.html, link in str(calendar.walk("VEVENT")[0]["description"])) == (True,) * 3
    page, listed, public = await _seen(app, person, registration, event)
    assert (link in page, listed, link in public) == (True, link, False)
    await registrations.cancel(registration, by=person, now=NOW)
    page, listed, public = await _seen(app, person, registration, event)
    assert (link in page, listed, link in public) == (False, None, False)


async def test_an_event_where_all_meet_in_person_shows_no_link(app: Starlette) -> None:
    person = await accounts.person()
    event = await events.published_event(online_url="https://meet.example.org/left-over")
    registration = await registrations.register(event, by=person, now=NOW)
    page, listed, _public = await _seen(app, person, registration, event)
    assert ("left-over" in page, listed) == (False, None)


async def _seen(
    app: Starlette, person: Person, registration: Registration, event: Event
) -> tuple[str, str | None, str]:
    """The ticket's page, the link in the API's list, and the event's public page."""
    async with accounts.signed_in(app, person) as client:
        page = await client.get(f"/me/registrations/{registration.id}")
        listed = await client.get("/api/v1/me/registrations")
        public = await client.get(f"/events/{event.slug}")
    return page.text, listed.json()["items"][0]["online_url"], public.text


async def test_the_mail_of_a_moved_event_says_what_it_was(database: str) -> None:
    starts_at = datetime(2027, 3, 2, 9, tzinfo=UTC)
    event = await events.published_event(
        title="Cloud Day", time_zone="Europe/Paris", starts_at=starts_at, ends_at=starts_at + timedelta(hours=8)
    )
    await registrations.register(event, by=await accounts.person(), now=NOW)
    was = {
        "starts_at": "2027-03-01T09:00:00+00:00",
        "ends_at": "2027-03-01T11:00:00+00:00",
        "venue": "Old Hall, Paris",
        "online_url": "",
    }
    facts = {"sequence": 1, "was": was}
    await jobs.tell_attendees({"event": str(event.id), "topic": "event.moved", "facts": facts, "after": None})
    mail = await OutgoingMail.get()
    for part in (mail.text, mail.html):
        assert "March 2, 2027, 10:00\u202fAM – 6:00\u202fPM (Paris)" in part
        assert "Before: March 1, 2027, 10:00\u202fAM – 12:00\u202fPM (Paris)" in part
        assert "Before: Old Hall, Paris" in part
        assert "The link to attend online is a new one." in part


async def test_an_event_moved_again_while_its_attendees_are_told_is_told_again(database: str) -> None:
    event = await events.published_event()
    await jobs.event_moved(event.id, {"sequence": 1, "was": {}})
    await jobs.event_moved(event.id, {"sequence": 1, "was": {}})
    await execute("UPDATE pgqueuer SET status = 'picked'")
    await jobs.event_moved(event.id, {"sequence": 2, "was": {}})
    rows = await fetch("SELECT status, payload FROM pgqueuer ORDER BY id")
    told = [(row["status"], json.loads(row["payload"])["facts"]["sequence"]) for row in rows]
    assert told == [("picked", 1), ("queued", 2)]


async def test_the_ticket_page_shows_a_qr_code_that_reads_as_the_code(app: Starlette) -> None:
    person, event = await accounts.person(), await events.published_event(title="Cloud Day")
    registration = await registrations.register(event, by=person, now=NOW)
    base = f"/me/registrations/{registration.id}"
    async with accounts.signed_in(app, person) as client:
        page = await client.get(base)
        pdf = await client.get(f"{base}/ticket.pdf")
        entry = await client.get(f"{base}/event.ics")
        listed = await client.get("/me/registrations")
    width, path = tickets.qr_path(registration.code)
    assert (page.status_code, listed.status_code) == (200, 200)
    assert path in page.text
    assert _read(width, path) == registration.code
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert str(Calendar.from_ical(entry.content)["method"]) == "PUBLISH"
    assert "Cloud Day" in listed.text


def _read(width: int, path: str) -> str:
    image = Image.new("L", (width, width), 255)
    for move in path.removeprefix("M").split("M"):
        x, y = move.split("h")[0].split()
        image.putpixel((int(x), int(y)), 0)
    found = zxingcpp.read_barcode(image.resize((width * 6, width * 6), Image.Resampling.NEAREST))
    assert found is not None
    return found.text


async def test_a_cancelled_registration_has_no_ticket(app: Starlette) -> None:
    person = await accounts.person()
    registration = await registrations.register(await events.published_event(), by=person, now=NOW)
    async with accounts.signed_in(app, person) as client:
        gone = await client.post(f"/me/registrations/{registration.id}/cancel")
        assert (gone.status_code, gone.headers["location"]) == (303, "/me/registrations")
        assert (await client.get(f"/me/registrations/{registration.id}/ticket.pdf")).status_code == 410
        assert (await client.get(f"/me/registrations/{registration.id}")).status_code == 200


async def test_registering_by_the_page_leads_through_sign_in_and_ends_at_the_ticket(app: Starlette) -> None:
    event, full = await events.published_event(), await events.published_event(places=0)
    path = f"/events/{event.slug}/register"
    async with accounts.signed_in(app, None) as client:
        sent = await client.get(path)
        assert (sent.status_code, sent.headers["location"]) == (
            303,
            f"/sign-in?next=%2Fevents%2F{event.slug}%2Fregister",
        )
    async with accounts.signed_in(app, await accounts.person(name="Zoë Ntim")) as client:
        form = await client.get(path)
        assert 'value="Zoë Ntim"' in form.text
        refused = await client.post(path, data={"attendee_name": "x" * 300})
        assert refused.status_code == 422
        done = await client.post(path, data={"attendee_name": "Dr. Zoë Ntim"})
        registration = await Registration.get(event_id=event.id)
        assert (done.status_code, done.headers["location"]) == (303, f"/me/registrations/{registration.id}")
        again = await client.get(path)
        assert f"/me/registrations/{registration.id}" in again.text
        assert "Sold out" in (await client.get(f"/events/{full.slug}/register")).text
        assert (await client.post(f"/events/{full.slug}/register", data={})).status_code == 409
    assert registration.attendee_name == "Dr. Zoë Ntim"


async def test_the_secret_calendar_address_is_shown_once_and_can_be_renewed_and_ended(app: Starlette) -> None:
    person = await accounts.person()
    await registrations.register(await events.published_event(title="Cloud Day"), by=person, now=NOW)
    async with accounts.signed_in(app, person) as client:
        first = _calendar_path(await client.post("/me/registrations/calendar"))
        shown = await client.get(first)
        assert [str(each["summary"]) for each in Calendar.from_ical(shown.content).walk("VEVENT")] == ["Cloud Day"]
        later = await client.get("/me/registrations")
        assert "You made an address on" in later.text
        assert "/calendars/" not in later.text
        second = _calendar_path(await client.post("/me/registrations/calendar"))
        assert second != first
        assert (await client.get(first)).status_code == 404
        assert (await client.get(second)).status_code == 200
        await client.post("/me/registrations/calendar/end")
        assert (await client.get(second)).status_code == 404
    assert await feeds.made_at(person) is None


def _calendar_path(page: httpx.Response) -> str:
    found = re.search(r"http://testserver(/calendars/[\w-]+\.ics)", page.text)
    assert found is not None
    return found[1]


async def test_a_secret_calendar_address_lies_nowhere_in_the_open(database: str) -> None:
    person = await accounts.person()
    secret = (await feeds.renew(person, now=NOW)).rpartition("/")[2].removesuffix(".ics")
    row = await fetchrow("SELECT * FROM calendar_feed WHERE person_id = $1", person.id)
    assert row is not None
    assert secret not in [str(value) for value in row.values()]


async def test_addresses_made_before_they_were_hashed_go_on_working(database: str) -> None:
    migration = importlib.import_module("events.migrations.0008_calendar_secrets")
    person = await accounts.person()
    await execute(
        "INSERT INTO calendar_feed (person_id, token_hash, created_at) VALUES ($1, $2, now())",
        person.id,
        "a-secret-in-the-open",
    )
    await migration.hash_secrets(None, SimpleNamespace(client=get_connection("default")))
    assert await feeds.person_behind("a-secret-in-the-open") == person.id
    assert await fetchval("SELECT token_hash FROM calendar_feed") == fingerprint("a-secret-in-the-open")


async def test_organizers_edit_ticket_types_and_quotas_by_the_page(app: Starlette) -> None:
    event = await events.published_event(places=3)
    await registrations.register(event, by=await accounts.person(), now=NOW)
    base = f"/organize/events/{event.slug}/tickets"
    async with accounts.signed_in(app, await accounts.member(await event.organization)) as client:
        assert (await client.post(f"{base}/quotas", data={"name": "Workshop", "size": "5"})).status_code == 303
        quotas = {each.name: each.id for each in await event.quotas.all()}  # type: ignore[attr-defined]  # reverse
        too_small = await client.post(f"{base}/quotas/{quotas['Places']}", data={"name": "Places", "size": "0"})
        assert too_small.status_code == 422
        assert "1 places are taken already" in too_small.text
        made = await client.post(base, data={"name": "Both", "quotas": [str(each) for each in quotas.values()]})
        assert made.status_code == 303
        missing = await client.post(base, data={"name": "None"})
        assert missing.status_code == 422
        used = await client.post(f"{base}/quotas/{quotas['Workshop']}/remove")
        assert used.status_code == 303
        shown = await client.get(base)
    assert "Both" in shown.text
    assert "A ticket type draws on this quota" in shown.text


async def test_a_program_makes_renews_and_ends_the_address_of_the_calendar(app: Starlette) -> None:
    async with accounts.with_token(app, await accounts.person()) as client:
        assert (await client.get("/api/v1/me/calendar")).json() == {"address": None, "made_at": None}
        made = (await client.post("/api/v1/me/calendar")).json()
        first = made["address"]
        assert (await client.get("/api/v1/me/calendar")).json() == {"address": None, "made_at": made["made_at"]}
        assert (await client.get(first)).headers["content-type"].startswith("text/calendar")
        second = (await client.post("/api/v1/me/calendar")).json()["address"]
        assert [(await client.get(address)).status_code for address in (first, second)] == [404, 200]
        for _ in range(2):
            assert (await client.delete("/api/v1/me/calendar")).status_code == 204
        assert (await client.get(second)).status_code == 404
