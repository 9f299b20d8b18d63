"""Every list of the API: pages by cursor that together are the whole list, in its order and without a double."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from accounts import sign_in
from accounts.models import Organization, Role
from api.app import create_app
from api.v1.routes import ENDPOINTS
from core.database import execute, new_id
from core.errors import InvalidInput
from core.jobs import enqueue
from core.pages import ListQuery, PageOf, encode_cursor, page_of
from core.settings import Settings
from events.programme.models import Session
from events.registration.models import Quota, TicketType
from tests.factories import accounts, events
from tests.integration.certification.test_items_api import SINGLE, path_of
from tests.integration.certification.test_programs_api import a_certification

LONG_NAME = "Ж\u00a0" * 100  # a no-break space, and two hundred characters of two bytes each


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """The owner of an organization with three of everything, and of a chapter."""
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    chapter = await Organization.create(slug="chapter", name="Chapter", parent=organization)
    for role in (Role.owner, Role.organizer):
        await accounts.member(chapter, role, of=owner)
    for name in (LONG_NAME, "amina", "Amina"):
        await accounts.member(organization, Role.viewer, of=await accounts.person(name=name))
    event = await events.published_event(organization, slug="days")
    for n, name in enumerate((LONG_NAME[:100], "Baobab", "Acacia")):
        room = await events.room(event, name, position=n // 2)
        await events.session(event, room)
        await Session.create(event=event, title="Not planned yet")
        await events.speaker(organization, name=LONG_NAME if n == 0 else "Wanjiru Kamau")
        await events.venue(organization, name=LONG_NAME if n == 0 else "iHub")
        await TicketType.create(event=event, name=name, position=n + 1)
        await Quota.create(event=event, name=name, size=n)
        await enqueue("certificates.issue", {"request": n})
    await execute("UPDATE pgqueuer SET status = 'failed'")
    now = datetime.now(UTC)
    for n in range(2):
        await sign_in.start_session(owner, user_agent=f"browser {n}", address="127.0.0.1", now=now)
        await sign_in.create_token(owner, name=f"{n}", scopes=["read"], now=now, expires_at=now + timedelta(hours=1))
    async with accounts.with_token(app, owner) as someone:
        yield someone


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/events/days/rooms", 3),
        ("/events/days/sessions", 6),
        ("/events/days/ticket-types", 4),
        ("/events/days/quotas", 4),
        ("/organizations/open-systems/venues", 4),
        ("/organizations/open-systems/speakers", 3),
        ("/organizations/open-systems/members", 4),
        ("/organizations/open-systems/jobs", 3),
        ("/me/organizations", 3),
        ("/me/sessions", 2),
        ("/me/tokens", 3),
    ],
)
async def test_pages_of_one_are_the_whole_list(client: httpx.AsyncClient, path: str, count: int) -> None:
    whole = (await client.get(f"/api/v1{path}")).json()
    assert (len(whole["items"]), whole["next_cursor"]) == (count, None)
    assert await walk(client, path) == whole["items"]
    refused = await client.get(f"/api/v1{path}", params={"cursor": encode_cursor("foreign")})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "cursor")


async def test_versions_of_an_item_page_too(app: Starlette) -> None:
    certification = await a_certification()
    author = await accounts.member(await certification.organization, Role.exam_author)
    async with accounts.with_token(app, author) as client:
        made = await client.post(path_of(certification), json={"title": "C", "domain": "General", "content": SINGLE})
        path = f"{path_of(certification)}/{made.json()['id']}"
        for n in range(2):
            await client.patch(path, json={"content": {**SINGLE, "prompt": f"Which, for the {n}th time?"}})
        versions = [one["version"] for one in await walk(client, f"{path.removeprefix('/api/v1')}/versions")]
    assert versions == [3, 2, 1]


def test_every_list_of_the_table_takes_cursor_and_limit() -> None:
    lists = [e for e in ENDPOINTS if isinstance(e.answers.get(200), type) and is_page(e.answers[200])]
    assert len(lists) > 20
    unpaged = {
        f"{e.method} {e.path}" for e in lists if not e.query or {"cursor", "limit"} - e.query.model_fields.keys()
    }
    assert unpaged == set()


def test_no_answer_holds_a_list_outside_a_page() -> None:
    for endpoint in ENDPOINTS:
        answer = endpoint.answers.get(200)
        if isinstance(answer, type) and "items" in answer.model_fields and endpoint.method == "GET":
            assert is_page(answer) or "{id:uuid}" in endpoint.path, endpoint.path


def test_what_is_removed_between_two_pages_moves_nothing() -> None:
    names = ["a", "b", "c", "d"]
    first = page_of(names, ListQuery(limit=2), key=lambda one: (one,), kinds=(str,))
    rest = page_of(["a", "c", "d"], ListQuery(cursor=first.next_cursor), key=lambda one: (one,), kinds=(str,))
    assert (first.items, rest.items, rest.next_cursor) == (["a", "b"], ["c", "d"], None)


def test_falling_keys_fall_over_all_pages() -> None:
    ids = [new_id() for _ in range(5)]
    query, seen = ListQuery(limit=2), []
    while True:
        page = page_of(ids, query, key=lambda one: (one,), kinds=(UUID,), descending=True)
        seen += page.items
        if page.next_cursor is None:
            break
        query = ListQuery(limit=2, cursor=page.next_cursor)
    assert seen == ids[::-1]


@pytest.mark.parametrize("key", [(1,), ("a", "b"), ("\x00",), ("\ud800",)])
def test_foreign_cursor_is_refused(key: tuple[Any, ...]) -> None:
    try:
        cursor = encode_cursor(*key)
    except UnicodeEncodeError:
        cursor = "7aCA"
    with pytest.raises(InvalidInput):
        page_of(["a"], ListQuery(cursor=cursor), key=lambda one: (one,), kinds=(str,))


def is_page(answer: object) -> bool:
    """Whether an answer is a `PageOf` something."""
    return isinstance(answer, type) and issubclass(answer, PageOf)


async def walk(client: httpx.AsyncClient, path: str) -> list[Any]:
    """All items by pages of one; every page but the last names the next."""
    seen: list[Any] = []
    cursor: str | None = None
    for _ in range(20):
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/api/v1{path}", params=params)).json()
        assert len(page["items"]) == 1
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen
    raise AssertionError("the pages do not end")
