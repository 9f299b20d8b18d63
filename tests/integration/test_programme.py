"""Rooms, sessions and speakers through the JSON API, and their refusals."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import Organization, Role
from api.app import create_app
from core.settings import Settings
from events.catalog.models import Event
from events.programme.models import Session
from tests.factories import accounts, events


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization("osf")


@pytest.fixture
async def client(app: Starlette, organization: Organization) -> AsyncIterator[httpx.AsyncClient]:
    chair = await accounts.member(organization, Role.programme_chair)
    async with accounts.with_token(app, chair) as client:
        yield client


@pytest.fixture
async def event(organization: Organization) -> Event:
    return await events.published_event(organization, title="PyCon Kenya", starts_at=events.in_days(30))


def hour(event: Event, start: float, length: float = 1) -> dict[str, str]:
    starts_at = event.starts_at + timedelta(hours=start)
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=length)).isoformat()}


async def add(client: httpx.AsyncClient, event: Event, **fields: Any) -> httpx.Response:
    return await client.post(f"/api/v1/events/{event.slug}/sessions", json={"title": "Talk", **fields})


async def room_named(client: httpx.AsyncClient, event: Event, name: str) -> str:
    answer = await client.post(f"/api/v1/events/{event.slug}/rooms", json={"name": name, "capacity": 80})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def speaker_named(client: httpx.AsyncClient, name: str) -> str:
    answer = await client.post("/api/v1/organizations/osf/speakers", json={"name": name, "affiliation": "iHub"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_session_has_room_time_and_speakers(client: httpx.AsyncClient, event: Event) -> None:
    room, speaker = await room_named(client, event, "Main hall"), await speaker_named(client, "Wanjirũ Kamau")
    answer = await add(
        client, event, room=room, speakers=[speaker], kind="keynote", abstract="*Why*", track="Core", **hour(event, 1)
    )
    session = answer.json()
    assert (answer.status_code, session["room"]) == (201, {"id": room, "name": "Main hall"})
    assert session["speakers"] == [{"id": speaker, "name": "Wanjirũ Kamau", "affiliation": "iHub"}]
    assert (session["kind"], session["abstract_html"], session["language"]) == (
        "keynote",
        "<p><em>Why</em></p>\n",
        "en",
    )
    listed = (await client.get(f"/api/v1/events/{event.slug}/sessions")).json()
    assert listed == {"items": [session], "next_cursor": None}
    assert (await client.get(f"/api/v1/events/{event.slug}/sessions/{session['id']}")).json() == session


async def test_a_room_never_holds_two_sessions_at_once(client: httpx.AsyncClient, event: Event) -> None:
    room = await room_named(client, event, "Main hall")
    await add(client, event, title="First", room=room, **hour(event, 1))
    refused = await add(client, event, title="Second", room=room, **hour(event, 1.5))
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["session"]) == (409, "room_taken", "First")
    zone = event.starts_at + timedelta(hours=1)
    local = zone.astimezone(event.zone)
    assert problem["detail"] == (
        f"“First” is in Main hall from {local:%Y-%m-%d %H:%M} to {local + timedelta(hours=1):%H:%M} (Africa/Nairobi). "
        "Choose another room or time."
    )
    assert await Session.all().count() == 1


async def test_touching_sessions_and_other_rooms_do_not_clash(client: httpx.AsyncClient, event: Event) -> None:
    one, two = await room_named(client, event, "One"), await room_named(client, event, "Two")
    for fields in ({"room": one, **hour(event, 1)}, {"room": one, **hour(event, 2)}, {"room": two, **hour(event, 1)}):
        assert (await add(client, event, **fields)).status_code == 201


async def test_sessions_without_a_time_occupy_neither_room_nor_speaker(client: httpx.AsyncClient, event: Event) -> None:
    room, speaker = await room_named(client, event, "Main hall"), await speaker_named(client, "Amina Otieno")
    for times in ({}, {}, hour(event, 1), {}):
        assert (await add(client, event, room=room, speakers=[speaker], **times)).status_code == 201


async def test_a_speaker_is_never_in_two_places_even_at_two_events(
    client: httpx.AsyncClient, event: Event, organization: Organization
) -> None:
    other = await events.event(organization, title="Workshop day", starts_at=event.starts_at)
    speaker = await speaker_named(client, "Amina Otieno")
    await add(client, event, title="Opening", speakers=[speaker], **hour(event, 0))
    refused = await add(client, other, title="Elsewhere", speakers=[speaker], **hour(event, 0.5))
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "speaker_busy")
    assert (problem["speaker"], problem["session"]) == ("Amina Otieno", "Opening")
    assert "Amina Otieno is in “Opening” (PyCon Kenya) from" in problem["detail"]
    assert (await add(client, other, speakers=[speaker], **hour(event, 1))).status_code == 201


async def test_a_session_stays_inside_its_event_and_its_rooms(
    client: httpx.AsyncClient, event: Event, organization: Organization
) -> None:
    elsewhere = await events.room(await events.event(organization))
    stranger = await events.speaker(await accounts.organization())
    for fields, field in (
        (hour(event, -1), "starts_at"),
        (hour(event, 7.5), "ends_at"),
        ({"starts_at": hour(event, 1)["starts_at"]}, "ends_at"),
        ({"starts_at": hour(event, 2)["starts_at"], "ends_at": hour(event, 1)["starts_at"]}, "ends_at"),
        ({"room": str(elsewhere.id)}, "room"),
        ({"speakers": [str(stranger.id)]}, "speakers"),
        ({"title": ""}, "title"),
        ({"kind": "party"}, "kind"),
    ):
        answer = await add(client, event, **fields)
        assert (answer.status_code, field in answer.text) == (422, True), fields
    assert await Session.all().count() == 0


async def test_a_time_without_offset_is_local_to_the_event(client: httpx.AsyncClient, event: Event) -> None:
    local = event.starts_at.astimezone(event.zone).replace(tzinfo=None)
    answer = await add(client, event, starts_at=local.isoformat(), ends_at=(local + timedelta(hours=1)).isoformat())
    assert answer.json()["starts_at"] == event.starts_at.isoformat().replace("+00:00", "Z")


async def test_a_change_keeps_the_rest_and_meets_the_same_refusals(client: httpx.AsyncClient, event: Event) -> None:
    room, speaker = await room_named(client, event, "Main hall"), await speaker_named(client, "Amina Otieno")
    first = (await add(client, event, title="First", room=room, speakers=[speaker], **hour(event, 1))).json()
    second = (await add(client, event, title="Second", room=room, **hour(event, 3))).json()
    path = f"/api/v1/events/{event.slug}/sessions"
    longer = await client.patch(f"{path}/{first['id']}", json={"title": "Longer", "ends_at": hour(event, 2)["ends_at"]})
    assert (longer.status_code, longer.json()["title"], longer.json()["speakers"]) == (200, "Longer", first["speakers"])
    clash = await client.patch(f"{path}/{second['id']}", json=hour(event, 2.5))
    assert (clash.status_code, clash.json()["session"]) == (409, "Longer")
    busy = await client.patch(f"{path}/{second['id']}", json={"room": None, "speakers": [speaker], **hour(event, 2)})
    assert (busy.status_code, busy.json()["code"]) == (409, "speaker_busy")
    off = await client.patch(f"{path}/{second['id']}", json={"room": None, "starts_at": None, "ends_at": None})
    assert (off.json()["room"], off.json()["starts_at"]) == (None, None)


async def test_rooms_are_named_once_and_removed_only_when_empty(client: httpx.AsyncClient, event: Event) -> None:
    room = await room_named(client, event, "Main hall")
    path = f"/api/v1/events/{event.slug}/rooms"
    twice = await client.post(path, json={"name": "Main hall"})
    assert (twice.status_code, twice.json()["code"]) == (409, "room_name_taken")
    renamed = await client.patch(f"{path}/{room}", json={"name": "Great hall", "capacity": None})
    assert (renamed.json()["name"], renamed.json()["capacity"]) == ("Great hall", None)
    session = (await add(client, event, room=room, **hour(event, 1))).json()
    in_use = await client.delete(f"{path}/{room}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "room_in_use")
    assert (await client.delete(f"/api/v1/events/{event.slug}/sessions/{session['id']}")).status_code == 204
    assert (await client.delete(f"{path}/{room}")).status_code == 204
    assert (await client.get(path)).json()["items"] == []


async def test_a_speaker_with_sessions_cannot_be_removed(client: httpx.AsyncClient, event: Event) -> None:
    speaker = await speaker_named(client, "Amina Otieno")
    session = (await add(client, event, speakers=[speaker])).json()
    path = f"/api/v1/organizations/osf/speakers/{speaker}"
    refused = await client.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "speaker_in_use")
    await client.delete(f"/api/v1/events/{event.slug}/sessions/{session['id']}")
    assert (await client.delete(path)).status_code == 204
    assert (await client.get("/api/v1/organizations/osf/speakers")).json()["items"] == []


async def test_an_event_is_found_by_its_speakers_also_after_they_changed_their_name(
    client: httpx.AsyncClient, event: Event
) -> None:
    speaker = await speaker_named(client, "Wanjirũ Kamau")
    await add(client, event, title="Zero-copy parsing", speakers=[speaker])
    for words, found in (("wanjiru", 1), ("zero copy parsing", 1), ("Njoroge", 0)):
        assert len((await client.get("/api/v1/events", params={"q": words})).json()["items"]) == found, words
    await client.patch(f"/api/v1/organizations/osf/speakers/{speaker}", json={"name": "Wanjirũ Njoroge"})
    assert len((await client.get("/api/v1/events", params={"q": "Njoroge"})).json()["items"]) == 1


async def test_only_those_with_the_permission_change_the_programme(
    app: Starlette, organization: Organization, event: Event
) -> None:
    staff, stranger = await accounts.member(organization, Role.check_in_staff), await accounts.person()
    for someone, status in ((staff, 403), (stranger, 404)):
        async with accounts.with_token(app, someone) as client:
            assert (await add(client, event)).status_code == status
            rooms = await client.post(f"/api/v1/events/{event.slug}/rooms", json={"name": "Hall"})
            assert rooms.status_code == status
            assert (await client.get("/api/v1/organizations/osf/speakers")).status_code == status


async def test_sessions_move_along_with_an_event_that_is_moved(
    app: Starlette, organization: Organization, event: Event
) -> None:
    hall = await events.room(event)
    for start in (0, 1, 2):
        starts_at = event.starts_at + timedelta(hours=start)
        await events.session(event, hall, title=f"Talk {start}", starts_at=starts_at)
    organizer = await accounts.member(organization, Role.organizer)
    moved = event.starts_at + timedelta(days=7, hours=1)
    async with accounts.with_token(app, organizer) as client:
        dates = {"starts_at": moved.isoformat(), "ends_at": (event.ends_at + timedelta(days=7)).isoformat()}
        assert (await client.patch(f"/api/v1/events/{event.slug}", json=dates)).status_code == 200
        sessions = (await client.get(f"/api/v1/events/{event.slug}/sessions")).json()["items"]
        assert [s["starts_at"] for s in sessions] == [
            (moved + timedelta(hours=start)).isoformat().replace("+00:00", "Z") for start in (0, 1, 2)
        ]
        assert {s["room"]["id"] for s in sessions} == {str(hall.id)}
        short = {"ends_at": (moved + timedelta(hours=2)).isoformat()}
        refused = await client.patch(f"/api/v1/events/{event.slug}", json=short)
    assert refused.status_code == 422
    assert "“Talk 2” would lie outside the event" in refused.json()["detail"]
