"""Proves that a fresh machine can run Confero: `python3 -m tests.fresh_start`, as `.ci/run` does before the tests.

A clone of the last commit in an empty folder, `make run` there, and what a person would do first: wait until it is
ready, verify a certificate of the demo by its number and by its file, press Ctrl-C. `tests.runtime` then looks at the
environment that `make run` made. Needs nothing but Python's own library, so that nothing installed beside it can help.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 1200.0
"""For all of it. Most goes into downloads; with warm caches it takes a minute."""
_END_SECONDS = 60.0
_SHOWN_LINES = 40
_DEATHS = 6
_OF_THIS_MACHINE = re.compile(r"CONFERO_|PYTHON|VIRTUAL_ENV|MAKE|MFLAGS|GIT_|PORT$")
SIGN_IN = {"email": "learner@example.org", "password": "meridian demo 2026", "name": "fresh start"}
"""Of the demo's learner, as README and `make run` give it; `name` is that of the token."""


class NotFresh(Exception):
    """The fresh start failed; the message says at what."""


class Deadline:
    """The time that is left for all of it."""

    def __init__(self, seconds: float) -> None:
        self.started = time.monotonic()
        self.ends = self.started + seconds

    def left(self) -> float:
        """Seconds left, at least one. Raises `NotFresh` where none is."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise NotFresh(f"It took longer than {self.ends - self.started:.0f} seconds.")
        return max(left, 1.0)

    def say(self, what: str) -> None:
        """One line, with the seconds since the beginning."""
        print(f"Fresh start, {time.monotonic() - self.started:3.0f} s: {what}", flush=True)  # noqa: T201


def environment() -> dict[str, str]:
    """The environment of this process without what a fresh machine does not have."""
    return {name: value for name, value in os.environ.items() if not _OF_THIS_MACHINE.match(name)}


def clone(source: Path, target: Path, deadline: Deadline) -> str:
    """Clone the last commit of `source`; returns its short name. Where there is no repository, copy the files."""

    def git(*arguments: str) -> str:
        # Another account may own the checkout, as in containers: this is our own repository all the same.
        config = target.parent / "gitconfig"
        config.write_text("[safe]\n\tdirectory = *\n")
        done = subprocess.run(
            ["git", *arguments],
            env={**environment(), "GIT_CONFIG_GLOBAL": str(config)},
            capture_output=True,
            text=True,
            timeout=deadline.left(),
            check=True,
        )
        return done.stdout.strip()

    if shutil.which("git") is None or not (source / ".git").exists():
        left_out = shutil.ignore_patterns(
            ".git", ".venv", "node_modules", "vendor", "var", "*.egg-info", "*.mo", ".env"
        )
        shutil.copytree(source, target, ignore=left_out)
        return "a copy of the files, as there is no repository"
    try:
        commit = git("-C", str(source), "rev-parse", "HEAD")
        git("clone", "--quiet", "--no-checkout", str(source), str(target))
        git("-C", str(target), "checkout", "--quiet", "--detach", commit)
        return git("-C", str(target), "log", "-1", "--format=%h %s")
    except subprocess.CalledProcessError as failure:
        raise NotFresh(f"git could not clone {source}: {failure.stderr.strip()}") from None


class Run:
    """`make run` in `folder`, as somebody at a terminal starts it."""

    def __init__(self, folder: Path, *, grace: float = 10.0) -> None:
        """`grace`: seconds that children may take after `make` itself has ended."""
        self.folder, self.port, self.grace = folder, free_port(), grace
        self.log = folder.parent / "make-run.log"
        signal.signal(signal.SIGINT, signal.default_int_handler)  # One that is ignored would be inherited.
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["make", "run", f"PORT={self.port}"],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def wait_until_ready(self, deadline: Deadline) -> None:
        """Until `/readyz` says that database, migrations and worker are there."""
        while not self._is_ready():
            if self.process.poll() is not None:
                raise NotFresh(f"`make run` ended with {self.process.returncode}.\n{self.last_lines()}")
            if self._said().count("is started again") > _DEATHS:
                raise NotFresh(f"A part of Confero dies again and again.\n{self.last_lines()}")
            try:
                deadline.left()
            except NotFresh as late:
                raise NotFresh(f"{late} `make run` was not ready.\n{self.last_lines()}") from None
            time.sleep(0.5)

    def ask(self, path: str, body: bytes | dict[str, str] | None = None, token: str = "") -> Any:
        """The answer to a GET, or to a POST of `body`: JSON as Python's objects, all else as bytes."""
        headers = {"Content-Type": "application/json" if isinstance(body, dict) else "application/pdf"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                is_json = answer.headers.get_content_type() == "application/json"
                return json.load(answer) if is_json else answer.read()
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode(errors="replace")[:500]
            raise NotFresh(f"{path} answered {refusal.code}: {said}\n{self.last_lines()}") from None
        except OSError as failure:
            raise NotFresh(f"{path} did not answer: {failure}\n{self.last_lines()}") from None

    def press_ctrl_c(self) -> None:
        """What a terminal does: the signal goes to everything in the foreground. Nothing may be left afterwards."""
        before = processes_of(self.folder)
        if not any("api.worker" in line for line in before.values()):
            raise NotFresh(f"The worker is not among the processes of {self.folder}: {before}")
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotFresh(f"Ctrl-C did not end it within {_END_SECONDS:.0f} s.\n{self.last_lines()}") from None
        gone_by = time.monotonic() + self.grace
        while (left := processes_of(self.folder)) and time.monotonic() < gone_by:
            time.sleep(0.1)
        if left:
            raise NotFresh("Ctrl-C left these running:\n" + "\n".join(f"{pid}: {what}" for pid, what in left.items()))
        if self._is_ready():
            raise NotFresh(f"Something still answers on port {self.port} after Ctrl-C.")

    def end(self) -> None:
        """Whatever happened, leave nothing running."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pid in processes_of(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def last_lines(self) -> str:
        """The end of what `make run` printed."""
        lines = self._said().splitlines()
        return "\n".join(["The last lines of `make run`:", *lines[-_SHOWN_LINES:]])

    def _said(self) -> str:
        return self.log.read_text(errors="replace")

    def _is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10).status == 200)
        return False


def processes_of(folder: Path) -> dict[int, str]:
    """Command lines, by process number, of what was started in `folder` or works there; this process is none."""
    return {
        pid: command
        for pid, command, place in _processes()
        if pid != os.getpid() and (str(folder) in command or f"{place}/".startswith(f"{folder}/"))
    }


def _processes() -> Iterator[tuple[int, str, str]]:
    """Number, command line and working folder (where the system tells it) of every living process."""
    if not Path("/proc/self").exists():
        listed = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            pid, _, command = line.strip().partition(" ")
            yield int(pid), command, ""
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # It has ended, or belongs to somebody else.
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                if command:  # One that has ended and was not waited for yet has none.
                    yield int(entry.name), command, os.readlink(entry / "cwd")


def verify_a_certificate(run: Run) -> str:
    """The demo's learner takes a certificate; a stranger verifies it by number and by file. Returns its number."""
    token = run.ask("/api/v1/tokens", SIGN_IN)["token"]
    certificates = run.ask("/api/v1/me/certificates", token=token)["items"]
    if not certificates:
        raise NotFresh("The demo's learner has no certificate.")
    number = certificates[0]["number"]
    document = run.ask(f"/api/v1/certificates/{number}.pdf", token=token)
    by_number = run.ask(f"/api/v1/certificates/{number}")
    if (by_number["number"], by_number["status"]) != (number, "valid"):
        raise NotFresh(f"By its number, {number} is {by_number['status']}: {by_number['statement']}")
    by_file = run.ask("/api/v1/verifications", document)
    if by_file["verdict"] != "genuine":
        raise NotFresh(f"By its file, {number} is {by_file['verdict']}: {by_file['statement']}")
    changed = run.ask("/api/v1/verifications", document + b"% one line more\n")
    if changed["verdict"] == "genuine":
        raise NotFresh(f"A file that was changed passes for genuine: {changed['statement']}")
    return str(number)


def look_at_the_environment(folder: Path, deadline: Deadline, failure: NotFresh | None = None) -> None:
    """Ask `tests.runtime` in the environment that `make run` made. Raises `NotFresh` from `failure`."""
    if not (folder / ".venv" / "bin" / "python").exists():
        return
    done = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-m", "tests.runtime"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=deadline.left(),
        check=False,
    )
    if done.returncode:
        met = f"\nMet like this: {failure}" if failure else ""
        raise NotFresh(f"requirements.lock is not enough to run:\n{done.stdout}{done.stderr}".rstrip() + met)


def prove(source: Path, folder: Path, deadline: Deadline) -> None:
    """All of it, in the empty `folder`. Raises `NotFresh`."""
    deadline.say(f"cloned {clone(source, folder / 'confero', deadline)}")
    run = Run(folder / "confero")
    try:
        run.wait_until_ready(deadline)
        deadline.say("`make run` is ready")
        deadline.say(f"certificate {verify_a_certificate(run)} verified by number and by file")
        run.press_ctrl_c()
        deadline.say("Ctrl-C ended it, nothing is left")
    except NotFresh as failure:
        run.end()
        look_at_the_environment(run.folder, deadline, failure)  # What is missing is named, not only met.
        raise
    finally:
        run.end()
    look_at_the_environment(run.folder, deadline)
    deadline.say("every module could be imported from requirements.lock alone")


def _end_with_parent() -> None:
    """On Linux, `make` ends with this program, however that ends; and Confero follows `make` (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


def main() -> int:
    """0 where it works; else 1, and what went wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends what was started
    deadline = Deadline(LIMIT_SECONDS)
    with tempfile.TemporaryDirectory(prefix="confero-fresh-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own account, where this runs as root, has to pass through.
        try:
            prove(ROOT, Path(folder).resolve(), deadline)
        except (NotFresh, subprocess.TimeoutExpired) as failure:
            print(f"The fresh start failed. {failure}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
