"""Certifications, their domains and entitlements, through the JSON API."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Organization, Role, ScopeKind
from api.app import create_app
from certification.bank import items
from certification.bank.content import parse_content
from certification.programs import certifications, queries
from certification.programs.models import Certification, CertificationPolicy, Domain, Entitlement
from certification.programs.schemas import CertificationIn
from core.settings import Settings
from tests.factories import accounts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NEW = {"title": "Certified Associate", "statement": "Knows the foundations of open systems."}


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


async def a_certification(organization: Organization | None = None, **fields: Any) -> Certification:
    organization = organization or await accounts.organization()
    owner = await accounts.member(organization)
    return await certifications.create(organization, CertificationIn(**{**NEW, **fields}), by=owner, now=NOW)


async def add_item(certification: Certification, title: str = "Spectrum") -> None:
    owner = await accounts.member(await certification.organization)
    domain = (await queries.domains_of(certification.id))[0]
    content = parse_content({"type": "true_false", "prompt": f"{title} is true.", "answer": True})
    await items.create(certification, domain, title, content, by=owner, now=NOW)


async def test_create_answers_rules_and_domains_and_is_audited(app: Starlette) -> None:
    organization = await accounts.organization()
    author = await accounts.member(organization, Role.exam_author)
    body = {**NEW, "policy": {"cut_score": "70", "form_length": 20}, "domains": [{"name": "Safety", "weight": 3}]}
    async with accounts.with_token(app, author) as client:
        answer = await client.post(f"/api/v1/organizations/{organization.slug}/certifications", json=body)

    assert answer.status_code == 201
    document = answer.json()
    assert document["slug"] == "certified-associate"
    assert document["status"] == "draft"
    assert (document["policy"]["version"], document["policy"]["cut_score"]) == (1, "70.00")
    assert [(one["name"], one["weight"]) for one in document["domains"]] == [("Safety", 3)]
    entry = await AuditEntry.get(action="certification.created")
    assert entry.actor_id == author.id


async def test_create_is_refused_to_strangers_and_to_other_roles(app: Starlette) -> None:
    organization = await accounts.organization()
    path = f"/api/v1/organizations/{organization.slug}/certifications"
    async with accounts.with_token(app, await accounts.person()) as client:
        assert (await client.post(path, json=NEW)).status_code == 404
    async with accounts.with_token(app, await accounts.member(organization, Role.grader)) as client:
        assert (await client.post(path, json=NEW)).status_code == 403
    assert await Certification.all().count() == 0


async def test_same_title_at_once_gives_two_slugs(app: Starlette) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    made = await asyncio.gather(
        *(certifications.create(organization, CertificationIn(**NEW), by=owner, now=NOW) for _ in range(4))
    )
    assert len({one.slug for one in made}) == 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"statement": "x"}, "title"),
        ({**NEW, "title": "a\u0007b"}, "title"),
        ({**NEW, "title": "a" * 201}, "title"),
        ({**NEW, "policy": {"cut_score": "101"}}, "policy.cut_score"),
        ({**NEW, "policy": {"cut_score": "NaN"}}, "policy.cut_score"),
        ({**NEW, "policy": {"time_limit_minutes": 10**30}}, "policy.time_limit_minutes"),
        ({**NEW, "language": "klingon"}, "language"),
        ({**NEW, "domains": [{"name": "A"}, {"name": "a"}]}, "body"),
    ],
)
async def test_create_names_the_wrong_field(app: Starlette, body: dict[str, Any], field: str) -> None:
    organization = await accounts.organization()
    async with accounts.with_token(app, await accounts.member(organization)) as client:
        answer = await client.post(f"/api/v1/organizations/{organization.slug}/certifications", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_partial_policy_keeps_the_other_rules_and_makes_a_version(app: Starlette) -> None:
    certification = await a_certification(policy={"time_limit_minutes": 45, "validity_months": None})
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        path = f"/api/v1/certifications/{certification.slug}"
        answer = await client.patch(path, json={"policy": {"cut_score": "80"}})
        again = await client.patch(path, json={"policy": {"cut_score": "80.00"}, "title": NEW["title"]})

    policy = answer.json()["policy"]
    assert (policy["version"], policy["cut_score"], policy["time_limit_minutes"]) == (2, "80.00", 45)
    assert policy["validity_months"] is None
    assert again.json()["policy"]["version"] == 2
    assert await CertificationPolicy.filter(certification_id=certification.id).count() == 2
    entry = await AuditEntry.get(action="certification.changed")
    assert entry.after == {"policy": {"version": 2, "cut_score": "80"}}


async def test_credits_renew_nothing_that_never_ends(app: Starlette) -> None:
    certification = await a_certification(policy={"validity_months": 24})
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        path = f"/api/v1/certifications/{certification.slug}"
        renewable = await client.patch(path, json={"policy": {"renewal_credits": "20", "grace_days": 30}})
        endless = await client.patch(path, json={"policy": {"validity_months": None}})

    policy = renewable.json()["policy"]
    assert (policy["version"], policy["renewal_credits"], policy["grace_days"]) == (2, "20.00", 30)
    assert (endless.status_code, [error["field"] for error in endless.json()["errors"]]) == (
        422,
        ["policy.renewal_credits"],
    )


async def test_concurrent_policy_changes_make_consecutive_versions(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        path = f"/api/v1/certifications/{certification.slug}"
        answers = await asyncio.gather(
            *(client.patch(path, json={"policy": {"retake_wait_days": days}}) for days in range(1, 6))
        )
    assert [answer.status_code for answer in answers] == [200] * 5
    rows = await CertificationPolicy.filter(certification_id=certification.id)
    assert sorted(row.version for row in rows) == [1, 2, 3, 4, 5, 6]


async def test_publish_says_what_is_missing_then_opens_and_lists(app: Starlette) -> None:
    certification = await a_certification(policy={"form_length": 2})
    await add_item(certification, "One")
    path = f"/api/v1/certifications/{certification.slug}"
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        early = await client.post(f"{path}/publication")
        assert (early.status_code, early.json()["code"]) == (409, "not_ready")
        assert "Items in the bank: 1 of the 2 that a form needs." in early.json()["detail"]
        await add_item(certification, "Two")
        assert (await client.post(f"{path}/publication")).status_code == 201
        assert (await client.post(f"{path}/publication")).json()["code"] == "not_ready"
    async with accounts.signed_in(app, None) as client:
        listed = (await client.get("/api/v1/certifications?q=FOUNDATIONS")).json()
        assert [one["slug"] for one in listed["items"]] == [certification.slug]
        assert listed["next_cursor"] is None
        assert (await client.get(path)).json()["status"] == "published"


async def test_draft_is_hidden_from_the_public_and_seen_by_its_people(app: Starlette) -> None:
    certification = await a_certification()
    path = f"/api/v1/certifications/{certification.slug}"
    async with accounts.signed_in(app, None) as client:
        assert (await client.get(path)).status_code == 404
        assert (await client.get("/api/v1/certifications")).json()["items"] == []
    async with accounts.with_token(app, await accounts.member(await certification.organization, Role.viewer)) as client:
        assert (await client.get(path)).status_code == 200


async def test_list_pages_through_equal_titles(app: Starlette) -> None:
    organization = await accounts.organization()
    for number in range(5):
        made = await a_certification(organization, title="Same\u00adtitle" if number else "Another")
        await Certification.filter(id=made.id).update(status="published")
    seen: list[str] = []
    async with accounts.signed_in(app, None) as client:
        cursor: str | None = ""
        while cursor is not None:
            answer = (await client.get(f"/api/v1/certifications?limit=2&cursor={cursor}")).json()
            seen += [one["slug"] for one in answer["items"]]
            cursor = answer["next_cursor"]
    assert len(seen) == len(set(seen)) == 5


async def test_retired_once_and_no_more_listed(app: Starlette) -> None:
    certification = await a_certification()
    path = f"/api/v1/certifications/{certification.slug}/retirement"
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        assert (await client.post(path)).json()["status"] == "retired"
        again = await client.post(path)
        assert (again.status_code, again.json()["code"]) == (409, "already_retired")


async def test_domains_are_renamed_swapped_added_and_removed(app: Starlette) -> None:
    certification = await a_certification(domains=[{"name": "A", "weight": 1}, {"name": "B", "weight": 2}])
    await add_item(certification)
    first, second = await queries.domains_of(certification.id)
    path = f"/api/v1/certifications/{certification.slug}/domains"
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        swapped = [
            {"id": str(first.id), "name": "B", "weight": 5},
            {"id": str(second.id), "name": "A"},
            {"name": "C", "weight": 9},
        ]
        answer = await client.put(path, json={"domains": swapped})
        assert answer.status_code == 200
        found = [(one["id"], one["name"], one["weight"]) for one in answer.json()["domains"]]
        assert found[:2] == [(str(first.id), "B", 5), (str(second.id), "A", 1)]
        assert found[2][1:] == ("C", 9)
        refused = await client.put(path, json={"domains": [{"name": "A"}]})
        assert (refused.status_code, refused.json()["code"]) == (409, "domain_in_use")
        assert "“B” has items" in refused.json()["detail"]
        assert await Domain.filter(certification_id=certification.id).count() == 3
        kept = await client.put(path, json={"domains": [{"name": "b"}]})
        assert [(one["id"], one["name"]) for one in kept.json()["domains"]] == [(str(first.id), "b")]
        other = await a_certification()
        foreign = (await queries.domains_of(other.id))[0]
        wrong = await client.put(path, json={"domains": [{"id": str(foreign.id), "name": "X"}]})
        assert wrong.json()["errors"][0]["field"] == "domains.0.id"


async def test_entitlement_is_granted_listed_and_withdrawn(app: Starlette) -> None:
    certification = await a_certification(access="by_entitlement")
    organization = await certification.organization
    learner = await accounts.person("zola@example.org", name="Zola Mbeki")
    path = f"/api/v1/certifications/{certification.slug}/entitlements"
    async with accounts.with_token(app, await accounts.member(organization, Role.certification_officer)) as client:
        unknown = await client.post(path, json={"email": "nobody@example.org"})
        assert (unknown.status_code, unknown.json()["kind"]) == (202, "entitlement")
        granted = await client.post(path, json={"email": "ZOLA@example.org", "note": "Scholarship"})
        assert granted.status_code == 201
        document = granted.json()
        assert (document["name"], document["attempts_allowed"], document["note"]) == ("Zola Mbeki", 2, "Scholarship")
        assert [one["id"] for one in (await client.get(f"{path}?q=zola")).json()["items"]] == [document["id"]]
        assert (await client.delete(f"{path}/{document['id']}")).status_code == 204
        again = await client.delete(f"{path}/{document['id']}")
        assert (again.status_code, again.json()["code"]) == (409, "entitlement_over")
        assert (await client.get(path)).json()["items"] == []
        assert len((await client.get(f"{path}?ended=true")).json()["items"]) == 1
    held = await Entitlement.get(person_id=learner.id)
    assert held.valid_until <= datetime.now(UTC)
    assert await AuditEntry.filter(action="entitlement.revoked", object_id=held.id).count() == 1


@pytest.mark.parametrize(
    "until", ["2020-01-01", "2026-13-40", "2027-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "x", 1e300]
)
async def test_entitlement_end_must_be_a_moment_ahead(app: Starlette, until: object) -> None:
    certification = await a_certification()
    learner = await accounts.person()
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        body = {"email": learner.email, "valid_until": until}
        answer = await client.post(f"/api/v1/certifications/{certification.slug}/entitlements", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["valid_until"]


async def test_entitlement_until_a_bare_day_lasts_to_its_end(app: Starlette) -> None:
    certification = await a_certification()
    learner = await accounts.person()
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    async with accounts.with_token(app, await accounts.member(await certification.organization)) as client:
        body = {"email": learner.email, "valid_until": day.isoformat(), "attempts_allowed": 1}
        await client.post(f"/api/v1/certifications/{certification.slug}/entitlements", json=body)
    held = await Entitlement.get(person_id=learner.id)
    assert held.valid_until == datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    assert held.attempts_allowed == 1


async def test_narrowed_author_works_on_one_certification_only(app: Starlette) -> None:
    organization = await accounts.organization()
    mine, other = await a_certification(organization), await a_certification(organization, title="Another")
    author = await accounts.member(organization, Role.exam_author, scope_kind=ScopeKind.certification, scope_id=mine.id)
    async with accounts.with_token(app, author) as client:
        assert (await client.patch(f"/api/v1/certifications/{mine.slug}", json={"title": "Mine"})).status_code == 200
        assert (await client.patch(f"/api/v1/certifications/{other.slug}", json={"title": "No"})).status_code == 404
        assert (await client.get(f"/api/v1/certifications/{mine.slug}/entitlements")).status_code == 403
