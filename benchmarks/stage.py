"""Where the measured servers stand: a PostgreSQL of their own with safe commits, two web processes of each kind."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from benchmarks import bare
from core import database
from core.migrate import ROOT, migrate
from core.postgres import EmbeddedPostgres
from core.settings import Environment, Settings, use_settings

PROCESSES = 2
POOL_SIZE = 4


@dataclass(frozen=True, slots=True)
class Stage:
    """Ports of the two kinds of servers, and the settings they share."""

    confero: int
    bare: int
    settings: Settings


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table. `budget` is the least ratio; `note` says what else was seen."""

    name: str
    bare: float
    confero: float
    budget: float
    unit: str = "req/s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """Confero's figure to the bare limit's."""
        return self.confero / self.bare if self.bare else 0.0


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start everything, connect this process as well, and end everything afterwards."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="confero-bench-")))
        server = await stack.enter_async_context(EmbeddedPostgres(ROOT / "var" / "bench-postgres").shared())
        url = await stack.enter_async_context(_database(server))
        settings = Settings(
            _env_file=None,
            environment=Environment.test,
            public_url="http://localhost",
            database_url=url,
            var_dir=folder,
            fonts_dir=ROOT / "var" / "fonts",
            pool_size=POOL_SIZE,
        )
        use_settings(settings)
        await database.connect(url, POOL_SIZE, "confero-bench")
        stack.push_async_callback(database.disconnect)
        environment = {
            **os.environ,
            "CONFERO_DATABASE_URL": url,
            "CONFERO_POOL_SIZE": str(POOL_SIZE),
            "CONFERO_ENVIRONMENT": "test",
            "CONFERO_PUBLIC_URL": "http://localhost",
            "CONFERO_VAR_DIR": str(folder),
        }
        confero = await stack.enter_async_context(_served(["-m", "api.web", "--fd"], environment, "/healthz"))
        bare_port = await stack.enter_async_context(_served(["-m", "benchmarks.bare"], environment, "/lines"))
        yield Stage(confero, bare_port, settings)


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    """A migrated database for this run, with the tables of the bare limits; dropped afterwards."""
    name = f"bench_{os.getpid()}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    await _execute(server, f"CREATE DATABASE {name}")
    try:
        await migrate(url)
        await _execute(url, bare.SCHEMA)
        yield url
    finally:
        await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@asynccontextmanager
async def _served(arguments: list[str], environment: dict[str, str], probe: str) -> AsyncIterator[int]:
    """`PROCESSES` processes on one listening socket, as the supervisor runs them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2048)
        listener.set_inheritable(True)
        number = str(listener.fileno())
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                number,
                env=environment,
                pass_fds=[listener.fileno()],
                stderr=asyncio.subprocess.DEVNULL,
            )
            for _ in range(PROCESSES)
        ]
        port: int = listener.getsockname()[1]
        try:
            await _answers(port, probe)
            yield port
            if any(process.returncode is not None for process in processes):
                raise RuntimeError(f"a process of {arguments} ended while it was measured")
        finally:
            for process in processes:
                if process.returncode is None:
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in processes))


async def _answers(port: int, probe: str) -> None:
    """Wait until a server answers; the kernel holds the connection while it starts."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {probe} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server does not answer {probe}: {answer[:200]!r}")
