"""Certificates of attendance through the organizer's pages and the API."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import Role, ScopeKind
from api.app import create_app
from api.worker import import_jobs
from certification.attendance import conferring
from certification.certificates.models import Certificate
from core.job_runner import run_pending
from core.settings import Settings
from events.catalog.models import Event, EventStatus
from tests.factories import accounts, certification, events
from tests.integration.certification.test_attendance import attendee, door, held_event

import_jobs()
NOW = datetime.now(UTC)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def test_an_organizer_switches_on_watches_and_adds_a_late_one(app: Starlette) -> None:
    event, organizer = await held_event(title="Nairobi Systems Days")
    exam = await certification.certification(await event.organization, items={})
    entrance = await door(event)
    await attendee(event, entrance, name="Amara Diallo")
    late = await attendee(event, name="Late Lee")
    base = f"/organize/events/{event.slug}/attendance"
    async with accounts.signed_in(app, organizer) as client:
        off = await client.get(base)
        assert ("Certificates of attendance are off" in off.text, "Amara Diallo" in off.text) == (True, True)
        form = await client.get(f"{base}/settings")
        assert exam.title in form.text
        wrong = await client.post(f"{base}/settings", data={"credits_per_hour": "-1", "certifications": exam.slug})
        assert (wrong.status_code, 'id="credits_per_hour-error"' in wrong.text) == (422, True)
        data = {"is_on": "true", "credits_per_hour": "1.5", "certifications": exam.slug, "layout": ""}
        saved = await client.post(f"{base}/settings", data=data)
        assert (saved.status_code, saved.headers["location"]) == (303, base)
        assert "Begins within a minute" in (await client.get(base)).text
        assert (await client.get(f"{base}/progress")).status_code == 404

        await conferring.confer_due(now=NOW)
        working = await client.get(base)
        assert 'hx-trigger="every 1s"' in working.text
        await run_pending()
        ended = await client.get(f"{base}/progress")
        assert ended.headers["hx-refresh"] == "true"
        shown = await client.get(base)
        number = (await Certificate.get()).number
        assert (f"/verify/{number}" in shown.text, "Late Lee" in shown.text) == (True, False)
        assert (await client.post(f"{base}/issue")).status_code == 303

        await scan(client, event, late.code)
        assert "Issue to those who are missing" in (await client.get(base)).text
        assert (await client.post(f"{base}/issue")).headers["location"] == base
        await run_pending()
        assert "Issue to those who are missing" not in (await client.get(base)).text
        report = await client.get(f"{base}/report.csv")
        assert [name in report.text for name in ("Amara Diallo", "Late Lee")] == [True, True]
        assert (await client.post(f"{base}/sideways")).status_code == 404
    assert await Certificate.all().count() == 2


async def scan(client: httpx.AsyncClient, event: Event, code: str) -> None:
    """Scan a code at the door, as its page does."""
    answer = await client.post(f"/organize/events/{event.slug}/check-in", data={"code": code})
    assert answer.status_code == 200


async def test_the_api_saves_lists_issues_and_refuses(app: Starlette) -> None:
    event, organizer = await held_event()
    entrance = await door(event)
    for number in range(3):
        await attendee(event, entrance, name=f"Guest {number}")
    path = f"/api/v1/events/{event.slug}"
    async with accounts.with_token(app, organizer) as client:
        offer = (await client.get(f"{path}/attendance-offer")).json()
        assert (offer["is_on"], offer["hours_rule"], offer["credits_per_hour"]) == (False, "event", "1.00")
        off = await client.post(f"{path}/attendance-run")
        assert (off.status_code, off.json()["code"]) == (409, "not_offered")
        foreign = await client.put(f"{path}/attendance-offer", json={"is_on": True, "certifications": ["no-such"]})
        assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "certifications")
        saved = await client.put(f"{path}/attendance-offer", json={"is_on": True, "credits_per_hour": "0.25"})
        assert (saved.status_code, saved.json()["credits_per_hour"]) == (200, "0.25")
        assert (await client.get(f"{path}/attendance-run")).status_code == 404
        first = (await client.get(f"{path}/attendance?limit=2")).json()
        second = (await client.get(f"{path}/attendance?limit=2&cursor={first['next_cursor']}")).json()
        names = [(one["name"], one["hours"], one["credits"]) for one in [*first["items"], *second["items"]]]
        assert names == [(f"Guest {number}", "8.00", "2.00") for number in range(3)]
        run = await client.post(f"{path}/attendance-run")
        assert (run.status_code, run.json()["kind"], run.json()["ready"]) == (200, "attendance", 3)
        await run_pending()
        done = (await client.get(f"{path}/attendance-run")).json()
        assert (done["state"], done["done"]) == ("finished", 3)
        again = await client.post(f"{path}/attendance-run")
        assert (again.status_code, again.json()["code"]) == (409, "nothing_to_do")
        listed = (await client.get(f"{path}/attendance")).json()["items"]
        assert all(one["certificate"] for one in listed)
        assert (await client.get(f"/api/v1/bulk-runs/{done['id']}/lines")).json()["items"][0]["state"] == "done"
        await Event.filter(id=event.id).update(ends_at=NOW + timedelta(days=3))
        early = await client.post(f"{path}/attendance-run")
        assert (early.status_code, early.json()["code"]) == (409, "event_not_over")
        await Event.filter(id=event.id).update(status=EventStatus.cancelled)
        cancelled = await client.put(f"{path}/attendance-offer", json={"is_on": True})
        assert (cancelled.status_code, cancelled.json()["code"]) == (409, "event_not_held")


async def test_only_those_who_run_the_event_decide_about_its_certificates(app: Starlette) -> None:
    event, _organizer = await held_event()
    organization = await event.organization
    other = await events.published_event(organization)
    people = {
        404: await accounts.person(),
        403: await accounts.member(organization, Role.check_in_staff),
        200: await accounts.member(organization, Role.organizer, scope_kind=ScopeKind.event, scope_id=event.id),
    }
    for expected, someone in people.items():
        async with accounts.signed_in(app, someone) as client:
            pages = [
                await client.get(f"/organize/events/{event.slug}/attendance"),
                await client.get(f"/organize/events/{event.slug}/attendance/settings"),
                await client.get(f"/api/v1/events/{event.slug}/attendance"),
            ]
            elsewhere = await client.get(f"/organize/events/{other.slug}/attendance")
        assert [page.status_code for page in pages] == [expected] * 3
        assert elsewhere.status_code in (403, 404)


async def test_listing_more_people_costs_no_more_statements(app: Starlette) -> None:
    from tests.queries import count_queries

    event, organizer = await held_event()
    entrance, counts = await door(event), []
    async with accounts.signed_in(app, organizer) as client:
        for _ in range(2):
            await attendee(event, entrance)
            await attendee(event, entrance)
            with count_queries() as sent:
                assert (await client.get(f"/organize/events/{event.slug}/attendance")).status_code == 200
            counts.append(len(sent))
    assert counts[0] == counts[1]
