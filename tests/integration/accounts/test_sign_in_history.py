"""Who signed in and who failed to; the mail about a new browser; sessions that end when their browser stays away."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts import passwords
from accounts.jobs import sweep
from accounts.models import Person, SignInEvent, SignInSession, SignInWay
from accounts.sign_in import Attempt, enter
from certification.erasure import erase_person
from core.database import execute
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to

EMAIL = "amina@example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    person = await accounts.person(EMAIL)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/sign-in", data={"email": EMAIL, "password": password}, headers={"user-agent": FIREFOX})


async def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, None) as client:
        assert (await sign_in(client)).status_code == 303
        [mail] = await mails_to(EMAIL)
        assert mail.template == "accounts/new_browser"
        assert mail.subject == "A sign-in from a new browser"
        assert "with Firefox on Linux, from the address 127.0.0.1." in mail.text
        assert "http://testserver/reset" in mail.text
        await client.post("/sign-out")
        await sign_in(client)
        assert len(await mails_to(EMAIL)) == 1
    async with accounts.signed_in(app, None) as other:
        await sign_in(other)
    assert len(await mails_to(EMAIL)) == 2
    events = await SignInEvent.all().order_by("at", "id")
    assert [event.is_new_browser for event in events] == [True, False, True]


async def test_after_a_new_password_every_browser_is_new_but_the_one_that_set_it(app: Starlette, amina: Person) -> None:
    new_password = "seven green tram lines"
    async with accounts.signed_in(app, None) as here, accounts.signed_in(app, None) as there:
        for client in (here, there):
            await sign_in(client)
        form = {"current_password": PASSWORD, "new_password": new_password}
        assert (await here.post("/me/profile/password", data=form)).status_code == 303
        await here.post("/sign-out")
        before = len(await mails_to(EMAIL))
        assert (await sign_in(here, new_password)).status_code == 303
        assert len(await mails_to(EMAIL)) == before
        assert (await sign_in(there, new_password)).status_code == 303
    assert [mail.template for mail in await mails_to(EMAIL)][before:] == ["accounts/new_browser"]


async def test_no_notice_goes_to_an_address_that_nobody_confirmed(database: str, amina: Person) -> None:
    await Person.filter(id=amina.id).update(email_confirmed_at=None)
    await amina.refresh_from_db()
    attempt = Attempt("192.0.2.1", way=SignInWay.browser)
    await enter(amina, attempt=attempt, is_proved=False, now=datetime.now(UTC))
    assert await mails_to(EMAIL) == []


async def test_the_notice_speaks_the_persons_language(app: Starlette, amina: Person) -> None:
    await Person.filter(id=amina.id).update(locale="fr")
    async with accounts.signed_in(app, None) as client:
        await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers={"user-agent": ""})
    [mail] = await mails_to(EMAIL)
    assert mail.locale == "fr"
    assert "Unknown browser" not in mail.text


async def test_the_browser_that_signed_up_is_known(browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data={"email": EMAIL, "password": PASSWORD, "name": "Amina"})
    assert (await browser.post(await link_to(EMAIL, "confirm"))).status_code == 303
    shown = (await browser.get("/api/v1/me/sign-ins")).json()["items"]
    assert [(one["way"], one["outcome"], one["is_new_browser"]) for one in shown] == [("browser", "signed_in", False)]
    await browser.post("/sign-out")
    assert (await sign_in(browser)).status_code == 303
    assert "accounts/new_browser" not in [mail.template for mail in await mails_to(EMAIL)]


async def test_the_history_shows_successes_and_failures_on_page_and_call(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, None) as client:
        assert (await sign_in(client, "wrong")).status_code == 401
        await sign_in(client)
        body = {"email": EMAIL, "password": PASSWORD, "name": "kiosk"}
        key = {"idempotency-key": "k1", "user-agent": "kiosk/1"}
        refused = await client.post("/api/v1/tokens", json={**body, "password": "wrong"}, headers=key)
        assert refused.status_code == 401
        assert (await client.post("/api/v1/tokens", json=body, headers=key)).status_code == 201
        answer = (await client.get("/api/v1/me/sign-ins")).json()
        page = await client.get("/me/sign-ins")
    shown = [(one["way"], one["outcome"], one["user_agent"], one["address"]) for one in answer["items"]]
    assert shown == [
        ("token", "signed_in", "kiosk/1", "127.0.0.1"),
        ("token", "wrong_password", "kiosk/1", "127.0.0.1"),
        ("browser", "signed_in", FIREFOX, "127.0.0.1"),
        ("browser", "wrong_password", FIREFOX, "127.0.0.1"),
    ]
    assert answer["next_cursor"] is None
    assert page.text.count("Wrong password") == 2
    assert page.text.count("Firefox on Linux") == 2
    assert "Made an API token" in page.text


async def test_the_history_pages_and_is_nobody_elses(app: Starlette, amina: Person) -> None:
    now = datetime.now(UTC)
    for n in range(3):
        await SignInEvent.create(person=amina, at=now - timedelta(hours=n), way="browser", outcome="signed_in")
    seen: list[str] = []
    cursor: str | None = None
    async with accounts.with_token(app, amina) as client:
        for _page in range(3):
            query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            answer = (await client.get("/api/v1/me/sign-ins", params=query)).json()
            seen += [one["at"] for one in answer["items"]]
            cursor = answer["next_cursor"]
    assert (len(seen), sorted(seen, reverse=True), cursor) == (3, seen, None)
    async with accounts.with_token(app, await accounts.person()) as other:
        assert (await other.get("/api/v1/me/sign-ins")).json()["items"] == []


async def test_the_history_goes_after_90_days_with_the_account_and_into_the_export(
    app: Starlette, amina: Person
) -> None:
    now = datetime.now(UTC)
    for age in (timedelta(days=89), timedelta(days=91)):
        await SignInEvent.create(person=amina, at=now - age, way="browser", outcome="wrong_password")
    async with accounts.with_token(app, amina) as client:
        assert len((await client.get("/api/v1/me/sign-ins")).json()["items"]) == 1
        data = json.loads((await client.get("/api/v1/me/data")).content)
        assert [one["outcome"] for one in data["sign_in_history"]] == ["wrong_password"] * 2
    await sweep()
    assert await SignInEvent.all().count() == 1
    await erase_person(amina, by=amina, now=now)
    assert await SignInEvent.all().count() == 0


async def test_a_session_ends_after_seven_days_without_its_browser(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        for days, opens in ((6.9, True), (7.1, False)):
            await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=days))
            async with accounts.with_token(app, amina) as program:
                listed = (await program.get("/api/v1/me/sessions")).json()["items"]
            assert len(listed) == int(opens)
            assert ((await client.get("/api/v1/me")).status_code == 200) is opens
        assert (await client.get("/me")).status_code == 303
    await sweep()
    assert await SignInSession.all().count() == 0


@pytest.mark.parametrize("path", ["/me", "/api/v1/me"])
async def test_the_cookie_lasts_as_long_as_the_session(
    app: Starlette, amina: Person, settings: Settings, path: str
) -> None:
    async with accounts.signed_in(app, None) as client:
        first = (await sign_in(client)).headers.get_list("set-cookie")
        assert [one for one in first if one.startswith("confero=") and "Max-Age=604800;" in one]
        assert "set-cookie" not in (await client.get(path)).headers  # seen within five minutes: nothing to prolong
        await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=6))
        prolonged = (await client.get(path)).headers.get_list("set-cookie")
        assert [one for one in prolonged if one.startswith("confero=") and "Max-Age=604800;" in one]
        assert "HttpOnly" in prolonged[0]
        await execute(
            "UPDATE sign_in_session SET last_seen_at = now() - interval '1 day', expires_at = now() + interval '1 hour'"
        )
        [last] = (await client.get(path)).headers.get_list("set-cookie")
        seconds = int(last.split("Max-Age=")[1].split(";")[0])
        assert 3500 < seconds <= 3600


async def test_an_answer_that_others_may_keep_carries_no_cookie_and_signing_out_takes_it(
    app: Starlette, amina: Person
) -> None:
    organization = await accounts.organization("open-systems")
    async with accounts.signed_in(app, amina) as client:
        await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=6))
        shared = await client.get(f"/organizations/{organization.slug}/accent.css")
        assert "public" in shared.headers["cache-control"]
        assert "set-cookie" not in shared.headers
        await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=6))
        out = (await client.post("/sign-out")).headers.get_list("set-cookie")
        assert [one.split(";")[0] for one in out if one.startswith("confero=")] == ['confero=""']
