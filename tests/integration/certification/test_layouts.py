"""Layouts and their versions, the shipped ones under concurrency, pictures, and where a layout is used."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from accounts.models import AuditEntry, Organization
from certification.layouts import layouts, pictures, previews, queries, shipped
from certification.layouts.definition import LayoutDefinition
from certification.layouts.layouts import LayoutArchived, LayoutInUse, SavedMeanwhile
from certification.layouts.models import Layout, LayoutPicture, LayoutVersion
from certification.layouts.samples import SampleHolder, sample
from certification.layouts.schemas import LayoutIn
from certification.layouts.shipping import ensure_shipped
from certification.programs import certifications
from certification.programs.models import Certification
from certification.programs.schemas import CertificationChange
from core import files
from core.database import execute, fetch, transaction
from core.errors import InvalidInput, NotFound
from tests.factories import accounts, certification
from tests.factories import layouts as factory
from tests.queries import count_queries

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODERN = shipped.definition_of("modern")


async def acts(object_id: object) -> list[str]:
    return [entry.action for entry in await AuditEntry.filter(object_id=object_id).order_by("id")]


async def test_the_first_who_asks_gets_the_shipped_layouts(database: str) -> None:
    organization = await accounts.organization()
    version = await queries.current_version(organization.id, None, default_origin="classic")
    assert LayoutDefinition.model_validate(version.definition) == shipped.DEFINITIONS["classic"]
    rows = await Layout.filter(organization_id=organization.id).order_by("origin")
    assert [(row.origin, row.name) for row in rows] == [
        ("classic", "Classic"),
        ("modern", "Modern"),
        ("plain", "Plain"),
    ]
    again = await queries.current_version(organization.id, None, default_origin="classic")
    assert again.id == version.id
    assert await acts(version.layout_id) == ["layout.created"]


async def test_many_who_ask_at_once_make_the_shipped_layouts_once(database: str) -> None:
    organization = await accounts.organization()
    found = await asyncio.gather(
        *(queries.current_version(organization.id, None, default_origin="plain") for _n in range(8))
    )
    assert len({version.id for version in found}) == 1
    assert await Layout.filter(organization_id=organization.id).count() == 3
    assert await LayoutVersion.all().count() == 3
    assert await AuditEntry.filter(action="layout.created").count() == 3


async def test_without_the_clause_that_settles_it_the_same_race_fails(database: str) -> None:
    """Negative control: looking first and inserting then, as anybody would write it."""
    organization = await accounts.organization()
    barrier = asyncio.Barrier(8)

    async def naively() -> None:
        async with transaction():
            if not await Layout.exists(organization_id=organization.id, origin="plain"):
                await barrier.wait()
                await Layout.create(organization_id=organization.id, name="Plain", origin="plain")

    outcomes = await asyncio.gather(*(naively() for _n in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 7


async def test_shipping_joins_the_callers_transaction(database: str) -> None:
    organization = await accounts.organization()

    async def shipped_and_failed() -> None:
        async with transaction():
            await ensure_shipped(organization.id)
            raise ConnectionError("a fault after it")

    with pytest.raises(ConnectionError):
        await shipped_and_failed()
    assert await Layout.all().count() == 0


async def test_saving_makes_the_next_version_and_leaves_the_first(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    layout = await factory.layout(organization, by=someone)
    other = factory.changed(MODERN, 0, id="mine")
    saved = await layouts.save(layout, other, seen=1, by=someone, now=NOW)
    assert (saved.version, saved.created_by_id) == (2, someone.id)
    assert [row.version for row in await queries.versions_of(layout.id)] == [2, 1]
    first = await queries.numbered(layout.id, 1)
    assert LayoutDefinition.model_validate(first.definition) == MODERN
    assert (await queries.current_version(organization.id, layout.id, default_origin="classic")).id == saved.id
    assert await acts(layout.id) == ["layout.created", "layout.saved"]


async def test_saving_what_stands_already_makes_no_version(database: str) -> None:
    someone = await accounts.person()
    layout = await factory.layout(by=someone)
    saved = await layouts.save(layout, MODERN, seen=1, by=someone, now=NOW)
    stale = await layouts.save(layout, MODERN, seen=None, by=someone, now=NOW)
    assert saved.version == stale.version == 1
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 1
    assert await acts(layout.id) == ["layout.created"]


async def test_a_version_saved_meanwhile_is_a_conflict_that_says_by_whom(database: str) -> None:
    first, second = await accounts.person(name="Amina"), await accounts.person(name="Kofi")
    layout = await factory.layout(by=first)
    await layouts.save(layout, factory.changed(MODERN, 0, id="aminas"), seen=1, by=first, now=NOW)
    with pytest.raises(SavedMeanwhile, match="Amina saved version 2 meanwhile") as refusal:
        await layouts.save(layout, factory.changed(MODERN, 0, id="kofis"), seen=1, by=second, now=NOW)
    assert refusal.value.facts == {"version": 2}
    saved = await layouts.save(layout, factory.changed(MODERN, 0, id="kofis"), seen=2, by=second, now=NOW)
    assert saved.version == 3


async def test_of_two_who_save_at_once_one_is_told(database: str) -> None:
    someone = await accounts.person()
    layout = await factory.layout(by=someone)
    outcomes = await asyncio.gather(
        *(
            layouts.save(layout, factory.changed(MODERN, 0, id=f"by-{n}"), seen=1, by=someone, now=NOW)
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, SavedMeanwhile) for outcome in outcomes) == 5
    assert await LayoutVersion.filter(layout_id=layout.id).count() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE layout_version SET definition = '{}'",
        "UPDATE layout_version SET version = 9",
        "DELETE FROM layout_version",
    ],
)
async def test_the_database_keeps_versions_as_they_are(database: str, sql: str) -> None:
    await factory.layout()
    with pytest.raises(asyncpg.PostgresError):
        await execute(sql)


async def test_an_earlier_version_comes_back_as_a_new_one(database: str) -> None:
    someone = await accounts.person()
    layout = await factory.layout(by=someone)
    await layouts.save(layout, factory.changed(MODERN, 0, id="mine"), seen=1, by=someone, now=NOW)
    back = await layouts.restore_version(layout, await queries.numbered(layout.id, 1), by=someone, now=NOW)
    assert back.version == 3
    assert LayoutDefinition.model_validate(back.definition) == MODERN
    with pytest.raises(NotFound):
        await queries.numbered(layout.id, 4)


async def test_a_layout_begins_as_shipped_as_a_copy_or_as_given(database: str) -> None:
    organization = await accounts.organization()
    layout = await factory.layout(organization, definition=factory.changed(MODERN, 0, id="mine"))
    asked = LayoutIn(name="x", origin="plain", page="Letter", orientation="portrait")
    assert await layouts.beginning(organization, asked) == shipped.definition_of("plain", "Letter", "portrait")
    copied = await layouts.beginning(organization, LayoutIn(name="x", copy_of=layout.id))
    assert copied == factory.changed(MODERN, 0, id="mine")
    scaled = await layouts.beginning(organization, LayoutIn(name="x", copy_of=layout.id, page="Letter"))
    assert (scaled.page, scaled.elements[0].id) == ("Letter", "mine")
    assert await layouts.beginning(organization, LayoutIn(name="x", definition=MODERN)) == MODERN
    with pytest.raises(InvalidInput) as refusal:
        await layouts.beginning(await accounts.organization(), LayoutIn(name="x", copy_of=layout.id))
    assert refusal.value.fields == {"copy_of": "There is no such layout."}


async def test_two_layouts_in_use_never_have_one_name(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    first = await factory.layout(organization, "Associates", by=someone)
    outcomes = await asyncio.gather(
        *(factory.layout(organization, "Fellows", by=someone) for _n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(outcome, InvalidInput) for outcome in outcomes) == 3
    with pytest.raises(InvalidInput, match="Another layout has this name"):
        await layouts.rename(first, "fellows", by=someone)
    await layouts.rename(first, "ASSOCIATES", by=someone)
    assert await factory.layout(await accounts.organization(), "Fellows")  # Another organization's.
    await layouts.archive(first, by=someone, now=NOW)
    again = await factory.layout(organization, "Associates", by=someone)
    with pytest.raises(InvalidInput, match="Another layout has this name"):
        await layouts.restore(first, by=someone)
    await layouts.rename(again, "Associates 2", by=someone)
    await layouts.restore(first, by=someone)
    assert await acts(first.id) == ["layout.created", "layout.renamed", "layout.archived", "layout.restored"]


async def test_an_archived_layout_is_not_changed_but_still_set_from(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    layout = await factory.layout(organization, by=someone)
    await layouts.archive(layout, by=someone, now=NOW)
    with pytest.raises(LayoutArchived):
        await layouts.save(layout, factory.changed(MODERN, 0, id="mine"), seen=1, by=someone, now=NOW)
    assert (await queries.current_version(organization.id, layout.id, default_origin="classic")).version == 1
    assert [row.name for row in await queries.layouts(organization.id)] == []
    assert [row.name for row in await queries.layouts(organization.id, archived=True)] == ["Ours"]


async def test_a_layout_that_is_used_stays_out_of_the_archive(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    layout = await factory.layout(organization, by=someone)
    exam = await certification.certification(organization, title="Associate")
    await certifications.change(exam, CertificationChange(layout_id=layout.id), by=someone, now=NOW)
    with pytest.raises(LayoutInUse, match="“Ours” is used by “Associate”"):
        await layouts.archive(layout, by=someone, now=NOW)
    await certifications.change(exam, CertificationChange(layout_id=None), by=someone, now=NOW)
    await layouts.archive(layout, by=someone, now=NOW)
    changes = await AuditEntry.filter(object_id=exam.id, action="certification.changed").order_by("id")
    assert [entry.after for entry in changes] == [{"layout": "Ours"}, {"layout": None}]
    await ensure_shipped(organization.id)
    classic = await Layout.get(organization_id=organization.id, origin="classic")
    with pytest.raises(LayoutInUse, match="where no layout is chosen"):
        await layouts.archive(classic, by=someone, now=NOW)
    modern = await Layout.get(organization_id=organization.id, origin="modern")
    await layouts.archive(modern, by=someone, now=NOW)


async def test_choosing_and_archiving_at_once_never_leave_an_archived_choice(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    for number in range(6):
        layout = await factory.layout(organization, f"Layout {number}", by=someone)
        exam = await certification.certification(organization)
        await asyncio.gather(
            certifications.change(exam, CertificationChange(layout_id=layout.id), by=someone, now=NOW),
            layouts.archive(layout, by=someone, now=NOW),
            return_exceptions=True,
        )
    wrong = "SELECT 1 FROM certification JOIN layout ON layout.id = layout_id WHERE archived_at IS NOT NULL"
    assert await fetch(wrong) == []
    archived = await Layout.filter(archived_at__isnull=False).count()
    chosen = await Certification.filter(layout_id__isnull=False).count()
    assert archived + chosen == 6


async def test_a_certification_takes_no_layout_of_others_and_none_from_the_archive(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    exam = await certification.certification(organization)
    mine = await factory.layout(organization, by=someone)
    await layouts.archive(mine, by=someone, now=NOW)
    for wrong in (mine.id, (await factory.layout()).id, uuid4()):
        with pytest.raises(InvalidInput) as refusal:
            await certifications.change(exam, CertificationChange(layout_id=wrong), by=someone, now=NOW)
        assert list(refusal.value.fields) == ["layout_id"]
    await certifications.change(exam, CertificationChange(title="Same layout"), by=someone, now=NOW)


async def test_the_list_names_uses_and_costs_the_same_for_one_and_for_many(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    await ensure_shipped(organization.id)
    with count_queries() as few:
        await queries.layouts(organization.id)
    for number in range(3):
        layout = await factory.layout(organization, f"Layout {number}", by=someone)
        exam = await certification.certification(organization, title=f"Exam {number}")
        await certifications.change(exam, CertificationChange(layout_id=layout.id), by=someone, now=NOW)
    await certification.certification(organization, title="By default")
    await certification.certification(title="Of others")
    with count_queries() as many:
        rows = await queries.layouts(organization.id)
    assert len(many) == len(few) == 2
    named = {row.name: [(use.title, use.is_chosen) for use in row.uses] for row in rows}
    assert named == {
        "Classic": [("By default", False)],
        "Layout 0": [("Exam 0", True)],
        "Layout 1": [("Exam 1", True)],
        "Layout 2": [("Exam 2", True)],
        "Modern": [],
        "Plain": [],
    }


async def test_no_layout_of_another_organization_is_set_from(database: str) -> None:
    layout = await factory.layout()
    with pytest.raises(NotFound):
        await queries.current_version((await accounts.organization()).id, layout.id, default_origin="classic")


async def with_picture(organization: Organization, picture: LayoutPicture) -> LayoutDefinition:
    document = MODERN.model_dump(mode="json")
    document["background_picture"] = str(picture.id)
    return LayoutDefinition.model_validate(document)


async def test_a_layout_shows_the_organizations_own_pictures_only(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    theirs = await factory.picture(await accounts.organization())
    layout = await factory.layout(organization, by=someone)
    definition = await with_picture(organization, theirs)
    facts = sample(organization, "certification", SampleHolder.usual, "en")
    for refused in (
        layouts.save(layout, definition, seen=1, by=someone, now=NOW),
        layouts.create(organization, "Another", definition, by=someone, now=NOW),
        previews.document(definition, facts, organization_id=organization.id),
    ):
        with pytest.raises(InvalidInput) as refusal:
            await refused
        assert refusal.value.fields == {"background_picture": "Choose one of your pictures."}


async def test_pictures_are_kept_once_named_and_archived(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    logo = await pictures.upload(organization, "Logo", factory.png(), by=someone, now=NOW)
    assert (logo.content_type, logo.width, logo.height) == ("image/png", 60, 40)
    assert len(await files.get(logo.sha256)) > 50
    await pictures.archive(logo, by=someone, now=NOW)
    assert await queries.pictures(organization.id) == []
    assert [one.id for one in await queries.pictures(organization.id, archived=True)] == [logo.id]
    definition = await with_picture(organization, logo)
    assert list(await queries.pictures_of(definition)) == [logo.id]  # What shows it goes on doing so.
    same = await pictures.upload(organization, "Another name", factory.png(), by=someone, now=NOW)
    assert (same.id, same.name, same.archived_at) == (logo.id, "Logo", None)
    await pictures.rename(same, "Mark", by=someone)
    elsewhere = await pictures.upload(await accounts.organization(), "Logo", factory.png(), by=someone, now=NOW)
    assert elsewhere.id != logo.id
    assert await acts(logo.id) == [f"layout_picture.{act}" for act in ("uploaded", "archived", "restored", "renamed")]


async def test_the_same_picture_at_the_same_moment_is_one(database: str) -> None:
    someone, organization = await accounts.person(), await accounts.organization()
    found = await asyncio.gather(
        *(pictures.upload(organization, f"Logo {n}", factory.png(), by=someone, now=NOW) for n in range(5))
    )
    assert len({picture.id for picture in found}) == 1
    assert await LayoutPicture.all().count() == 1
    assert await AuditEntry.filter(action="layout_picture.uploaded").count() == 1


async def test_the_bytes_are_stored_before_the_row_refers_to_them(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone, organization = await accounts.person(), await accounts.organization()

    async def is_down(content: bytes) -> str:
        raise ConnectionError("the store is down")

    monkeypatch.setattr(files, "put", is_down)
    with pytest.raises(ConnectionError):
        await pictures.upload(organization, "Logo", factory.png(), by=someone, now=NOW)
    assert await LayoutPicture.all().count() == 0


@pytest.mark.parametrize("holder", SampleHolder)
@pytest.mark.parametrize("language", ["en", "ar", "th", "zh-Hans"])
async def test_every_sample_can_be_set_in_every_shipped_layout(
    database: str, holder: SampleHolder, language: str
) -> None:
    organization = await accounts.organization()
    for origin, definition in shipped.DEFINITIONS.items():
        facts = sample(organization, "attendance" if origin == "plain" else "certification", holder, language)
        content = await previews.picture(definition, facts, organization_id=organization.id, width=300)
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20], "big") == 300
