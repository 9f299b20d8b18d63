"""Choosing a typeface in the editor and by the API; layouts saved before there was a choice stay as they are."""

import json
import re

import pytest
from starlette.applications import Starlette

from accounts.models import Role
from api.app import create_app
from api.pages.layout_form import Draft
from certification.layouts import layouts, queries, shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import LayoutVersion
from core.settings import Settings
from tests.factories import accounts
from tests.factories import layouts as factory

MODERN = shipped.definition_of("modern")
STACK = next(n for n, element in enumerate(MODERN.elements) if element.kind == "stack")


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


def chosen(page: str, name: str) -> tuple[list[str], list[str]]:
    """The options of a select by its name, and those that are selected."""
    found = re.search(rf'<select[^>]* name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    assert found, name
    options = re.findall(r'<option value="([^"]*)" (selected)?', found[0])
    return [value for value, _ in options], [value for value, mark in options if mark]


async def test_the_editor_offers_a_typeface_for_the_page_and_for_each_text(app: Starlette) -> None:
    organization = await accounts.organization()
    officer = await accounts.member(organization, Role.certification_officer)
    layout = await factory.layout(organization, by=officer)
    base, field = f"/organize/{organization.slug}/layouts/{layout.id}", f"elements.{STACK}.texts.1.typeface"
    asked = Draft.of(MODERN).values() | {"seen": "1", "typeface": "serif", field: "sans"}
    async with accounts.signed_in(app, officer) as client:
        page = (await client.get(base)).text
        assert chosen(page, "typeface") == (["sans", "serif"], ["sans"])
        assert chosen(page, field) == (["", "sans", "serif"], [""])
        shown = [await client.post(f"{base}/preview", data=fields) for fields in (Draft.of(MODERN).values(), asked)]
        assert [one.status_code for one in shown] == [200, 200]
        assert shown[0].text != shown[1].text
        wrong = await client.post(base, data=asked | {"action": "save", "typeface": "fraktur"})
        assert wrong.status_code == 422
        assert 'id="typeface-error"' in wrong.text
        saved = await client.post(base, data=asked | {"action": "save"})
        assert saved.status_code == 303
        after = (await client.get(base)).text
    assert chosen(after, "typeface")[1] == ["serif"]
    assert chosen(after, field)[1] == ["sans"]
    definition = LayoutDefinition.model_validate((await queries.latest(layout.id)).definition)
    stack = definition.elements[STACK]
    assert stack.kind == "stack"
    assert (definition.typeface, stack.texts[0].typeface, stack.texts[1].typeface) == ("serif", None, "sans")


async def test_the_api_takes_tells_and_describes_the_typeface(app: Starlette) -> None:
    organization = await accounts.organization("open-systems")
    officer = await accounts.member(organization, Role.certification_officer)
    base = "/api/v1/organizations/open-systems/layouts"
    document = MODERN.model_dump(mode="json") | {"typeface": "serif"}
    async with accounts.with_token(app, officer, ["certify"]) as client:
        made = await client.post(base, json={"name": "Ours", "definition": document})
        assert made.status_code == 201
        assert (await client.get(made.headers["location"])).json()["definition"] == document
        wrong = await client.post(base, json={"name": "Theirs", "definition": document | {"typeface": "fraktur"}})
        assert wrong.status_code == 422
        assert "definition.typeface" in wrong.text
        schemas = (await client.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    described = [schema for name, schema in schemas.items() if name.startswith("LayoutDefinition")]
    assert described
    assert all(one["properties"]["typeface"]["enum"] == ["sans", "serif"] for one in described)


async def test_a_version_without_typefaces_is_read_as_sans_and_is_no_change(database: str) -> None:
    organization = await accounts.organization()
    officer = await accounts.member(organization, Role.certification_officer)
    layout = await factory.layout(organization, by=officer)
    stored = json.loads(re.sub(r'"typeface": [^,}]+, ', "", json.dumps(MODERN.model_dump(mode="json"))))
    assert "typeface" not in json.dumps(stored)
    await LayoutVersion.create(layout_id=layout.id, version=2, definition=stored)
    version = await queries.latest(layout.id)
    assert version.definition == stored
    assert LayoutDefinition.model_validate(version.definition) == MODERN
    assert layouts.same(version, MODERN)
    saved = await layouts.save(layout, MODERN, seen=2, by=officer, now=version.created_at)
    assert (saved.version, await LayoutVersion.filter(layout_id=layout.id).count()) == (2, 2)
