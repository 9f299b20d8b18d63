"""What is logged of a request: when, which route, who, from where, and under which id; never a link's secret."""

import io
import logging
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.pages.routes import PAGES
from api.v1.routes import ENDPOINTS
from core.database import execute
from core.logs import LineFormatter
from core.settings import Settings
from tests.factories import accounts

SECRET = "tHiSiSaSeCrEtOfAlInK0123456789"


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The whole application on the test's database."""
    return create_app(settings)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A browser where nobody is signed in."""
    async with accounts.signed_in(app, None) as client:
        yield client


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, in the form that an operator reads."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(LineFormatter())
    handler.addFilter(lambda record: not record.name.startswith("httpx"))  # the test's own client
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def routes() -> list[tuple[str, str]]:
    """Method and path of every route that has a parameter."""
    named: list[tuple[str, str]] = [(page.method, page.path) for page in PAGES]
    named += [(endpoint.method, f"/api/v1{endpoint.path}") for endpoint in ENDPOINTS]
    return sorted((method, path) for method, path in named if "{" in path)


async def test_no_log_line_holds_what_a_path_holds(browser: httpx.AsyncClient, lines: io.StringIO) -> None:
    for method, path in routes():
        await browser.request(method, re.sub(r"\{[^}]+\}", SECRET, path), headers={"sec-fetch-site": "cross-site"})
        await browser.request(method, re.sub(r"\{[^}]+\}", SECRET, path))
    await browser.get(f"/no/such/{SECRET}")
    await browser.get(f"/static/{SECRET}")
    await browser.get(f"/sign-in?next=/confirm/{SECRET}")
    said = lines.getvalue()
    assert SECRET not in said
    assert "GET /confirm/{token} 410" in said
    assert "POST /reset/{token} 403" in said
    assert "GET /static/{path} 404" in said
    assert "GET (no route) 404" in said


async def test_a_line_tells_when_who_from_where_and_under_which_id(app: Starlette, lines: io.StringIO) -> None:
    person = await accounts.person()
    async with accounts.signed_in(app, person) as client:
        answer = await client.get("/me/profile")
    own_id = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", own_id)
    (line,) = [one for one in lines.getvalue().splitlines() if own_id in one and "confero.request" in one]
    matched = re.fullmatch(
        rf"(\S+)Z INFO confero\.request \[{own_id}\] GET /me/profile 200 [\d.]+ ms address=127\.0\.0\.1 person=(\S+)",
        line,
    )
    assert matched is not None, line
    assert abs((datetime.now(UTC) - datetime.fromisoformat(matched[1] + "+00:00")).total_seconds()) < 600
    assert matched[2] == str(person.id)


async def test_a_fault_names_the_route_and_the_request(
    browser: httpx.AsyncClient, lines: io.StringIO, database: str
) -> None:
    await execute("ALTER TABLE single_use_link RENAME TO elsewhere")
    try:
        answer = await browser.get(f"/confirm/{SECRET}")
    finally:
        await execute("ALTER TABLE elsewhere RENAME TO single_use_link")
    assert answer.status_code == 500
    said = lines.getvalue()
    assert f"ERROR confero.request [{answer.headers['x-request-id']}] fault in GET /confirm/{{token}}" in said
    assert "Traceback" in said
    assert SECRET not in said


async def test_every_answer_has_an_id_of_its_own(browser: httpx.AsyncClient) -> None:
    answers = [
        await browser.get("/healthz"),
        await browser.get("/no/such/page"),
        await browser.get("/sign-in", headers={"host": "evil.example"}),
        await browser.post("/sign-in", headers={"sec-fetch-site": "cross-site"}),
        await browser.get("/static/none", headers={"x-request-id": "chosen by a client"}),
    ]
    ids = [answer.headers.get_list("x-request-id") for answer in answers]
    assert [len(one) for one in ids] == [1] * 5
    assert len({one[0] for one in ids}) == 5


def test_a_message_stays_on_its_line() -> None:
    record = logging.LogRecord("confero", logging.INFO, "", 0, "one\ntwo\r%s", ("three\n",), None)
    assert LineFormatter().format(record).endswith(" INFO confero [-] one\\ntwo\\rthree\\n")
