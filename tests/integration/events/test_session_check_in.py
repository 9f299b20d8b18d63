"""Check-in at sessions: switching it on, scanning at a chosen list, and what it protects."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Role
from api.app import create_app
from core.settings import Settings
from events.catalog.models import Event, EventStatus
from events.onsite.models import CheckIn, CheckInList
from events.programme.models import Session, SessionKind
from events.registration import registrations
from events.registration.models import Registration
from tests.factories import accounts, events

NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def registered(event: Event, name: str = "Zoë Ntim") -> Registration:
    return await registrations.register(event, by=await accounts.person(name=name), now=NOW)


async def test_a_code_is_scanned_at_the_door_and_at_each_session(app: Starlette) -> None:
    event = await events.published_event()
    session = await events.session(event)
    registration, owner = await registered(event), await accounts.member(await event.organization)
    path, code = f"/api/v1/events/{event.slug}/check-ins", registration.code
    async with accounts.with_token(app, owner) as client:
        off = await client.post(path, json={"code": code, "session": str(session.id)})
        on = await client.put(f"/api/v1/events/{event.slug}/sessions/{session.id}/check-in-list")
        again = await client.put(f"/api/v1/events/{event.slug}/sessions/{session.id}/check-in-list")
        there = await client.post(path, json={"code": code, "session": str(session.id)})
        by_list = await client.post(path, json={"code": code, "check_in_list": on.json()["id"]})
        door = await client.post(path, json={"code": code})
        both = {"code": code, "session": str(session.id), "check_in_list": on.json()["id"]}
        wrong = await client.post(path, json=both)
        lists = (await client.get(f"/api/v1/events/{event.slug}/check-in-lists")).json()["items"]
    assert (off.status_code, off.json()["code"]) == (404, "not_found")
    assert (on.status_code, on.json() == again.json()) == (200, True)
    assert on.json() == {"id": on.json()["id"], "name": session.title, "session": str(session.id), "checked_in": 0}
    assert (there.status_code, door.status_code, wrong.status_code) == (201, 201, 422)
    assert (by_list.status_code, by_list.json()["code"]) == (409, "already_checked_in")
    assert by_list.json()["checked_in_at"] == there.json()["checked_in_at"].replace("Z", "+00:00")
    assert [(one["name"], one["session"], one["checked_in"]) for one in lists] == [
        ("Main entrance", None, 1),
        (session.title, str(session.id), 1),
    ]


async def test_a_session_of_another_event_is_no_list_of_this_one(app: Starlette) -> None:
    event, other = await events.published_event(), await events.published_event()
    owner = await accounts.member(await event.organization)
    foreign = await events.session(other)
    made = await CheckInList.create(event=other, session=foreign, name="Foreign")
    registration = await registered(event)
    async with accounts.with_token(app, owner) as client:
        answers = [
            await client.post(
                f"/api/v1/events/{event.slug}/check-ins", json={"code": registration.code, "check_in_list": str(one)}
            )
            for one in (made.id, foreign.id, uuid4())
        ]
        put = await client.put(f"/api/v1/events/{event.slug}/sessions/{foreign.id}/check-in-list")
    async with accounts.signed_in(app, owner) as client:
        page = await client.get(f"/organize/events/{event.slug}/check-in?list={made.id}")
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert (page.status_code, put.status_code) == (404, 404)
    assert await CheckIn.all().count() == 0


async def test_attendance_that_was_kept_is_not_removed_with_the_list_or_the_session(app: Starlette) -> None:
    event = await events.published_event()
    session, registration = await events.session(event), await registered(event)
    owner = await accounts.member(await event.organization)
    path = f"/api/v1/events/{event.slug}"
    async with accounts.with_token(app, owner) as client:
        await client.put(f"{path}/sessions/{session.id}/check-in-list")
        scan = await client.post(f"{path}/check-ins", json={"code": registration.code, "session": str(session.id)})
        refused = [
            await client.delete(f"{path}/sessions/{session.id}/check-in-list"),
            await client.delete(f"{path}/sessions/{session.id}"),
        ]
        assert await CheckIn.all().count() == 1
        await client.delete(f"{path}/check-ins/{scan.json()['id']}")
        off = await client.delete(f"{path}/sessions/{session.id}/check-in-list")
        gone = await client.delete(f"{path}/sessions/{session.id}/check-in-list")
        removed = await client.delete(f"{path}/sessions/{session.id}")
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(409, "session_has_check_ins")] * 2
    assert (off.status_code, gone.status_code, removed.status_code) == (204, 404, 204)
    assert not await Session.exists(id=session.id)
    entries = await AuditEntry.filter(action__startswith="session.check_in").order_by("id")
    assert [one.action for one in entries] == ["session.check_in_switched_on", "session.check_in_switched_off"]


async def test_the_pages_switch_on_choose_a_list_and_scan_there(app: Starlette) -> None:
    event = await events.published_event()
    talk, twin = await events.session(event, title="Profiling"), await events.session(event, title="Profiling")
    await events.session(event, title="Lunch", kind=SessionKind.break_)
    registration = await registered(event, "Amara Diallo")
    owner = await accounts.member(await event.organization)
    base = f"/organize/events/{event.slug}/check-in"
    async with accounts.signed_in(app, owner) as client:
        before = await client.get(base)
        assert "Scan here" not in before.text
        assert (await client.post(f"{base}/lists/{talk.id}/on")).status_code == 303
        assert (await client.post(f"{base}/lists/all")).status_code == 303
        assert await CheckInList.filter(event=event).exclude(session_id=None).count() == 2
        assert (await client.post(f"{base}/lists/{twin.id}/off")).status_code == 303
        assert (await client.post(f"{base}/lists/{twin.id}/sideways")).status_code == 404
        kept = await CheckInList.get(session_id=talk.id)
        page = await client.get(f"{base}?list={kept.id}")
        assert f'action="{base}?list={kept.id}"' in page.text
        part = await client.post(
            f"{base}?list={kept.id}", data={"code": registration.code}, headers={"HX-Request": "true"}
        )
        assert "Amara Diallo" in part.text
        check_in = await CheckIn.get(registration_id=registration.id)
        assert check_in.check_in_list_id == kept.id
        listed = await client.get(f"{base}/lists")
        assert "On, one checked in" in listed.text
        undone = await client.post(f"{base}/{check_in.id}/undo?list={kept.id}")
        assert undone.headers["location"] == f"{base}?list={kept.id}"


async def test_staff_at_the_door_scan_at_sessions_but_do_not_switch(app: Starlette) -> None:
    event = await events.published_event()
    session, registration = await events.session(event), await registered(event)
    staff = await accounts.member(await event.organization, Role.check_in_staff)
    await CheckInList.create(event=event, session=session, name="Session")
    path = f"/api/v1/events/{event.slug}"
    async with accounts.with_token(app, staff) as client:
        scan = await client.post(f"{path}/check-ins", json={"code": registration.code, "session": str(session.id)})
        put = await client.put(f"{path}/sessions/{session.id}/check-in-list")
    async with accounts.signed_in(app, staff) as client:
        page = await client.get(f"/organize/events/{event.slug}/check-in")
        lists = await client.get(f"/organize/events/{event.slug}/check-in/lists")
    assert (scan.status_code, put.status_code, page.status_code, lists.status_code) == (201, 403, 200, 403)
    assert "Check-in at sessions" not in page.text


async def test_a_cancelled_event_gets_no_list(app: Starlette) -> None:
    event = await events.event(status=EventStatus.cancelled)
    session, owner = await events.session(event), await accounts.member(await event.organization)
    async with accounts.with_token(app, owner) as client:
        answer = await client.put(f"/api/v1/events/{event.slug}/sessions/{session.id}/check-in-list")
    assert (answer.status_code, answer.json()["code"]) == (409, "event_cancelled")
