"""Importing GIFT through the API: nothing is lost silently, and doing it again changes nothing."""

import asyncio

import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry
from api.app import create_app
from certification.bank.models import Item, ItemVersion
from certification.programs.queries import domains_of
from core.settings import Settings
from tests import shared
from tests.factories import accounts
from tests.integration.certification.test_items_api import an_author_of, path_of
from tests.integration.certification.test_programs_api import a_certification

TEXT = {"content-type": "text/plain; charset=utf-8"}
TWO = "::First:: One is one.{T}\n\n::Second:: Which? {=right ~wrong}\n"


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


async def test_moodle_sample_imports_with_a_report_per_item(app: Starlette) -> None:
    sample = shared.content("questions", "moodle-questions.gift")
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = f"{path_of(certification)}/import?format=gift"
        answer = await client.post(path, content=sample, headers=TEXT)
        again = await client.post(path, content=sample, headers=TEXT)
        listed = (await client.get(path_of(certification))).json()["items"]
        exported = await client.get(f"{path_of(certification)}/export?format=gift")
        back = await client.post(path, content=exported.content, headers=TEXT)

    assert answer.status_code == 201
    report = answer.json()
    assert {name: report[name] for name in ("taken", "changed", "unchanged", "refused")} == {
        "taken": 7,
        "changed": 2,
        "unchanged": 0,
        "refused": 0,
    }
    assert [(one["index"], one["line"], one["title"], one["outcome"]) for one in report["items"]] == [
        (1, 2, "Q8", "taken"),
        (2, 5, "Moodle activities", "taken"),
        (3, 14, "Q2", "taken"),
        (4, 22, "colours", "taken"),
        (5, 31, "Q5", "changed"),
        (6, 34, "Shortanswer", "taken"),
        (7, 41, "Q1", "changed"),
        (8, 46, "2-08 TSL", "taken"),
        (9, 49, "2-08 TSL", "taken"),
    ]
    assert report["items"][4]["messages"] == ['Left out after the closing brace: “";”.']
    assert report["items"][8]["messages"] == ["The item on line 46 has the same title."]
    assert sorted(one["type"] for one in listed) == [
        *("essay", "matching", "multiple_choice", "numeric", "short_answer", "single_choice"),
        *("true_false", "true_false", "true_false"),
    ]
    assert again.json()["unchanged"] == 9
    assert back.json()["unchanged"] == 9, back.json()
    assert await Item.all().count() == await ItemVersion.all().count() == 9
    assert await AuditEntry.filter(action="items.imported").count() == 3


async def test_dry_run_tells_and_changes_nothing(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = f"{path_of(certification)}/import?format=gift&dry_run=true"
        answer = await client.post(path, content=f"$CATEGORY: top/Safety\n\n{TWO}", headers=TEXT)
    assert answer.status_code == 200
    assert answer.json()["taken"] == 2
    assert "The domain “Safety” is new." in answer.json()["items"][0]["messages"]
    assert await Item.all().count() == 0
    assert [domain.name for domain in await domains_of(certification.id)] == ["General"]


async def test_refused_items_do_not_stop_the_others(app: Starlette) -> None:
    certification = await a_certification()
    file = "::Broken:: {=one\n\n" + TWO + "\nJust a description.\n"
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        answer = await client.post(f"{path_of(certification)}/import?format=gift", content=file, headers=TEXT)
    report = answer.json()
    assert [one["outcome"] for one in report["items"]] == ["refused", "taken", "taken", "refused"]
    assert all(one["messages"] for one in report["items"] if one["outcome"] == "refused")
    assert [row.title for row in await Item.all().order_by("id")] == ["First", "Second"]


async def test_categories_become_domains_and_tags_are_reported(app: Starlette) -> None:
    certification = await a_certification(domains=[{"name": "Networks"}])
    file = (
        "$CATEGORY: $course$/top/networks\n\n::A:: a{T}\n\n"
        "$CATEGORY: top/Storage // Backup\n\n// [tag:hard]\n::B:: b{T}\n\n$CATEGORY: top\n\n::C:: c{F}\n"
    )
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        answer = await client.post(f"{path_of(certification)}/import?format=gift", content=file, headers=TEXT)
        listed = (await client.get(path_of(certification))).json()["items"]
    assert {one["title"]: one["domain"] for one in listed} == {
        "A": "Networks",
        "B": "Storage / Backup",
        "C": "Networks",
    }
    tagged = answer.json()["items"][1]
    assert tagged["outcome"] == "changed"
    assert tagged["messages"][0] == "Left out, since items have no tags: hard."
    domains = await domains_of(certification.id)
    assert [(domain.name, domain.weight) for domain in domains] == [("Networks", 1), ("Storage / Backup", 1)]


async def test_other_content_under_a_known_title_is_a_new_version(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = f"{path_of(certification)}/import?format=gift"
        await client.post(path, content=TWO, headers=TEXT)
        answer = await client.post(path, content=TWO.replace("{T}", "{F}"), headers=TEXT)
    assert [(one["title"], one["outcome"]) for one in answer.json()["items"]] == [
        ("First", "changed"),
        ("Second", "unchanged"),
    ]
    assert answer.json()["items"][0]["messages"] == ["It is version 2 of the item in the bank."]
    assert await Item.all().count() == 2
    assert await ItemVersion.all().count() == 3


async def test_two_imports_at_once_take_each_item_once(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = f"{path_of(certification)}/import?format=gift"
        answers = await asyncio.gather(*(client.post(path, content=TWO, headers=TEXT) for _ in range(4)))
    assert sorted(answer.json()["taken"] for answer in answers) == [0, 0, 0, 2]
    assert await Item.all().count() == 2


async def test_repeated_key_gets_the_same_report(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        path = f"{path_of(certification)}/import?format=gift"
        first = await client.post(path, content=TWO, headers={**TEXT, "idempotency-key": "k1"})
        second = await client.post(path, content=TWO, headers={**TEXT, "idempotency-key": "k1"})
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"


async def test_upload_as_a_form_is_taken_too(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        answer = await client.post(
            f"{path_of(certification)}/import?format=gift", files={"file": ("bank.gift", TWO.encode())}
        )
    assert answer.json()["taken"] == 2


@pytest.mark.parametrize(
    ("query", "content", "headers", "status", "field"),
    [
        ("", TWO.encode(), TEXT, 422, "format"),
        ("?format=csv", TWO.encode(), TEXT, 422, "format"),
        ("?format=gift&domain=Nowhere", TWO.encode(), TEXT, 422, "domain"),
        ("?format=gift", b"\xff\xfe", TEXT, 422, "file"),
        ("?format=gift", b"", TEXT, 422, "file"),
        ("?format=gift", b"{}", {"content-type": "application/json"}, 415, None),
    ],
)
async def test_what_cannot_be_read_is_refused(
    app: Starlette, query: str, content: bytes, headers: dict[str, str], status: int, field: str | None
) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await an_author_of(certification)) as client:
        answer = await client.post(f"{path_of(certification)}/import{query}", content=content, headers=headers)
    assert answer.status_code == status
    assert field is None or [error["field"] for error in answer.json()["errors"]] == [field]
    assert await Item.all().count() == 0


async def test_import_is_for_authors(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.with_token(app, await accounts.person()) as client:
        answer = await client.post(f"{path_of(certification)}/import?format=gift", content=TWO, headers=TEXT)
    assert answer.status_code == 404
