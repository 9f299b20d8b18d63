"""Mails that somebody asks for are limited by who asks, from where, and whom they reach."""

import httpx
import pytest
from starlette.applications import Starlette

from accounts import passwords
from accounts.limits import mailbox_of
from accounts.models import Person
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, mails_to

EMAIL = "amina@example.org"


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody who has not confirmed the address, with a password."""
    person = await accounts.person(EMAIL, confirmed=False)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def confirmations(client: httpx.AsyncClient, times: int) -> list[int]:
    """Ask for the confirming link again and again."""
    return [(await client.post("/api/v1/me/confirmation")).status_code for _n in range(times)]


async def changes(client: httpx.AsyncClient, addresses: list[str]) -> list[int]:
    """Ask for one new address after the other."""
    return [
        (await client.post("/api/v1/me/email", json={"email": one, "password": PASSWORD})).status_code
        for one in addresses
    ]


async def test_confirmations_are_limited_per_account(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.mails_per_account, settings.mails_per_recipient = 2, 100
    async with accounts.with_token(app, amina) as client:
        assert await confirmations(client, 4) == [202, 202, 429, 429]
        page = await client.post("/api/v1/me/confirmation")
        assert 0 < int(page.headers["retry-after"]) <= 3601
    assert len([one for one in await mails_to(EMAIL) if one.template == "accounts/confirm"]) == 2


async def test_pages_say_so_too(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.mails_per_account = 1
    async with accounts.signed_in(app, amina) as client:
        assert (await client.post("/me/profile/confirmation")).status_code == 303
        refused = await client.post("/me/profile/confirmation")
        assert refused.status_code == 429
        assert "Too many attempts. Try again in 60 minutes." in refused.text
        form = {"email": "new@example.org", "password": PASSWORD}
        assert (await client.post("/me/profile/email", data=form)).status_code == 429
    assert await mails_to("new@example.org") == []


async def test_changes_of_address_are_limited_per_account(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.mails_per_account = 3
    async with accounts.with_token(app, amina) as client:
        assert await changes(client, [f"stranger{n}@example.net" for n in range(5)]) == [202] * 3 + [429] * 2
    assert await OutgoingMail.filter(to_address__endswith="@example.net").count() == 3


async def test_they_are_limited_per_network(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.mails_per_address = 2
    people = [amina, await accounts.person(confirmed=False), await accounts.person(confirmed=False)]
    statuses = []
    for person in people:
        async with accounts.with_token(app, person) as client:
            statuses += await confirmations(client, 1)
    assert statuses == [202, 202, 429]


async def test_they_are_limited_per_recipient_whoever_asks(app: Starlette, settings: Settings, amina: Person) -> None:
    settings.mails_per_recipient = 3
    statuses = []
    for _n in range(2):
        person = await accounts.person()
        await Person.filter(id=person.id).update(password_hash=amina.password_hash)
        async with accounts.with_token(app, person) as client:
            statuses += await changes(client, ["victim@example.net"] * 2)
    assert statuses == [202, 202, 202, 429]
    async with accounts.signed_in(app, None) as client:
        new = {"email": "victim@example.net", "password": PASSWORD, "name": "V"}
        assert (await client.post("/api/v1/people", json=new)).status_code == 201
    assert len(await mails_to("victim@example.net")) == 3


async def test_a_confirmed_address_costs_nothing(app: Starlette, settings: Settings) -> None:
    settings.mails_per_account = 1
    async with accounts.with_token(app, await accounts.person()) as client:
        assert await confirmations(client, 3) == [202] * 3
    assert await OutgoingMail.filter(template="accounts/confirm").count() == 0


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
async def test_strangers_neither_flood_a_mailbox_with_resets_nor_keep_its_owner_out(
    app: Starlette, amina: Person, email: str
) -> None:
    async with accounts.signed_in(app, None) as client:
        answers = [await client.post("/reset", data={"email": email}) for _n in range(8)]
        assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
        if email == EMAIL:
            assert len(await mails_to(EMAIL)) == 5
            done = await client.post(await link_to(EMAIL, "reset"), data={"password": "seven green tram lines"})
            assert done.status_code == 303
            assert (await Person.get(id=amina.id)).email_confirmed_at is not None


async def test_a_mailbox_is_one_recipient_whatever_its_address_adds(app: Starlette, settings: Settings) -> None:
    settings.mails_per_recipient = 2
    addresses = ["bilal+1@example.net", "bilal+2@example.net", "Bilal+3@example.net", "bilal@example.net"]
    async with accounts.signed_in(app, None) as client:
        for address in addresses:
            body = {"email": address, "password": PASSWORD, "name": "Bilal"}
            assert (await client.post("/api/v1/people", json=body)).status_code == 201
    assert await OutgoingMail.filter(to_address__endswith="@example.net").count() == 2


@pytest.mark.parametrize(
    ("written", "mailbox"),
    [
        ("Bilal+x+y@Example.net", "bilal@example.net"),
        ("b.i.l.a.l+x@googlemail.com", "bilal@gmail.com"),
        ("b.ilal@example.net", "b.ilal@example.net"),
        ("+x@example.net", "+x@example.net"),
    ],
)
def test_whose_mailbox_an_address_is(written: str, mailbox: str) -> None:
    assert mailbox_of(written) == mailbox
