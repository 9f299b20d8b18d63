"""PostgreSQL restarts under load: neither web nor worker stops, and nothing that was acknowledged is lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx

from accounts import sign_in
from core import database
from core.migrate import migrate
from core.postgres import EmbeddedPostgres
from core.settings import Environment, Settings, use_settings
from tests.e2e.test_supervisor import Server
from tests.factories import accounts, events
from tests.patience import PATIENCE
from tests.ports import free_port

PEOPLE, CLIENTS, RESTART_AFTER, KEPT_FOR_LATER = 160, 8, 40, 40


class Acknowledged(set[str]):
    """Registrations that were answered with 201.

    `warm` is set once there are enough of them to pull the plug. The last clients wait for `is_back`, so that some come
    before, some meanwhile and some after, however fast the machine is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.warm, self.is_back = asyncio.Event(), asyncio.Event()

    def add(self, registration_id: str) -> None:
        super().add(registration_id)
        if len(self) >= RESTART_AFTER:
            self.warm.set()


async def _seed(url: str) -> tuple[str, list[str]]:
    """An event with a place for everybody, and everybody's token."""
    await database.connect(url, pool_size=4)
    try:
        event = await events.published_event(places=PEOPLE)
        now, tokens = datetime.now(UTC), []
        for _ in range(PEOPLE):
            person = await accounts.person()
            made = await sign_in.create_token(
                person, name="load", scopes=["register"], now=now, expires_at=now + timedelta(days=1)
            )
            tokens.append(made[1])
        return event.slug, tokens
    finally:
        await database.disconnect()


async def _register(client: httpx.AsyncClient, slug: str, token: str, acknowledged: Acknowledged) -> None:
    """Ask until it is answered: a place, or that there is one already (its answer was lost on the way)."""
    while True:
        try:
            answer = await client.post(
                f"/api/v1/events/{slug}/registrations", json={}, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.TransportError:
            continue
        assert answer.status_code in (201, 409, 503), answer.text
        if answer.status_code == 201:
            acknowledged.add(answer.json()["id"])
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "2"
        if answer.status_code != 503:
            return


async def _load(port: int, slug: str, tokens: list[str], acknowledged: Acknowledged) -> None:
    queue = list(tokens)

    async def client_loop() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            while queue:
                if len(queue) <= KEPT_FOR_LATER:
                    await acknowledged.is_back.wait()
                if queue:
                    await _register(client, slug, queue.pop(), acknowledged)

    await asyncio.gather(*(client_loop() for _ in range(CLIENTS)))


async def _until_sent(url: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            connection = await asyncpg.connect(url)
            sent = await connection.fetchval("SELECT count(*) FROM outgoing_mail WHERE sent_at IS NOT NULL")
            await connection.close()
            if sent >= count:
                assert sent == count
                return
            await asyncio.sleep(0.2)  # nothing announces a sent mail to a stranger


async def test_restart_under_load_stops_nobody_and_loses_nothing(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "own", options={"fsync": "off"})
    async with postgres.owned() as url:
        await migrate(url)
        use_settings(Settings(environment=Environment.test, var_dir=tmp_path, database_url=url))
        slug, tokens = await _seed(url)
        (tmp_path / "var").mkdir()
        server = Server(tmp_path / "var", free_port(), CONFERO_DATABASE_URL=url)
        try:
            await asyncio.to_thread(server.wait_until_ready)
            before = sorted(p.pid for part in ("api.web", "api.worker") for p in server.parts(part))
            acknowledged = Acknowledged()
            load = asyncio.create_task(_load(server.port, slug, tokens, acknowledged))
            await asyncio.wait_for(acknowledged.warm.wait(), PATIENCE)
            await postgres.stop()
            stranger = await asyncio.to_thread(httpx.get, f"{server.address}/api/v1/events", timeout=PATIENCE)
            await postgres.start()
            acknowledged.is_back.set()
            await asyncio.wait_for(load, PATIENCE)
            await _until_sent(url, PEOPLE)
            after = sorted(p.pid for part in ("api.web", "api.worker") for p in server.parts(part))
        finally:
            await asyncio.to_thread(server.end)
            server.output.close()
        connection = await asyncpg.connect(url)
        kept = {str(row["id"]) for row in await connection.fetch("SELECT id FROM registration")}
        taken = await connection.fetchval("SELECT taken FROM quota")
        await connection.close()

    assert (stranger.status_code, stranger.headers.get("retry-after")) == (503, "2")
    assert after == before
    assert acknowledged <= kept
    assert (len(kept), taken) == (PEOPLE, PEOPLE)
