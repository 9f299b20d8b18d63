"""One step of a start: a line that says what is being done, and for how long.

`python core/step.py "Installing the packages" pip install …` runs a command behind such a line. What it prints is shown
only if it fails: pip's warnings are no news to whoever wants to see Confero. Needs nothing but Python's own library,
for it runs before anything is installed.
"""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

_SILENT_SECONDS = 0.7
_WIDTH = 50


@contextlib.contextmanager
def step(title: str, *, silent_seconds: float = _SILENT_SECONDS) -> Iterator[None]:
    """Show `title` on standard output while the block runs; a terminal also shows the seconds as they pass.

    A block that takes less than `silent_seconds` shows nothing, so that a start that has nothing to do is silent.
    """
    line = _Line(title, silent_seconds)
    line.start()
    try:
        yield
    except BaseException:
        line.finish("failed")
        raise
    line.finish("")


class _Line(threading.Thread):
    """The line of one step, drawn anew every second."""

    def __init__(self, title: str, silent_seconds: float) -> None:
        super().__init__(name="step", daemon=True)
        self._title, self._pause = f"  {title} ".ljust(_WIDTH, "."), silent_seconds
        self._began, self._is_over, self._is_shown = time.monotonic(), threading.Event(), False

    def run(self) -> None:
        while not self._is_over.wait(self._pause):
            self._pause = 1.0
            if sys.stdout.isatty():
                self._write(f"\r{self._title} {self._seconds()}")
            elif not self._is_shown:
                self._write(self._title)
            self._is_shown = True

    def finish(self, outcome: str) -> None:
        self._is_over.set()
        self.join()
        if self._is_shown or outcome:
            start = f"\r{self._title}" if sys.stdout.isatty() else "" if self._is_shown else self._title
            self._write(f"{start} {self._seconds()} {outcome}".rstrip(" ") + "\n")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.0f} s"

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # Nobody reads any more: the work goes on all the same.
            sys.stdout.write(text)
            sys.stdout.flush()


def run(title: str, command: list[str]) -> int:
    """Run `command` as a step and return its exit code; where that is not 0, print what it said."""
    said = ""
    try:
        with step(title):
            done = subprocess.run(  # noqa: S603  # what the Makefile names
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
            )
            said = done.stdout.decode(errors="replace")
            done.check_returncode()
    except subprocess.CalledProcessError as failure:
        sys.stderr.write(said)
        return failure.returncode if failure.returncode > 0 else 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
