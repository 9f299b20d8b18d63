"""Layouts and pictures by the API: the same commands as the pages."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import Organization, Role
from api.app import create_app
from certification.layouts import shipped
from core.settings import Settings
from tests.factories import accounts, certification
from tests.factories import layouts as factory

PLAIN = shipped.definition_of("plain").model_dump(mode="json")


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization("open-systems")


@pytest.fixture
async def client(app: Starlette, organization: Organization) -> AsyncIterator[httpx.AsyncClient]:
    officer = await accounts.member(organization, Role.certification_officer)
    async with accounts.with_token(app, officer, ["certify"]) as found:
        yield found


BASE = "/api/v1/organizations/open-systems/layouts"
PICTURES = "/api/v1/organizations/open-systems/layout-pictures"


def other(name: str) -> dict[str, object]:
    return {**PLAIN, "elements": [{**PLAIN["elements"][0], "id": name}, *PLAIN["elements"][1:]]}


async def test_list_create_show_and_page(client: httpx.AsyncClient, organization: Organization) -> None:
    await certification.certification(organization, title="Certified Associate", slug="associate")
    made = await client.post(BASE, json={"name": "Attendance", "origin": "plain"})
    assert made.status_code == 201
    layout = made.json()
    assert (layout["name"], layout["origin"], layout["version"], layout["definition"]) == ("Attendance", None, 1, PLAIN)
    assert (await client.get(made.headers["location"])).json() == layout
    listed = (await client.get(BASE)).json()
    assert [one["name"] for one in listed["items"]] == ["Attendance", "Classic", "Modern", "Plain"]
    used = {"kind": "certification", "slug": "associate", "title": "Certified Associate", "is_chosen": False}
    assert listed["items"][1]["uses"] == [used]
    page = (await client.get(f"{BASE}?limit=3")).json()
    rest = (await client.get(f"{BASE}?limit=3&cursor={page['next_cursor']}")).json()
    assert [one["name"] for one in page["items"] + rest["items"]] == [one["name"] for one in listed["items"]]
    copied = await client.post(BASE, json={"name": "Copy", "copy_of": layout["id"], "page": "Letter"})
    assert copied.json()["definition"]["page"] == "Letter"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "body"),
        ({"name": "x", "origin": "plain", "definition": PLAIN}, "body"),
        ({"name": "", "origin": "plain"}, "name"),
        ({"name": "x", "origin": "baroque"}, "origin"),
        ({"name": "x", "copy_of": "0190b2f0-0000-7000-8000-000000000001"}, "copy_of"),
        ({"name": "x", "definition": {**PLAIN, "page": "A9"}}, "definition.page"),
        ({"name": "x", "definition": {**PLAIN, "elements": []}}, "definition.elements"),
        ({"name": "x", "definition": other("Not A Name")}, "definition.elements.0."),
    ],
)
async def test_what_is_no_layout_is_refused_by_field(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.post(BASE, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_an_unknown_placeholder_is_named(client: httpx.AsyncClient) -> None:
    number = next(n for n, element in enumerate(PLAIN["elements"]) if element["kind"] == "text")
    elements = [dict(element) for element in PLAIN["elements"]]
    elements[number]["text"] = "{{ salary }}"
    answer = await client.post(BASE, json={"name": "x", "definition": {**PLAIN, "elements": elements}})
    assert answer.status_code == 422
    assert "There is no placeholder {{ salary }}" in answer.json()["errors"][0]["message"]
    assert f"“{elements[number]['id']}”" in answer.json()["errors"][0]["message"]


async def test_versions_are_saved_refused_and_restored(client: httpx.AsyncClient) -> None:
    made = (await client.post(BASE, json={"name": "Ours", "definition": PLAIN})).json()
    versions = f"{BASE}/{made['id']}/versions"
    saved = await client.post(versions, json={"definition": other("second"), "seen": 1})
    assert (saved.status_code, saved.json()["version"]) == (201, 2)
    same = await client.post(versions, json={"definition": other("second"), "seen": 1})
    assert (same.status_code, same.json()["version"]) == (200, 2)
    stale = await client.post(versions, json={"definition": other("third"), "seen": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (409, "saved_meanwhile", 2)
    listed = (await client.get(versions)).json()
    assert [one["version"] for one in listed["items"]] == [2, 1]
    assert (await client.get(f"{versions}/1")).json()["definition"] == PLAIN
    back = await client.post(f"{versions}/1/restoration")
    assert (back.status_code, back.json()["version"], back.json()["definition"]) == (201, 3, PLAIN)
    assert (await client.post(f"{versions}/3/restoration")).status_code == 200
    assert (await client.get(f"{versions}/7")).status_code == 404


async def test_rename_archive_and_the_refusal_while_it_is_used(
    client: httpx.AsyncClient, app: Starlette, organization: Organization
) -> None:
    made = (await client.post(BASE, json={"name": "Ours", "definition": PLAIN})).json()
    exam = await certification.certification(organization)
    path = f"{BASE}/{made['id']}"
    assert (await client.patch(path, json={"name": "Yours"})).json()["name"] == "Yours"
    async with accounts.with_token(app, await accounts.member(organization)) as owner:
        chosen = await owner.patch(f"/api/v1/certifications/{exam.slug}", json={"layout_id": made["id"]})
        assert chosen.json()["layout_id"] == made["id"]
        kept = await owner.patch(f"/api/v1/certifications/{exam.slug}", json={"summary": "x"})
        assert kept.json()["layout_id"] == made["id"]
        used = await client.patch(path, json={"is_archived": True, "name": "Not kept"})
        assert (used.status_code, used.json()["code"]) == (409, "layout_in_use")
        assert (await client.get(path)).json()["name"] == "Yours"
        await owner.patch(f"/api/v1/certifications/{exam.slug}", json={"layout_id": None})
    assert (await client.patch(path, json={"is_archived": True})).json()["is_archived"] is True
    assert [one["id"] for one in (await client.get(f"{BASE}?archived=true")).json()["items"]] == [made["id"]]
    refused = await client.post(f"{path}/versions", json={"definition": other("second")})
    assert (refused.status_code, refused.json()["code"]) == (409, "layout_archived")
    assert (await client.patch(path, json={"is_archived": False})).json()["is_archived"] is False


async def test_samples_as_picture_and_as_document(client: httpx.AsyncClient) -> None:
    made = (await client.post(BASE, json={"name": "Ours", "definition": PLAIN})).json()
    version = f"{BASE}/{made['id']}/versions/1"
    picture = await client.get(f"{version}/preview.png?kind=attendance&holder=arabic&language=ar&width=320")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert int.from_bytes(picture.content[16:20], "big") == 320
    assert (await client.get(f"{version}/preview.pdf?language=fr")).content.startswith(b"%PDF-")
    unsaved = {"definition": other("draft"), "holder": "long", "width": 320}
    drawn = await client.post(f"{BASE}/preview.png", json=unsaved)
    assert (drawn.status_code, drawn.content[:4]) == (200, b"\x89PNG")
    assert (await client.post(f"{BASE}/preview.pdf", json=unsaved)).content.startswith(b"%PDF-")
    for query, field in (
        ("width=9", "width"),
        ("width=99999", "width"),
        ("holder=nobody", "holder"),
        ("language=q", "language"),
    ):
        wrong = await client.get(f"{version}/preview.png?{query}")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, field)


async def test_pictures_by_the_api(client: httpx.AsyncClient) -> None:
    made = await client.post(f"{PICTURES}?name=Logo", content=factory.png(), headers={"content-type": "image/png"})
    assert made.status_code == 201
    picture = made.json()
    assert (picture["name"], picture["width"], picture["content_type"]) == ("Logo", 60, "image/png")
    at = f"{PICTURES}/{picture['id']}"
    assert (await client.get(at)).json() == picture
    content = await client.get(f"{at}/content")
    assert (content.headers["content-type"], content.content[:4]) == ("image/png", b"\x89PNG")
    again = await client.post(f"{PICTURES}?name=Other", files={"file": ("x.png", factory.png())})
    assert again.json()["id"] == picture["id"]
    assert (await client.patch(at, json={"name": "Mark", "is_archived": True})).json()["is_archived"] is True
    assert (await client.get(PICTURES)).json()["items"] == []
    assert [one["name"] for one in (await client.get(f"{PICTURES}?archived=true")).json()["items"]] == ["Mark"]
    wrong = await client.post(f"{PICTURES}?name=Logo", content=b"x", headers={"content-type": "image/png"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "file")
    media = await client.post(f"{PICTURES}?name=Logo", content=b"x", headers={"content-type": "text/plain"})
    assert media.status_code == 415
    nameless = await client.post(PICTURES, content=factory.png(), headers={"content-type": "image/png"})
    assert (nameless.status_code, nameless.json()["errors"][0]["field"]) == (422, "name")


async def test_a_picture_may_be_larger_than_other_bodies(client: httpx.AsyncClient, settings: Settings) -> None:
    content = factory.png(64, 64) + b"\0" * settings.max_body_bytes
    made = await client.post(f"{PICTURES}?name=Logo", content=content, headers={"content-type": "image/png"})
    assert made.status_code == 201


async def test_who_may_not_design_is_refused(app: Starlette, organization: Organization) -> None:
    async with accounts.with_token(app, await accounts.member(organization, Role.exam_author)) as author:
        assert (await author.get(BASE)).status_code == 403
        assert (await author.post(BASE, json={"name": "x", "origin": "plain"})).status_code == 403
        assert (await author.get(PICTURES)).status_code == 403
    async with accounts.with_token(app, await accounts.person()) as stranger:
        assert (await stranger.get(BASE)).status_code == 404
