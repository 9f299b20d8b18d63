"""The pages of events, for visitors and organizers, as a browser without script uses them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import httpx
import icalendar
import pytest
from starlette.applications import Starlette

from accounts.models import Organization, Role
from api.app import create_app
from core.settings import Settings
from events.catalog.models import Event, EventFormat
from events.programme.models import Session, SessionKind
from tests.factories import accounts, events
from tests.queries import count_queries


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization("osf")


@pytest.fixture
async def visitor(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with accounts.signed_in(app, None) as client:
        yield client


@pytest.fixture
async def organizer(app: Starlette, organization: Organization) -> AsyncIterator[httpx.AsyncClient]:
    async with accounts.signed_in(app, await accounts.member(organization, Role.organizer)) as client:
        yield client


def words(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).replace("\u202f", " ").split())


FORM = {
    "title": "Nairobi meetup",
    "format": "in_person",
    "time_zone": "Africa/Nairobi",
    "starts_at": "2030-05-01T18:00",
    "ends_at": "2030-05-01T20:00",
    "languages": ["en", "sw"],
    "capacity": "80",
    "venue.name": "iHub",
    "venue.street": "",
    "venue.city": "Nairobi",
    "venue.country": "KE",
    "summary": "",
    "description": "Come",
    "online_url": "",
}


async def test_the_list_shows_what_is_published_and_filters_it(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    await events.published_event(organization, title="Meetup in Nairobi")
    await events.published_event(
        organization, title="Conférence de Paris", venue_fields={"city": "Paris", "country": "FR"}
    )
    await events.event(organization, title="Secret draft")
    everything = words(await visitor.get("/events"))
    assert [title in everything for title in ("Meetup in Nairobi", "Conférence de Paris", "Secret draft")] == [
        True,
        True,
        False,
    ]
    french = words(await visitor.get("/events?country=FR&q=conference&city=&after="))
    assert ["Meetup in Nairobi" in french, "Conférence de Paris" in french] == [False, True]
    assert "Nothing matches" in words(await visitor.get("/events?q=zzzzzz"))


async def test_a_wrong_filter_is_named_and_the_list_still_there(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    await events.published_event(organization, title="Meetup")
    page = await visitor.get("/events?after=tomorrow&limit=many")
    assert page.status_code == 422
    assert 'value="tomorrow"' in page.text


async def test_the_event_page_says_when_where_and_how_to_get_a_place(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization, places=3, summary="Three talks", languages=["en", "sw"])
    page = await visitor.get(f"/events/{event.slug}")
    text = words(page)
    for part in (
        event.title,
        "Three talks",
        "iHub",
        "Nairobi, Kenya",
        "English, Swahili",
        "Register for free",
        "East Africa Time",
    ):
        assert part in text
    assert "3 places left" in text
    assert f'href="/events/{event.slug}/register"' in page.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"places": 0}, "Sold out"),
        ({"registration_closes_at": events.in_days(-1)}, "Registration closed"),
        ({"registration_opens_at": events.in_days(5)}, "Registration is not open yet"),
        ({"starts_at": events.in_days(-5)}, "This event is over"),
        ({"status": "cancelled", "cancellation_reason": "No hall"}, "This event is cancelled"),
    ],
)
async def test_the_event_page_says_why_there_is_no_place(
    visitor: httpx.AsyncClient, organization: Organization, fields: dict[str, object], says: str
) -> None:
    event = await events.published_event(organization, **fields)  # type: ignore[arg-type]
    page = await visitor.get(f"/events/{event.slug}")
    assert (page.status_code, says in words(page), "/register" in page.text) == (200, True, False)


async def test_a_draft_is_previewed_by_those_who_work_on_it_only(
    app: Starlette, visitor: httpx.AsyncClient, organizer: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.event(organization)
    assert "A preview" in words(await organizer.get(f"/events/{event.slug}"))
    async with accounts.signed_in(app, await accounts.person()) as stranger:
        for client in (visitor, stranger):
            assert (await client.get(f"/events/{event.slug}")).status_code == 404
            assert (await client.get(f"/events/{event.slug}/calendar.ics")).status_code == 404


async def test_the_reader_sees_their_own_time_beside(app: Starlette, organization: Organization) -> None:
    event = await events.published_event(organization, starts_at=events.in_days(30))
    reader = await accounts.person()
    reader.time_zone = "Asia/Tokyo"
    await reader.save()
    async with accounts.signed_in(app, reader) as client:
        text = words(await client.get(f"/events/{event.slug}"))
    local, tokyo = event.starts_at.astimezone(event.zone), event.starts_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"{local:%B} {local.day}, {local.year}, {local:%I:%M %p} (Nairobi)".replace(" 0", " ") in text
    assert f"Your time: {tokyo:%B} {tokyo.day}, {tokyo.year}, {tokyo:%I:%M %p} (Tokyo)".replace(" 0", " ") in text


async def test_the_programme_is_shown_by_day_and_room_with_its_speakers(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization)
    hall, lab = await events.room(event, "Main hall"), await events.room(event, "Lab", position=1)
    amina = await events.speaker(organization, "Amina Otieno", affiliation="iHub")
    await events.session(event, hall, title="Opening", speakers=[amina], abstract_html="<p>Why we are here</p>")
    await events.session(event, lab, title="Hands on")
    lunch = event.starts_at + timedelta(hours=1)
    await events.session(event, title="Lunch", kind=SessionKind.break_, starts_at=lunch)
    page = await visitor.get(f"/events/{event.slug}")
    assert [name in words(page) for name in ("Main hall", "Lab", "Opening", "Amina Otieno", "Why we are here")] == [
        True
    ] * 5
    assert re.search(r'<td\s+colspan="2">\s*<div class="session session-break">', page.text)


async def test_the_event_page_costs_the_same_for_one_session_and_for_thirty(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization)
    room, speaker = await events.room(event), await events.speaker(organization)
    await events.session(event, room, speakers=[speaker], ends_at=event.starts_at + timedelta(minutes=10))
    counts = []
    for more in (0, 2, 27):
        for number in range(more):
            starts_at = event.starts_at + timedelta(minutes=10 * (1 + number + (2 if more > 2 else 0)))
            await events.session(
                event, room, speakers=[speaker], starts_at=starts_at, ends_at=starts_at + timedelta(minutes=10)
            )
        with count_queries() as sent:
            assert (await visitor.get(f"/events/{event.slug}")).status_code == 200
        counts.append(len(sent))
    assert counts == [4, 4, 4]


async def test_the_list_costs_the_same_for_one_event_and_for_three(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    counts = []
    for more in (1, 2):
        for _ in range(more):
            await events.published_event(organization)
        with count_queries() as sent:
            await visitor.get("/events")
        counts.append(len(sent))
    assert counts == [3, 3]


async def test_the_calendar_file_holds_event_and_sessions(
    visitor: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization, title="PyCon, Kenya", sequence=3)
    room = await events.room(event, "Main hall")
    session = await events.session(event, room, title="Opening", speakers=[await events.speaker(organization)])
    await events.session(event, room, title="Later", starts_at=event.starts_at + timedelta(hours=2))
    await Session.filter(title="Later").update(starts_at=None, ends_at=None)
    answer = await visitor.get(f"/events/{event.slug}/calendar.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    whole, opening = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert (str(whole["SUMMARY"]), whole["SEQUENCE"], str(whole["STATUS"])) == ("PyCon, Kenya", 3, "CONFIRMED")
    assert str(whole["UID"]) == f"event-{event.id}@testserver"
    assert whole.decoded("DTSTART") == event.starts_at
    assert str(whole["LOCATION"]) == "iHub, Senteu Plaza, Nairobi, KE"
    assert str(whole["URL"]) == f"http://testserver/events/{event.slug}"
    assert (str(opening["UID"]), str(opening["SUMMARY"])) == (f"session-{session.id}@testserver", "Opening")
    assert str(opening["LOCATION"]).startswith("Main hall, ")
    event.status = "cancelled"  # type: ignore[assignment]
    await event.save()
    again = icalendar.Calendar.from_ical((await visitor.get(f"/events/{event.slug}/calendar.ics")).content)
    assert [str(entry["STATUS"]) for entry in again.walk("VEVENT")] == ["CANCELLED", "CANCELLED"]


async def test_an_organizer_creates_publishes_and_cancels(
    organizer: httpx.AsyncClient, visitor: httpx.AsyncClient, organization: Organization
) -> None:
    assert "Create a draft" in words(await organizer.get("/organize/osf/events/new"))
    made = await organizer.post("/organize/osf/events/new", data=FORM)
    assert (made.status_code, made.headers["location"]) == (303, "/organize/events/nairobi-meetup")
    event = await Event.get(slug="nairobi-meetup").select_related("venue")
    assert event.venue
    assert (event.format, event.languages, event.venue.country) == (EventFormat.in_person, ["en", "sw"], "KE")
    base = f"/organize/events/{event.slug}"
    assert "Publish this event" in words(await organizer.get(base))
    await organizer.post(f"{base}/publish")
    assert (await visitor.get(f"/events/{event.slug}")).status_code == 200
    assert "Share this event" in words(await organizer.get(base))
    assert "told by mail" in words(await organizer.get(f"{base}/cancel"))
    empty = await organizer.post(f"{base}/cancel", data={"reason": " "})
    assert (empty.status_code, (await Event.get(id=event.id)).status.value) == (422, "published")
    done = await organizer.post(f"{base}/cancel", data={"reason": "The hall is flooded."})
    assert done.status_code == 303
    assert "The hall is flooded." in words(await visitor.get(f"/events/{event.slug}"))


async def test_a_wrong_form_keeps_what_was_typed_and_names_the_fields(
    organizer: httpx.AsyncClient, organization: Organization
) -> None:
    typed = {**FORM, "title": "", "capacity": "none", "venue.city": "", "description": "Do not lose this"}
    page = await organizer.post("/organize/osf/events/new", data=typed)
    assert page.status_code == 422
    for field in ("title", "capacity", "venue.city"):
        assert f'id="{field}-error"' in page.text, field
    assert "Do not lose this" in page.text
    assert 'value="none"' in page.text
    assert await Event.all().count() == 0


async def test_the_form_saves_and_refuses_a_state_that_somebody_else_changed(
    organizer: httpx.AsyncClient, organization: Organization
) -> None:
    await organizer.post("/organize/osf/events/new", data=FORM)
    path = "/organize/events/nairobi-meetup/edit"
    version = _version(await organizer.get(path))
    assert (await organizer.post(path, data={**FORM, "title": "First", "version": version})).status_code == 303
    late = await organizer.post(path, data={**FORM, "title": "Second", "version": version})
    assert (late.status_code, 'value="Second"' in late.text) == (409, True)
    assert "title: First" in words(late)
    assert (await Event.get(slug="nairobi-meetup")).title == "First"
    knowingly = await organizer.post(path, data={**FORM, "title": "Second", "version": _version(late)})
    assert knowingly.status_code == 303
    assert (await Event.get(slug="nairobi-meetup")).title == "Second"


def _version(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page.text)
    assert found
    return unescape(found[1])


async def test_rooms_sessions_and_speakers_are_made_by_forms(
    organizer: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.event(organization)
    base = f"/organize/events/{event.slug}"
    assert "No room yet" in words(await organizer.get(f"{base}/rooms"))
    await organizer.post(f"{base}/rooms", data={"name": "Main hall", "capacity": "", "position": "", "features": ""})
    twice = await organizer.post(f"{base}/rooms", data={"name": "Main hall"})
    assert (twice.status_code, "This event has a room “Main hall” already." in words(twice)) == (409, True)
    await organizer.post(f"{base}/speakers", data={"name": "Amina Otieno", "affiliation": "iHub"})
    new = await organizer.get(f"{base}/programme/sessions/new")
    room = re.search(r'<option value="([0-9a-f-]{36})"', new.text)
    speaker = re.search(r'name="speakers" type="checkbox" value="([^"]+)"', new.text)
    assert room
    assert speaker
    local = event.starts_at.astimezone(event.zone)
    form = {
        "title": "Opening",
        "kind": "keynote",
        "language": "en",
        "room": room[1],
        "speakers": speaker[1],
        "starts_at": local.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (local + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }
    added = await organizer.post(f"{base}/programme/sessions/new", data=form)
    assert added.status_code == 303
    clash = await organizer.post(f"{base}/programme/sessions/new", data={**form, "title": "Second"})
    assert (clash.status_code, "“Opening” is in Main hall from" in words(clash)) == (409, True)
    assert 'value="Second"' in clash.text
    programme = await organizer.get(f"{base}/programme")
    assert "Opening" in words(programme)
    session = await Session.get(title="Opening")
    edit = f"{base}/programme/sessions/{session.id}"
    assert f'value="{form["starts_at"]}"' in (await organizer.get(edit)).text
    await organizer.post(
        edit, data={"title": "Opening", "kind": "keynote", "language": "en", "room": "", "starts_at": ""}
    )
    assert "Without a time" in words(await organizer.get(f"{base}/programme"))
    assert (await organizer.post(f"{edit}/remove")).status_code == 303
    assert await Session.all().count() == 0
    removed = await organizer.post(f"{base}/speakers/{speaker[1]}/remove")
    assert removed.status_code == 303
    assert (await organizer.post(f"{base}/rooms/{room[1]}/remove")).status_code == 303


async def test_pages_of_organizers_are_closed_to_others(app: Starlette, organization: Organization) -> None:
    event = await events.event(organization)
    paths = [
        f"/organize/events/{event.slug}{part}" for part in ("", "/edit", "/rooms", "/programme", "/speakers", "/cancel")
    ]
    async with accounts.signed_in(app, await accounts.person()) as stranger:
        assert [(await stranger.get(path)).status_code for path in paths] == [404] * 6
        assert (await stranger.get("/organize/osf/events/new")).status_code == 404
    async with accounts.signed_in(app, await accounts.member(organization, Role.check_in_staff)) as staff:
        assert [(await staff.get(path)).status_code for path in paths] == [200, 403, 403, 403, 403, 403]
        assert "Publish" not in words(await staff.get(paths[0]))
