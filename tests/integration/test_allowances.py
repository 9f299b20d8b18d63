"""Costly work is counted before anything of the request is read; what sits behind one address has enough of it."""

import inspect
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from accounts.allowances import GIVEN_UP_COUNTS, Work
from api.app import create_app
from api.pages.routes import PAGES
from api.routing import Audience, Endpoint, Page
from api.v1.routes import ENDPOINTS
from certification.signing import inspection
from core.database import fetchval
from core.settings import Settings
from tests.factories import accounts
from tests.unit.test_inspection import HOSTILE

NEVER_READ = b"%PDF-1.7 " + b"x" * 1000
_SUFFIX_OF_UPLOADS = ("/file", "/import", "/credits", "/layouts/pictures", "/runs/new/{kind}")


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The application with little allowed."""
    settings.files_per_address = settings.lookups_per_address = settings.directory_searches_per_address = 2
    return create_app(settings)


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A browser where nobody is signed in."""
    async with accounts.signed_in(app, None) as client:
        yield client


def test_every_line_that_takes_a_file_is_counted() -> None:
    for endpoint in ENDPOINTS:
        takes_file = endpoint.body_media != "application/json"
        assert takes_file == (endpoint.counts is Work.files), endpoint.path
    pages = [page for page in PAGES if page.method == "POST" and page.path.endswith(_SUFFIX_OF_UPLOADS)]
    assert len(pages) >= 6
    for page in pages:
        assert page.counts is Work.files, page.path
    for page in PAGES:
        if "parse.upload" in inspect.getsource(page.handler):
            assert page.counts is not None, page.path


def test_every_form_of_strangers_is_counted_here_or_by_its_command() -> None:
    counted_by_commands = {"/sign-in", "/sign-up", "/reset", "/tokens", "/people", "/people/password-resets"}
    routes: list[Page | Endpoint] = [*PAGES, *ENDPOINTS]
    for route in routes:
        if route.method != "POST" or route.audience is not Audience.anyone or route.path == "/sign-out":
            continue
        body = route.body if isinstance(route, Endpoint) else None
        by_their_secret = "{token}" in route.path or (body is not None and "token" in body.model_fields)
        is_open = route.path in counted_by_commands or by_their_secret
        assert is_open != (route.counts is not None), (type(route).__name__, route.path)
    assert all(page.counts is Work.directory for page in PAGES if page.path == "/directory")


async def test_files_beyond_the_allowance_are_refused_unread(stranger: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await stranger.post("/api/v1/verifications", content=NEVER_READ)).status_code == 200
    refused = await stranger.post("/api/v1/verifications", content=NEVER_READ)
    page = await stranger.post("/verify/file", files={"file": ("c.pdf", NEVER_READ)})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= 901
    assert (page.status_code, "That was a lot at once." in page.text) == (429, True)
    assert (await stranger.get("/verify")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/api/v1/certificate-lookups", {"json": {"numbers": ["7K3M-9QXT-2WBD"]}}),
        ("POST", "/verify/several", {"data": {"numbers": "7K3M-9QXT-2WBD"}}),
        ("GET", "/api/v1/directory?q=Amina", {}),
        ("GET", "/directory?q=Amina", {}),
    ],
)
async def test_lookups_and_searches_have_their_allowance(
    stranger: httpx.AsyncClient, method: str, path: str, options: dict[str, object]
) -> None:
    answers = [await stranger.request(method, path, **options) for _ in range(3)]  # type: ignore[arg-type]  # as listed
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_who_is_signed_in_has_an_allowance_of_their_own(app: Starlette, stranger: httpx.AsyncClient) -> None:
    for _ in range(3):
        answer = await stranger.post("/api/v1/verifications", content=NEVER_READ)
    assert answer.status_code == 429
    async with accounts.signed_in(app, await accounts.person()) as neighbour:
        assert (await neighbour.post("/api/v1/verifications", content=NEVER_READ)).status_code == 200


async def test_a_file_that_is_given_up_counts_many_times(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection.inspect_pdf, "__kwdefaults__", {"seconds": 1.0})
    answer = await stranger.post("/api/v1/verifications", content=HOSTILE["endless table"][0]())
    assert answer.json()["verdict"] == "unreadable"
    assert await fetchval("SELECT failures FROM failure_count WHERE bucket LIKE 'files %'") == 1 + GIVEN_UP_COUNTS
    assert (await stranger.post("/api/v1/verifications", content=NEVER_READ)).status_code == 429
