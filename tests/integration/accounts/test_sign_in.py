import asyncio
import contextvars
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from accounts import limits, passwords, sign_in
from accounts.limits import Limit, Occasion
from accounts.models import ApiToken, AuditEntry, FailureCount, Person, SignInSession, SingleUseLink
from api.app import create_app
from core.database import own_connection, transaction
from core.errors import RateLimited
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import EVERY_SCOPE, PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to, wait_longer

EMAIL = "amina@example.org"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    person = await accounts.person(EMAIL)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def test_signs_in_and_goes_on_to_where_one_was_going(browser: httpx.AsyncClient, amina: Person) -> None:
    answer = await browser.get("/me/profile?tab=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fme%2Fprofile%3Ftab%3D1")
    page = await browser.get(answer.headers["location"])
    assert 'name="next" value="/me/profile?tab=1"' in page.text
    signed = await browser.post(
        "/sign-in", data={"email": " Amina@Example.org", "password": PASSWORD, "next": "/me/profile?tab=1"}
    )
    assert (signed.status_code, signed.headers["location"]) == (303, "/me/profile?tab=1")
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await browser.get("/api/v1/me")).json()["email"] == EMAIL
    assert await AuditEntry.filter(action="person.signed_in", actor_id=amina.id).count() == 1


async def test_unknown_address_and_wrong_password_look_the_same(browser: httpx.AsyncClient, amina: Person) -> None:
    wrong = await browser.post("/sign-in", data={"email": EMAIL, "password": "wrong"})
    unknown = await browser.post("/sign-in", data={"email": "amino@example.org", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text.replace("amino@", "amina@")
    assert "do not belong together" in wrong.text
    assert "set-cookie" not in wrong.headers


async def test_signing_in_anew_ends_the_browsers_old_session(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert await SignInSession.all().count() == 1


async def test_signs_out(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        answer = await client.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await client.get("/api/v1/me")).status_code == 401
    assert await SignInSession.all().count() == 0


async def test_makes_a_token_that_works_and_is_stored_hashed(browser: httpx.AsyncClient, amina: Person) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "name": "kiosk"}
    answer = await browser.post("/api/v1/tokens", json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert sorted(made) == ["expires_at", "id", "name", "scopes", "token"]
    assert made["scopes"] == sorted(EVERY_SCOPE)
    days = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < days <= timedelta(days=90)
    stored = await ApiToken.get()
    assert made["token"] not in (stored.token_hash, stored.prefix)
    me = await browser.get("/api/v1/me", headers={"authorization": f"Bearer {made['token']}"})
    assert me.json()["email"] == EMAIL
    assert [mail.template for mail in await mails_to(EMAIL)] == ["accounts/token_created"]


async def test_a_token_holds_only_its_scopes(browser: httpx.AsyncClient, amina: Person) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "name": "reader", "scopes": ["read"]}
    token = (await browser.post("/api/v1/tokens", json=body)).json()["token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await browser.get("/api/v1/me", headers=bearer)).status_code == 200
    refused = await browser.patch("/api/v1/me", json={"locale": "fr"}, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    "change", [{"scopes": []}, {"scopes": ["everything"]}, {"expires_in_days": 366}, {"name": ""}, {"name": "n" * 101}]
)
async def test_refuses_tokens_of_bad_shape(
    browser: httpx.AsyncClient, amina: Person, change: dict[str, object]
) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "name": "kiosk", **change}
    answer = await browser.post("/api/v1/tokens", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(next(iter(change)))


async def test_token_refusals_are_alike(browser: httpx.AsyncClient, amina: Person) -> None:
    answers = [
        await browser.post("/api/v1/tokens", json={"email": email, "password": "wrong", "name": "x"})
        for email in (EMAIL, "nobody@example.org", "no address at all")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_credentials"


async def test_an_expired_or_revoked_token_is_refused(app: Starlette, amina: Person) -> None:
    async with accounts.with_token(app, amina) as client:
        mine = (await client.get("/api/v1/me/tokens")).json()["items"]
        assert [token["name"] for token in mine] == ["test"]
        assert (await client.delete(f"/api/v1/me/tokens/{mine[0]['id']}")).status_code == 204
        gone = await client.get("/api/v1/me")
        assert (gone.status_code, gone.json()["code"]) == (401, "invalid_token")
        assert gone.headers["www-authenticate"] == "Bearer"
    async with accounts.with_token(app, amina) as client:
        await ApiToken.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_nobody_revokes_anothers_token_or_session(app: Starlette, amina: Person) -> None:
    async with accounts.with_token(app, amina), accounts.signed_in(app, amina):
        token, session = await ApiToken.get(), await SignInSession.get()
        async with accounts.signed_in(app, await accounts.person()) as stranger:
            assert (await stranger.delete(f"/api/v1/me/tokens/{token.id}")).status_code == 404
            assert (await stranger.delete(f"/api/v1/me/sessions/{session.id}")).status_code == 404
            assert (await stranger.post(f"/me/sessions/{session.id}/end")).status_code == 404
    assert await SignInSession.filter(id=session.id).exists()


async def test_the_page_shows_a_new_token_once(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        made = await client.post("/me/tokens", data={"name": "kiosk", "scopes": ["read"], "expires_in_days": "7"})
        assert made.status_code == 200
        assert "<code>cfr_" in made.text
        later = await client.get("/me/tokens")
        assert "kiosk" in later.text
        assert "<code>cfr_" not in later.text
        token = await ApiToken.get()
        assert (await client.post(f"/me/tokens/{token.id}/revoke")).status_code == 303
        assert "kiosk" not in (await client.get("/me/tokens")).text.split("<h2>")[0]


async def test_failures_are_counted_per_account_across_processes(
    app: Starlette, settings: Settings, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 3
    other = create_app(settings)
    async with accounts.signed_in(app, None) as one, accounts.signed_in(other, None) as two:
        wrong = {"email": EMAIL, "password": "wrong", "name": "x"}
        codes = [(await client.post("/api/v1/tokens", json=wrong)).status_code for client in (one, two, one)]
        assert codes == [401, 401, 401]
        await wait_longer()
        limited = await two.post("/api/v1/tokens", json={**wrong, "password": PASSWORD})
        assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")
        assert 0 < int(limited.headers["retry-after"]) <= 900
        page = await one.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) <= 900
        assert "Too many wrong passwords. Try again in 15 minutes." in page.text
        assert "With a link by mail you get in at once." in page.text


async def test_unknown_accounts_are_limited_alike(app: Starlette, settings: Settings) -> None:
    settings.sign_in_failures_per_account = 1
    async with accounts.signed_in(app, None) as client:
        wrong = {"email": "nobody@example.org", "password": "wrong", "name": "x"}
        assert (await client.post("/api/v1/tokens", json=wrong)).status_code == 401
        await wait_longer()
        assert (await client.post("/api/v1/tokens", json=wrong)).status_code == 429


async def test_guesses_sent_at_once_do_not_slip_through_together(settings: Settings, amina: Person) -> None:
    settings.sign_in_failures_per_account, now = 3, datetime.now(UTC)
    guesses = [sign_in.authenticate(EMAIL, "wrong", attempt=sign_in.Attempt("192.0.2.1"), now=now) for _n in range(8)]
    refusals = await asyncio.gather(*guesses, return_exceptions=True)
    kinds = [type(one).__name__ for one in refusals]
    assert sorted(kinds) == ["InvalidCredentials"] * 3 + ["RateLimited"] * 5


async def test_a_success_resets_the_accounts_count(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.sign_in_failures_per_account = 2
    async with accounts.signed_in(app, None) as client:
        body = {"email": EMAIL, "password": PASSWORD, "name": "x"}
        for _n in range(3):
            assert (await client.post("/api/v1/tokens", json={**body, "password": "wrong"})).status_code == 401
            assert (await client.post("/api/v1/tokens", json=body)).status_code == 201


async def test_failures_slow_a_network_down_and_successes_do_not(
    app: Starlette, settings: Settings, amina: Person
) -> None:
    settings.sign_in_failures_per_address = 2
    right = {"email": EMAIL, "password": PASSWORD, "name": "x"}
    async with accounts.signed_in(app, None) as client:
        for _n in range(4):
            assert (await client.post("/api/v1/tokens", json=right)).status_code == 201
        for n in range(2):
            wrong = {"email": f"p{n}@example.org", "password": "wrong", "name": "x"}
            assert (await client.post("/api/v1/tokens", json=wrong)).status_code == 401
        await wait_longer()
        assert (await client.post("/api/v1/tokens", json=right)).status_code == 429


async def test_a_window_ends(database: str) -> None:
    limit, now = Limit(Occasion.sign_in, "account", 1, timedelta(minutes=15)), datetime.now(UTC)
    await limits.count(limit, EMAIL, now=now)
    with pytest.raises(RateLimited) as refusal:
        await limits.count(limit, EMAIL, now=now)
    assert refusal.value.retry_after == 901
    await limits.count(limit, EMAIL, now=now + timedelta(minutes=15))
    assert (await FailureCount.get()).failures == 1


async def test_a_count_outlives_the_transaction_that_is_rolled_back(database: str) -> None:
    limit, now = Limit(Occasion.sign_in, "account", 5, timedelta(minutes=15)), datetime.now(UTC)

    async def refused_sign_in() -> None:
        async with transaction():
            await limits.count(limit, EMAIL, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await refused_sign_in()
    count = await FailureCount.get()
    assert count.failures == 1
    assert EMAIL not in count.bucket


async def test_ended_counts_are_swept(database: str) -> None:
    limit, now = Limit(Occasion.reset, "account", 5, timedelta(hours=1)), datetime.now(UTC)
    await limits.count(limit, EMAIL, now=now)
    await limits.sweep(now=now)
    assert await FailureCount.all().count() == 1
    await limits.sweep(now=now + timedelta(hours=1))
    assert await FailureCount.all().count() == 0


def test_one_ipv6_subscriber_is_one_address() -> None:
    assert limits.network_of("2001:db8:1:2:aaaa::1") == limits.network_of("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
    assert limits.network_of("192.0.2.7") == "192.0.2.7"
    assert limits.network_of("unknown") == "unknown"


@pytest.mark.parametrize("written", ["::ffff:192.0.2.7", "192.0.2.7:4711", "192.0.2.7"])
def test_an_ipv4_address_is_itself_however_it_is_written(written: str) -> None:
    """Else the whole of IPv4 is one network behind a socket for both, and a port a way round every limit."""
    assert limits.network_of(written) == "192.0.2.7"
    assert limits.network_of(written) != limits.network_of("::ffff:192.0.2.8")


def test_a_port_makes_no_new_ipv6_network() -> None:
    assert limits.network_of("[2001:db8:1:2::9]:4711") == limits.network_of("2001:db8:1:2::1") == "2001:db8:1:2::"


async def test_reset_answers_alike_and_mails_only_the_known(browser: httpx.AsyncClient, amina: Person) -> None:
    known = await browser.post("/reset", data={"email": EMAIL})
    unknown = await browser.post("/reset", data={"email": "amino@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text.replace("amino@", "amina@")
    assert [mail.template for mail in await mails_to(EMAIL)] == ["accounts/reset"]
    assert await mails_to("amino@example.org") == []
    answers = [
        await browser.post("/api/v1/people/password-resets", json={"email": email})
        for email in (EMAIL, "amino@example.org")
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content


async def test_a_reset_link_sets_the_password_once_and_signs_out_everywhere(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.post("/reset", data={"email": EMAIL})
        path = await link_to(EMAIL, "reset")
        assert (await client.get(path)).status_code == 200
        weak = await client.post(path, data={"password": "Password1234"})
        assert weak.status_code == 422
        assert "first that a guesser tries" in weak.text
        done = await client.post(path, data={"password": "seven green tram lines"})
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
        assert await SignInSession.all().count() == 0
        again = await client.post(path, data={"password": "eight green tram lines"})
        assert again.status_code == 410
        assert 'href="/reset"' in again.text
        assert (await client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})).status_code == 401
        signed = await client.post("/sign-in", data={"email": EMAIL, "password": "seven green tram lines"})
        assert signed.status_code == 303
    assert [mail.template for mail in await mails_to(EMAIL)] == ["accounts/reset", "accounts/password_changed"]


async def test_a_reset_link_expires_after_an_hour(browser: httpx.AsyncClient, amina: Person) -> None:
    await browser.post("/reset", data={"email": EMAIL})
    path = await link_to(EMAIL, "reset")

    link = await SingleUseLink.get()
    assert timedelta(minutes=59) < link.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    await SingleUseLink.all().update(expires_at=datetime.now(UTC))
    secret = path.rsplit("/", 1)[-1]
    answer = await browser.post(
        "/api/v1/people/passwords", json={"token": secret, "password": "seven green tram lines"}
    )
    assert (answer.status_code, answer.json()["code"]) == (410, "link_gone")


async def test_a_link_is_good_for_its_own_purpose_only(browser: httpx.AsyncClient, amina: Person) -> None:
    await browser.post("/reset", data={"email": EMAIL})
    secret = (await link_to(EMAIL, "reset")).rsplit("/", 1)[-1]
    assert (await browser.post(f"/confirm/{secret}")).status_code == 410


async def test_of_two_uses_at_once_one_sets_the_password(browser: httpx.AsyncClient, amina: Person) -> None:
    await browser.post("/reset", data={"email": EMAIL})
    secret = (await link_to(EMAIL, "reset")).rsplit("/", 1)[-1]
    bodies = [{"token": secret, "password": f"{word} green tram lines"} for word in ("seven", "eight", "nine")]
    answers = await asyncio.gather(*(browser.post("/api/v1/people/passwords", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410]


async def test_resets_are_limited_per_address(app: Starlette, settings: Settings) -> None:
    async with accounts.signed_in(app, None) as client:
        codes = [(await client.post("/reset", data={"email": EMAIL})).status_code for _n in range(3)]
    assert codes == [200, 200, 200]
    settings.reset_requests_per_address = 3
    async with accounts.signed_in(app, None) as client:
        body = {"email": "other@example.org"}
        assert (await client.post("/api/v1/people/password-resets", json=body)).status_code == 429


async def test_an_unknown_session_cookie_is_nobody(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("confero", uuid4().hex)
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_an_expired_session_is_nobody(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as client:
        await SignInSession.all().update(expires_at=datetime.now(UTC))
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_lists_and_ends_sessions(app: Starlette, amina: Person) -> None:
    async with accounts.signed_in(app, amina) as here, accounts.signed_in(app, amina) as there:
        listed = (await here.get("/api/v1/me/sessions")).json()["items"]
        assert sorted(session["is_current"] for session in listed) == [False, True]
        other = next(session["id"] for session in listed if not session["is_current"])
        assert "This browser" in (await here.get("/me/sessions")).text
        assert (await here.delete(f"/api/v1/me/sessions/{other}")).status_code == 204
        assert (await there.get("/api/v1/me")).status_code == 401
        assert (await here.get("/api/v1/me")).status_code == 200
    async with accounts.signed_in(app, amina) as here, accounts.signed_in(app, amina) as there:
        assert (await here.post("/me/sessions/end-others")).status_code == 303
        assert (await there.get("/api/v1/me")).status_code == 401
        assert (await here.get("/api/v1/me")).status_code == 200


async def test_a_stronger_hash_of_the_old_password_never_replaces_a_new_password(database: str, amina: Person) -> None:
    """Somebody signs in with the old password while a new one is set, which holds the person and commits first."""
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await Person.filter(id=amina.id).update(password_hash=weak)
    new, outside, now = await passwords.hash_password("seven green tram lines"), contextvars.copy_context(), _now()
    async with transaction(), own_connection() as looking:
        await Person.filter(id=amina.id).update(password_hash=new)
        signing_in = asyncio.create_task(
            sign_in.authenticate(EMAIL, PASSWORD, attempt=sign_in.Attempt("192.0.2.1"), now=now), context=outside
        )
        while not await looking.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            assert not signing_in.done()
    await signing_in
    assert (await Person.get(id=amina.id)).password_hash == new


async def test_the_hash_of_a_password_that_stays_is_made_stronger(database: str, amina: Person) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await Person.filter(id=amina.id).update(password_hash=weak)
    await sign_in.authenticate(EMAIL, PASSWORD, attempt=sign_in.Attempt("192.0.2.1"), now=_now())
    stored = (await Person.get(id=amina.id)).password_hash
    assert stored is not None
    assert not passwords.is_outdated(stored)


def _now() -> datetime:
    return datetime.now(UTC)
