"""The confined process: `python -m core.confinement.child PARENT MEMORY`. Imports next to nothing by itself.

It does one thing after another until its parent has gone, closes the pipe, or asks for nothing for some minutes.
"""

import ctypes
import importlib
import math
import os
import pickle
import resource
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any, BinaryIO

from core.confinement import messages

IDLE_SECONDS = 300.0
"""After so long without work it ends; the next piece of work starts another."""
_GROWN_BYTES = 320 * 1024 * 1024
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # prctl(2)


def main() -> None:
    """Serve the parent named on the command line."""
    parent, memory = int(sys.argv[1]), int(sys.argv[2])
    _die_with(parent)
    _confine(memory)
    requests, answers = _pipes()
    while _is_asked(requests):
        try:
            request = pickle.loads(messages.read_bytes(requests))  # noqa: S301  our own parent's
        except EOFError:
            return
        _work(answers, *request)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Both ends, out of the way of libraries that print."""
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    return _Whole(requests), answers  # type: ignore[return-value]  # has what is used of a stream


class _Whole:
    """An unbuffered pipe, so that `select` sees what is there, read in whole pieces."""

    def __init__(self, stream: Any) -> None:  # Any: a raw stream
        self._stream = stream
        self.fileno = stream.fileno

    def read(self, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            piece = self._stream.read(min(size - len(pieces), 1 << 20))
            if not piece:
                break
            pieces += piece
        return bytes(pieces)


def _is_asked(requests: BinaryIO) -> bool:
    return bool(select.select([requests], [], [], IDLE_SECONDS)[0])


def _work(answers: BinaryIO, module: str, name: str, arguments: tuple[Any, ...], locale: str, seconds: float) -> None:
    """Import first, say so, then work: loading a library is no part of the time that the work may take."""
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    if locale:
        importlib.import_module("core.i18n").use_locale(locale)
    messages.write(answers, "ready")
    _may_use(seconds)
    try:
        answer: tuple[str, Any] = ("done", function(*arguments))
    except MemoryError:
        answer = ("memory", None)
    except Exception as problem:
        answer = ("raised", messages.raised(problem))
    is_grown = answer[0] == "memory" or _peak_bytes() > _GROWN_BYTES
    try:
        messages.write(answers, (is_grown, *answer))
    except (pickle.PicklingError, TypeError, AttributeError) as problem:  # an exception that holds what is no data
        messages.write(answers, (is_grown, "raised", (type(problem).__module__, "Exception", (str(problem),), {})))
    if is_grown:
        sys.exit()


def _die_with(parent: int) -> None:
    """End at once when the parent does, however it ends; elsewhere than on Linux within a second."""
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _confine(memory: int) -> None:
    """No more memory than that, no files written, no core dumps, and behind everybody else in the line for a core."""
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_DATA", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with suppress(ValueError, OSError, AttributeError):  # not every system has or lets one set each of them
            resource.setrlimit(getattr(resource, name), (most, most))
    with suppress(OSError):
        os.nice(5)


def _may_use(seconds: float) -> None:
    """Let the kernel end this process when it has used so much of a core from now on (SIGXCPU)."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds), hard))


def _peak_bytes() -> int:
    """The most memory this process has held. On Linux its own mark: what `getrusage` tells counts the parent's too,
    from before this program began, so that no child of a large process would ever be kept.
    """
    with suppress(OSError), open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
