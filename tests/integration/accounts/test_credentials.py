"""Credentials outlive nothing: who holds the mailbox or the password has the account alone."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts import addresses, credentials, links, passwords, people, sign_in
from accounts.models import ApiToken, AuditEntry, LinkPurpose, Person, SignInSession, SingleUseLink
from certification import erasure
from core.database import own_connection, transaction
from events.registration import feeds
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to
from tests.patience import PATIENCE

EMAIL = "amina@example.org"
NEW_PASSWORD = "seven green tram lines"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    return await with_password(await accounts.person(EMAIL))


async def with_password(person: Person) -> Person:
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


@dataclass(frozen=True, slots=True)
class Held:
    """One credential of every kind, and the clients that use them."""

    browser: httpx.AsyncClient
    program: httpx.AsyncClient
    calendar: str
    change: str
    reset: str

    async def opens(self) -> dict[str, bool]:
        """Which of them still open anything."""
        now = datetime.now(UTC)
        return {
            "session": (await self.browser.get("/api/v1/me")).status_code == 200,
            "page": (await self.browser.get("/me/profile")).status_code == 200,
            "token": (await self.program.get("/api/v1/me")).status_code == 200,
            "calendar": (await self.browser.get(self.calendar)).status_code == 200,
            "change": await _is_open(self.change, LinkPurpose.confirm_email, now),
            "reset": await _is_open(self.reset, LinkPurpose.reset_password, now),
        }


ALL = dict.fromkeys(["session", "page", "token", "calendar", "change", "reset"], True)
NONE = dict.fromkeys(ALL, False)


async def _is_open(secret: str, purpose: LinkPurpose, now: datetime) -> bool:
    try:
        await links.find(secret, purpose, now=now)
    except links.LinkGone:
        return False
    return True


@asynccontextmanager
async def credentials_of(app: Starlette, person: Person) -> AsyncIterator[Held]:
    now = datetime.now(UTC)
    async with accounts.signed_in(app, person) as browser, accounts.with_token(app, person) as program:
        assert person.email is not None
        held = Held(
            browser=browser,
            program=program,
            calendar=(await feeds.renew(person, now=now)).removeprefix("http://testserver"),
            change=await links.create(person, LinkPurpose.confirm_email, email="eve@example.net", now=now),
            reset=await links.create(person, LinkPurpose.reset_password, email=person.email, now=now),
        )
        assert await held.opens() == ALL
        yield held


async def test_a_reset_ends_every_credential(app: Starlette, browser: httpx.AsyncClient, amina: Person) -> None:
    async with credentials_of(app, amina) as held:
        await browser.post("/reset", data={"email": EMAIL})
        answer = await browser.post(await link_to(EMAIL, "reset"), data={"password": NEW_PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert await held.opens() == NONE
    entry = await AuditEntry.get(action="credentials.ended")
    assert (entry.object_id, entry.after) == (amina.id, {"sessions": 1, "tokens": 1, "links": 1})


async def test_a_change_of_password_leaves_the_session_that_did_it(app: Starlette, amina: Person) -> None:
    async with credentials_of(app, amina) as held, accounts.signed_in(app, amina) as here:
        form = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        assert (await here.post("/me/profile/password", data=form)).status_code == 303
        assert await held.opens() == NONE
        assert (await here.get("/api/v1/me")).status_code == 200


async def test_a_program_that_changes_the_password_ends_its_own_token(app: Starlette, amina: Person) -> None:
    async with credentials_of(app, amina) as held:
        body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        assert (await held.program.post("/api/v1/me/password", json=body)).status_code == 200
        assert await held.opens() == NONE


async def sign_up(client: httpx.AsyncClient) -> Person:
    await client.post("/api/v1/people", json={"email": EMAIL, "password": PASSWORD, "name": "Amina"})
    return await Person.get(email=EMAIL)


async def test_who_signed_up_with_anothers_address_loses_all_when_its_owner_confirms(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    eve = await sign_up(browser)
    path = await link_to(EMAIL, "confirm")
    async with accounts.signed_in(app, eve) as session, accounts.with_token(app, eve) as program:
        async with accounts.signed_in(app, None) as owner:
            page = await owner.get(path)
            assert "an account was made with amina@example.org. Was it you?" in page.text
            assert "It was you?" in page.text
            alone = await owner.post(path)
            assert alone.status_code == 422
            assert not (await Person.get(email=EMAIL)).is_confirmed
            done = await owner.post(path, data={"password": NEW_PASSWORD})
            assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
            old = await owner.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
            assert old.status_code == 401
            new = await owner.post("/sign-in", data={"email": EMAIL, "password": NEW_PASSWORD})
            assert new.status_code == 303
            assert (await owner.get("/api/v1/me")).json()["is_confirmed"] is True
        assert (await session.get("/api/v1/me")).status_code == 401
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_who_signed_up_loses_all_when_another_account_confirms(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    eve = await sign_up(browser)
    brian = await accounts.person("brian@example.org")
    async with accounts.signed_in(app, eve) as session, accounts.signed_in(app, brian) as owner:
        path = await link_to(EMAIL, "confirm")
        page = await owner.get(path)
        assert "You are signed in to another account, brian@example.org." in page.text
        assert (await owner.post(path, data={"password": NEW_PASSWORD})).status_code == 303
        assert (await session.get("/api/v1/me")).status_code == 401
        assert (await owner.get("/api/v1/me")).json()["email"] == "brian@example.org"


async def test_who_is_signed_in_to_the_account_confirms_and_keeps_everything(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    person = await sign_up(browser)
    path = await link_to(EMAIL, "confirm")
    async with accounts.signed_in(app, person) as here, accounts.signed_in(app, person) as there:
        assert "You confirm that amina@example.org is yours." in (await here.get(path)).text
        answer = await here.post(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        assert (await there.get("/api/v1/me")).json()["is_confirmed"] is True


async def test_another_browser_types_the_password(browser: httpx.AsyncClient) -> None:
    await sign_up(browser)
    path = await link_to(EMAIL, "confirm")
    assert (await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})).status_code == 401
    assert (await browser.post(path, data={"current_password": PASSWORD})).headers["location"] == "/me"
    assert (await browser.get("/api/v1/me")).json()["is_confirmed"] is True


async def test_another_account_signs_out_on_the_way(app: Starlette, browser: httpx.AsyncClient) -> None:
    await sign_up(browser)
    path = await link_to(EMAIL, "confirm")
    async with accounts.signed_in(app, await accounts.person()) as client:
        sign_in_path = f"/sign-in?next={path.replace('/', '%2F')}"
        out = await client.post("/sign-out", data={"next": sign_in_path})
        assert (out.status_code, out.headers["location"]) == (303, sign_in_path)
        assert (await client.get("/api/v1/me")).status_code == 401
        assert (await client.post("/sign-out", data={"next": "//evil.example"})).headers["location"] == "/"


async def test_a_program_confirms_with_the_password_and_keeps_everything(app: Starlette) -> None:
    async with accounts.signed_in(app, None) as client:
        person = await sign_up(client)
        secret = (await link_to(EMAIL, "confirm")).rsplit("/", 1)[-1]
        async with accounts.with_token(app, person) as program:
            wrong = await client.post(
                "/api/v1/people/confirmations", json={"token": secret, "current_password": "wrong"}
            )
            assert [one["field"] for one in wrong.json()["errors"]] == ["current_password"]
            done = await client.post(
                "/api/v1/people/confirmations", json={"token": secret, "current_password": PASSWORD}
            )
            assert done.status_code == 200
            assert (await program.get("/api/v1/me")).json()["is_confirmed"] is True


@pytest.mark.parametrize(("given", "opens"), [({}, None), ({"new_password": NEW_PASSWORD}, NEW_PASSWORD)])
async def test_a_program_without_the_password_takes_the_account_over(
    app: Starlette, given: dict[str, str], opens: str | None
) -> None:
    async with accounts.signed_in(app, None) as client:
        eve = await sign_up(client)
        secret = (await link_to(EMAIL, "confirm")).rsplit("/", 1)[-1]
        async with accounts.with_token(app, eve) as program:
            done = await client.post("/api/v1/people/confirmations", json={"token": secret, **given})
            assert done.status_code == 200
            assert (await program.get("/api/v1/me")).status_code == 401
    person = await Person.get(email=EMAIL)
    assert person.is_confirmed
    assert not await passwords.is_right(PASSWORD, person.password_hash)
    assert (person.password_hash is None) == (opens is None)
    assert opens is None or await passwords.is_right(opens, person.password_hash)


async def test_an_account_that_was_not_asked_for_is_erased_by_its_link(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    eve = await sign_up(browser)
    path = await link_to(EMAIL, "confirm")
    async with accounts.signed_in(app, eve) as session:
        answer = await browser.post(f"{path}/decline")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await session.get("/api/v1/me")).status_code == 401
    await eve.refresh_from_db()
    assert (eve.email, eve.erased_at is not None) == (None, True)
    assert (await browser.post(f"{path}/decline")).status_code == 410


async def test_nobody_else_confirms_a_changed_address(
    app: Starlette, browser: httpx.AsyncClient, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.post("/me/profile/email", data={"email": "eve@example.net", "password": PASSWORD})
    path = await link_to("eve@example.net", "confirm")
    secret = path.rsplit("/", 1)[-1]
    async with accounts.signed_in(app, await accounts.person()) as other:
        for client in (browser, other):
            page = await client.get(path)
            assert "Somebody wants to use eve@example.net for their account." in page.text
            refused = await client.post(path, data={"password": NEW_PASSWORD})
            assert refused.status_code == 403
            call = await client.post(
                "/api/v1/people/confirmations", json={"token": secret, "new_password": NEW_PASSWORD}
            )
            assert (call.status_code, call.json()["code"]) == (403, "sign_in_to_confirm")
    await amina.refresh_from_db()
    assert amina.email == EMAIL
    assert await passwords.is_right(PASSWORD, amina.password_hash)


async def test_whoever_gets_a_mail_about_anothers_change_stops_it(browser: httpx.AsyncClient, amina: Person) -> None:
    await people.request_email(
        amina, "not-mine@example.net", password=PASSWORD, address="192.0.2.1", now=datetime.now(UTC)
    )
    path = await link_to("not-mine@example.net", "confirm")
    secret = path.rsplit("/", 1)[-1]
    answer = await browser.post("/api/v1/people/declined-confirmations", json={"token": secret})
    assert answer.json() == {"status": "ok", "message": "The change is stopped."}
    assert (await browser.get(path)).status_code == 410
    await amina.refresh_from_db()
    assert (amina.email, amina.erased_at) == (EMAIL, None)


async def test_confirming_a_change_ends_links_to_reset_that_lie_in_the_old_mailbox(
    app: Starlette, amina: Person
) -> None:
    async with credentials_of(app, amina) as held:
        assert (await held.browser.post(f"/confirm/{held.change}")).status_code == 303
        assert await held.opens() == {**ALL, "change": False, "reset": False}


@pytest.mark.parametrize("is_confirmed_first", [False, True])
async def test_the_old_address_is_told_of_a_change_and_keeps_the_account(
    app: Starlette, browser: httpx.AsyncClient, amina: Person, is_confirmed_first: bool
) -> None:
    async with accounts.signed_in(app, amina) as eve:
        await eve.post("/me/profile/email", data={"email": "eve@example.net", "password": PASSWORD})
        assert [mail.template for mail in await mails_to(EMAIL)] == ["accounts/email_change_asked"]
        path = await link_to(EMAIL, "keep-address")
        change = await link_to("eve@example.net", "confirm")
        if is_confirmed_first:
            assert (await eve.post(change)).status_code == 303
            assert (await Person.get(id=amina.id)).email == "eve@example.net"
        page = await browser.get(path)
        assert ("brings amina@example.org back" in page.text) is is_confirmed_first
        answer = await browser.post(path)
        assert (answer.status_code, answer.headers["location"][:7]) == (303, "/reset/")
        assert (await eve.get("/api/v1/me")).status_code == 401
        assert (await eve.post(change)).status_code == 410
        again = await eve.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert again.status_code == 401
    assert (await browser.post(path)).status_code == 410
    assert (await browser.post(answer.headers["location"], data={"password": NEW_PASSWORD})).status_code == 303
    await amina.refresh_from_db()
    assert (amina.email, amina.is_confirmed) == (EMAIL, True)
    assert await passwords.is_right(NEW_PASSWORD, amina.password_hash)
    action = "person.email_restored" if is_confirmed_first else "person.email_kept"
    assert await AuditEntry.filter(action=action, object_id=amina.id).count() == 1


async def test_a_chain_of_changes_and_a_new_password_do_not_end_the_first_owners_link(
    app: Starlette, browser: httpx.AsyncClient, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as eve:
        await eve.post("/me/profile/email", data={"email": "one@example.net", "password": PASSWORD})
        await eve.post(await link_to("one@example.net", "confirm"))
        form = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        await eve.post("/me/profile/password", data=form)
        await eve.post("/me/profile/email", data={"email": "two@example.net", "password": NEW_PASSWORD})
        await eve.post(await link_to("two@example.net", "confirm"))
    secret = (await link_to(EMAIL, "keep-address")).rsplit("/", 1)[-1]
    evil = await link_to("one@example.net", "keep-address")
    answer = await browser.post("/api/v1/people/kept-addresses", json={"token": secret})
    assert answer.status_code == 200
    assert (await browser.post(evil)).status_code == 410
    reset = await browser.post(
        "/api/v1/people/passwords", json={"token": answer.json()["token"], "password": "six red bus stops again"}
    )
    assert reset.status_code == 200
    await amina.refresh_from_db()
    assert amina.email == EMAIL


async def test_whoever_took_it_over_does_not_end_the_first_owners_link_by_their_own(
    app: Starlette, browser: httpx.AsyncClient, amina: Person
) -> None:
    """Every address that they go through gets such a link, and theirs is theirs to use first."""
    async with accounts.signed_in(app, amina) as eve:
        await eve.post("/me/profile/email", data={"email": "one@example.net", "password": PASSWORD})
        await eve.post(await link_to("one@example.net", "confirm"))
        await eve.post("/me/profile/email", data={"email": "two@example.net", "password": PASSWORD})
    owners = await link_to(EMAIL, "keep-address")
    async with accounts.signed_in(app, None) as eve:
        assert (await eve.post(await link_to("one@example.net", "keep-address"))).status_code == 303
    assert (await browser.post(owners)).status_code == 303
    await amina.refresh_from_db()
    assert (amina.email, amina.password_hash) == (EMAIL, None)


@pytest.mark.parametrize(("scopes", "status"), [(["read", "certify"], 403), (["account"], 200)])
async def test_a_token_confirms_a_changed_address_only_where_it_may_change_the_account(
    app: Starlette, amina: Person, scopes: list[str], status: int
) -> None:
    async with accounts.signed_in(app, amina) as client:
        await client.post("/me/profile/email", data={"email": "new@example.net", "password": PASSWORD})
    secret = (await link_to("new@example.net", "confirm")).rsplit("/", 1)[-1]
    async with accounts.with_token(app, await Person.get(id=amina.id), scopes) as program:
        answer = await program.post("/api/v1/people/confirmations", json={"token": secret})
        assert answer.status_code == status


async def test_an_account_that_squats_on_the_old_address_gives_way_unless_it_is_confirmed(
    app: Starlette, browser: httpx.AsyncClient, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as eve:
        await eve.post("/me/profile/email", data={"email": "eve@example.net", "password": PASSWORD})
        await eve.post(await link_to("eve@example.net", "confirm"))
    path = await link_to(EMAIL, "keep-address")
    squatter = await sign_up(browser)
    await Person.filter(id=squatter.id).update(email_confirmed_at=datetime.now(UTC))
    refused = await browser.post(path)
    assert (refused.status_code, (await Person.get(id=squatter.id)).email) == (409, EMAIL)
    await Person.filter(id=squatter.id).update(email_confirmed_at=None)
    assert (await browser.post(path)).status_code == 303
    assert (await Person.get(id=amina.id)).email == EMAIL
    assert (await Person.get(id=squatter.id)).erased_at is not None


async def test_a_second_click_on_keeping_the_address_leads_to_a_new_password(
    browser: httpx.AsyncClient, amina: Person
) -> None:
    """The first one took the password away, so that nobody can sign in to get another link."""
    secret = await links.create(amina, LinkPurpose.keep_email, email=EMAIL, now=datetime.now(UTC))
    assert (await browser.post(f"/keep-address/{secret}")).status_code == 303
    again = await browser.post(f"/keep-address/{secret}")
    assert again.status_code == 410
    assert 'href="/reset"' in again.text


async def test_who_confirms_the_old_address_while_it_is_kept_stays(database: str, amina: Person) -> None:
    """They hold their account when whoever keeps the address looks for it, and commit first."""
    now, outside = datetime.now(UTC), contextvars.copy_context()
    kept = await links.create(amina, LinkPurpose.keep_email, email=EMAIL, now=now)
    await Person.filter(id=amina.id).update(email="eve@example.net")
    other = await accounts.person(EMAIL, confirmed=False)
    async with transaction():
        await Person.filter(id=other.id).update(email_confirmed_at=now)
        keeping = asyncio.create_task(erasure.keep_address(kept, now=now), context=outside)
        await _somebody_waits_for_a_lock()
    with pytest.raises(addresses.EmailTaken):
        await keeping
    await other.refresh_from_db()
    assert (other.email, other.erased_at) == (EMAIL, None)


async def test_two_clicks_at_once_use_a_link_once(database: str, amina: Person) -> None:
    now = datetime.now(UTC)
    secret = await links.create(amina, LinkPurpose.reset_password, email=EMAIL, now=now)
    outcomes = await asyncio.gather(
        *(sign_in.reset_password(secret, f"{NEW_PASSWORD} {n}", now=now) for n in range(4)), return_exceptions=True
    )
    assert [type(one) for one in outcomes if not isinstance(one, Person)] == [links.LinkGone] * 3
    await amina.refresh_from_db()
    assert amina.credential_epoch == 1


async def test_two_clicks_at_once_take_an_account_over_once(database: str) -> None:
    now = datetime.now(UTC)
    eve = await with_password(await accounts.person(EMAIL, confirmed=False))
    secret = await links.create(eve, LinkPurpose.confirm_email, email=EMAIL, now=now)
    outcomes = await asyncio.gather(
        *(addresses.confirm(secret, by=None, password=f"{NEW_PASSWORD} {n}", now=now) for n in range(4)),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if not isinstance(one, Person)] == [links.LinkGone] * 3
    await eve.refresh_from_db()
    assert (eve.is_confirmed, eve.credential_epoch) == (True, 1)


async def test_a_change_confirmed_while_its_address_is_kept_leaves_the_account_with_its_owner(
    database: str, amina: Person
) -> None:
    """Whichever comes first, the old address has the account afterwards, and nobody's credentials are left."""
    now = datetime.now(UTC)
    change = await links.create(amina, LinkPurpose.confirm_email, email="eve@example.net", now=now)
    kept = await links.create(amina, LinkPurpose.keep_email, email=EMAIL, now=now)
    outcomes = await asyncio.gather(
        addresses.confirm(change, by=amina, now=now), erasure.keep_address(kept, now=now), return_exceptions=True
    )
    assert isinstance(outcomes[1], tuple)
    assert isinstance(outcomes[0], Person | links.LinkGone)
    await amina.refresh_from_db()
    assert (amina.email, amina.password_hash, amina.credential_epoch) == (EMAIL, None, 1)


Make = Callable[[Person, datetime], Awaitable[object]]


async def _token(person: Person, now: datetime) -> object:
    expires_at = now + timedelta(days=1)
    return await sign_in.create_token(person, name="eve", scopes=["read"], now=now, expires_at=expires_at)


async def _session(person: Person, now: datetime) -> object:
    return await sign_in.start_session(person, user_agent="eve", address="192.0.2.1", now=now)


async def _calendar(person: Person, now: datetime) -> object:
    return await feeds.renew(person, now=now)


async def _change(person: Person, now: datetime) -> object:
    await people.request_email(person, "eve@example.net", password=PASSWORD, address="192.0.2.1", now=now)
    return None


MAKERS: list[Make] = [_token, _session, _calendar, _change]


async def left_of(person: Person) -> int:
    """How many credentials of the person are good for anything."""
    return (
        await ApiToken.filter(person_id=person.id, revoked_at=None).count()
        + await SignInSession.filter(person_id=person.id).count()
        + await SingleUseLink.filter(purpose=LinkPurpose.confirm_email, used_at=None).count()
        + int(await feeds.made_at(person) is not None)
    )


@pytest.mark.parametrize("make", MAKERS)
async def test_what_is_made_while_credentials_end_is_refused(database: str, amina: Person, make: Make) -> None:
    """The ending holds the person when the maker comes, and commits first."""
    now, outside = datetime.now(UTC), contextvars.copy_context()
    async with transaction():
        await credentials.end_all(amina, by=amina, now=now)
        making = asyncio.create_task(_run(make, amina, now), context=outside)
        await _somebody_waits_for_a_lock()
    with pytest.raises(credentials.CredentialsEnded):
        await making
    assert await left_of(amina) == 0


@pytest.mark.parametrize("make", MAKERS)
async def test_what_is_made_before_credentials_end_ends_with_them(database: str, amina: Person, make: Make) -> None:
    """The maker holds the person when the ending comes, and commits first."""
    now, outside = datetime.now(UTC), contextvars.copy_context()
    async with transaction():
        await make(amina, now)
        ending = asyncio.create_task(_run(_end, amina, now), context=outside)
        await _somebody_waits_for_a_lock()
    await ending
    assert await left_of(amina) == 0


async def _run(command: Make, person: Person, now: datetime) -> object:
    return await command(person, now)


async def _somebody_waits_for_a_lock() -> None:
    async with asyncio.timeout(PATIENCE), own_connection() as connection:
        while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            pass


async def _end(person: Person, now: datetime) -> object:
    await credentials.end_all(person, by=person, now=now)
    return None
