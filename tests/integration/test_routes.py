"""Both route tables, walked: everybody who must be refused is, on every line."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from accounts.models import ApiToken
from api.app import create_app
from api.pages.routes import PAGES
from api.routing import Audience, Endpoint, Page
from api.v1.routes import ENDPOINTS
from core.settings import Settings
from tests.factories import accounts

NOWHERE = {"uuid": str(UUID(int=7)), "int": "1", "": "no-such-thing"}
STAFF_PREFIXES = ("/organize/",)


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The whole application on the test's database."""
    return create_app(settings)


@pytest.fixture
async def nobody(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A browser where nobody is signed in."""
    async with accounts.signed_in(app, None) as client:
        yield client


def filled(path: str) -> str:
    """The path with parameters that name nothing."""
    return re.sub(r"{\w+(?::(\w+))?}", lambda match: NOWHERE[match[1] or ""], path)


def line(route: Endpoint | Page) -> str:
    return f"{route.method} {route.path}"


def test_every_route_declares_its_audience() -> None:
    assert len(PAGES) > 20
    assert len(ENDPOINTS) > 20
    routes: list[Endpoint | Page] = [*PAGES, *ENDPOINTS]
    for route in routes:
        assert isinstance(route.audience, Audience), line(route)


def test_no_line_stands_twice() -> None:
    for lines in ([line(page) for page in PAGES], [line(endpoint) for endpoint in ENDPOINTS]):
        assert sorted(lines) == sorted(set(lines))


def test_what_is_personal_or_staffs_is_declared_so() -> None:
    for page in PAGES:
        if page.path.startswith(STAFF_PREFIXES):
            assert page.audience is Audience.staff, line(page)
        if page.path == "/me" or page.path.startswith("/me/"):
            assert page.audience is Audience.signed_in, line(page)
        if page.path.startswith("/dev/"):
            assert page.audience is Audience.development, line(page)
    for endpoint in ENDPOINTS:
        if endpoint.path == "/me" or endpoint.path.startswith("/me/"):
            assert endpoint.audience is Audience.signed_in, line(endpoint)


def test_every_call_that_needs_somebody_names_a_scope() -> None:
    for endpoint in ENDPOINTS:
        assert (endpoint.scope is None) == (endpoint.audience is Audience.anyone), line(endpoint)


def test_every_call_documents_an_answer_and_itself() -> None:
    for endpoint in ENDPOINTS:
        assert endpoint.answers, line(endpoint)
        assert endpoint.handler.__doc__, line(endpoint)
        assert endpoint.method in ("GET", "POST", "PUT", "PATCH", "DELETE"), line(endpoint)


async def test_nobody_gets_past_a_route_that_needs_somebody(nobody: httpx.AsyncClient) -> None:
    for page in PAGES:
        if page.audience in (Audience.signed_in, Audience.staff):
            answer = await nobody.request(page.method, filled(page.path))
            if page.method == "GET":
                assert answer.status_code == 303, line(page)
                assert answer.headers["location"].startswith("/sign-in?next="), line(page)
            else:
                assert answer.status_code == 401, line(page)
    for endpoint in ENDPOINTS:
        if endpoint.audience is not Audience.anyone:
            answer = await nobody.request(endpoint.method, "/api/v1" + filled(endpoint.path))
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), line(endpoint)


async def test_a_stranger_finds_nothing_on_staff_pages(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    await accounts.member(organization)
    async with accounts.signed_in(app, await accounts.person()) as stranger:
        for page in PAGES:
            if page.audience is Audience.staff:
                path = page.path.replace("{slug}", "open-systems") if page.path.startswith("/organize/{") else page.path
                answer = await stranger.request(page.method, filled(path))
                assert answer.status_code == 404, line(page)


async def test_a_token_without_the_scope_is_refused_everywhere(app: Starlette, database: str) -> None:
    someone = await accounts.person()
    for endpoint in ENDPOINTS:
        if endpoint.scope is None:
            continue
        others = [scope for scope in accounts.EVERY_SCOPE if scope != endpoint.scope]
        async with accounts.with_token(app, someone, others) as client:
            answer = await client.request(endpoint.method, "/api/v1" + filled(endpoint.path))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope"), line(endpoint)


async def test_a_token_is_as_good_as_none_on_every_page(app: Starlette, nobody: httpx.AsyncClient) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    async with accounts.with_token(app, owner) as program:
        for page in PAGES:
            path = filled(page.path.replace("{slug}", "open-systems") if "/organize/{" in page.path else page.path)
            program.cookies.clear()  # a program keeps none, such as the one by which /sign-up knows a browser
            token, none = await program.request(page.method, path), await nobody.request(page.method, path)
            assert token.status_code == none.status_code, line(page)
            assert token.headers.get("location") == none.headers.get("location"), line(page)
            if page.audience in (Audience.signed_in, Audience.staff):
                assert token.status_code == (303 if page.method == "GET" else 401), line(page)
        docs = await program.get("/api/docs")
        assert 'href="/sign-in' in docs.text
    assert await ApiToken.filter(last_used_at=None).count() == 1


async def test_what_names_nothing_is_not_found_and_never_a_fault(app: Starlette, database: str) -> None:
    async with accounts.with_token(app, await accounts.person()) as client:
        for endpoint in ENDPOINTS:
            answer = await client.request(endpoint.method, "/api/v1" + filled(endpoint.path))
            assert answer.status_code < 500, line(endpoint)
            if "{" in endpoint.path and endpoint.audience is Audience.signed_in:
                # A call may look at its body first; either answer says nothing about what exists.
                assert answer.status_code == 404 or (answer.status_code == 422 and endpoint.body), line(endpoint)
