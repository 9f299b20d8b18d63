import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from starlette.applications import Starlette

from accounts import audit, members, people
from accounts.members import LastOwner
from accounts.models import AuditEntry, Organization, Person, Role, RoleGrant, ScopeKind
from accounts.roles import is_allowed
from core.database import execute
from core.errors import InvalidInput
from core.jobs import enqueue
from events.catalog import events as catalog_events
from events.registration import registrations
from tests.factories import accounts, events
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import mails_to


async def test_an_owner_gives_and_withdraws_a_role(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner, bob = await accounts.member(organization), await accounts.person("bob@example.org", name="Bob")
    async with accounts.with_token(app, owner) as client:
        given = await client.post(
            "/api/v1/organizations/open-systems/members", json={"email": "Bob@example.org", "role": "organizer"}
        )
        assert given.status_code == 201
        assert (given.json()["name"], given.json()["role"], given.json()["scope_kind"]) == (
            "Bob",
            "organizer",
            "organization",
        )
        twice = await client.post(
            "/api/v1/organizations/open-systems/members", json={"email": "bob@example.org", "role": "organizer"}
        )
        assert (twice.status_code, twice.json()["code"]) == (409, "already_member")
        listed = (await client.get("/api/v1/organizations/open-systems/members")).json()["items"]
        assert [(row["name"], row["role"]) for row in listed] == [("Bob", "organizer"), ("owner member", "owner")]
        assert await is_allowed(bob, "organization:event:create", organization_id=organization.id)
        removed = await client.delete(f"/api/v1/organizations/open-systems/members/{given.json()['id']}")
        assert removed.status_code == 204
    assert not await is_allowed(bob, "organization:event:create", organization_id=organization.id)
    assert [mail.template for mail in await mails_to("bob@example.org")] == ["accounts/role"]
    acts = await AuditEntry.filter(organization_id=organization.id).order_by("at", "id")
    assert [(act.action, act.actor_id, act.object_id) for act in acts] == [
        ("member.granted", owner.id, bob.id),
        ("member.withdrawn", owner.id, bob.id),
    ]
    assert acts[0].after == acts[1].before == {"role": "organizer", "scope_kind": "organization", "scope_id": None}


async def test_a_role_narrowed_to_one_event_reaches_no_further(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner, bob = await accounts.member(organization), await accounts.person("bob@example.org")
    one, other = await events.event(organization), await events.event(organization)
    async with accounts.with_token(app, owner) as client:
        body = {"email": "bob@example.org", "role": "check_in_staff", "event": one.slug}
        given = await client.post("/api/v1/organizations/open-systems/members", json=body)
        assert (given.json()["scope_kind"], given.json()["scope_id"]) == ("event", str(one.id))
    scan = "event:check_in:scan"
    assert await is_allowed(bob, scan, organization_id=organization.id, scope_id=one.id)
    assert not await is_allowed(bob, scan, organization_id=organization.id, scope_id=other.id)
    assert not await is_allowed(bob, scan, organization_id=organization.id)
    async with accounts.signed_in(app, bob) as client:
        page = await client.get("/organize/open-systems")
        assert page.status_code == 200
        assert f'href="/organize/events/{one.slug}"' in page.text
        assert f'href="/organize/events/{other.slug}"' not in page.text
        assert (await client.get("/organize/open-systems/members")).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody", "role": "viewer"}, "email"),
        ({"email": "bob@example.org", "role": "emperor"}, "role"),
        ({"email": "bob@example.org", "role": "viewer", "event": "elsewhere"}, "event"),
        ({"email": "bob@example.org", "role": "viewer", "certification": "none"}, "certification"),
        ({"email": "bob@example.org", "role": "viewer", "certification": "none", "event": "x"}, "certification"),
        ({"email": "bob@example.org", "role": "owner", "event": "here"}, "role"),
    ],
)
async def test_refuses_roles_that_make_no_sense(
    app: Starlette, database: str, body: dict[str, str], field: str
) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    await accounts.person("bob@example.org")
    here = await events.event(organization)
    elsewhere = await events.event(await accounts.organization())
    await execute("UPDATE event SET slug = 'here' WHERE id = $1", here.id)
    await execute("UPDATE event SET slug = 'elsewhere' WHERE id = $1", elsewhere.id)
    async with accounts.with_token(app, owner) as client:
        answer = await client.post("/api/v1/organizations/open-systems/members", json=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await RoleGrant.all().count() == 1


async def test_the_last_owner_stays(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    grant = await RoleGrant.get(person_id=owner.id)
    async with accounts.with_token(app, owner) as client:
        answer = await client.delete(f"/api/v1/organizations/open-systems/members/{grant.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    async with accounts.signed_in(app, owner) as client:
        page = await client.post(f"/organize/open-systems/members/{grant.id}/remove")
        assert page.headers["location"] == "/organize/open-systems/members"
        assert "This is the last owner." in (await client.get("/organize/open-systems/members")).text
    assert await RoleGrant.exists(id=grant.id)


async def test_two_owners_cannot_remove_each_other_at_once(database: str) -> None:
    organization = await accounts.organization()
    one, two = await accounts.member(organization), await accounts.member(organization)
    grants = [await RoleGrant.get(person_id=person.id) for person in (one, two)]
    outcomes = await asyncio.gather(
        members.withdraw(grants[0], by=two), members.withdraw(grants[1], by=one), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastOwner]
    assert await members.count_owners(organization.id) == 1


async def test_a_grant_of_another_organization_is_not_found(app: Starlette, database: str) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    other = await accounts.member(await accounts.organization())
    grant = await RoleGrant.get(person_id=other.id)
    async with accounts.with_token(app, owner) as client:
        answer = await client.delete(f"/api/v1/organizations/open-systems/members/{grant.id}")
    assert answer.status_code == 404


async def test_settings_change_and_a_faint_accent_is_refused(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    async with accounts.with_token(app, owner) as client:
        path = "/api/v1/organizations/open-systems"
        changed = await client.patch(path, json={"accent": "#4B2A91", "website": "https://example.org"})
        assert (changed.json()["accent"], changed.json()["website"]) == ("#4b2a91", "https://example.org")
        faint = await client.patch(path, json={"accent": "#ffcc00"})
        assert "1.3:1" in faint.json()["errors"][0]["message"]
        for wrong in ({"accent": "red"}, {"website": "javascript:alert(1)"}, {"slug": "other"}):
            assert (await client.patch(path, json=wrong)).status_code == 422
        css = await client.get("/organizations/open-systems/accent.css")
    assert css.headers["content-type"].startswith("text/css")
    assert "--accent:#4b2a91" in css.text
    entry = await AuditEntry.get(action="organization.changed")
    assert entry.before == {"accent": "#0f5f5c", "website": ""}
    assert entry.after == {"accent": "#4b2a91", "website": "https://example.org"}


async def test_strangers_see_nothing_and_members_without_the_role_are_refused(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    viewer, stranger = await accounts.member(organization, Role.viewer), await accounts.person()
    paths = ("", "/members", "/settings", "/audit", "/jobs")
    async with accounts.signed_in(app, stranger) as client:
        assert {(await client.get(f"/organize/open-systems{path}")).status_code for path in paths} == {404}
        assert (await client.get("/api/v1/organizations/open-systems/members")).status_code == 404
    async with accounts.signed_in(app, viewer) as client:
        codes = [(await client.get(f"/organize/open-systems{path}")).status_code for path in paths]
        assert codes == [200, 403, 403, 403, 403]


async def test_an_owner_creates_a_chapter_and_owns_it(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    async with accounts.with_token(app, owner) as client:
        made = await client.post("/api/v1/organizations", json={"name": "Events", "parent": "open-systems"})
        assert made.status_code == 201
        assert made.json()["slug"] == "events-organization"
        assert made.json()["parent_id"] == str(organization.id)
        assert (await client.get("/api/v1/organizations/events-organization")).status_code == 200
        mine = (await client.get("/api/v1/me/organizations")).json()["items"]
        assert [row["organization"] for row in mine] == ["events-organization", "open-systems"]
    async with accounts.signed_in(app, owner) as client:
        page = await client.post("/organize/open-systems/chapters/new", data={"name": "Nairobi chapter"})
        assert page.headers["location"] == "/organize/nairobi-chapter"
    async with accounts.with_token(app, await accounts.person()) as client:
        refused = await client.post("/api/v1/organizations", json={"name": "Mine", "parent": "open-systems"})
        assert refused.status_code == 404
    assert await Organization.all().count() == 3


async def test_the_audit_log_pages_by_cursor(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner, bob = await accounts.member(organization), await accounts.person("bob@example.org")
    for role in (Role.viewer, Role.grader, Role.proctor):
        await members.grant(organization, bob, role, by=owner, now=datetime.now(UTC))
    async with accounts.with_token(app, owner) as client:
        path = "/api/v1/organizations/open-systems/audit"
        first = (await client.get(path, params={"limit": 2})).json()
        second = (await client.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        wrong = await client.get(path, params={"cursor": "x"})
        filtered = (await client.get(path, params={"action": "nothing.happened"})).json()
    roles = [entry["after"]["role"] for entry in first["items"] + second["items"]]
    assert roles == ["proctor", "grader", "viewer"]
    assert second["next_cursor"] is None
    assert first["items"][0]["actor_name"] == "owner member"
    assert [one["field"] for one in wrong.json()["errors"]] == ["cursor"]
    assert filtered["items"] == []
    async with accounts.signed_in(app, owner) as client:
        page = await client.get("/organize/open-systems/audit")
    assert page.text.count(">Member granted</td>") == 3
    assert "proctor" in page.text


async def test_the_audit_log_names_its_objects_and_shows_moments_in_the_readers_zone(
    app: Starlette, database: str
) -> None:
    organization, now = await accounts.organization("open-systems"), datetime.now(UTC)
    owner = await accounts.member(organization)
    await Person.filter(id=owner.id).update(time_zone="Africa/Nairobi")
    event = await events.event(organization, title="Cloud Day")
    await catalog_events.publish(event, by=owner, now=now)
    registration = await registrations.register(event, by=owner, now=now)
    facts = {"starts_at": "2027-03-02T09:00:00+00:00", "room": str(event.id), "tracks": ["one", "two"]}
    await audit.record(
        "ticket_type.changed",
        by=owner,
        object_kind="ticket_type",
        object_id=registration.ticket_type_id,
        organization_id=organization.id,
        after=facts,
    )
    async with accounts.signed_in(app, owner) as client:
        page = await client.get("/organize/open-systems/audit")
    assert page.text.count(">Cloud Day<") == 2  # published, and registered for
    assert ">Standard<" in page.text
    assert "Mar 2, 2027, 12:00\u202fPM (Nairobi)" in page.text
    assert "one, two" in page.text
    assert str(event.id) not in page.text


async def test_the_audit_log_is_append_only(database: str) -> None:
    organization = await accounts.organization()
    owner, bob = await accounts.member(organization), await accounts.person()
    await members.grant(organization, bob, Role.viewer, by=owner, now=datetime.now(UTC))
    for statement in ("UPDATE audit_entry SET action = 'nothing.happened'", "DELETE FROM audit_entry"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await execute(statement)
    assert (await AuditEntry.get()).action == "member.granted"


async def test_held_jobs_are_shown_to_owners_of_the_platform_only(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    chapter = await Organization.create(slug="chapter", name="Chapter", parent=organization)
    await accounts.member(chapter, of=owner)
    for number in (1, 2):
        await enqueue("certificates.issue", {"request": number})
    await execute("UPDATE pgqueuer SET status = 'failed'")
    async with accounts.with_token(app, owner) as client:
        path = "/api/v1/organizations/open-systems/jobs"
        held = (await client.get(path)).json()["items"]
        assert sorted(job["payload"]["request"] for job in held) == [1, 2]
        assert (await client.post(f"{path}/{held[0]['id']}/retry")).status_code == 204
        assert (await client.post(f"{path}/{held[0]['id']}/retry")).status_code == 404
        assert (await client.delete(f"{path}/{held[1]['id']}")).status_code == 204
        assert (await client.post(f"{path}/{2**70}/retry")).status_code == 404
        assert (await client.get(path)).json()["items"] == []
        assert (await client.get("/api/v1/organizations/chapter/jobs")).status_code == 404


async def test_the_first_owner_is_made_from_the_command_line(database: str) -> None:
    now = datetime.now(UTC)
    person, there = await people.create_owner(
        "first@example.org", password=PASSWORD, name="First", organization="Open Systems", now=now
    )
    assert (person.is_confirmed, there.slug) == (True, "open-systems")
    assert await is_allowed(person, "organization:settings:edit", organization_id=there.id)
    with pytest.raises(InvalidInput):
        await people.create_owner("x@example.org", password="short", name="X", organization="Other", now=now)
    assert await Person.all().count() == 1
    assert await Organization.all().count() == 1


async def test_a_narrowed_role_names_an_object_and_a_whole_one_none(database: str) -> None:
    organization, bob = await accounts.organization(), await accounts.person()
    with pytest.raises(asyncpg.CheckViolationError):
        await execute(
            "INSERT INTO role_grant (id, organization_id, person_id, role, scope_kind, created_at)"
            " VALUES ($1, $2, $3, 'viewer', $4, now())",
            uuid4(),
            organization.id,
            bob.id,
            ScopeKind.event.value,
        )


async def test_overview_shows_only_what_the_role_reaches(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    chapter = await Organization.create(slug="chapter", name="Nairobi Chapter", parent=organization)
    owner = await accounts.member(organization)
    await accounts.member(chapter, of=owner)
    seen = {}
    for name, someone in (
        ("owner", owner),
        ("organizer", await accounts.member(organization, Role.organizer)),
        ("author", await accounts.member(organization, Role.exam_author)),
    ):
        async with accounts.signed_in(app, someone) as client:
            page = (await client.get("/organize/open-systems")).text
        headings = ("No coming event", "No certification yet", "Nairobi Chapter")
        seen[name] = [heading in page for heading in headings]
    assert seen == {
        "owner": [True, True, True],
        "organizer": [True, False, False],
        "author": [False, True, False],
    }
