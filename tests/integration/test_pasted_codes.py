"""Every page and call that takes a number or a code finds it as it was pasted; new routes are met by the tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import Organization, Person
from api.app import create_app
from api.pages.routes import PAGES
from api.v1.routes import ENDPOINTS
from certification.bulk.models import BulkLine, LineState
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from core.settings import Settings
from events.onsite.models import CheckIn
from events.registration import registrations
from tests.factories import accounts, events, issued

NOW = datetime.now(UTC)
WAYS = ["{0}–{1}–{2}", "\u200e{0}-{1}-{2}.", "No. {0}\u2212{1}\u2212{2}", "wide"]
ADDRESS = "See http://testserver/verify/{0}-{1}-{2}."

NUMBERED = [(one.method, f"/api/v1{one.path}") for one in ENDPOINTS if "{number}" in one.path]
NUMBERED += [(one.method, one.path) for one in PAGES if "{number}" in one.path]


def pasted(code: str, way: str) -> str:
    """The code as somebody's clipboard holds it."""
    plain = code.replace("-", "")
    if way == "wide":
        return "".join(chr(ord(letter) + 0xFEE0) for letter in f"{plain[:4]}-{plain[4:8]}-{plain[8:]}")
    return way.format(plain[:4], plain[4:8], plain[8:])


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def a_certificate(*, is_owners: bool) -> tuple[Certificate, Person]:
    """A certificate and an owner of its organization, who may be its holder."""
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    return await issued.certificate(organization, holder=owner if is_owners else None), owner


@asynccontextmanager
async def caller(app: Starlette, path: str, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    way = accounts.with_token if path.startswith("/api/") else accounts.signed_in
    async with way(app, person) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), NUMBERED)
async def test_every_address_with_a_number_takes_it_as_pasted(app: Starlette, method: str, path: str) -> None:
    certificate, owner = await a_certificate(is_owners=True)
    address = path.replace("{id:uuid}", str(uuid4())).replace("{verb}", "revoke").replace("{form}", "json")
    async with caller(app, path, owner) as client:
        as_printed = await client.request(method, address.replace("{number}", certificate.number))
        answers = [
            await client.request(method, address.replace("{number}", quote(pasted(certificate.number, way), safe="")))
            for way in WAYS
        ]
        unknown = await client.request(method, address.replace("{number}", "0000-0000-0000"))

    assert {answer.status_code for answer in answers} == {as_printed.status_code}
    if path == "/api/v1/certificates/{number}":  # what is not known is an answer too
        assert {answer.json()["number"] for answer in answers} == {certificate.number}
    elif "{id:uuid}" not in path and not path.endswith("/file"):
        assert (as_printed.status_code != 404, unknown.status_code) == (True, 404)


@pytest.mark.parametrize("way", [*WAYS, ADDRESS])
async def test_every_field_for_numbers_takes_them_as_pasted(app: Starlette, way: str) -> None:
    certificate, owner = await a_certificate(is_owners=False)
    exam = await Certification.get(id=certificate.certification_id)
    number = pasted(certificate.number, way)
    file = ("numbers.csv", f"number\n{number}\n".encode(), "text/csv")
    base = f"/organize/certifications/{exam.slug}"
    async with accounts.signed_in(app, owner) as client:
        asked = await client.get("/verify", params={"number": number})
        listed = await client.post("/verify/several", data={"numbers": number})
        filed = await client.post("/verify/several", files={"file": file})
        told = await client.post("/verify/several.csv", data={"numbers": number})
        searched = await client.get(f"{base}/certificates", params={"q": number})
        planned = await client.post(
            f"{base}/runs/new/revoke", data={"kind": "revoke", "reason": "Fraud."}, files={"file": file}
        )
        draft = await client.get(planned.headers["location"])
    async with accounts.with_token(app, owner) as client:
        looked = await client.post("/api/v1/certificate-lookups", json={"numbers": [number]})
        found = await client.get(f"/api/v1/certifications/{exam.slug}/certificates", params={"q": number})
        filtered = await client.post(
            f"/api/v1/certifications/{exam.slug}/bulk-runs", json={"kind": "revoke", "q": number, "reason": "Fraud."}
        )

    assert asked.headers["location"] == f"/verify/{certificate.number}"
    assert all(certificate.number in answer.text for answer in (listed, filed, told, searched, draft))
    assert [line.state for line in await BulkLine.all()] == [LineState.ready] * 2
    assert filtered.json()["lines"] == 1
    assert [one["outcome"] for one in looked.json()["items"]] == ["valid"]
    assert [one["number"] for one in found.json()["items"]] == [certificate.number]


@pytest.mark.parametrize("way", WAYS)
async def test_every_field_for_tickets_takes_their_codes_as_pasted(app: Starlette, way: str) -> None:
    organization: Organization = await accounts.organization()
    event = await events.published_event(organization)
    owner = await accounts.member(organization)
    first, second = [await registrations.register(event, by=await accounts.person(), now=NOW) for _ in range(2)]
    async with accounts.signed_in(app, owner) as client:
        scanned = await client.post(f"/organize/events/{event.slug}/check-in", data={"code": pasted(first.code, way)})
        searched = await client.get(
            f"/organize/events/{event.slug}/registrations", params={"q": pasted(second.code, way)}
        )
    async with accounts.with_token(app, owner) as client:
        made = await client.post(f"/api/v1/events/{event.slug}/check-ins", json={"code": pasted(second.code, way)})
        found = await client.get(f"/api/v1/events/{event.slug}/registrations", params={"q": pasted(first.code, way)})

    assert (scanned.status_code, searched.status_code, made.status_code) == (200, 200, 201)
    assert await CheckIn.filter(registration_id__in=[first.id, second.id]).count() == 2
    assert str(second.id) in searched.text
    assert str(first.id) not in searched.text
    assert [one["id"] for one in found.json()["items"]] == [str(first.id)]
