"""What holds for every request: headers, same origin, limits of bodies, bytes that are no text, repeated POSTs."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.types import Message

from accounts.models import ApiToken, IdempotentRequest, Organization, Person
from api import openapi
from api.app import create_app
from core.database import execute
from core.settings import Environment, Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.factories.secrets import secret
from tests.integration.accounts.conftest import wait_longer

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    """The whole application on the test's database."""
    return create_app(settings)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A browser where nobody is signed in."""
    async with accounts.signed_in(app, None) as client:
        yield client


def plain(app: Starlette) -> httpx.AsyncClient:
    """A client that sends no headers of a browser."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/sign-in", 200),
        ("GET", "/healthz", 200),
        ("GET", "/api/docs", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/api/v1/me", 401),
        ("GET", "/me/profile", 303),
        ("GET", "/no-such-page", 404),
        ("GET", "/api/v1/no-such-call", 404),
        ("DELETE", "/sign-in", 405),
        ("GET", "/static/css/tokens.css", 200),
        ("GET", "/static/no-such-file", 404),
        ("POST", "/api/v1/people", 422),
    ],
)
async def test_every_kind_of_answer_is_guarded(browser: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await browser.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"]
    assert "strict-transport-security" not in answer.headers


async def test_where_tls_is_there_is_hsts_and_a_cookie_bound_to_the_host(settings: Settings, database: str) -> None:
    secure = settings.model_copy(update={"public_url": "https://testserver"})
    async with plain(create_app(secure)) as client:
        answer = await client.post("/sign-up", data={"email": "a@example.org", "password": PASSWORD, "name": "Amina"})
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        await Person.all().update(email_confirmed_at=datetime.now(UTC))
        signed = await client.post("/sign-in", data={"email": "a@example.org", "password": PASSWORD})
    cookies = [*answer.headers.get_list("set-cookie"), *signed.headers.get_list("set-cookie")]
    assert sorted({one.partition("=")[0] for one in cookies}) == ["__Host-confero", "__Host-confero-device"]
    assert [one for one in cookies if "Secure" not in one or "HttpOnly" not in one or "Domain" in one] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"cookie": "confero=x"},
    ],
)
async def test_a_change_from_another_site_is_refused(app: Starlette, headers: dict[str, str]) -> None:
    body = {"email": "amina@example.org", "password": PASSWORD, "name": "Amina"}
    async with plain(app) as client:
        page = await client.post("/sign-up", data=body, headers=headers)
        call = await client.post("/api/v1/people", json=body, headers=headers)
    assert page.status_code == call.status_code == 403
    assert call.json()["code"] == "cross_origin"
    assert "asked for by another site" in page.text
    assert await Person.all().count() == 0


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}, {}])
async def test_a_change_from_here_or_from_a_program_is_taken(app: Starlette, headers: dict[str, str]) -> None:
    body = {"email": "amina@example.org", "password": PASSWORD, "name": "Amina"}
    async with plain(app) as client:
        assert (await client.post("/api/v1/people", json=body, headers=headers)).status_code == 201


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}])
@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Negotiate", "Bearer,", "Bearer2", "B earer", ""])
async def test_only_a_bearer_token_exempts_from_the_same_origin(
    app: Starlette, database: str, scheme: str, headers: dict[str, str]
) -> None:
    amina = await accounts.person()
    async with accounts.signed_in(app, amina) as client:
        del client.headers["sec-fetch-site"]
        given = {**headers, "authorization": f"{scheme} eDp5"}
        page = await client.post("/me/profile", data={"display_name": "Eve"}, headers=given)
        call = await client.patch("/api/v1/me", json={"display_name": "Eve"}, headers=given)
    assert (page.status_code, call.status_code, call.json()["code"]) == (403, 403, "cross_origin")
    await amina.refresh_from_db()
    assert amina.display_name == "Amina Otieno"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_a_token_goes_before_a_cookie_on_the_api_in_whatever_case(
    app: Starlette, database: str, scheme: str
) -> None:
    amina, brian = await accounts.person(name="Amina"), await accounts.person(name="Brian")
    async with accounts.with_token(app, brian) as program, accounts.signed_in(app, amina) as client:
        token = program.headers["authorization"].removeprefix("Bearer ")
        given = {"authorization": f"{scheme} {token}", "sec-fetch-site": "cross-site"}
        changed = await client.patch("/api/v1/me", json={"display_name": "B."}, headers=given)
        assert (changed.status_code, changed.json()["email"]) == (200, brian.email)
        for wrong in (f"{scheme} cfr_unknown", f"{scheme} ", scheme):
            refused = await client.get("/api/v1/me", headers={"authorization": wrong})
            assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    await amina.refresh_from_db()
    assert amina.display_name == "Amina"


async def test_a_cookie_in_quotes_is_never_read(app: Starlette, database: str) -> None:
    """Python takes the escapes out of one in a time that grows with the square of its length."""
    someone = await accounts.person()
    async with accounts.signed_in(app, someone) as client:
        secret = client.cookies["confero"]
    async with plain(app) as client:
        for cookie, status in (
            (f"confero={secret}", 200),
            (f'other="a\\073"; confero={secret}', 200),
            (f'confero="{secret}"', 303),
            ('confero="' + "\\" * 60_000 + f'"; confero={secret}', 200),
        ):
            answer = await client.get("/me", headers={"cookie": cookie})
            assert answer.status_code == status, cookie[:60]


@pytest.mark.parametrize("flash", ["[" * 3000, "{}", "null", '{"kind": 1', "\xff"])
async def test_a_message_that_is_none_is_not_shown(app: Starlette, database: str, flash: str) -> None:
    async with plain(app) as client:
        answer = await client.get("/sign-in", headers={"cookie": f"confero-flash={flash.encode().hex()}"})
        assert answer.status_code == 200


async def test_a_token_beside_a_cookie_exempts_no_page(app: Starlette, database: str) -> None:
    amina = await accounts.person()
    async with accounts.with_token(app, amina) as program, accounts.signed_in(app, amina) as client:
        given = {"authorization": program.headers["authorization"], "sec-fetch-site": "cross-site"}
        answer = await client.post("/me/profile", data={"display_name": "Eve"}, headers=given)
        assert answer.status_code == 403
        # Nor does a token that is not known keep a cookie from opening a page.
        assert (await client.get("/me/profile", headers={"authorization": "Bearer x"})).status_code == 200
    await amina.refresh_from_db()
    assert amina.display_name == "Amina Otieno"


@pytest.mark.parametrize("first", ["Basic eDp5", "Bearer x"])
async def test_several_authorizations_are_refused(app: Starlette, database: str, first: str) -> None:
    amina = await accounts.person()
    async with accounts.with_token(app, amina) as client:
        headers = [("authorization", first), ("authorization", client.headers["authorization"])]
        for method, path in (("PATCH", "/api/v1/me"), ("GET", "/api/v1/me"), ("GET", "/me"), ("POST", "/sign-out")):
            request = httpx.Request(method, f"http://testserver{path}", headers=headers)
            answer = await client.send(request)
            assert answer.status_code == 400, path
            if path.startswith("/api/"):
                assert answer.json()["code"] == "ambiguous_authorization"


async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    browser: httpx.AsyncClient, settings: Settings
) -> None:
    too_much = b'{"name": "' + b"x" * settings.max_body_bytes + b'"}'
    answer = await browser.post("/api/v1/people", content=too_much, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    page = await browser.post(
        "/sign-up", content=too_much, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert page.status_code == 413
    assert "too large" in page.text.lower()


@pytest.mark.parametrize(("headers", "taken"), [({}, 3), ({"expect": "100-continue"}, 0)])
async def test_a_client_that_sends_before_it_reads_is_listened_to(
    app: Starlette, settings: Settings, headers: dict[str, str], taken: int
) -> None:
    chunks = [b"x" * settings.max_body_bytes] * 3
    said: list[tuple[str, int]] = []

    async def receive() -> Message:
        chunk = chunks.pop()
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: Message) -> None:
        said.append((message["type"], 3 - len(chunks)))

    sent = {
        "host": "testserver",
        "content-type": "application/json",
        "content-length": str(3 * settings.max_body_bytes),
        **headers,
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/people",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    await app(scope, receive, send)
    assert said[0] == ("http.response.start", taken)


async def test_a_chunked_body_over_the_limit_is_refused(browser: httpx.AsyncClient, settings: Settings) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _n in range(settings.max_body_bytes // 65536 + 2):
            yield b"x" * 65536

    answer = await browser.post("/api/v1/people", content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b'{"email": "\xff"}', "application/json", "not_utf8"),
        (b"[]", "application/json", "bad_json"),
        (b"{", "application/json", "bad_json"),
        (b"<a/>", "application/xml", "unsupported_media_type"),
        (b'{"name": "\\u0000"}', "application/json", "invalid_input"),
        (b'{"name": "\\ud800"}', "application/json", "invalid_input"),
        (b'{"name": "a", "email": {"a": []}, "password": 1}', "application/json", "invalid_input"),
    ],
)
async def test_bytes_that_are_no_text_are_a_clear_refusal(
    browser: httpx.AsyncClient, content: bytes, media: str, code: str
) -> None:
    answer = await browser.post("/api/v1/people", content=content, headers={"content-type": media})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


@pytest.mark.parametrize("content", [b"email=%ff", b"email=%00", b"email=\xff\xfe"])
async def test_a_form_that_is_no_text_is_a_clear_refusal(browser: httpx.AsyncClient, content: bytes) -> None:
    media = {"content-type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/sign-in", content=content, headers=media)).status_code in (400, 422)


@pytest.mark.parametrize("path", ["/%00", "/organizations/%00/accent.css", "/confirm/%ff", "/api/v1/organizations/%00"])
async def test_a_path_that_is_no_text_does_not_exist(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_a_problem_says_what_is_wrong(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/v1/people", json={"email": "amina@example.org"})
    assert answer.json() == {
        "type": "/api/docs#error-invalid_input",
        "title": "The input is invalid.",
        "status": 422,
        "code": "invalid_input",
        "detail": "password: This field is required.; name: This field is required.",
        "instance": "/api/v1/people",
        "errors": [
            {"field": "password", "message": "This field is required."},
            {"field": "name", "message": "This field is required."},
        ],
    }


async def test_the_reference_of_the_api_is_written_once_for_each_language(browser: httpx.AsyncClient) -> None:
    """It is half a megabyte, and anybody may ask for it as often as they like."""
    openapi._reference_html.cache_clear()
    for language, word in (("en", "Answers"), ("fr", "Réponses"), ("en", "Answers")):
        page = await browser.get("/api/docs", headers={"accept-language": language})
        assert page.status_code == 200
        assert f"<h3>{word}</h3>" in page.text
        assert "POST</strong> /api/v1/tokens" in page.text
    assert openapi._reference_html.cache_info()[:2] == (1, 2)


async def test_every_error_code_has_a_place_in_the_documentation(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/api/docs")
    assert page.status_code == 200
    for code in ("invalid_input", "invalid_credentials", "rate_limited", "link_gone", "not_found", "already_created"):
        assert f'id="error-{code}"' in page.text
    linked = set(re.findall(r'href="#(error-\w+)"', page.text))
    assert len(linked) > 20
    assert linked - set(re.findall(r'id="(error-\w+)"', page.text)) == set()


async def test_an_error_page_helps_on(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/no/such/page")
    assert page.status_code == 404
    assert "This page does not exist." in page.text
    assert 'href="/events"' in page.text
    assert 'href="/sign-in?next=/no/such/page"' in page.text


async def test_an_error_page_shows_what_was_typed_as_text(app: Starlette) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    async with accounts.signed_in(app, owner) as client:
        page = await client.get("/organize/open-systems/audit?action=a&action.100%25<b>=%25s")
    assert page.status_code == 422
    assert "100%&lt;b&gt;" in page.text
    assert "<b>" not in page.text


async def test_a_fault_tells_nothing_about_itself(app: Starlette, database: str) -> None:
    await execute("ALTER TABLE failure_count RENAME TO elsewhere")
    try:
        async with plain(app) as client:
            body = {"email": "a@example.org", "password": "x", "name": "x"}
            answer = await client.post("/api/v1/tokens", json=body)
    finally:
        await execute("ALTER TABLE elsewhere RENAME TO failure_count")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert "failure_count" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


async def test_a_repeated_post_gets_the_same_answer_and_happens_once(app: Starlette) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    body, key = {"name": "Nairobi chapter", "parent": "open-systems"}, {"idempotency-key": "one"}
    async with accounts.with_token(app, owner) as client:
        first = await client.post("/api/v1/organizations", json=body, headers=key)
        again = await client.post("/api/v1/organizations", json=body, headers=key)
        other = await client.post("/api/v1/organizations", json=body, headers={"idempotency-key": "two"})
    assert first.status_code == again.status_code == other.status_code == 201
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["id"] != first.json()["id"]
    assert await Organization.all().count() == 3


async def test_the_same_key_at_the_same_moment_has_one_effect(app: Starlette) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    body, key = {"name": "Nairobi chapter", "parent": "open-systems"}, {"idempotency-key": "one"}
    async with accounts.with_token(app, owner) as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/organizations", json=body, headers=key) for _n in range(4))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 3
    assert await Organization.all().count() == 2


async def test_without_a_key_the_same_post_happens_as_often_as_it_is_sent(app: Starlette) -> None:
    owner = await accounts.member(await accounts.organization("open-systems"))
    body = {"name": "Nairobi chapter", "parent": "open-systems"}
    async with accounts.with_token(app, owner) as client:
        answers = [await client.post("/api/v1/organizations", json=body) for _n in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert await Organization.all().count() == 3


async def test_a_key_is_good_for_one_request_of_one_person(app: Starlette) -> None:
    organization, key = await accounts.organization("open-systems"), {"idempotency-key": "one"}
    one, two = await accounts.member(organization), await accounts.member(organization)
    body = {"name": "Nairobi chapter", "parent": "open-systems"}
    async with accounts.with_token(app, one) as client:
        assert (await client.post("/api/v1/organizations", json=body, headers=key)).status_code == 201
        reused = await client.post("/api/v1/organizations", json={**body, "name": "Other"}, headers=key)
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    async with accounts.with_token(app, two) as client:
        answer = await client.post("/api/v1/organizations", json=body, headers=key)
        assert answer.status_code == 201
        assert "idempotent-replayed" not in answer.headers


async def test_a_refusal_is_not_kept_so_the_key_may_be_used_again(app: Starlette) -> None:
    owner, key = await accounts.member(await accounts.organization("open-systems")), {"idempotency-key": "one"}
    async with accounts.with_token(app, owner) as client:
        refused = await client.post("/api/v1/organizations", json={"name": "Chapter", "parent": "no"}, headers=key)
        assert refused.status_code == 404
        assert await IdempotentRequest.all().count() == 0
        body = {"name": "Chapter", "parent": "open-systems"}
        assert (await client.post("/api/v1/organizations", json=body, headers=key)).status_code == 201


async def test_a_token_is_never_shown_again(browser: httpx.AsyncClient) -> None:
    sign_up = {"email": "amina@example.org", "password": PASSWORD, "name": "Amina"}
    await browser.post("/api/v1/people", json=sign_up)
    await Person.all().update(email_confirmed_at=datetime.now(UTC))
    body, key = {**sign_up, "name": "kiosk"}, {"idempotency-key": "one"}
    first = await browser.post("/api/v1/tokens", json=body, headers=key)
    again = await browser.post("/api/v1/tokens", json=body, headers=key)
    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "already_created")
    assert await ApiToken.all().count() == 1
    stored = await IdempotentRequest.get()
    assert stored.body == b""


async def test_guesses_at_a_password_count_though_they_come_with_a_key(browser: httpx.AsyncClient) -> None:
    """A refusal undoes the request's transaction; the count of failures must not go with it."""
    guess = {"email": "amina@example.org", "password": "not the right one", "name": "kiosk"}
    for n in range(10):
        answer = await browser.post("/api/v1/tokens", json=guess, headers={"idempotency-key": f"key {n}"})
        assert answer.status_code == 401
    await wait_longer()
    assert (await browser.post("/api/v1/tokens", json=guess, headers={"idempotency-key": "last"})).status_code == 429


async def test_what_is_kept_of_a_request_does_not_give_its_password_away(browser: httpx.AsyncClient) -> None:
    content = json.dumps({"email": "amina@example.org", "password": PASSWORD, "name": "Amina"}).encode()
    headers = {"idempotency-key": "one", "content-type": "application/json"}
    assert (await browser.post("/api/v1/people", content=content, headers=headers)).status_code == 201
    stored = await IdempotentRequest.get()
    assert PASSWORD.encode() not in bytes(stored.body)
    assert stored.fingerprint not in {hashlib.sha256(known + content).hexdigest() for known in (b"", b"\n")}


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
async def test_a_malformed_key_is_refused(browser: httpx.AsyncClient, key: str) -> None:
    answer = await browser.post("/api/v1/people", json={}, headers={"idempotency-key": key})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["Idempotency-Key"]


async def test_development_pages_are_not_there_in_production(settings: Settings, database: str) -> None:
    async with plain(create_app(settings)) as client:
        assert (await client.get("/dev/outbox")).status_code == 200
    async with plain(create_app(settings.model_copy(update={"environment": Environment.production}))) as client:
        assert (await client.get("/dev/outbox")).status_code == 404


OWN = ["testserver", "testserver:8000", "TESTSERVER", "localhost", "127.0.0.1:8000", "[::1]:8000"]
FOREIGN = ["", "evil.example", "testserver.evil.example", "evil.example:80", "testserver@evil.example", "testserver/x"]


@pytest.mark.parametrize("hosts", [("testserver", "evil.example"), ("testserver", "testserver")])
async def test_of_two_hosts_none_is_believed(app: Starlette, hosts: tuple[str, str]) -> None:
    async with plain(app) as client:
        answer = await client.get("/healthz", headers=[("host", host) for host in hosts])
        assert answer.status_code == 421


@pytest.mark.parametrize(("host", "status"), [(one, 200) for one in OWN] + [(one, 421) for one in FOREIGN])
async def test_an_unknown_host_is_refused(browser: httpx.AsyncClient, host: str, status: int) -> None:
    page = await browser.get("/sign-in", headers={"host": host})
    call = await browser.get("/api/v1/events", headers={"host": host})
    assert (page.status_code, call.status_code) == (status, status)
    if status == 421:
        assert call.json()["code"] == "unknown_host"
        assert page.headers["x-frame-options"] == "DENY"


async def test_production_answers_to_its_public_name_and_to_probes_of_its_machine(
    settings: Settings, database: str
) -> None:
    public = {"environment": Environment.production, "public_url": "https://events.example.org"}
    async with plain(create_app(settings.model_copy(update=public))) as client:
        answers = {
            (host, path): (await client.get(path, headers={"host": host})).status_code
            for host in ("events.example.org", "localhost:8000", "testserver")
            for path in ("/healthz", "/sign-in")
        }
    assert answers == {
        ("events.example.org", "/healthz"): 200,
        ("events.example.org", "/sign-in"): 200,
        ("localhost:8000", "/healthz"): 200,
        ("localhost:8000", "/sign-in"): 421,
        ("testserver", "/healthz"): 421,
        ("testserver", "/sign-in"): 421,
    }


async def metrics(settings: Settings, address: str, **headers: str) -> int:
    """Status of /metrics for a client at `address`."""
    transport = httpx.ASGITransport(create_app(settings), client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return (await client.get("/metrics", headers=headers)).status_code


async def test_metrics_are_for_this_machine_where_no_token_is_set(settings: Settings, database: str) -> None:
    assert await metrics(settings, "127.0.0.1") == 200
    assert await metrics(settings, "192.0.2.7") == 403
    assert await metrics(settings, "127.0.0.1", **{"x-forwarded-for": "192.0.2.7"}) == 403
    production = settings.model_copy(update={"environment": Environment.production})
    assert await metrics(production, "127.0.0.1") == 403


async def test_metrics_are_for_who_holds_the_token(settings: Settings, database: str) -> None:
    token = secret("metrics")
    watched = settings.model_copy(update={"environment": Environment.production, "metrics_token": SecretStr(token)})
    assert await metrics(watched, "192.0.2.7", authorization=f"Bearer {token}") == 200
    assert await metrics(watched, "127.0.0.1", authorization=f"Bearer {token}x") == 403
    assert await metrics(watched, "127.0.0.1", authorization=f"Basic {token}") == 403
    assert await metrics(watched, "127.0.0.1") == 403
