"""`confero serve` as a process: it restarts what dies, ends everything in order, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from core.postgres import EmbeddedPostgres
from tests.patience import PATIENCE
from tests.ports import free_port


class Server:
    """One `confero serve` on a port and a folder of its own."""

    def __init__(self, var: Path, port: int, **settings: str) -> None:
        self.var, self.port = var, port
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")}
        environment |= {
            "CONFERO_ENVIRONMENT": "test",
            "CONFERO_VAR_DIR": str(var),
            "CONFERO_PORT": str(port),
            "CONFERO_WEB_PROCESSES": "2",
            **settings,
        }
        self.output = (var / "output").open("a+")
        self.process = psutil.Popen(
            [sys.executable, "-m", "api.cli", "serve"],
            env=environment,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Everything it printed until now."""
        return (self.var / "output").read_text()

    def status(self, path: str = "/healthz") -> int:
        """Status of a GET on a fresh connection, or 0 where there is no answer."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE).status_code
        except httpx.TransportError:
            return 0

    def counted(self, series: str) -> float:
        """The value of a metric, as whichever web process answers gives it for all of them."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE).text
        return sum(float(line.removeprefix(series)) for line in text.splitlines() if line.startswith(series))

    def parts(self, module: str) -> list[psutil.Process]:
        """Its living processes that run `module`."""
        found = []
        for child in self.process.children():
            try:
                if module in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def wait_until_ready(self) -> None:
        until(lambda: "Confero is ready" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def end(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return int(self.process.wait(PATIENCE))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


Start = Callable[[], Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server; always in the same folder and on the same port within one test."""
    servers: list[Server] = []
    port = free_port()

    def one() -> Server:
        servers.append(Server(tmp_path, port))
        return servers[-1]

    yield one
    for server in servers:
        if server.process.is_running():
            for process in [*server.process.children(recursive=True), server.process]:
                process.kill()
        server.process.wait()
        server.output.close()
    EmbeddedPostgres(tmp_path / "postgres").end()


def test_ctrl_c_ends_everything_it_started(start: Start, tmp_path: Path) -> None:
    server = start()
    server.wait_until_ready()
    assert f"http://localhost:{server.port}" in server.said()
    everything = server.process.children(recursive=True)
    assert (len(server.parts("api.web")), len(server.parts("api.worker"))) == (2, 1)
    assert {server.status("/robots.txt") for _ in range(12)} == {200}
    assert server.counted('confero_http_requests_total{method="GET",route="other",status="200"}') >= 12

    assert server.end() == 0
    assert [process for process in everything if process.is_running()] == []
    assert server.status() == 0
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def test_whatever_dies_is_started_again(start: Start) -> None:
    server = start()
    server.wait_until_ready()
    for module, count in (("api.web", 2), ("api.worker", 1)):
        first = server.parts(module)[0]
        first.kill()
        until(lambda m=module, n=count, dead=first: len(server.parts(m)) == n and dead not in server.parts(m))  # type: ignore[misc]
        assert server.status() == 200

    postmaster = int((server.var / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    psutil.Process(postmaster).kill()
    until(lambda: server.said().count("PostgreSQL ended and is started again") == 1)
    until(lambda: server.status("/readyz") == 200)
    assert server.end() == 0


def test_start_after_a_sigkill_just_works(start: Start) -> None:
    killed = start()
    killed.wait_until_ready()
    children = [*killed.parts("api.web"), *killed.parts("api.worker")]
    killed.process.kill()
    killed.process.wait()
    (killed.var / "output").write_text("")

    again = start()
    again.wait_until_ready()
    assert again.status() == 200
    assert [process for process in children if process.is_running()] == []
    assert again.end() == 0


def test_second_server_in_the_same_folder_is_refused(start: Start, tmp_path: Path) -> None:
    first = start()
    first.wait_until_ready()
    second = Server(tmp_path, free_port())
    assert second.process.wait(PATIENCE) == 1
    second.output.close()
    assert "Another Confero is running" in first.said()
    assert first.status() == 200
    assert first.end() == 0
