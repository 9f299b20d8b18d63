"""What was refused is recorded, and an owner reads their own organization's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from accounts import passwords, refusals
from accounts.erasure import erase
from accounts.models import Organization, Person, Refusal, RefusalKind, Role
from accounts.organizations import create
from core.database import execute
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import wait_longer

EMAIL = "amina@example.org"


@pytest.fixture(autouse=True)
def _empty_minute() -> None:
    refusals._minute.clear()


@pytest.fixture
async def foundation(database: str) -> Organization:
    """An organization of the platform."""
    return await accounts.organization("open-systems")


@pytest.fixture
async def amina(foundation: Organization) -> Person:
    """A member with a password."""
    person = await accounts.member(foundation, Role.viewer, of=await accounts.person(EMAIL))
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    return person


async def read(app: Starlette, owner: Person, slug: str = "open-systems", **query: str) -> list[dict[str, Any]]:
    """What the API tells an owner."""
    async with accounts.with_token(app, owner) as client:
        answer = await client.get(f"/api/v1/organizations/{slug}/refusals", params=query)
        assert answer.status_code == 200
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


def told(items: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Kind, route and name of each."""
    return [(one["kind"], one["route"], one["person_name"]) for one in items]


async def test_failed_sign_ins_and_early_tries_of_members(
    app: Starlette, settings: Settings, foundation: Organization, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 1
    async with accounts.signed_in(app, None) as stranger:
        failed = await stranger.post("/sign-in", data={"email": EMAIL, "password": "wrong"})
        await wait_longer()
        await stranger.post("/api/v1/tokens", json={"email": EMAIL, "password": "wrong", "name": "x"})
    items = await read(app, await accounts.member(foundation))
    assert told(items) == [
        ("slowed", "POST /api/v1/tokens", "Amina Otieno"),
        ("sign_in_failed", "POST /sign-in", "Amina Otieno"),
    ]
    assert items[1]["request_id"] == failed.headers["x-request-id"]
    assert items[1]["address"] == "127.0.0.1"
    assert "wrong" not in str(await Refusal.all().values())


async def test_a_role_brings_nobodys_past(app: Starlette, foundation: Organization) -> None:
    """Else an owner gives a role to whomever they like, and reads from where they signed in for ninety days."""
    someone, now = await accounts.person("bilal@example.org"), datetime.now(UTC)
    facts: dict[str, Any] = {
        "kind": RefusalKind.sign_in_failed,
        "person_id": someone.id,
        "address": "192.0.2.7",
        "code": "x",
    }
    for at, route in ((now - timedelta(days=2), "POST /before"), (now + timedelta(minutes=1), "POST /since")):
        await Refusal.create(at=at, route=route, request_id="x", **facts)
    owner = await accounts.member(foundation)
    assert await read(app, owner) == []
    await accounts.member(foundation, Role.viewer, of=someone)
    assert [one["route"] for one in await read(app, owner)] == ["POST /since"]


async def test_forbidden_acts_on_its_objects(app: Starlette, foundation: Organization, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        assert (await client.get("/organize/open-systems/settings")).status_code == 403
    items = await read(app, await accounts.member(foundation), kind="forbidden")
    assert told(items) == [("forbidden", "GET /organize/{slug}/settings", "Amina Otieno")]


async def test_changes_asked_by_other_sites(app: Starlette, foundation: Organization) -> None:
    async with accounts.signed_in(app, None) as client:
        await client.post("/reset/s3cr3t", headers={"sec-fetch-site": "cross-site"})
    items = await read(app, await accounts.member(foundation))
    assert told(items) == [("cross_origin", "POST /reset/{token}", "")]


async def test_an_owner_reads_their_own_organizations_alone(
    app: Starlette, foundation: Organization, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.get("/organize/open-systems/settings")
        await client.post("/sign-in", data={"email": EMAIL, "password": "wrong"})
        await client.post("/sign-in", data={"email": "nobody@example.org", "password": "wrong"})
    owner = await accounts.member(foundation)
    chapter = await create("Nairobi chapter", parent=foundation, by=owner, now=datetime.now(UTC))
    elsewhere = await accounts.organization("elsewhere")
    other = await accounts.member(elsewhere)
    assert len(await read(app, owner)) == 3
    assert await read(app, owner, chapter.slug) == []
    assert told(await read(app, other, "elsewhere")) == [("sign_in_failed", "POST /sign-in", "")]
    for person, status in ((other, 404), (amina, 403)):
        async with accounts.with_token(app, person) as client:
            assert (await client.get("/api/v1/organizations/open-systems/refusals")).status_code == status


async def test_the_page_lists_them(app: Starlette, foundation: Organization, amina: Person) -> None:
    async with accounts.signed_in(app, None) as stranger:
        await stranger.post("/sign-in", data={"email": EMAIL, "password": "wrong"})
    async with accounts.signed_in(app, await accounts.member(foundation)) as owner:
        page = await owner.get("/organize/open-systems/refusals")
        assert "Sign-in failed" in page.text
        assert "Amina Otieno" in page.text
        assert 'href="/organize/open-systems/refusals"' in (await owner.get("/organize/open-systems")).text
        assert "Nothing here yet" in (await owner.get("/organize/open-systems/refusals?kind=forbidden")).text


async def test_pages_follow_each_other(app: Starlette, foundation: Organization) -> None:
    async with accounts.signed_in(app, None) as stranger:
        for n in range(3):
            await stranger.post("/sign-in", data={"email": f"p{n}@example.org", "password": "wrong"})
    async with accounts.with_token(app, await accounts.member(foundation)) as client:
        path, seen, cursor = "/api/v1/organizations/open-systems/refusals", [], None
        for _n in range(3):
            page = (await client.get(path, params={"limit": 1, **({"cursor": cursor} if cursor else {})})).json()
            seen += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
    assert cursor is None
    assert len(set(seen)) == 3


async def test_a_flood_fills_no_table(app: Starlette, foundation: Organization) -> None:
    now = datetime.now(UTC)
    for n in range(30):
        await refusals.record(
            refusals_of(), person_id=None, address="192.0.2.7", route="POST /x", request_id=str(n), now=now
        )
    await refusals.record(refusals_of(), person_id=None, address="192.0.2.8", route="POST /x", request_id="o", now=now)
    assert await Refusal.filter(address="192.0.2.7").count() == 20
    assert await Refusal.filter(address="192.0.2.8").count() == 1


def refusals_of() -> Any:
    """A refusal that is recorded. (Any: an error that the middleware alone defines.)"""
    from api.middleware import CrossOrigin

    return CrossOrigin()


async def test_what_is_no_refusal_is_not_recorded(browser: httpx.AsyncClient) -> None:
    await browser.get("/no/such/page")
    await browser.get("/me/profile")
    await browser.post("/sign-up", data={"email": "nobody"})
    assert await Refusal.all().count() == 0


async def test_a_refusal_that_cannot_be_recorded_is_still_answered(browser: httpx.AsyncClient) -> None:
    await execute("ALTER TABLE refusal RENAME COLUMN address TO elsewhere")
    try:
        answer = await browser.post("/sign-in", headers={"sec-fetch-site": "cross-site"})
    finally:
        await execute("ALTER TABLE refusal RENAME COLUMN elsewhere TO address")
    assert answer.status_code == 403


async def test_they_go_with_the_person_and_after_ninety_days(foundation: Organization, amina: Person) -> None:
    now = datetime.now(UTC)
    for days, person_id in ((91, None), (89, None), (1, amina.id)):
        await Refusal.create(
            at=now - timedelta(days=days),
            kind=RefusalKind.forbidden,
            person_id=person_id,
            address="192.0.2.7",
            route="GET /x",
            code="forbidden",
            request_id="x",
        )
    await refusals.sweep(now=now)
    assert await Refusal.all().count() == 2
    await erase(amina, by=amina, now=now)
    assert await Refusal.filter(person_id=amina.id).count() == 0
