"""A real server for browser tests: `confero serve` with two web processes and a worker on a database of its own."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from core.settings import Environment, Settings
from tests.patience import PATIENCE
from tests.postgres import ROOT

_POLL_SECONDS = 0.05


@dataclass
class LiveServer:
    """One `confero serve`; `start` after `kill` serves the same database and files on the same port."""

    var: Path
    port: int
    database_url: str
    process: psutil.Popen | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Its origin, which is also its public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        """The settings it runs with, so that a test can read its database and its files."""
        return Settings(
            _env_file=None,
            environment=Environment.test,
            public_url=self.url,
            database_url=self.database_url,
            var_dir=self.var,
            fonts_dir=ROOT / "var" / "fonts",
        )

    def start(self) -> None:
        """Start it and wait until web and worker are ready."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")} | {
            "CONFERO_ENVIRONMENT": "test",
            "CONFERO_PUBLIC_URL": self.url,
            "CONFERO_DATABASE_URL": self.database_url,
            "CONFERO_VAR_DIR": str(self.var),
            "CONFERO_FONTS_DIR": str(ROOT / "var" / "fonts"),
            "CONFERO_PORT": str(self.port),
            "CONFERO_WEB_PROCESSES": "2",
        }
        with (self.var / "output").open("a") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(_POLL_SECONDS)

    def said(self) -> str:
        """Everything it printed until now."""
        return (self.var / "output").read_text()

    def kill(self) -> None:
        """SIGKILL for the supervisor, every web process and the worker at once, as a power cut would do."""
        assert self.process is not None
        everything = [self.process, *self.process.children(recursive=True)]
        for process in everything:
            process.kill()
        psutil.wait_procs(everything, timeout=PATIENCE)
        self.process = None

    def end(self) -> None:
        """Ctrl-C, and force where that is not enough."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
            self.process = None
        except psutil.TimeoutExpired:
            self.kill()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=PATIENCE).status_code == 200
        except httpx.TransportError:
            return False
