"""The public directory: who is in it, who never is, and how it is searched and paged."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

import certification.personal_data  # noqa: F401  registers its sections
from accounts.export import my_data
from accounts.models import AuditEntry, Person
from api.app import create_app
from certification.certificates import directory, sharing, statuses
from certification.certificates.directory import Wanted
from certification.certificates.models import Certificate, DirectoryEntry
from certification.erasure import erase_person
from certification.programs.models import Certification
from core.settings import Settings
from tests.factories import accounts, renewal
from tests.queries import count_queries

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture
async def anyone(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with accounts.signed_in(app, None) as client:
        yield client


async def listed(name: str, country: str = "KE", program: Certification | None = None) -> Certificate:
    """A certificate of somebody who is in the directory."""
    made = await renewal.certificate(program, ends_in=timedelta(days=300), name=name, now=NOW)
    await directory.join(await Person.get(id=made.person_id), country)
    return made


async def names(q: str | None = None, certification: str | None = None, country: str | None = None) -> list[str]:
    found, _cursor = await directory.find(Wanted(q=q, certification=certification, country=country), now=NOW)
    return [holder.name for holder in found]


async def test_only_those_who_asked_are_found_with_what_is_in_force(database: str) -> None:
    shown = await listed("Zoë Ångström")
    await renewal.certificate(now=NOW, name="Never Asked")
    holder = await Person.get(id=shown.person_id)
    other = await renewal.certificate(holder=holder, ends_in=timedelta(days=200), now=NOW, name="Zoë Ångström")
    await renewal.certificate(holder=holder, ends_in=timedelta(days=-1), now=NOW, name="Zoë Ångström")

    found, cursor = await directory.find(Wanted(), now=NOW)

    assert cursor is None
    assert [(one.name, one.country) for one in found] == [("Zoë Ångström", "KE")]
    assert {one.number for one in found[0].certificates} == {shown.number, other.number}


async def test_hidden_names_withdrawn_and_ended_certificates_never_appear(database: str) -> None:
    for change in ("hidden", "revoked", "suspended", "ended"):
        made = await listed(f"Was {change}")
        if change == "hidden":
            await sharing.hide_name(made, is_hidden=True, by=await Person.get(id=made.person_id))
        elif change in ("revoked", "suspended"):
            officer = await renewal.officer_of(made)
            verb = statuses.revoke if change == "revoked" else statuses.suspend
            await verb(made, reason="Under review.", by=officer, now=NOW)
    assert await names() == ["Was ended"]
    found, _cursor = await directory.find(Wanted(), now=NOW + timedelta(days=301))
    assert found == []


async def test_renewed_certificate_gives_way_to_the_one_that_follows(database: str) -> None:
    program, holder = await renewal.program(), await accounts.person()
    await renewal.certificate(program, holder, now=NOW)
    new = await renewal.certificate(program, holder, ends_in=timedelta(days=600), now=NOW)
    await directory.join(holder, "FR")
    (found,), _cursor = await directory.find(Wanted(), now=NOW)
    assert [one.number for one in found.certificates] == [new.number]


async def test_erased_people_are_gone_and_their_data_named_the_entry(database: str) -> None:
    made = await listed("Zoë Ångström")
    holder = await Person.get(id=made.person_id)
    assert json.loads(await my_data(holder, now=NOW))["directory"][0]["country"] == "KE"
    await erase_person(holder, by=holder, now=NOW)
    assert await names() == []
    assert await DirectoryEntry.all().count() == 0


async def test_search_by_name_certification_and_country(database: str) -> None:
    kernels, shells = await renewal.program(), await renewal.program()
    await listed("Zoë Ångström", "KE", kernels)
    await listed("Amina 100% Otieno", "KE", shells)
    await listed("Élodie Dupré", "FR", kernels)
    assert await names(q="angstrom") == ["Zoë Ångström"]
    assert await names(q="ELODIE") == ["Élodie Dupré"]
    assert await names(q="0% o") == ["Amina 100% Otieno"]
    assert await names(q="a_i") == []
    assert await names(country="KE") == ["Amina 100% Otieno", "Zoë Ångström"]
    assert set(await names(certification=kernels.slug)) == {"Zoë Ångström", "Élodie Dupré"}
    assert await names(certification=kernels.slug, country="FR") == ["Élodie Dupré"]
    choices = await directory.choices(now=NOW)
    assert choices.countries == ["FR", "KE"]
    assert dict(choices.certifications) == {one.slug: one.title for one in (kernels, shells)}


async def test_pages_hold_everybody_once_namesakes_too(anyone: httpx.AsyncClient) -> None:
    program = await renewal.program()
    for number in range(5):
        await listed("Same Name" if number < 3 else f"Other {'ß' * 150} {number}", program=program)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(5):
        page = (
            await anyone.get("/api/v1/directory", params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [one["number"] for holder in page["items"] for one in holder["certificates"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(set(seen)) == 5


async def test_one_and_three_cost_the_same_queries(anyone: httpx.AsyncClient) -> None:
    counted = []
    for more in (1, 2):
        for _ in range(more):
            await listed("Zoë Ångström")
        with count_queries() as sent:
            assert (await anyone.get("/directory")).status_code == 200
        counted.append(len(sent))
    assert counted[0] == counted[1]


async def test_holder_joins_moves_and_leaves(app: Starlette, anyone: httpx.AsyncClient) -> None:
    made = await renewal.certificate(now=NOW)
    async with accounts.signed_in(app, await Person.get(id=made.person_id)) as client:
        assert "List me in the directory" in (await client.get("/me/certificates")).text
        assert "Nobody is listed yet" in (await anyone.get("/directory")).text
        wrong = await client.post("/me/directory", data={"country": "ZZ"})
        assert wrong.headers["location"] == "/me/certificates#directory"
        assert await DirectoryEntry.all().count() == 0
        for country, name in (("KE", "Kenya"), ("FR", "France")):
            await client.post("/me/directory", data={"country": country})
            assert name in (await anyone.get("/directory")).text
        assert "Take me out of the directory" in (await client.get("/me/certificates")).text
        assert "Nobody found" in (await anyone.get("/directory?q=nobody")).text
        for _ in range(2):
            assert (await client.post("/me/directory/leave")).status_code == 303
        assert "Zoë" not in (await anyone.get("/directory")).text
    entries = await AuditEntry.filter(action__startswith="directory.").order_by("id")
    assert [entry.action for entry in entries] == ["directory.joined", "directory.left"]


async def test_the_same_by_api(app: Starlette, anyone: httpx.AsyncClient) -> None:
    made = await renewal.certificate(now=NOW)
    program = await Certification.get(id=made.certification_id)
    async with accounts.with_token(app, await Person.get(id=made.person_id)) as client:
        assert (await client.get("/api/v1/me/directory")).json() == {"is_listed": False, "country": None}
        wrong = await client.put("/api/v1/me/directory", json={"country": "ZZ"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "country")
        joined = await client.put("/api/v1/me/directory", json={"country": "ke"})
        assert joined.json() == {"is_listed": True, "country": "KE"}
        (holder,) = (await anyone.get("/api/v1/directory", params={"country": "KE"})).json()["items"]
        assert (holder["name"], holder["country"]) == ("Zoë Ångström", "KE")
        assert [one["certification"] for one in holder["certificates"]] == [program.slug]
        assert (await client.delete("/api/v1/me/directory")).status_code == 204
    assert (await anyone.get("/api/v1/directory")).json() == {"items": [], "next_cursor": None}
