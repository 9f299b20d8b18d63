"""A few confined children of this process, kept warm, and the line of work that waits for them."""

import asyncio
import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, Final, TypeVar

from core.confinement import messages
from core.errors import Busy
from core.i18n import current_locale

T = TypeVar("T")
GIVEN_UP: ContextVar[list[str] | None] = ContextVar("given_up", default=None)
"""Where the running request notes which work of it was stopped, so that it can be charged for."""
MEMORY_BYTES: Final = 1024 * 1024 * 1024
"""Address space of a child, libraries included."""
CHILDREN: Final = 2
"""Of a process, started when there is work."""
MOST_WAITING: Final = 40
"""Pieces of work that may wait in a process; one more is refused at once."""
_START_SECONDS: Final = 60.0
_PATIENCE: Final = 4.0
"""How many seconds on the clock are given for each that the work may use of a core: others use the cores as well."""


class Why(StrEnum):
    """What ended the work."""

    time = "time"
    memory = "memory"
    crash = "crash"


class Stopped(Exception):
    """The work took too much time or memory, or ended its process; nothing came of it."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Failed(Exception):
    """The work raised an exception that is none of ours; this says which."""


async def run(function: Callable[..., T], *arguments: Any, seconds: float) -> T:
    """`function(*arguments)` in a child; it may use `seconds` of a core, and four times that on the clock.

    A function of a module, arguments and result that are data; messages are in the caller's language. Raises what the
    function raises (`Failed` where that is no exception of ours), `Stopped`, and `Busy` where too much waits already.
    """
    done: asyncio.Future[T] = asyncio.wrap_future(_submit(function, arguments, seconds))
    try:
        return await done
    except Stopped:
        if (given_up := GIVEN_UP.get()) is not None:
            given_up.append(function.__qualname__)
        raise


def run_here(function: Callable[..., T], *arguments: Any, seconds: float) -> T:
    """The same for a caller without an event loop."""
    done: Future[T] = _submit(function, arguments, seconds)
    return done.result()


_THREADS = ThreadPoolExecutor(max_workers=CHILDREN, thread_name_prefix="confined")
_lock = threading.Lock()
_idle: list["_Child"] = []
_everyone: set["_Child"] = set()
_waiting = 0


def _submit(function: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> "Future[Any]":
    global _waiting
    with _lock:
        if _waiting >= MOST_WAITING + CHILDREN:
            raise Busy()
        _waiting += 1
    request = (function.__module__, function.__qualname__, arguments, current_locale(), seconds)
    future = _THREADS.submit(_do, request, seconds)
    future.add_done_callback(_count_down)
    return future


def _count_down(_future: Any) -> None:
    global _waiting
    with _lock:
        _waiting -= 1


def _do(request: tuple[Any, ...], seconds: float) -> Any:
    with _lock:
        child = _idle.pop() if _idle else None
    if child is not None and not child.has_begun(request):  # It had nothing to do for so long that it ended.
        child.end()
        child = None
    if child is None:
        child = _Child()
        _everyone.add(child)
        if not child.has_begun(request):
            child.end()
            raise Stopped(Why.crash)
    try:
        kind, answer = child.finish(seconds)
    except BaseException:
        child.end()
        raise
    if child.is_over:
        child.end()
    else:
        with _lock:
            _idle.append(child)
    return _outcome(kind, answer)


def _outcome(kind: str, answer: Any) -> Any:
    if kind == "done":
        return answer
    if kind == "memory":
        raise Stopped(Why.memory)
    problem = messages.again(*answer)
    raise problem if problem is not None else Failed(f"{answer[0]}.{answer[1]}: {answer[2]}"[:500])


class _Child:
    """One process and the pipes to it; used by one thread at a time."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self.is_over = False
        self._is_late = False
        self._process = subprocess.Popen(  # noqa: S603  this very program
            [sys.executable, "-B", "-m", "core.confinement.child", str(os.getpid()), str(MEMORY_BYTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the parent, whose end is this one's.
        )

    def has_begun(self, request: tuple[Any, ...]) -> bool:
        """Hand the work over; whether it is being done. False where the child has ended before."""
        with _Watch(self, _START_SECONDS), suppress(EOFError, OSError, messages.Suspicious):
            messages.write(self._process.stdin, request)  # type: ignore[arg-type]  # a pipe
            return bool(messages.data_of(messages.read_bytes(self._process.stdout)) == "ready")  # type: ignore[arg-type]
        return False

    def finish(self, seconds: float) -> tuple[str, Any]:
        """Kind of the answer, and the answer. Raises `Stopped`."""
        try:
            with _Watch(self, seconds * _PATIENCE):
                content = messages.read_bytes(self._process.stdout)  # type: ignore[arg-type]  # a pipe
            self.is_over, kind, answer = messages.data_of(content)
        except (EOFError, OSError):
            raise Stopped(self._why()) from None
        except (messages.Suspicious, ValueError, TypeError):
            raise Stopped(Why.crash) from None
        return kind, answer

    def kill(self) -> None:
        """End it because it is late."""
        self._is_late = True
        self._process.kill()

    def end(self) -> None:
        """End it for good, whatever it does."""
        _everyone.discard(self)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # pipes both

    def _why(self) -> Why:
        """Late by the clock, ended by the kernel for the time it used (SIGXCPU), or for another reason."""
        code = self._process.wait()
        return Why.time if self._is_late or -code == 24 else Why.crash


class _Watch:
    """Kills a child that is still at it when the time is over, from a thread of its own."""

    def __init__(self, child: _Child, seconds: float) -> None:
        self._timer = threading.Timer(seconds, child.kill)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_raised: object) -> None:
        self._timer.cancel()


@atexit.register
def end_all() -> None:
    """End every child of this process; the next piece of work starts anew."""
    with _lock:
        _idle.clear()
    for child in list(_everyone):
        child.end()
