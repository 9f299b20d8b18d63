"""The bank's pages: forms of every type, preview, versions, importing."""

import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.pages import item_form
from api.pages.item_form import Typed
from certification.bank import items
from certification.bank.content import ItemType, parse_content
from certification.bank.models import Item, ItemVersion
from certification.programs.models import Certification
from certification.programs.queries import domains_of
from core.settings import Settings
from tests.factories import accounts
from tests.factories.certification import content
from tests.integration.certification.test_items_api import an_author_of
from tests.integration.certification.test_programs_api import NOW, a_certification

FILLED: dict[str, dict[str, str]] = {
    "single_choice": {"options.0.text": "One", "options.2.text": "Two", "correct": "2", "options.0.weight": "50"},
    "multiple_choice": {
        "options.0.text": "A",
        "options.0.correct": "true",
        "options.0.weight": "50",
        "options.1.text": "B",
        "options.1.correct": "true",
        "options.1.weight": "50",
        "options.3.text": "C",
        "options.3.weight": "-100",
    },
    "true_false": {"answer": "false"},
    "numeric": {"answers.0.value": "3", "answers.0.tolerance": "0.5", "answers.0.credit": "100"},
    "short_answer": {"answers.0.text": "frog", "answers.0.credit": "100", "answers.1.credit": "100"},
    "matching": {
        "pairs.0.left": "a",
        "pairs.0.right": "1",
        "pairs.2.left": "b",
        "pairs.2.right": "2",
        "distractors.0.text": "3",
        "pairs.1.left": "",
    },
    "essay": {"guidance": "Look for care.", "max_length": "500"},
}


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


def base_of(certification: Certification) -> str:
    return f"/organize/certifications/{certification.slug}/items"


async def post_new(client: httpx.AsyncClient, certification: Certification, kind: str, **fields: str) -> httpx.Response:
    domain = (await domains_of(certification.id))[0]
    form = {"type": kind, "title": f"My {kind}", "domain": str(domain.id), "prompt": "Well?", "action": "save"}
    return await client.post(f"{base_of(certification)}/new?type={kind}", data=form | FILLED[kind] | fields)


@pytest.mark.parametrize("kind", list(ItemType))
async def test_form_of_every_type_creates_an_item_and_shows_it(app: Starlette, kind: ItemType) -> None:
    certification = await a_certification()
    async with accounts.signed_in(app, await an_author_of(certification)) as client:
        assert (await client.get(f"{base_of(certification)}/new?type={kind}")).status_code == 200
        answer = await post_new(client, certification, kind)
        assert answer.status_code == 303, answer.text
        item = await Item.get()
        page = await client.get(answer.headers["location"])
        assert page.status_code == 200
        assert f"My {kind}" in page.text
        assert "As a learner sees it" in page.text
        version = await client.get(f"{base_of(certification)}/{item.id}/versions/1")
        assert version.status_code == 200
    stored = parse_content((await items.current_version(item.id)).content)
    assert stored.type is kind


@pytest.mark.parametrize("kind", list(ItemType))
def test_form_gives_back_the_content_it_shows(kind: ItemType) -> None:
    made = content(kind, 7)
    assert items.same_content(item_form.read(kind, Typed.of(item_form.fill(made))), made)


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("single_choice", {"correct": "1"}, "options"),
        ("single_choice", {"options.2.weight": "half"}, "options.2.weight"),
        ("single_choice", {"options.0.weight": "1e500"}, "options.0.weight"),
        ("single_choice", {"prompt": " "}, "prompt"),
        ("single_choice", {"title": ""}, "title"),
        ("single_choice", {"domain": "x"}, "domain"),
        ("multiple_choice", {"options.3.weight": ""}, "options"),
        ("numeric", {"answers.0.value": "three"}, "answers.0.value"),
        ("short_answer", {"answers.0.credit": "50"}, "answers"),
        ("matching", {"pairs.2.right": ""}, "pairs.2.right"),
        ("true_false", {"answer": ""}, "answer"),
        ("essay", {"max_length": "0"}, "max_length"),
    ],
)
async def test_error_stands_at_its_field_and_keeps_what_was_typed(
    app: Starlette, kind: str, fields: dict[str, str], wrong: str
) -> None:
    certification = await a_certification()
    async with accounts.signed_in(app, await an_author_of(certification)) as client:
        answer = await post_new(client, certification, kind, **fields)
    assert answer.status_code == 422
    assert f'href="#{wrong}"' in answer.text
    assert f'id="{wrong}"' in answer.text
    assert "Well?" in answer.text or "prompt" in fields
    assert await Item.all().count() == 0


async def test_more_rows_keep_what_was_typed_and_save_nothing(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.signed_in(app, await an_author_of(certification)) as client:
        answer = await post_new(client, certification, "single_choice", action="more", title="")
        preview = await post_new(client, certification, "single_choice", action="preview")
    assert answer.status_code == 200
    assert 'id="options.6.text"' in answer.text
    assert "error-summary" not in answer.text
    assert "As a learner sees it" in preview.text
    assert await Item.all().count() == 0


async def test_saving_again_makes_a_version_only_where_something_differs(app: Starlette) -> None:
    certification = await a_certification()
    author = await an_author_of(certification)
    domain = (await domains_of(certification.id))[0]
    made = content(ItemType.SINGLE_CHOICE, 3)
    item = await items.create(certification, domain, "Shell", made, by=author, now=NOW)
    form: dict[str, Any] = {"title": "Shell", "domain": str(domain.id), "action": "save", **item_form.fill(made)}
    async with accounts.signed_in(app, author) as client:
        await client.post(f"{base_of(certification)}/{item.id}", data=form)
        assert await ItemVersion.all().count() == 1
        await client.post(f"{base_of(certification)}/{item.id}", data=form | {"prompt": "Which one lists?"})
        assert await ItemVersion.all().count() == 2
        await client.post(f"{base_of(certification)}/{item.id}/retire")
        assert "Retired (1)" in (await client.get(base_of(certification))).text
        await client.post(f"{base_of(certification)}/{item.id}/restore")
        listed = await client.get(f"{base_of(certification)}?q=which one&type=single_choice&domain={domain.id}")
        assert "Shell" in listed.text


async def test_import_shows_first_and_does_afterwards(app: Starlette) -> None:
    certification = await a_certification()
    file = "::First:: One is one.{T}\n\n::Broken:: {=one\n\n::Second:: Which? {=right ~wrong}\n"
    async with accounts.signed_in(app, await an_author_of(certification)) as client:
        path = f"{base_of(certification)}/import"
        assert (await client.get(path)).status_code == 200
        preview = await client.post(path, files={"file": ("a.gift", file.encode())})
        assert "This is what the import would do" in preview.text
        assert await Item.all().count() == 0
        found = re.search(r'<textarea class="visually-hidden" name="text"[^>]*>\n(.*?)</textarea>', preview.text, re.S)
        assert found is not None
        assert "::Broken::" in found[1]
        done = await client.post(path, data={"text": file, "action": "import"})
        assert "The file is imported" in done.text
        assert "Refused" in done.text
        empty = await client.post(path, data={})
        assert empty.status_code == 422
        assert "Choose a file, or paste its text below." in empty.text
        exported = await client.get(f"{base_of(certification)}/export")
        assert "::First::" in exported.text
    assert await Item.all().count() == 2


async def test_pages_are_hidden_from_strangers(app: Starlette) -> None:
    certification = await a_certification()
    async with accounts.signed_in(app, await accounts.person()) as client:
        for part in ("", "/new", "/import", "/export"):
            assert (await client.get(f"{base_of(certification)}{part}")).status_code == 404
    async with accounts.signed_in(app, None) as client:
        assert (await client.get(base_of(certification))).status_code == 303
