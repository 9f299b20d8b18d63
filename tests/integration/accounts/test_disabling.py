"""An operator disables and enables an account and ends what is signed in; nothing of the person's is lost."""

import asyncio
import os
import sys
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from accounts import credentials, disabling, links, passwords, sign_in
from accounts.models import AuditEntry, LinkPurpose, Person, RoleGrant, SignInEvent
from certification.certificates.models import Certificate
from core.settings import Settings
from events.registration import feeds, registrations
from events.registration.models import Registration, RegistrationStatus
from tests.factories import accounts, events, issued
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import mails_to
from tests.postgres import ROOT

EMAIL = "amina@example.org"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    person = await accounts.person(EMAIL)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def run(settings: Settings, *arguments: str) -> tuple[int | None, str]:
    """Exit code and output of `confero people …` in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.cli",
        "people",
        *arguments,
        cwd=ROOT,
        env={**os.environ, "CONFERO_DATABASE_URL": settings.database_url or "", "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    output, _nothing = await process.communicate()
    return process.returncode, output.decode()


async def test_a_disabled_account_opens_nothing_at_once(app: Starlette, settings: Settings, amina: Person) -> None:
    now = datetime.now(UTC)
    async with (
        accounts.signed_in(app, amina) as browser,
        accounts.with_token(app, amina) as program,
        accounts.signed_in(app, None) as stranger,
    ):
        calendar = (await feeds.renew(amina, now=now)).removeprefix("http://testserver")
        reset = await links.create(amina, LinkPurpose.reset_password, email=EMAIL, now=now)
        keep = await links.create(amina, LinkPurpose.keep_email, email=EMAIL, now=now)
        code, output = await run(settings, "disable", "Amina@Example.org")
        assert (code, "amina@example.org is disabled" in output) == (0, True)
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await program.get("/api/v1/me")).json()["code"] == "invalid_token"
        assert (await stranger.get(calendar)).status_code == 404
        for path in (f"/reset/{reset}", f"/keep-address/{keep}"):
            assert (await stranger.get(path)).status_code == 410
        right = {"email": EMAIL, "password": PASSWORD}
        page = await stranger.post("/sign-in", data=right)
        assert page.status_code == 403
        assert "This account is disabled. Write to the organization" in page.text
        call = await stranger.post("/api/v1/tokens", json={**right, "name": "x"})
        assert (call.status_code, call.json()["code"]) == (403, "account_disabled")
        wrong = await stranger.post("/sign-in", data={**right, "password": "wrong"})
        assert (wrong.status_code, "disabled" in wrong.text) == (401, False)
    assert [mail.template for mail in await mails_to(EMAIL)][-1] == "accounts/disabled"
    outcomes = [event.outcome.value for event in await SignInEvent.all().order_by("at", "id")]
    assert outcomes == ["disabled", "disabled", "wrong_password"]
    assert await AuditEntry.filter(action="person.disabled", object_id=amina.id, actor_id=None).count() == 1


async def test_asking_for_a_reset_tells_what_to_do_and_sends_no_link(browser: httpx.AsyncClient, amina: Person) -> None:
    await disabling.disable(amina, now=datetime.now(UTC))
    answer = await browser.post("/reset", data={"email": EMAIL})
    unknown = await browser.post("/reset", data={"email": "nobody@example.org"})
    assert answer.text.replace(EMAIL, "") == unknown.text.replace("nobody@example.org", "")
    mails = await mails_to(EMAIL)
    assert [mail.template for mail in mails] == ["accounts/disabled"] * 2
    assert "Your certificates and registrations stay as they are." in mails[-1].text
    assert "/reset/" not in mails[-1].text


async def test_what_is_the_persons_stays(app: Starlette, settings: Settings, amina: Person) -> None:
    organization = await accounts.organization()
    await accounts.member(organization, of=amina)
    certificate = await issued.certificate(holder=amina)
    registration = await registrations.register(await events.published_event(), by=amina, now=datetime.now(UTC))
    await disabling.disable(amina, now=datetime.now(UTC))
    async with accounts.signed_in(app, None) as anybody:
        assert "is valid" in (await anybody.get(f"/verify/{certificate.number}")).text
    assert (await Registration.get(id=registration.id)).status is RegistrationStatus.confirmed
    assert await Certificate.filter(person_id=amina.id).count() == 1
    assert await RoleGrant.filter(person_id=amina.id).count() == 1


async def test_an_enabled_account_signs_in_again(
    app: Starlette, browser: httpx.AsyncClient, settings: Settings, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as before:
        await disabling.disable(amina, now=datetime.now(UTC))
        code, output = await run(settings, "enable", EMAIL)
        assert (code, "can sign in again" in output) == (0, True)
        assert (await before.get("/api/v1/me")).status_code == 401
    assert (await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})).status_code == 303
    assert (await browser.get("/api/v1/me")).json()["email"] == EMAIL
    assert "accounts/enabled" in [mail.template for mail in await mails_to(EMAIL)]


async def test_signing_out_ends_all_and_leaves_the_password(
    app: Starlette, browser: httpx.AsyncClient, settings: Settings, amina: Person
) -> None:
    async with accounts.signed_in(app, amina) as there, accounts.with_token(app, amina) as program:
        code, output = await run(settings, "sign-out", EMAIL)
        assert (code, "is ended" in output) == (0, True)
        for client in (there, program):
            assert (await client.get("/api/v1/me")).status_code == 401
    assert (await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})).status_code == 303
    assert "accounts/signed_out" in [mail.template for mail in await mails_to(EMAIL)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("disable", "nobody@example.org"), "No account has the address nobody@example.org."),
        (("disable", "nobody"), "Write an e-mail address"),
        (("enable", EMAIL), "The account is not disabled."),
    ],
)
async def test_the_command_says_what_is_wrong(
    settings: Settings, amina: Person, arguments: tuple[str, str], said: str
) -> None:
    code, output = await run(settings, *arguments)
    assert (code, said in output) == (1, True), output


async def test_disabling_twice_is_said_and_mailed_once(database: str, amina: Person) -> None:
    now = datetime.now(UTC)
    outcomes = await asyncio.gather(*(disabling.disable(amina, now=now) for _n in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["AlreadySo", "AlreadySo", "NoneType"]
    assert len(await mails_to(EMAIL)) == 1


async def test_who_typed_the_password_before_the_account_was_disabled_is_not_let_in(
    database: str, amina: Person
) -> None:
    now = datetime.now(UTC)
    person = await sign_in.authenticate(EMAIL, PASSWORD, attempt=sign_in.Attempt("192.0.2.1"), now=now)
    await disabling.disable(amina, now=now)
    with pytest.raises(credentials.CredentialsEnded):
        await sign_in.start_session(person, user_agent="late", address="192.0.2.1", now=now)
