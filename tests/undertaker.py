"""Whatever a run of the tests started ends with it, even where the run itself is killed.

`watch` starts a process that waits for the run's end, then ends every process that carries the run's mark in its
environment: servers, browsers, workers, databases. The PostgreSQL that all runs of a checkout share is stopped where no
other run is using it.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT / "var" / "test-postgres"
"""Folder of the PostgreSQL of all runs."""
MARK = "STARTED_BY_TESTS"
"""Environment variable with the number of the run's first process; tests keep CONFERO_… from what they start."""
_SECONDS_TO_END = 10.0


def watch() -> "subprocess.Popen[bytes]":
    """Mark this process and all that it will start; returns the undertaker, which acts when its input ends."""
    os.environ[MARK] = str(os.getpid())
    return subprocess.Popen(
        [sys.executable, "-m", "tests.undertaker", os.environ[MARK]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def dismiss(undertaker: "subprocess.Popen[bytes]") -> None:
    """Let it do its work now, and wait for that."""
    assert undertaker.stdin is not None
    undertaker.stdin.close()
    undertaker.wait()


def marked(run: str) -> Iterator[psutil.Process]:
    """The living processes that the run has started, this one and the shared PostgreSQL left out."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            is_ours = process.environ().get(MARK) == run and process.pid not in (os.getpid(), int(run))
            if is_ours and not process.cwd().startswith(str(SHARED)):
                yield process


def end_all(run: str) -> None:
    """End them: SIGTERM, and SIGKILL for what stays. Those that appear meanwhile are ended too."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline, told = time.monotonic() + _SECONDS_TO_END, set[psutil.Process]()
        while (left := set(marked(run))) and time.monotonic() < deadline:
            for process in left - told:
                with suppress(psutil.Error):
                    process.send_signal(number)
            told |= left
            time.sleep(0.05)


def stop_shared_server() -> None:
    """Stop the PostgreSQL of all runs, unless another run holds it or none is running."""
    if not (SHARED / "data" / "postmaster.pid").exists():
        return
    from core.postgres import EmbeddedPostgres, PostgresFailed, locked

    with locked(SHARED / "gate.lock"), locked(SHARED / "users.lock", wait=False) as is_last:
        if is_last:
            with suppress(PostgresFailed):
                asyncio.run(EmbeddedPostgres(SHARED).stop())


if __name__ == "__main__":
    sys.stdin.buffer.read()  # Ends with the run, however that ends.
    end_all(sys.argv[1])
    stop_shared_server()
