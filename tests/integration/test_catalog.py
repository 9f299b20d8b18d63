"""Events from draft to cancellation, through the JSON API."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Organization, Person, Role, ScopeKind
from api.app import create_app
from core.database import fetch, fetchval
from core.settings import Settings
from events.catalog.models import Event
from tests.factories import accounts, events


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization("osf")


@pytest.fixture
async def organizer(organization: Organization) -> Person:
    return await accounts.member(organization, Role.organizer)


@pytest.fixture
async def client(app: Starlette, organizer: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with accounts.with_token(app, organizer) as client:
        yield client


def conference(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Conférence ouverte",
        "format": "in_person",
        "starts_at": "2030-03-04T09:00",
        "ends_at": "2030-03-06T18:00:00+01:00",
        "time_zone": "Europe/Paris",
        "languages": ["fr", "en"],
        "capacity": 200,
        "venue": {"name": "Cité des sciences", "street": "30 av. Corentin-Cariou", "city": "Paris", "country": "fr"},
        "description": "# Welcome\n\n**Come** <script>alert(1)</script>",
        **changes,
    }


async def created(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/organizations/osf/events", json=conference(**changes))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def announced(topic: str) -> list[dict[str, Any]]:
    rows = await fetch("SELECT convert_from(payload, 'UTF8')::json AS p FROM pgqueuer WHERE entrypoint = 'announce'")
    payloads = [json.loads(row["p"]) for row in rows]
    return [payload["facts"] for payload in payloads if payload["topic"] == topic]


async def test_creates_a_draft_with_all_its_facts_in_utc(client: httpx.AsyncClient) -> None:
    event = await created(client)
    assert event["slug"] == "conference-ouverte"
    assert event["status"] == "draft"
    assert (event["starts_at"], event["ends_at"]) == ("2030-03-04T08:00:00Z", "2030-03-06T17:00:00Z")
    assert event["venue"] == {
        "name": "Cité des sciences",
        "street": "30 av. Corentin-Cariou",
        "postal_code": "",
        "city": "Paris",
        "region": "",
        "country": "FR",
    }
    assert (event["capacity"], event["places_left"], event["languages"]) == (200, 200, ["fr", "en"])
    assert (
        event["description_html"]
        == "<h2>Welcome</h2>\n<p><strong>Come</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    )


async def test_an_event_has_places_a_free_ticket_type_and_a_check_in_list_from_the_start(
    client: httpx.AsyncClient,
) -> None:
    await created(client, capacity=7)
    row = await fetch(
        """SELECT q.name, q.size, q.taken, t.name AS ticket, t.price_minor, l.name AS list
           FROM quota q JOIN ticket_type_quota x ON x.quota_id = q.id JOIN ticket_type t ON t.id = x.ticket_type_id
                JOIN check_in_list l ON l.event_id = q.event_id"""
    )
    assert [tuple(r) for r in row] == [("Places", 7, 0, "Standard", 0, "Main entrance")]


async def test_a_taken_slug_gets_an_ending(client: httpx.AsyncClient) -> None:
    await created(client)
    slug = (await created(client))["slug"]
    assert slug.startswith("conference-ouverte-")
    assert len(slug) == len("conference-ouverte-") + 6


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"format": "on_the_moon"}, "format"),
        ({"ends_at": "2030-03-04T09:00:00+01:00"}, "ends_at"),
        ({"ends_at": "2031-03-04T09:00:00+01:00"}, "ends_at"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"languages": []}, "languages"),
        ({"languages": ["klingon!"]}, "languages.0"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 1_000_001}, "capacity"),
        ({"venue": None}, "venue"),
        ({"format": "hybrid", "venue": None}, "venue"),
        ({"venue": {"name": "Here", "city": "Nowhere", "country": "ZZ"}}, "venue.country"),
        ({"online_url": "javascript:alert(1)"}, "online_url"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"surprise": 1}, "surprise"),
        (
            {"registration_opens_at": "2030-02-01T00:00", "registration_closes_at": "2030-01-01T00:00"},
            "registration_closes_at",
        ),
    ],
)
async def test_refuses_what_is_wrong_by_its_field(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    answer = await client.post("/api/v1/organizations/osf/events", json=conference(**changes))
    assert answer.status_code == 422
    assert field in answer.text
    assert await Event.all().count() == 0


async def test_a_time_that_the_clocks_skip_is_refused_and_one_shown_twice_is_the_first(
    client: httpx.AsyncClient,
) -> None:
    skipped = conference(starts_at="2030-03-31T02:30", ends_at="2030-04-01T18:00")
    answer = await client.post("/api/v1/organizations/osf/events", json=skipped)
    assert answer.status_code == 422
    assert "skip this time" in answer.text
    twice = await created(client, starts_at="2030-10-27T02:30", ends_at="2030-10-28T18:00")
    assert twice["starts_at"] == "2030-10-27T00:30:00Z"


async def test_only_those_with_the_permission_create_events(app: Starlette, organization: Organization) -> None:
    stranger, viewer = await accounts.person(), await accounts.member(organization, Role.viewer)
    for someone, status in ((stranger, 404), (viewer, 403)):
        async with accounts.with_token(app, someone) as client:
            answer = await client.post("/api/v1/organizations/osf/events", json=conference())
            assert answer.status_code == status
    async with accounts.signed_in(app, None) as nobody:
        assert (await nobody.post("/api/v1/organizations/osf/events", json=conference())).status_code == 401


async def test_a_token_without_the_scope_creates_nothing(app: Starlette, organizer: Person) -> None:
    async with accounts.with_token(app, organizer, ["read"]) as client:
        answer = await client.post("/api/v1/organizations/osf/events", json=conference())
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


async def test_a_draft_is_unseen_by_strangers_and_seen_when_published(
    app: Starlette, client: httpx.AsyncClient
) -> None:
    slug = (await created(client, online_url="https://meet.example.org/x"))["slug"]
    async with accounts.signed_in(app, await accounts.person()) as stranger:
        for path in ("", "/sessions", "/rooms"):
            assert (await stranger.get(f"/api/v1/events/{slug}{path}")).status_code == 404
        assert (await stranger.post(f"/api/v1/events/{slug}/publication")).status_code == 404
        published = await client.post(f"/api/v1/events/{slug}/publication")
        assert (published.status_code, published.json()["status"]) == (201, "published")
        seen = await stranger.get(f"/api/v1/events/{slug}")
    assert (seen.status_code, seen.json()["is_registration_open"], seen.json()["online_url"]) == (200, True, None)
    assert (await client.get(f"/api/v1/events/{slug}")).json()["online_url"] == "https://meet.example.org/x"
    assert len(await announced("event.published")) == 1


async def test_publishing_twice_or_when_it_is_over_is_refused(
    client: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization)
    over = await events.event(organization, starts_at=events.in_days(-3))
    twice = await client.post(f"/api/v1/events/{event.slug}/publication")
    late = await client.post(f"/api/v1/events/{over.slug}/publication")
    assert (twice.status_code, twice.json()["code"]) == (409, "already_published")
    assert (late.status_code, late.json()["code"]) == (409, "event_over")


async def test_a_change_keeps_the_rest_and_is_audited(client: httpx.AsyncClient, organizer: Person) -> None:
    slug = (await created(client))["slug"]
    answer = await client.patch(f"/api/v1/events/{slug}", json={"title": "Open conference", "capacity": 250})
    document = answer.json()
    assert (answer.status_code, document["title"], document["capacity"]) == (200, "Open conference", 250)
    assert (document["slug"], document["starts_at"]) == ("conference-ouverte", "2030-03-04T08:00:00Z")
    entry = await AuditEntry.get(action="event.changed")
    assert entry.actor_id == organizer.id
    assert entry.before == {"title": "Conférence ouverte", "capacity": 200}
    assert entry.after == {"title": "Open conference", "capacity": 250}


async def test_a_change_of_nothing_leaves_no_trace(client: httpx.AsyncClient) -> None:
    event = await created(client)
    answer = await client.patch(f"/api/v1/events/{event['slug']}", json={"title": event["title"]})
    assert (answer.status_code, answer.json()["updated_at"]) == (200, event["updated_at"])
    assert await AuditEntry.filter(action="event.changed").count() == 0


async def test_a_required_field_cannot_be_emptied(client: httpx.AsyncClient) -> None:
    slug = (await created(client))["slug"]
    for name in ("title", "starts_at", "capacity", "venue"):
        answer = await client.patch(f"/api/v1/events/{slug}", json={name: None})
        assert (answer.status_code, name in answer.text) == (422, True), name


async def test_a_capacity_below_what_is_taken_is_refused_with_the_number(
    client: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization, places=200)
    await fetchval("UPDATE quota SET taken = 120 WHERE event_id = $1 RETURNING 1", event.id)
    refused = await client.patch(f"/api/v1/events/{event.slug}", json={"capacity": 119, "title": "Other"})
    assert refused.status_code == 422
    assert "120 places are taken" in refused.text
    assert (await Event.get(id=event.id)).title == event.title
    accepted = await client.patch(f"/api/v1/events/{event.slug}", json={"capacity": 120})
    assert (accepted.status_code, accepted.json()["places_left"]) == (200, 0)


async def test_moving_a_published_event_is_announced_with_a_new_sequence(
    client: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization)
    later = (event.ends_at + timedelta(hours=1)).isoformat()
    await client.patch(f"/api/v1/events/{event.slug}", json={"ends_at": later})
    await client.patch(f"/api/v1/events/{event.slug}", json={"summary": "New words move nobody"})
    assert (await Event.get(id=event.id)).sequence == 1
    assert await announced("event.moved") == [{"was": {"ends_at": event.ends_at.isoformat()}, "sequence": 1}]


async def test_moving_a_draft_tells_nobody(client: httpx.AsyncClient, organization: Organization) -> None:
    event = await events.event(organization)
    later = (event.ends_at + timedelta(hours=1)).isoformat()
    assert (await client.patch(f"/api/v1/events/{event.slug}", json={"ends_at": later})).status_code == 200
    assert (await announced("event.moved"), (await Event.get(id=event.id)).sequence) == ([], 0)


async def test_a_change_based_on_an_older_state_is_refused_and_says_what_changed(client: httpx.AsyncClient) -> None:
    event = await created(client)
    await client.patch(f"/api/v1/events/{event['slug']}", json={"title": "Somebody else's title"})
    answer = await client.patch(
        f"/api/v1/events/{event['slug']}", json={"summary": "Mine", "version": event["updated_at"]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert "title: Somebody else's title" in answer.json()["detail"]


async def test_cancelling_says_why_and_happens_once(client: httpx.AsyncClient, organization: Organization) -> None:
    event = await events.published_event(organization)
    path = f"/api/v1/events/{event.slug}/cancellation"
    assert (await client.post(path, json={})).status_code == 422
    done = await client.post(path, json={"reason": "The hall is flooded."})
    again = await client.post(path, json={"reason": "Again"})
    assert (done.status_code, done.json()["status"]) == (201, "cancelled")
    assert done.json()["cancellation_reason"] == "The hall is flooded."
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")
    assert await announced("event.cancelled") == [{"reason": "The hall is flooded.", "sequence": 1}]


async def test_a_cancelled_event_can_no_longer_be_changed_or_published(
    client: httpx.AsyncClient, organization: Organization
) -> None:
    event = await events.published_event(organization)
    await client.post(f"/api/v1/events/{event.slug}/cancellation", json={"reason": "No hall"})
    answers = [
        await client.patch(f"/api/v1/events/{event.slug}", json={"title": "Anyway"}),
        await client.post(f"/api/v1/events/{event.slug}/publication"),
        await client.post(f"/api/v1/events/{event.slug}/rooms", json={"name": "Hall"}),
        await client.post(f"/api/v1/events/{event.slug}/sessions", json={"title": "Talk"}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "event_cancelled")] * 4


async def test_a_role_narrowed_to_one_event_reaches_no_other(app: Starlette, organization: Organization) -> None:
    mine, other = await events.event(organization), await events.event(organization)
    helper = await accounts.member(organization, Role.organizer, scope_kind=ScopeKind.event, scope_id=mine.id)
    async with accounts.with_token(app, helper) as client:
        assert (await client.patch(f"/api/v1/events/{mine.slug}", json={"title": "Mine"})).status_code == 200
        assert (await client.patch(f"/api/v1/events/{other.slug}", json={"title": "Mine"})).status_code == 404


async def test_venues_are_offered_again(client: httpx.AsyncClient) -> None:
    await created(client)
    await created(client)
    answer = await client.get("/api/v1/organizations/osf/venues")
    assert [venue["name"] for venue in answer.json()["items"]] == ["Cité des sciences"]


async def test_registration_is_open_only_inside_its_window(organization: Organization) -> None:
    now = datetime.now(UTC)
    event = await events.published_event(organization, registration_opens_at=now + timedelta(days=1))
    assert [event.is_open_at(now), event.is_open_at(now + timedelta(days=2))] == [False, True]
    assert not event.is_open_at(event.ends_at)
