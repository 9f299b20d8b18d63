"""The bank through the JSON API: items, their versions, and who may see a key."""

import asyncio
from typing import Any

import asyncpg
import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Role
from api.app import create_app
from certification.bank.models import Item, ItemVersion
from certification.programs.models import Certification
from core.database import execute
from core.settings import Settings
from tests.factories import accounts
from tests.integration.certification.test_programs_api import a_certification

SINGLE: dict[str, Any] = {
    "type": "single_choice",
    "prompt": "Which one is a colour?",
    "options": [{"text": "Yellow", "correct": True}, {"text": "Loud"}, {"text": "Seven"}],
}


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


async def an_author_of(certification: Certification) -> Any:
    return await accounts.member(await certification.organization, Role.exam_author)


def path_of(certification: Certification) -> str:
    return f"/api/v1/certifications/{certification.slug}/items"


async def test_item_is_created_and_read_with_its_key(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        body = {"title": "Colours", "domain": "general", "content": SINGLE}
        answer = await client.post(path_of(certification), json=body)
        assert answer.status_code == 201
        document = answer.json()
        assert (document["title"], document["domain"], document["version"]) == ("Colours", "General", 1)
        assert [one["text"]["source"] for one in document["content"]["options"] if one["correct"]] == ["Yellow"]
        shown = await client.get(answer.headers["location"])
        assert shown.json() == document
    audit = await AuditEntry.get(action="item.created")
    assert "Yellow" not in str(audit.after)


async def test_item_is_for_authors_only(app: Starlette) -> None:
    certification = await a_certification()
    organization = await certification.organization
    for role, status in ((Role.viewer, 403), (Role.grader, 403), (Role.certification_officer, 403)):
        async with accounts.with_token(app, await accounts.member(organization, role)) as client:
            assert (await client.get(path_of(certification))).status_code == status
    async with accounts.with_token(app, await accounts.person()) as client:
        assert (await client.get(path_of(certification))).status_code == 404


async def test_other_content_is_a_new_version_and_the_same_is_none(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        made = await client.post(path_of(certification), json={"title": "C", "domain": "General", "content": SINGLE})
        path = f"{path_of(certification)}/{made.json()['id']}"
        same = await client.patch(path, json={"content": made.json()["content"]})
        assert same.json()["version"] == 1
        renamed = await client.patch(path, json={"title": "Colours"})
        assert (renamed.json()["version"], renamed.json()["title"]) == (1, "Colours")
        other = await client.patch(path, json={"content": {**SINGLE, "prompt": "Which of these is a colour?"}})
        assert other.json()["version"] == 2
        versions = (await client.get(f"{path}/versions")).json()["items"]
    assert [one["version"] for one in versions] == [2, 1]
    assert versions[1]["content"]["prompt"]["source"] == "Which one is a colour?"
    with pytest.raises(asyncpg.PostgresError):
        await execute("UPDATE item_version SET content = '{}'")


async def test_changes_at_once_number_their_versions(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        made = await client.post(path_of(certification), json={"title": "C", "domain": "General", "content": SINGLE})
        path = f"{path_of(certification)}/{made.json()['id']}"
        answers = await asyncio.gather(
            *(client.patch(path, json={"content": {**SINGLE, "prompt": f"Colour {n}?"}}) for n in range(5))
        )
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sorted(row.version for row in await ItemVersion.all()) == [1, 2, 3, 4, 5, 6]


async def test_retired_item_leaves_the_list_until_restored(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        made = await client.post(path_of(certification), json={"title": "C", "domain": "General", "content": SINGLE})
        path = f"{path_of(certification)}/{made.json()['id']}"
        assert (await client.patch(path, json={"is_retired": True})).json()["is_retired"] is True
        assert (await client.get(path_of(certification))).json()["items"] == []
        assert len((await client.get(f"{path_of(certification)}?retired=true")).json()["items"]) == 1
        assert (await client.patch(path, json={"is_retired": False})).json()["is_retired"] is False
    assert await AuditEntry.filter(action__in=["item.retired", "item.restored"]).count() == 2


async def test_list_searches_filters_and_pages(app: Starlette) -> None:
    certification = await a_certification(domains=[{"name": "One"}, {"name": "Two"}])
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = path_of(certification)
        for number in range(5):
            content = {"type": "true_false", "prompt": f"Claim {number} of 100 %", "answer": True}
            domain = "One" if number < 2 else "Two"
            await client.post(path, json={"title": f"Item {number}", "domain": domain, "content": content})
        await client.post(path, json={"title": "Colours", "domain": "One", "content": SINGLE})
        titles: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = (await client.get(f"{path}?limit=4&cursor={cursor}")).json()
            titles += [one["title"] for one in answer["items"]]
            cursor = answer["next_cursor"]
        assert titles == ["Colours", "Item 4", "Item 3", "Item 2", "Item 1", "Item 0"]
        assert [o["title"] for o in (await client.get(f"{path}?q=CLAIM 3")).json()["items"]] == ["Item 3"]
        assert len((await client.get(f"{path}?q=%25")).json()["items"]) == 5
        found = (await client.get(f"{path}?type=single_choice")).json()["items"]
        assert [one["title"] for one in found] == ["Colours"]
        assert (await client.get(f"{path}?cursor=nonsense")).status_code == 422


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ({"type": "riddle", "prompt": "?"}, "content"),
        ({**SINGLE, "options": SINGLE["options"][1:]}, "options"),
        ({**SINGLE, "prompt": " "}, "prompt"),
        ({"type": "numeric", "prompt": "?", "answers": [{"value": "1e999"}]}, "value"),
        ({"type": "true_false", "prompt": "?", "answer": "yes"}, "answer"),
    ],
)
async def test_wrong_content_is_refused_by_field(app: Starlette, content: dict[str, Any], part: str) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        body = {"title": "C", "domain": "General", "content": content}
        answer = await client.post(path_of(certification), json=body)
    assert answer.status_code == 422
    assert any(part in error["field"] for error in answer.json()["errors"])
    assert await Item.all().count() == 0


async def test_unknown_domain_names_those_there_are(app: Starlette) -> None:
    certification = await a_certification(domains=[{"name": "Safety"}])
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        answer = await client.post(path_of(certification), json={"title": "C", "domain": "X", "content": SINGLE})
    assert answer.status_code == 422
    expected = {"field": "domain", "message": "There is no such domain. Choose one of: Safety."}
    assert answer.json()["errors"] == [expected]
