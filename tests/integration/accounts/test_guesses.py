"""Lock-outs are no weapon: wrong passwords from elsewhere never stop somebody in a browser they have used before."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from accounts import guesses, passwords
from accounts.devices import Device
from accounts.models import FailureCount, Person
from core.errors import RateLimited
from core.settings import Settings
from tests.factories import accounts
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import link_to, sit_out_waits, wait_longer

EMAIL = "amina@example.org"
RIGHT, WRONG = {"email": EMAIL, "password": PASSWORD}, {"email": EMAIL, "password": "wrong"}


@pytest.fixture
async def amina(database: str) -> Person:
    """Somebody with a password."""
    person = await accounts.person(EMAIL)
    await Person.filter(id=person.id).update(password_hash=await passwords.hash_password(PASSWORD))
    await person.refresh_from_db()
    return person


async def fail(app: Starlette, times: int) -> list[int]:
    """Guess as a stranger; returns the statuses."""
    async with accounts.signed_in(app, None) as stranger:
        return [(await stranger.post("/sign-in", data=WRONG)).status_code for _n in range(times)]


async def test_ten_wrong_passwords_from_anywhere_do_not_stop_a_browser_that_was_here(
    app: Starlette, browser: httpx.AsyncClient, amina: Person
) -> None:
    first = await browser.post("/sign-in", data=RIGHT)
    cookie = next(line for line in first.headers.get_list("set-cookie") if line.startswith("confero-device="))
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    await browser.post("/sign-out")
    assert await fail(app, 10) == [401] * 10
    await wait_longer()
    assert await fail(app, 1) == [429]
    again = await browser.post("/sign-in", data=RIGHT)
    assert (again.status_code, again.headers["location"]) == (303, "/me")
    await wait_longer()
    assert await fail(app, 1) == [429], "what strangers failed at stays counted"


async def test_a_network_that_was_slowed_down_does_not_stop_a_browser_that_was_here(
    app: Starlette, settings: Settings, browser: httpx.AsyncClient, amina: Person
) -> None:
    settings.sign_in_failures_per_address = 1
    await browser.post("/sign-in", data=RIGHT)
    async with accounts.signed_in(app, None) as stranger:
        await stranger.post("/sign-in", data={"email": "nobody@example.org", "password": "wrong"})
        await wait_longer()
        assert (await stranger.post("/sign-in", data=RIGHT)).status_code == 429
    assert (await browser.post("/sign-in", data=RIGHT)).status_code == 303


async def test_a_known_browser_waits_for_its_own_wrong_passwords_alone(
    app: Starlette, settings: Settings, browser: httpx.AsyncClient, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 2
    await browser.post("/sign-in", data=RIGHT)
    assert [(await browser.post("/sign-in", data=WRONG)).status_code for _n in range(2)] == [401, 401]
    await wait_longer()
    assert (await browser.post("/sign-in", data=RIGHT)).status_code == 429
    async with accounts.signed_in(app, None) as elsewhere:
        assert (await elsewhere.post("/sign-in", data=RIGHT)).status_code == 303


async def test_a_device_cookie_is_good_for_its_person_alone(
    app: Starlette, settings: Settings, browser: httpx.AsyncClient, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 1
    eve = await accounts.person("eve@example.org")
    number = Device.of(None).number
    for cookie in (
        Device(number).remembering(eve).cookie,
        f"{number}.{'0' * 32}",
        Device("A" * 22, Device(number).remembering(amina).marks).cookie,
        "no cookie of ours",
    ):
        await FailureCount.all().delete()
        await fail(app, 1)
        await wait_longer()
        browser.cookies.set("confero-device", cookie)
        assert (await browser.post("/sign-in", data=RIGHT)).status_code == 429


async def test_waits_grow_and_end(database: str, settings: Settings) -> None:
    settings.sign_in_failures_per_account = 2
    now, waits = datetime.now(UTC), []
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
    for _n in range(14):
        await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
        with pytest.raises(RateLimited) as refusal:
            await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
        waits.append(refusal.value.retry_after)
        now += timedelta(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now + timedelta(days=1))
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now + timedelta(days=1))


async def test_a_refused_try_makes_nobody_wait_longer(database: str, settings: Settings) -> None:
    settings.sign_in_failures_per_account = 1
    now = datetime.now(UTC)
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
    for _n in range(5):
        with pytest.raises(RateLimited, match="Try again in 1 second"):
            await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now + timedelta(seconds=1))


async def test_tries_at_once_take_turns(database: str, settings: Settings) -> None:
    settings.sign_in_failures_per_account = 1
    now = datetime.now(UTC)
    await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now)

    async def one_more() -> bool:
        try:
            await guesses.begin(EMAIL, None, device=None, address="192.0.2.1", now=now + timedelta(seconds=1))
        except RateLimited:
            return False
        return True

    assert sum(await asyncio.gather(*(one_more() for _n in range(8)))) == 1


async def test_a_link_by_mail_lets_the_person_in_while_strangers_go_on_guessing(
    app: Starlette, settings: Settings, browser: httpx.AsyncClient, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 1
    await fail(app, 1)
    await wait_longer()
    await browser.post("/reset", data={"email": EMAIL})
    new = {"password": "seven green tram lines"}
    assert (await browser.post(await link_to(EMAIL, "reset"), data=new)).status_code == 303
    assert await fail(app, 1) == [401]
    await wait_longer()
    assert (await browser.post("/sign-in", data={"email": EMAIL, **new})).status_code == 303


async def test_after_the_wait_the_right_password_is_heard(
    app: Starlette, settings: Settings, browser: httpx.AsyncClient, amina: Person
) -> None:
    settings.sign_in_failures_per_account = 1
    await fail(app, 1)
    await sit_out_waits()
    assert (await browser.post("/sign-in", data=RIGHT)).status_code == 303


def test_a_browser_keeps_the_latest_eight_people(settings: Settings) -> None:
    people = [Person() for _n in range(9)]
    device = Device.of(None)
    for person in people:
        device = Device.of(device.remembering(person).cookie)
    assert [device.knows(person) for person in people] == [False] + [True] * 8
    assert Device.of(device.cookie) == device
    assert Device.of("x" * 2000).marks == ()
