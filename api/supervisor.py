"""The one process that starts, watches and ends all others: embedded PostgreSQL, N web processes, M workers.

Each part is restarted when it dies, with a pause that grows while it keeps dying. The listening socket belongs to the
supervisor, so connections that arrive while a web process restarts wait in the kernel instead of being refused.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from core.postgres import EmbeddedPostgres, PostgresFailed
from core.private import private_folder
from core.settings import Settings
from core.step import step

log = logging.getLogger("confero.supervisor")

_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY_SECONDS = 0.1, 10.0, 20.0
_STOP_SECONDS = 30.0
_BIND_PATIENCE_SECONDS = 12.0  # Longer than a killed supervisor's children need to let go of the port.


class Part(StrEnum):
    """What a supervisor may run."""

    web = "web"
    worker = "worker"


class CannotServe(Exception):
    """A start is impossible; the message says what to do."""


@dataclass
class Pause:
    """The wait before the next start of one part: none at first, doubled while it keeps dying young."""

    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def after_death(self) -> float:
        """Seconds to wait now. A part that lived for a while starts afresh."""
        if time.monotonic() - self.started > _STEADY_SECONDS:
            self.seconds = 0.0
        waited, self.seconds = self.seconds, min(max(self.seconds * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
        return waited


class Supervisor:
    """Runs `parts` of the application for `settings`; `announce` is called once when they answer."""

    def __init__(
        self,
        settings: Settings,
        *,
        parts: frozenset[Part] = frozenset(Part),
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.parts = parts
        self.announce = announce
        self._stopping = asyncio.Event()
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._environment = dict(os.environ)

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP, then end web, worker and PostgreSQL in this order.

        Raises `CannotServe`, `PostgresFailed`.
        """
        private_folder(self.settings.var_dir)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        async with contextlib.AsyncExitStack() as stack:
            listener = stack.enter_context(await self._listen()) if Part.web in self.parts else None
            keepers: list[asyncio.Task[None]] = []
            url = self.settings.database_url
            if url is None:
                postgres = EmbeddedPostgres(self.settings.var_dir / "postgres")
                with step("Starting PostgreSQL"):
                    url = await stack.enter_async_context(postgres.owned())
                keepers.append(asyncio.create_task(self._keep_postgres(postgres)))
            metrics = stack.enter_context(tempfile.TemporaryDirectory(prefix="confero-metrics-"))
            self._environment |= self._child_environment(url, metrics)
            try:
                await self._prepare()
                keepers += self._start(listener)
                await self._announce_when_ready(listener)
                await self._stopping.wait()
            finally:
                self._stopping.set()
                await self._end(keepers)

    def _stop(self) -> None:
        if self._stopping.is_set():
            for child in self._children.values():  # Asked twice: without waiting for requests to finish.
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
        self._stopping.set()

    def _child_environment(self, url: str, metrics: str) -> dict[str, str]:
        return {
            "PROMETHEUS_MULTIPROC_DIR": metrics,  # so that any web process answers for all of them and the worker
            "CONFERO_SUPERVISOR": str(os.getpid()),
            "CONFERO_DATABASE_URL": url,
            "CONFERO_PUBLIC_URL": self.settings.public_url,
            "CONFERO_VAR_DIR": str(self.settings.var_dir.resolve()),
            "CONFERO_ENVIRONMENT": self.settings.environment.value,
        }

    async def _listen(self) -> socket.socket:
        host, port = self.settings.host, self.settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        deadline = time.monotonic() + _BIND_PATIENCE_SECONDS
        while True:
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
                # Listening at once: a second supervisor is refused here, and early visitors wait instead of failing.
                listener.listen(2048)
            except OSError as error:
                listener.close()
                if time.monotonic() > deadline or self._stopping.is_set():
                    raise CannotServe(f"Port {port} on {host} is taken: {error}. Try `make run PORT=9000`.") from None
                await asyncio.sleep(0.25)
            else:
                listener.setblocking(False)
                return listener

    async def _prepare(self) -> None:
        preparing = await self._spawn("prepare", "api.prepare")
        stopping = asyncio.create_task(self._stopping.wait())
        code = asyncio.create_task(preparing.wait())
        await asyncio.wait({stopping, code}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not code.done():
            preparing.terminate()
        if await code != 0 and not self._stopping.is_set():
            raise CannotServe("The database could not be prepared; the reason stands above.")

    def _start(self, listener: socket.socket | None) -> list[asyncio.Task[None]]:
        keepers = []
        if listener is not None:
            for number in range(1, self.settings.web_processes + 1):
                arguments = ("api.web", "--fd", str(listener.fileno()))
                keep = self._keep(f"web {number}", arguments, listener.fileno())
                keepers.append(asyncio.create_task(keep))
        if Part.worker in self.parts:
            keepers += [
                asyncio.create_task(self._keep(f"worker {number}", ("api.worker",), None))
                for number in range(1, self.settings.worker_processes + 1)
            ]
        return keepers

    async def _keep(self, name: str, arguments: tuple[str, ...], inherited: int | None) -> None:
        pause = Pause()
        while not self._stopping.is_set():
            pause.started = time.monotonic()
            code = await self._run_once(name, arguments, inherited)
            if not self._stopping.is_set():
                log.warning("%s ended with %s and is started again", name, code)
                await self._sleep(pause.after_death())

    async def _run_once(self, name: str, arguments: tuple[str, ...], inherited: int | None) -> int | str:
        """Exit code of one life of a part, or why it could not be born."""
        try:
            child = await self._spawn(name, *arguments, inherited=inherited)
        except OSError as error:  # No memory or no process numbers left: a later try may do.
            return str(error)
        if self._stopping.is_set():  # Stopped while being born: too late for the list that `_end` goes through.
            child.terminate()
        return await child.wait()

    async def _keep_postgres(self, postgres: EmbeddedPostgres) -> None:
        pause = Pause()
        while not self._stopping.is_set():
            await self._sleep(0.2)
            if postgres.is_alive or self._stopping.is_set():
                continue
            log.warning("PostgreSQL ended and is started again")
            await self._sleep(pause.after_death())
            pause.started = time.monotonic()
            try:
                await postgres.start()
            except PostgresFailed as error:
                log.error("%s", error)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _spawn(self, name: str, *arguments: str, inherited: int | None = None) -> asyncio.subprocess.Process:
        environment = dict(self._environment)
        if name != "prepare":  # which alone changes tables; no other process shall know how
            environment.pop("CONFERO_MIGRATION_DATABASE_URL", None)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "api.child",
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(inherited,) if inherited is not None else (),
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends everything in order.
        )
        self._children[name] = child
        return child

    async def _announce_when_ready(self, listener: socket.socket | None) -> None:
        while listener is not None and not self._stopping.is_set():
            if await self._answers(listener):
                break
            await self._sleep(0.05)
        if not self._stopping.is_set():
            self.announce()

    async def _answers(self, listener: socket.socket) -> bool:
        """Whether a web process serves: the kernel accepts connections long before one does."""
        host, port = listener.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                status = await reader.readline()
                writer.close()
                return b" 200 " in status
        except (OSError, TimeoutError):
            return False

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        webs = [child for name, child in self._children.items() if name.startswith("web")]
        others = [child for name, child in self._children.items() if not name.startswith("web")]
        for group in (webs, others):  # The worker last: a request that finishes may still announce a job.
            await asyncio.gather(*(_end_child(child) for child in group))
        await asyncio.gather(*keepers)


async def _end_child(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()
