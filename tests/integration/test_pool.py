"""The pool: nobody waits for a connection with one in hand, and a locked row leaves everybody else alone."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message
from tortoise.connection import get_connection

from accounts.limits import Limit, Occasion, count
from accounts.models import Organization, Person, SignInSession
from api.app import create_app
from certification.bulk.models import BulkRun
from core import database as core_database
from core.database import Patience, connection, execute, fetchval, transaction
from core.errors import Busy
from core.pool import SecondConnection, Turns
from core.settings import Settings
from events.catalog.models import Event
from events.registration.claiming import Claim, take
from events.registration.models import Registration
from tests.factories import accounts, events
from tests.factories import certification as programs
from tests.factories.accounts import PASSWORD

POOL = 4
HIDDEN = re.compile(r'<input type="hidden" name="([\w.]+)" value="([^"]*)">')
PATIENT = Patience(lock=120, idle_in_transaction=120)
"""So patient that nothing here ends by itself: what answers does so because nothing is in its way."""


@asynccontextmanager
async def _connected(url: str, patience: Patience = PATIENT) -> AsyncIterator[None]:
    """As a web process is connected."""
    await core_database.connect(url, POOL - 2, "confero-test", patience=patience, spare=2)
    try:
        yield
    finally:
        await core_database.disconnect()


@pytest.fixture
async def web(settings: Settings, database_url: str) -> AsyncIterator[str]:
    """The pool of a web process, with all the patience there is."""
    async with _connected(database_url):
        yield database_url


@asynccontextmanager
async def _locked(url: str, event: Event) -> AsyncIterator[None]:
    """The quota of the event, locked by somebody else until the block ends."""
    blocker = await asyncpg.connect(url)
    try:
        async with blocker.transaction():
            await blocker.execute("SELECT 1 FROM quota WHERE event_id = $1 FOR UPDATE", event.id)
            yield
    finally:
        await blocker.close()


async def _attendees(event: Event, number: int) -> list[tuple[Person, UUID]]:
    """People with their registrations."""
    people = [await accounts.person() for _ in range(number)]
    now = datetime.now(UTC)
    rows = [await take(Claim(event.slug, None, person.id, person.display_name, "en", now)) for person in people]
    return [(person, row["id"]) for person, row in zip(people, rows, strict=True) if row is not None]


async def test_who_holds_a_connection_gets_no_second_one(web: str) -> None:
    async with transaction():
        assert await fetchval("SELECT 1") == 1  # the one in hand
    async with connection():
        with pytest.raises(SecondConnection):
            await fetchval("SELECT 1")
        with pytest.raises(SecondConnection):
            await asyncio.create_task(_in_transaction())  # nor does a task that it waits for
    await _in_transaction()


async def _in_transaction() -> None:
    async with transaction():
        await execute("SELECT 1")


async def test_a_task_that_outlives_its_makers_connection_may_have_one(web: str) -> None:
    given_back = asyncio.Event()

    async def later() -> int:
        await given_back.wait()
        return int(await fetchval("SELECT 1"))

    async with connection():
        task = asyncio.create_task(later())
    given_back.set()
    assert await task == 1


async def test_counting_needs_none_of_the_connections_that_are_taken(web: str) -> None:
    limit, now = Limit(Occasion.reset, "address", 1000, timedelta(hours=1)), datetime.now(UTC)
    async with AsyncExitStack() as stack:
        for _ in range(POOL):
            await stack.enter_async_context(_held())
        await asyncio.gather(*(count(limit, "192.0.2.1", now=now) for _ in range(20)))
    assert await fetchval("SELECT failures FROM failure_count") == 20


@asynccontextmanager
async def _held() -> AsyncIterator[None]:
    """A connection in the hands of another task."""
    taken, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with connection():
            taken.set()
            await done.wait()

    task = asyncio.create_task(hold())
    await taken.wait()
    yield
    done.set()
    await task


async def test_twenty_posts_with_a_key_that_are_counted_all_get_an_answer(web: str, settings: Settings) -> None:
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    "/api/v1/people/password-resets",
                    json={"email": f"nobody-{number}@example.org"},
                    headers={"idempotency-key": str(number)},
                )
                for number in range(20)
            )
        )
    assert [answer.status_code for answer in answers] == [202] * 20


async def test_cancellations_that_wait_for_a_row_leave_pages_and_other_changes_alone(
    web: str, settings: Settings
) -> None:
    event, app = await events.published_event(places=100), create_app(settings)
    there = await _attendees(event, 24)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(accounts.signed_in(app, person)) for person, _ in there]
        reader = await stack.enter_async_context(accounts.signed_in(app, None))
        async with _locked(web, event):
            waiting = [
                asyncio.create_task(client.post(f"/me/registrations/{registration}/cancel"))
                for client, (_, registration) in zip(clients, there, strict=True)
            ]
            await _until_blocked(web, 2)
            for path in ("/", "/events", f"/events/{event.slug}", "/certifications", "/verify/AAAA-BBBB-CCCC"):
                assert (await reader.get(path)).status_code in (200, 404)
            someone = await accounts.person()  # a change of another kind
            assert await Person.filter(id=someone.id).count() == 1
            assert not any(task.done() for task in waiting)
        answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {303}
    assert await Registration.filter(event_id=event.id, status="cancelled").count() == 24


async def _until_blocked(url: str, number: int) -> None:
    """Wait until so many sessions wait for a lock."""
    looking = await asyncpg.connect(url)
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        while await looking.fetchval(sql) < number:
            pass
    finally:
        await looking.close()


async def test_a_lock_that_does_not_come_is_a_503_that_says_when_to_try_again(
    settings: Settings, database_url: str
) -> None:
    async with _connected(database_url, Patience(lock=0.1, idle_in_transaction=20)):
        event, app = await events.published_event(places=100), create_app(settings)
        [(person, registration)] = await _attendees(event, 1)
        async with accounts.signed_in(app, person) as client, accounts.with_token(app, person) as program:
            async with _locked(database_url, event):
                page = await client.post(f"/me/registrations/{registration}/cancel")
                answer = await program.delete(f"/api/v1/registrations/{registration}")
            assert (page.status_code, page.headers["retry-after"]) == (503, "2")
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "2")
            again = await program.delete(f"/api/v1/registrations/{registration}")
            assert again.status_code == 204


async def test_a_page_that_was_too_busy_keeps_what_was_typed(settings: Settings, database_url: str) -> None:
    """Its answers are not stored, so that going back would show an empty form."""
    typed = {"name": 'Amina "A." <Otieno>', "email": "amina@example.org", "password": PASSWORD, "next": "/events"}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_connected(database_url, Patience(lock=0.1, idle_in_transaction=20)))
        client = await stack.enter_async_context(accounts.signed_in(create_app(settings), None))
        blocker = await asyncpg.connect(database_url)
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE person IN SHARE MODE")
            page = await client.post("/sign-up", data=typed)
        await blocker.close()
        kept = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
        assert (page.status_code, page.headers["retry-after"]) == (503, "2")
        assert '<form class="inline-form" method="post">' in page.text
        assert kept == {name: value for name, value in typed.items() if name != "password"}
        again = await client.post("/sign-up", data=kept)
        assert again.status_code == 422  # the password alone is asked for again
        assert (await client.post("/sign-up", data={**kept, "password": PASSWORD})).status_code == 200
        assert (await Person.get()).display_name == typed["name"]


async def test_a_page_is_read_without_a_turn_to_note_that_it_was(web: str, settings: Settings) -> None:
    """Changes of two kinds wait for a row and have every turn; a session and a token were last seen a day ago."""
    person, app = await accounts.person(), create_app(settings)
    turns = get_connection("default").turns  # type: ignore[attr-defined]  # a `PooledClient`
    async with accounts.signed_in(app, person) as client, accounts.with_token(app, person) as program:
        await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=1))
        for kind in ("register", "register", "cancel"):
            await turns.take(kind)
        assert (await client.get("/me")).status_code == 200
        assert (await program.get("/api/v1/me")).status_code == 200
        assert (await SignInSession.get()).last_seen_at < datetime.now(UTC) - timedelta(hours=1)
        for kind in ("register", "register", "cancel"):
            turns.give_back(kind)
        assert (await client.get("/me")).status_code == 200
        assert (await SignInSession.get()).last_seen_at > datetime.now(UTC) - timedelta(hours=1)


async def test_a_page_is_read_while_another_one_notes_that_it_was(web: str, settings: Settings) -> None:
    person, app = await accounts.person(), create_app(settings)
    async with accounts.signed_in(app, person) as client:
        await SignInSession.all().update(last_seen_at=datetime.now(UTC) - timedelta(days=1))
        blocker = await asyncpg.connect(web)
        async with blocker.transaction():
            await blocker.execute("SELECT 1 FROM sign_in_session FOR NO KEY UPDATE")
            assert (await client.get("/me")).status_code == 200
        await blocker.close()


async def test_every_connection_has_its_limits(settings: Settings, database_url: str) -> None:
    async with _connected(database_url, core_database.WEB):
        assert await fetchval("SHOW lock_timeout") == "2s"
        assert await fetchval("SHOW idle_in_transaction_session_timeout") == "20s"
        async with core_database.own_connection() as counting:
            assert await counting.fetchval("SHOW lock_timeout") == "2s"


async def test_a_kind_leaves_a_turn_for_the_others_and_waits_in_order() -> None:
    turns, order = Turns(3), []

    async def take(kind: str, name: str) -> None:
        await turns.take(kind)
        order.append(name)

    await take("cancel", "c1")
    await take("cancel", "c2")
    third, fourth = (asyncio.create_task(take("cancel", name)) for name in ("c3", "c4"))
    await asyncio.sleep(0)
    await take("register", "r1")
    assert order == ["c1", "c2", "r1"]
    turns.give_back("cancel")
    await third
    assert not fourth.done()
    turns.give_back("cancel")
    await fourth
    assert order == ["c1", "c2", "r1", "c3", "c4"]


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    turns = Turns(1)
    await turns.take("one")
    gone, next_one = asyncio.create_task(turns.take("one")), asyncio.create_task(turns.take("one"))
    await asyncio.sleep(0)
    turns.give_back("one")  # given to the first, who leaves in the same moment
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert gone.cancelled()
    await next_one


async def test_too_many_that_wait_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.pool.MOST_WAITING", 2)
    turns = Turns(1)
    await turns.take("one")
    waiting = [asyncio.create_task(turns.take("one")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await turns.take("one")
    for task in waiting:
        turns.give_back("one")
        await task


async def test_who_waits_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.pool.LONGEST_WAIT_SECONDS", 0.0)
    turns = Turns(1)
    await turns.take("one")
    with pytest.raises(Busy):
        await turns.take("one")


@pytest.mark.parametrize("kind", ["registrations", "run"])
async def test_downloads_that_nobody_reads_on_hold_no_connection(web: str, settings: Settings, kind: str) -> None:
    """Eight of them on a pool of four; each has got its first lines and waits to be rid of more."""
    event = await events.published_event(places=2000)
    owner = await accounts.member(await event.organization)
    if kind == "registrations":
        await _attendees(event, 600)
        path = f"/organize/events/{event.slug}/registrations.csv"
    else:
        path = await _run_of_600_lines(owner, await event.organization)
    app = create_app(settings)
    async with accounts.signed_in(app, owner) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    stuck = [asyncio.Event() for _ in range(2 * POOL)]
    downloads = [asyncio.create_task(_stop_reading(app, path, cookie, one)) for one in stuck]
    all_stuck = asyncio.create_task(_all(stuck))
    await asyncio.wait([all_stuck, *downloads], return_when=asyncio.FIRST_COMPLETED)
    assert all_stuck.done(), "one of them ended"
    assert await fetchval("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") == 0
    for task in downloads:
        task.cancel()
    await asyncio.gather(*downloads, return_exceptions=True)


async def _all(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


async def _run_of_600_lines(owner: Person, organization: Organization) -> str:
    certification = await programs.certification(organization)
    run = await BulkRun.create(
        organization_id=organization.id,
        certification=certification,
        kind="issue",
        parameters={},
        created_by_id=owner.id,
    )
    await execute(
        """INSERT INTO bulk_line (id, run_id, position, given, state, problem)
           SELECT gen_random_uuid(), $1, n, '{"email": "a@example.org"}', 'ready', '' FROM generate_series(0, 599) n""",
        run.id,
    )
    return f"/organize/certifications/{certification.slug}/runs/{run.id}/report.csv"


async def _stop_reading(app: Starlette, path: str, cookie: str, stuck: asyncio.Event) -> None:
    """Ask for a file, take its head and its first lines, and no more for ever."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), (b"cookie", cookie.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    pieces = 0

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal pieces
        assert message.get("status", 200) == 200
        pieces += bool(message.get("body"))
        if pieces == 2:
            stuck.set()
            await asyncio.Event().wait()

    await app(scope, receive, send)
