"""Scanning codes at the door."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Role, ScopeKind
from api.app import create_app
from core.settings import Settings
from events.catalog.models import Event
from events.onsite.models import CheckIn
from events.registration import registrations
from events.registration.models import Registration
from events.registration.schemas import AttendeeOut
from tests.factories import accounts, events

NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def registered(event: Event, name: str = "Zoë Ntim") -> Registration:
    """Somebody with a place at the event."""
    return await registrations.register(event, by=await accounts.person(name=name), now=NOW)


async def test_a_scan_checks_in_and_a_second_one_says_when_and_by_whom_the_first_was(app: Starlette) -> None:
    event = await events.published_event()
    registration = await registered(event)
    staff = await accounts.member(await event.organization, Role.check_in_staff)
    path = f"/api/v1/events/{event.slug}/check-ins"
    typed = f" {registration.code[:4]}-{registration.code[4:8]} {registration.code[8:]} ".lower()
    async with accounts.with_token(app, staff) as client:
        first = await client.post(path, json={"code": typed})
        second = await client.post(path, json={"code": registration.code})
    assert first.status_code == 201, first.text
    assert (first.json()["attendee_name"], first.json()["ticket_type"]) == ("Zoë Ntim", "Standard")
    assert (second.status_code, second.json()["code"]) == (409, "already_checked_in")
    seen, said = (datetime.fromisoformat(answer.json()["checked_in_at"]) for answer in (first, second))
    assert seen == said
    assert second.json()["checked_in_by"] == staff.display_name
    assert await CheckIn.filter(registration_id=registration.id).count() == 1
    assert await AuditEntry.filter(action="registration.checked_in", object_id=registration.id).count() == 1


async def test_unknown_foreign_and_cancelled_codes_are_refused(app: Starlette) -> None:
    event, other = await events.published_event(), await events.published_event()
    foreign, gone = await registered(other), await registered(event)
    staff = await accounts.member(await event.organization)
    await registrations.cancel(gone, by=staff, now=NOW)
    async with accounts.with_token(app, staff) as client:
        path = f"/api/v1/events/{event.slug}/check-ins"
        answers = [await client.post(path, json={"code": code}) for code in ("NOSUCHCODE", foreign.code, gone.code)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "unknown_code"),
        (404, "unknown_code"),
        (409, "registration_cancelled"),
    ]
    assert await CheckIn.all().count() == 0


async def test_only_staff_of_the_event_may_scan(app: Starlette) -> None:
    event = await events.published_event()
    registration, organization = await registered(event), await event.organization
    other = await events.published_event(organization)
    narrowed = await accounts.member(organization, Role.check_in_staff, scope_kind=ScopeKind.event, scope_id=event.id)
    viewer, stranger = await accounts.member(organization, Role.viewer), await accounts.person()
    statuses = []
    for someone, target in ((stranger, event), (viewer, event), (narrowed, other), (narrowed, event)):
        async with accounts.with_token(app, someone) as client:
            answer = await client.post(f"/api/v1/events/{target.slug}/check-ins", json={"code": registration.code})
            statuses.append(answer.status_code)
    assert statuses == [404, 403, 404, 201]


async def test_undoing_a_check_in_is_audited_and_lets_the_code_in_again(app: Starlette) -> None:
    event = await events.published_event()
    registration, staff = await registered(event), await accounts.member(await event.organization)
    path = f"/api/v1/events/{event.slug}/check-ins"
    async with accounts.with_token(app, staff) as client:
        made = (await client.post(path, json={"code": registration.code})).json()
        assert (await client.delete(f"{path}/{made['id']}")).status_code == 204
        assert (await client.delete(f"{path}/{made['id']}")).status_code == 404
        assert (await client.post(path, json={"code": registration.code})).status_code == 201
    entry = await AuditEntry.get(action="registration.check_in_undone")
    assert entry.before is not None
    assert entry.before["checked_in_by"] == str(staff.id)


async def test_the_page_checks_in_without_script_and_with_it(app: Starlette) -> None:
    event = await events.published_event()
    registration = await registered(event, "Amara Diallo")
    staff = await accounts.member(await event.organization, Role.check_in_staff)
    path = f"/organize/events/{event.slug}/check-in"
    async with accounts.signed_in(app, staff) as client:
        page = await client.get(path)
        assert page.status_code == 200, page.text[:2000]
        done = await client.post(path, data={"code": registration.code})
        assert "Amara Diallo" in done.text
        assert "verdict-success" in done.text
        part = await client.post(path, data={"code": registration.code}, headers={"HX-Request": "true"})
        assert "<html" not in part.text
        assert "verdict-warning" in part.text
        missing = await client.post(path, data={"code": ""})
        assert missing.status_code == 422
        check_in = await CheckIn.get(registration_id=registration.id)
        undone = await client.post(f"{path}/{check_in.id}/undo")
        assert undone.status_code == 303
    assert await CheckIn.all().count() == 0


async def test_the_organizers_list_searches_filters_and_pages_both_ways(app: Starlette) -> None:
    event = await events.published_event()
    staff = await accounts.member(await event.organization)
    made = [
        await registrations.register(event, by=await accounts.person(name=f"José {n}"), now=NOW + timedelta(seconds=n))
        for n in range(5)
    ]
    path = f"/api/v1/events/{event.slug}/registrations"
    async with accounts.with_token(app, staff) as client:
        await client.post(f"/api/v1/events/{event.slug}/check-ins", json={"code": made[0].code})
        first = (await client.get(path, params={"limit": 2})).json()
        second = (await client.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        third = (await client.get(path, params={"limit": 2, "cursor": second["next_cursor"]})).json()
        found = (await client.get(path, params={"q": "jose 3"})).json()["items"]
        by_code = (await client.get(path, params={"q": made[2].code.lower()})).json()["items"]
        there = (await client.get(path, params={"checked_in": "true"})).json()["items"]
        wrong = await client.get(path, params={"cursor": "x"})
    names = [[item["attendee_name"] for item in page["items"]] for page in (first, second, third)]
    assert names == [["José 4", "José 3"], ["José 2", "José 1"], ["José 0"]]
    assert third["next_cursor"] is None
    assert [AttendeeOut(**item).model_dump(mode="json") for item in first["items"]] == first["items"]
    assert [item["attendee_name"] for item in found] == ["José 3"]
    assert [item["id"] for item in by_code] == [str(made[2].id)]
    assert [item["id"] for item in there] == [str(made[0].id)]
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")


async def test_the_csv_file_is_complete_and_harmless_to_spreadsheets(app: Starlette) -> None:
    event = await events.published_event()
    staff = await accounts.member(await event.organization)
    await registered(event, "=HYPERLINK(0)")
    await registered(event, "Zoë, Ntim")
    async with accounts.signed_in(app, staff) as client:
        answer = await client.get(f"/organize/events/{event.slug}/registrations.csv")
        program = await client.get(f"/api/v1/events/{event.slug}/registrations.csv")
        page = await client.get(f"/organize/events/{event.slug}/registrations")
        tickets = await client.get(f"/organize/events/{event.slug}/tickets")
    async with accounts.with_token(app, await accounts.person()) as client:
        assert (await client.get(f"/api/v1/events/{event.slug}/registrations.csv")).status_code == 404
    assert (program.headers["content-type"], program.content) == (answer.headers["content-type"], answer.content)
    assert answer.content.startswith(b"\xef\xbb\xbfCode,Attendee")
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert ("'=HYPERLINK(0)" in lines[1], '"Zoë, Ntim"' in lines[2], len(lines)) == (True, True, 4)
    assert (page.status_code, tickets.status_code) == (200, 200)
    assert "Zoë, Ntim" in page.text
