"""The pages of layouts: the list, creating, the editor with its preview, versions, pictures; and who may see them."""

import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import Role
from api.app import create_app
from api.pages.layout_form import Draft
from certification.layouts import queries, shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.models import Layout, LayoutPicture, LayoutVersion
from certification.programs.models import Certification
from core.settings import Settings
from tests.factories import accounts, certification
from tests.factories import layouts as factory

MODERN = shipped.definition_of("modern")


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


def form_of(**fields: str) -> dict[str, str]:
    """What the editor sends for `modern`, with fields changed."""
    return Draft.of(MODERN).values() | {"seen": "1"} | fields


def first(kind: str) -> int:
    return next(n for n, element in enumerate(MODERN.elements) if element.kind == kind)


async def officers_layout(name: str = "Ours") -> tuple[Layout, Any, str]:
    organization = await accounts.organization()
    officer = await accounts.member(organization, Role.certification_officer)
    layout = await factory.layout(organization, name, by=officer)
    return layout, officer, f"/organize/{organization.slug}/layouts/{layout.id}"


async def latest(layout: Layout) -> tuple[int, LayoutDefinition]:
    found = await queries.latest(layout.id)
    return found.version, LayoutDefinition.model_validate(found.definition)


async def test_the_list_shows_the_shipped_layouts_and_what_uses_them(app: Starlette) -> None:
    organization = await accounts.organization()
    await certification.certification(organization, title="Certified Associate")
    async with accounts.signed_in(app, await accounts.member(organization)) as client:
        page = await client.get(f"/organize/{organization.slug}/layouts")
        assert page.status_code == 200
        for name in ("Classic", "Modern", "Plain", "Certified Associate", "Not used yet"):
            assert name in page.text
        pictures = re.findall(r'<img src="([^"]+picture\.png[^"]*)"', page.text)
        assert len(pictures) == 3
        shown = await client.get(pictures[0].replace("&amp;", "&"))
        assert shown.headers["content-type"] == "image/png"
        assert int.from_bytes(shown.content[16:20], "big") == 640
        archive = await client.get(f"/organize/{organization.slug}/layouts?archived=true")
        assert "The archive is empty" in archive.text
        assert "Layouts" in (await client.get(f"/organize/{organization.slug}")).text


@pytest.mark.parametrize("role", [Role.exam_author, Role.organizer, Role.viewer])
async def test_other_roles_may_not_design(app: Starlette, role: Role) -> None:
    layout, _officer, base = await officers_layout()
    organization = await layout.organization
    async with accounts.signed_in(app, await accounts.member(organization, role)) as client:
        expected = 404 if role is Role.organizer else 403  # An organizer has no part in certification at all.
        for path in (base, base.rsplit("/", 1)[0], f"{base}/versions/1", f"{base}/versions/1/sample.pdf"):
            assert (await client.get(path)).status_code == expected, path
        assert (await client.post(base, data=form_of())).status_code == expected
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 1


async def test_layouts_of_another_organization_do_not_exist(app: Starlette) -> None:
    layout, _officer, _base = await officers_layout()
    other = await accounts.organization()
    picture = await factory.picture(await accounts.organization())
    async with accounts.signed_in(app, await accounts.member(other)) as client:
        assert (await client.get(f"/organize/{other.slug}/layouts/{layout.id}")).status_code == 404
        assert (await client.get(f"/organize/{other.slug}/layouts/pictures/{picture.id}")).status_code == 404


async def test_a_new_layout_begins_as_a_copy_on_the_page_that_is_chosen(app: Starlette) -> None:
    organization = await accounts.organization()
    async with accounts.signed_in(app, await accounts.member(organization)) as client:
        path = f"/organize/{organization.slug}/layouts/new"
        page = await client.get(path)
        plain = await Layout.get(organization_id=organization.id, origin="plain")
        assert str(plain.id) in page.text
        fields = {"name": "  ", "base": str(plain.id), "page": "Letter", "orientation": "portrait"}
        refused = await client.post(path, data=fields)
        assert refused.status_code == 422
        assert 'href="#name"' in refused.text
        assert re.search(rf'value="{plain.id}" checked', refused.text)
        made = await client.post(path, data=fields | {"name": "Attendance 2027"})
        assert made.status_code == 303
        again = await client.post(path, data=fields | {"name": "attendance 2027"})
        assert "Another layout has this name" in again.text
    layout = await Layout.get(name="Attendance 2027")
    assert made.headers["location"].endswith(f"/layouts/{layout.id}")
    assert (await latest(layout))[1] == shipped.definition_of("plain", "Letter", "portrait")


async def test_the_editor_shows_the_page_and_saves_the_next_version(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    stack = first("stack")
    async with accounts.signed_in(app, officer) as client:
        page = await client.get(base)
        assert page.status_code == 200
        assert 'src="data:image/png;base64,' in page.text
        assert f'href="#element-{stack}"' in page.text
        text = {
            f"elements.{stack}.texts.0.text": "Hurrah, {{ holder_name }}!",
            f"elements.{stack}.texts.0.size": "17.5",
        }
        saved = await client.post(base, data=form_of(**text) | {"action": "save", "holder": "thai", "language": "fr"})
        assert saved.status_code == 303
        assert saved.headers["location"] == f"{base}?kind=certification&holder=thai&language=fr"
        after = await client.get(saved.headers["location"])
        assert "Saved as version 2." in after.text
        assert "Hurrah, {{ holder_name }}!" in after.text
        same = await client.post(base, data=form_of(**text) | {"seen": "2"})
        assert "Nothing has changed." in (await client.get(same.headers["location"])).text
    version, definition = await latest(layout)
    element = definition.elements[stack]
    assert element.kind == "stack"
    assert (version, element.texts[0].text, element.texts[0].size) == (2, "Hurrah, {{ holder_name }}!", 17.5)


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    stack, text = first("stack"), first("text")
    wrong = {f"elements.{stack}.texts.0.text": "{{ holder_nam }} & <b>", f"elements.{text}.size": "much"}
    async with accounts.signed_in(app, officer) as client:
        page = await client.post(base, data=form_of(**wrong) | {"action": "save"})
    assert page.status_code == 422
    assert f'id="elements.{stack}.texts.0.text-error"' in page.text
    assert "There is no placeholder {{ holder_nam }}. Did you mean {{ holder_name }}?" in page.text
    assert "{{ holder_nam }} &amp; &lt;b&gt;" in page.text
    assert f'id="elements.{text}.size-error"' in page.text
    assert 'value="much"' in page.text
    assert re.search(rf'id="element-{stack}"[^>]* open', page.text)
    assert (await latest(layout)) == (1, MODERN)


async def test_a_version_saved_meanwhile_is_said_and_saving_again_goes_on(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    async with accounts.signed_in(app, officer) as client:
        assert (await client.post(base, data=form_of(**{"elements.0.id": "first"}))).status_code == 303
        second = form_of(**{"elements.0.id": "second"})
        refused = await client.post(base, data=second)
        assert refused.status_code == 409
        assert "certification_officer member saved version 2 meanwhile." in refused.text
        assert 'value="second"' in refused.text
        assert 'name="seen" value="2"' in refused.text
        assert (await client.post(base, data=second | {"seen": "2"})).status_code == 303
    version, definition = await latest(layout)
    assert (version, definition.elements[0].id) == (3, "second")


async def preview(client: httpx.AsyncClient, base: str, fields: dict[str, str]) -> httpx.Response:
    return await client.post(f"{base}/preview", data=fields, headers={"HX-Request": "true"})


async def test_the_preview_follows_the_form_and_saves_nothing(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    stack = first("stack")
    async with accounts.signed_in(app, officer) as client:
        before = await preview(client, base, form_of())
        larger = await preview(client, base, form_of(**{f"elements.{stack}.texts.0.size": "22"}))
        assert before.status_code == larger.status_code == 200
        assert 'src="data:image/png;base64,' in before.text
        assert before.text != larger.text
        assert (await preview(client, base, form_of())).text == before.text
        long_name = await preview(client, base, form_of(holder="long"))
        assert long_name.text != before.text
        arabic = await preview(client, base, form_of(language="ar"))
        assert "data-mirrored" in arabic.text
        assert "<html" not in before.text
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 1


async def test_a_preview_that_cannot_be_set_sends_the_problems_alone(app: Starlette) -> None:
    _layout, officer, base = await officers_layout()
    stack, seal = first("stack"), first("seal")
    async with accounts.signed_in(app, officer) as client:
        wrong = await preview(client, base, form_of(**{f"elements.{stack}.texts.0.text": "{{ nobody }}"}))
        assert wrong.headers["HX-Retarget"] == "#preview-problems"
        assert f'data-field="elements.{stack}.texts.0.text"' in wrong.text
        assert "data:image/png" not in wrong.text
        place = {name: f"{getattr(MODERN.elements[stack], name):g}" for name in ("x", "y")}
        over = await preview(client, base, form_of(**{f"elements.{seal}.{name}": text for name, text in place.items()}))
        assert "HX-Retarget" not in over.headers  # Overlapping elements are shown, and refused on saving.
        assert "overlap" in over.text
        assert "data:image/png" in over.text
        faint = await preview(client, base, form_of(**{f"elements.{stack}.texts.0.colour": "paper"}))
        assert "reaches a contrast of 1.0:1" in faint.text


async def test_elements_are_added_and_moved_without_saving(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    count = len(MODERN.elements)
    async with accounts.signed_in(app, officer) as client:
        added = await client.post(base, data=form_of(**{"elements.0.id": "typed"}) | {"action": "add.signature"})
        assert added.status_code == 200
        assert added.text.count("data-element=") == count + 1
        assert re.search(rf'id="element-{count}"[^>]* open data-opened', added.text)
        assert 'value="typed"' in added.text
        moved = await client.post(base, data=form_of() | {"action": "up.1"})
        assert f'name="elements.0.id" maxlength="300" value="{MODERN.elements[1].id}"' in moved.text
        unscripted = await client.post(base, data=form_of() | {"action": "preview", "holder": "chinese"})
        assert (unscripted.status_code, "data:image/png" in unscripted.text) == (200, True)
        refit = await client.post(base, data=form_of() | {"action": "fit", "orientation": "portrait"})
        assert "sheet-portrait" in refit.text
        assert 'name="laid_orientation" value="portrait"' in refit.text
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 1


async def test_saving_after_another_page_was_chosen_fits_the_elements(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    async with accounts.signed_in(app, officer) as client:
        assert (
            await client.post(base, data=form_of() | {"page": "Letter", "orientation": "portrait"})
        ).status_code == 303
    assert (await latest(layout))[1] == shipped.definition_of("modern", "Letter", "portrait")


async def test_a_sample_of_what_is_typed_comes_as_pdf(app: Starlette) -> None:
    _layout, officer, base = await officers_layout()
    async with accounts.signed_in(app, officer) as client:
        sample = await client.post(f"{base}/sample.pdf", data=form_of())
        assert (sample.status_code, sample.headers["content-type"]) == (200, "application/pdf")
        assert sample.content.startswith(b"%PDF-")
        wrong = await client.post(f"{base}/sample.pdf", data=form_of(**{"elements.0.x": ""}))
        assert wrong.status_code == 422
        assert "This field is required." in wrong.text
        saved = await client.get(f"{base}/versions/1/sample.pdf?language=fr&holder=thai")
        assert saved.content.startswith(b"%PDF-")


async def test_an_earlier_version_is_looked_at_and_restored(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    async with accounts.signed_in(app, officer) as client:
        await client.post(base, data=form_of(**{"elements.0.id": "other"}))
        page = await client.get(f"{base}/versions/1")
        assert "Restore this version" in page.text
        assert "certification_officer member" in page.text
        assert "Restore this version" not in (await client.get(f"{base}/versions/2")).text
        back = await client.post(f"{base}/versions/1/restore")
        assert "Version 1 is back, as version 3." in (await client.get(back.headers["location"])).text
        assert (await client.get(f"{base}/versions/9")).status_code == 404
        assert (await client.get(f"{base}/versions/99999999999")).status_code == 404
    assert await latest(layout) == (3, MODERN)


async def test_rename_archive_and_restore(app: Starlette) -> None:
    layout, officer, base = await officers_layout()
    await factory.layout(await layout.organization, "Taken")
    async with accounts.signed_in(app, officer) as client:
        refused = await client.post(f"{base}/rename", data={"name": "Taken"})
        assert refused.status_code == 422
        assert "Another layout has this name" in refused.text
        await client.post(f"{base}/rename", data={"name": "Associates"})
        archived = await client.post(f"{base}/archive")
        assert "“Associates” is in the archive." in (await client.get(archived.headers["location"])).text
        page = await client.get(base)
        assert "This layout is in the archive." in page.text
        assert (await client.post(base, data=form_of(**{"elements.0.id": "other"}))).status_code == 409
        await client.post(f"{base}/restore")
    assert (await Layout.get(id=layout.id)).archived_at is None


async def test_pictures_are_uploaded_shown_renamed_and_archived(app: Starlette) -> None:
    organization = await accounts.organization()
    place = f"/organize/{organization.slug}/layouts/pictures"
    async with accounts.signed_in(app, await accounts.member(organization)) as client:
        assert "No pictures yet" in (await client.get(place)).text
        missing = await client.post(place, files={"file": ("", b"")})
        assert (missing.status_code, "Choose a file." in missing.text) == (422, True)
        wrong = await client.post(place, files={"file": ("a.png", b"<svg/>")}, data={"name": "My mark"})
        assert wrong.status_code == 422
        assert "This file is no PNG or JPEG picture" in wrong.text
        assert 'value="My mark"' in wrong.text
        await client.post(place, files={"file": ("our logo.png", factory.png())})
        picture = await LayoutPicture.get(name="our logo")
        shown = await client.get(f"{place}/{picture.id}")
        assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")
        assert shown.headers["x-content-type-options"] == "nosniff"
        await client.post(f"{place}/{picture.id}/rename", data={"name": "Logo 2027"})
        assert "Logo 2027" in (await client.get(place)).text
        await client.post(f"{place}/{picture.id}/archive")
        assert "Logo 2027" in (await client.get(f"{place}?archived=true")).text
        await client.post(f"{place}/{picture.id}/restore")
        assert (
            "Logo 2027"
            in (
                await client.get(f"/organize/{organization.slug}/layouts/{await any_layout(client, organization.slug)}")
            ).text
        )


async def any_layout(client: httpx.AsyncClient, slug: str) -> str:
    await client.get(f"/organize/{slug}/layouts")
    return str((await Layout.get(origin="classic")).id)


async def test_a_certification_chooses_its_layout_in_its_form(app: Starlette) -> None:
    layout, _officer, _base = await officers_layout()
    exam = await certification.certification(await layout.organization)
    form = {"title": exam.title, "statement": exam.statement, "language": "en", "access": "open"}
    async with accounts.signed_in(app, await accounts.member(await layout.organization)) as client:
        path = f"/organize/certifications/{exam.slug}/edit"
        page = await client.get(path)
        assert "Classic, as everywhere by default" in page.text
        assert (await client.post(path, data=form | {"layout_id": str(layout.id)})).status_code == 303
        assert (await Certification.get(id=exam.id)).layout_id == layout.id
        assert f'value="{layout.id}" selected' in (await client.get(path)).text
        theirs = await factory.layout()
        refused = await client.post(path, data=form | {"layout_id": str(theirs.id)})
        assert (refused.status_code, 'href="#layout_id"' in refused.text) == (422, True)
        assert (await client.post(path, data=form | {"layout_id": ""})).status_code == 303
    assert (await Certification.get(id=exam.id)).layout_id is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"page": "A9", "orientation": "upside-down"},
        {"elements.0.kind": "nothing"},
        {"elements.999.kind": "text"},
        {"elements.0.kind": "stack", "elements.0.texts.99.text": "x"},
        {"background": "own", "background_own": "red"},
        {"elements.0.kind": "picture", "elements.0.picture": "no-id"},
        {"open": "1,x,99999999999999999999", "seen": "-1", "holder": "nobody", "language": "xx-yy-zz", "kind": "x"},
    ],
)
@pytest.mark.parametrize("action", ["save", "preview", "add.text", "fit", "duplicate.0"])
async def test_a_form_of_any_shape_is_shown_again_and_never_a_fault(
    app: Starlette, fields: dict[str, str], action: str
) -> None:
    layout, officer, base = await officers_layout()
    async with accounts.signed_in(app, officer) as client:
        page = await client.post(base, data=fields | {"action": action})
        assert page.status_code in (200, 422), page.text[:300]
        assert (await preview(client, base, fields)).status_code == 200
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 1
