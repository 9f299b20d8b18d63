import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts import passwords, people
from accounts.models import AuditEntry, Person, SignInSession, SingleUseLink
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to

NEW = {"email": "Amina@Example.org", "password": PASSWORD, "name": "Amina Otieno"}


async def test_signs_up_by_the_api_and_mails_a_link(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/v1/people", json=NEW)
    assert answer.status_code == 201
    assert answer.json() == {
        "email": "amina@example.org",
        "message": "We have sent a mail to this address. It says how to go on.",
    }
    person = await Person.get(email="amina@example.org")
    assert (person.display_name, person.certificate_name, person.is_confirmed) == (
        "Amina Otieno",
        "Amina Otieno",
        False,
    )
    assert person.password_hash is not None
    assert person.password_hash.startswith("$argon2id$")
    assert [mail.template for mail in await mails_to("amina@example.org")] == ["accounts/welcome"]


async def test_the_api_answers_alike_for_new_and_known_addresses(browser: httpx.AsyncClient) -> None:
    new = await browser.post("/api/v1/people", json=NEW)
    known = await browser.post("/api/v1/people", json={**NEW, "password": "another fine long password", "name": "Eve"})
    assert (known.status_code, known.content) == (new.status_code, new.content)
    assert set(known.headers) == set(new.headers)
    assert [mail.template for mail in await mails_to("amina@example.org")] == ["accounts/welcome"] * 2
    assert (await Person.get(email="amina@example.org")).display_name == "Amina Otieno"


async def test_the_link_signs_in_where_one_signed_up_and_leads_on_to_the_event(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-up", data={**NEW, "next": "/events/nairobi-2027/register"})
    assert answer.status_code == 200
    assert "We have sent a mail to amina@example.org." in answer.text
    assert (await browser.get("/api/v1/me")).status_code == 401
    path = await link_to("amina@example.org", "confirm")
    assert "You confirm that amina@example.org is yours." in (await browser.get(path)).text
    confirmed = await browser.post(path)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/events/nairobi-2027/register")
    me = (await browser.get("/api/v1/me")).json()
    assert (me["email"], me["is_confirmed"]) == ("amina@example.org", True)
    assert (await SignInSession.get()).proved_at is None, "no password was typed just now"


async def test_in_another_browser_the_link_asks_for_the_password(app: Starlette, browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data={**NEW, "next": "/events/nairobi-2027/register"})
    path = await link_to("amina@example.org", "confirm")
    async with accounts.signed_in(app, None) as phone:
        assert "Password that you chose" in (await phone.get(path)).text
        wrong = await phone.post(path, data={"current_password": "wrong"})
        assert wrong.status_code == 422
        assert "This is not the password of this account." in wrong.text
        right = await phone.post(path, data={"current_password": PASSWORD})
        assert (right.status_code, right.headers["location"]) == (303, "/events/nairobi-2027/register")
        assert (await phone.get("/api/v1/me")).json()["is_confirmed"] is True


async def test_the_browser_of_a_second_sign_up_does_not_vouch_for_the_first(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    """Or whoever signed up first, with a password of theirs, would share the account with the mailbox's owner."""
    async with accounts.signed_in(app, None) as eve:
        await eve.post("/sign-up", data={**NEW, "password": "a password that eve chose"})
    await browser.post("/sign-up", data=NEW)
    path = await link_to("amina@example.org", "confirm")
    assert "You confirm that" not in (await browser.get(path)).text
    assert (await browser.post(path)).status_code == 422
    assert not (await Person.get(email="amina@example.org")).is_confirmed


@pytest.mark.parametrize(
    ("told", "kept"), [("Africa/Lagos", "Africa/Lagos"), ("", "UTC"), ("Mars/Olympus", "UTC"), ("../etc/passwd", "UTC")]
)
async def test_the_page_keeps_the_browsers_time_zone(browser: httpx.AsyncClient, told: str, kept: str) -> None:
    assert (await browser.post("/sign-up", data={**NEW, "time_zone": told})).status_code == 200
    assert (await Person.get(email="amina@example.org")).time_zone == kept


@pytest.mark.parametrize("confirmed", [True, False])
async def test_nobody_sees_from_signing_up_whether_an_address_is_known(app: Starlette, confirmed: bool) -> None:
    known = await accounts.person("amina@example.org", confirmed=confirmed)
    await Person.filter(id=known.id).update(password_hash=await passwords.hash_password("not the one that is typed"))
    seen = []
    for email in ("amina@example.org", "nobody@example.org"):
        async with accounts.signed_in(app, None) as client:
            answers = [
                await client.post("/sign-up", data={**NEW, "email": email, "next": "/me/profile"}),
                await client.get("/me/profile"),
                await client.get("/api/v1/me"),
                await client.post("/sign-in", data={"email": email, "password": PASSWORD, "next": "/me/profile"}),
                await client.post("/api/v1/tokens", json={"email": email, "password": PASSWORD, "name": "x"}),
                await client.post("/sign-up", data={**NEW, "email": email}),
                await client.post("/reset", data={"email": email}),
            ]
            seen.append([(one.status_code, one.text.replace(email, ""), sorted(one.headers)) for one in answers])
            assert [one.status_code for one in answers] == [200, 303, 401, 401, 401, 200, 200]
            assert len(client.cookies["confero-device"]) == 22
    assert seen[0] == seen[1]


async def test_next_never_leaves_the_site(browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data={**NEW, "next": "//evil.example/"})
    answer = await browser.post(await link_to("amina@example.org", "confirm"))
    assert answer.headers["location"] == "/me"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "x" * 310 + "@example.org"}, "email"),
        ({"password": "too short"}, "password"),
        ({"password": "Password1234"}, "password"),
        ({"password": "amina@example.org"}, "password"),
        ({"name": " "}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"admin": True}, "admin"),
    ],
)
async def test_refuses_bad_input_by_field(browser: httpx.AsyncClient, change: dict[str, object], field: str) -> None:
    answer = await browser.post("/api/v1/people", json={**NEW, **change})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert await Person.all().count() == 0


async def test_the_page_keeps_what_was_typed_but_the_password(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-up", data={**NEW, "password": "a2b3c4", "next": "/events"})
    assert answer.status_code == 422
    assert 'value="Amina@Example.org"' in answer.text
    assert "Use at least 12 characters." in answer.text
    assert 'name="next" value="/events"' in answer.text
    assert "a2b3c4" not in answer.text


async def test_sign_ups_are_limited_per_address(app: Starlette, settings: Settings) -> None:
    settings.sign_ups_per_address = 2
    async with accounts.signed_in(app, None) as client:
        codes = [
            (await client.post("/api/v1/people", json={**NEW, "email": f"p{n}@example.org"})).status_code
            for n in range(3)
        ]
    assert codes == [201, 201, 429]


async def test_opening_the_link_changes_nothing_and_the_button_confirms(browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data=NEW)
    path = await link_to("amina@example.org", "confirm")
    for _scan in range(2):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "amina@example.org" in page.text
    assert not (await Person.get(email="amina@example.org")).is_confirmed
    answer = await browser.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert (await Person.get(email="amina@example.org")).is_confirmed


async def test_a_second_click_leads_on_to_what_the_first_one_did(app: Starlette, browser: httpx.AsyncClient) -> None:
    """A browser shows the answer to the second click, and may never have read the first one's, cookie included."""
    await browser.post("/sign-up", data={**NEW, "next": "/events/nairobi-2027/register"})
    path = await link_to("amina@example.org", "confirm")
    await browser.post(path)
    async with accounts.signed_in(app, None) as other:
        for again in (await browser.post(path), await browser.get(path)):
            assert (again.status_code, again.headers["location"]) == (303, "/events/nairobi-2027/register")
        for elsewhere in (await other.post(path), await other.get(path)):
            assert elsewhere.headers["location"] == "/sign-in?next=%2Fevents%2Fnairobi-2027%2Fregister"
            assert (await other.get("/api/v1/me")).status_code == 401
    assert await SignInSession.all().count() == 1
    async with accounts.signed_in(app, await accounts.person()) as somebody_else:
        assert (await somebody_else.get(path)).status_code == 410


@pytest.mark.parametrize("change", [{"email": "other@example.org"}, {"email_confirmed_at": None}])
async def test_a_used_link_whose_address_is_not_the_accounts_says_what_to_do(
    browser: httpx.AsyncClient, change: dict[str, object]
) -> None:
    await browser.post("/sign-up", data=NEW)
    path = await link_to("amina@example.org", "confirm")
    await browser.post(path)
    await Person.all().update(**change)
    for again in (await browser.post(path), await browser.get(path)):
        assert again.status_code == 410
        assert "This link was used already, has expired" in again.text
        assert 'href="/me/profile"' in again.text


async def test_two_clicks_on_signing_up_are_one_sign_up(app: Starlette) -> None:
    """The second one ends the first one's link; its own opens the account in that browser just as well."""
    async with accounts.signed_in(app, None) as browser:
        await browser.get("/sign-up")  # names the browser, as the answers to the two posts come too late for that
        named = dict(browser.cookies)
        for _ in range(2):
            browser.cookies.update(named)
            await browser.post("/sign-up", data={**NEW, "next": "/events/nairobi-2027/register"})
        path = await link_to("amina@example.org", "confirm")
        assert "Password that you chose" not in (await browser.get(path)).text
        answer = await browser.post(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/events/nairobi-2027/register")
        assert (await browser.get("/api/v1/me")).json()["is_confirmed"] is True


async def test_a_second_sign_up_in_a_shared_browser_does_not_vouch_for_the_first(browser: httpx.AsyncClient) -> None:
    """Somebody signed the owner up there before, with a password of theirs."""
    await browser.post("/sign-up", data={**NEW, "password": "a password that eve chose"})
    await browser.post("/sign-up", data=NEW)
    path = await link_to("amina@example.org", "confirm")
    assert "Password that you chose" in (await browser.get(path)).text
    assert (await browser.post(path)).status_code == 422


async def test_the_browser_that_signs_up_first_does_not_vouch_after_another_one_asked(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    async with accounts.signed_in(app, None) as eve:
        await eve.post("/sign-up", data={**NEW, "password": "a password that eve chose"})
        await browser.post("/sign-up", data=NEW)
        await eve.post("/sign-up", data={**NEW, "password": "a password that eve chose"})
        assert (await eve.post(await link_to("amina@example.org", "confirm"))).status_code == 422


async def test_the_api_confirms_by_the_secret(browser: httpx.AsyncClient) -> None:
    await browser.post("/api/v1/people", json=NEW)
    secret = (await link_to("amina@example.org", "confirm")).rsplit("/", 1)[-1]
    assert (await browser.post("/api/v1/people/confirmations", json={"token": secret})).status_code == 200
    again = await browser.post("/api/v1/people/confirmations", json={"token": secret})
    assert (again.status_code, again.json()["code"]) == (410, "link_gone")


async def test_a_confirming_link_expires_after_three_days(browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data=NEW)
    link = await SingleUseLink.get()
    assert timedelta(days=3) - timedelta(minutes=1) < link.expires_at - datetime.now(UTC) <= timedelta(days=3)
    await SingleUseLink.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    answer = await browser.post(await link_to("amina@example.org", "confirm"))
    assert answer.status_code == 410


async def test_a_newer_link_ends_the_older(browser: httpx.AsyncClient) -> None:
    await browser.post("/sign-up", data=NEW)
    first = await link_to("amina@example.org", "confirm")
    await browser.post("/sign-up", data=NEW)
    second = await link_to("amina@example.org", "confirm")
    assert first != second
    assert (await browser.post(first)).status_code == 410
    assert (await browser.post(second, data={"current_password": PASSWORD})).status_code == 303


async def test_signing_up_is_audited_without_personal_data(browser: httpx.AsyncClient) -> None:
    await browser.post("/api/v1/people", json=NEW)
    person = await Person.get(email="amina@example.org")
    entry = await AuditEntry.get()
    assert (entry.action, entry.actor_id, entry.object_id) == ("person.signed_up", person.id, person.id)
    assert (entry.before, entry.after) == (None, None)


async def test_two_sign_ups_at_once_make_one_account(database: str) -> None:
    now = datetime.now(UTC)

    async def once() -> Person | None:
        return await people.sign_up(
            "amina@example.org",
            password=PASSWORD,
            name="Amina",
            locale="en",
            time_zone="UTC",
            address="192.0.2.1",
            now=now,
        )

    made = await asyncio.gather(*(once() for _n in range(4)))
    assert sum(person is not None for person in made) == 1
    assert await Person.all().count() == 1


async def test_no_mail_carries_a_strangers_words_to_an_unconfirmed_address(browser: httpx.AsyncClient) -> None:
    await browser.post("/api/v1/people", json={**NEW, "name": "Win a prize at evil.example"})
    (mail,) = await mails_to("amina@example.org")
    assert "prize" not in mail.to_name + mail.subject + mail.text + mail.html


async def test_a_known_owner_is_told(browser: httpx.AsyncClient) -> None:
    await accounts.person("amina@example.org")
    await browser.post("/sign-up", data=NEW)
    assert [mail.template for mail in await mails_to("amina@example.org")] == ["accounts/already_known"]


@pytest.mark.parametrize("is_known", [True, False])
async def test_nobody_is_sent_more_than_five_mails_an_hour_by_signing_up(app: Starlette, is_known: bool) -> None:
    if is_known:
        await accounts.person("amina@example.org")
    answers = []
    for _n in range(7):
        async with accounts.signed_in(app, None) as client:
            answers.append(await client.post("/sign-up", data=NEW))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(await mails_to("amina@example.org")) == 5


async def test_the_last_link_goes_on_working_when_strangers_ask_for_more(browser: httpx.AsyncClient) -> None:
    for _n in range(7):
        await browser.post("/sign-up", data=NEW)
    path = await link_to("amina@example.org", "confirm")
    assert (await browser.post(path, data={"current_password": PASSWORD})).status_code == 303
