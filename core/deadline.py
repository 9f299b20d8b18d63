"""A time limit for work in a thread, such as parsing what a stranger has sent."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any


class Overdue(BaseException):
    """The work took longer than it may. No `Exception`, so that a library's own handlers do not swallow it."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `Overdue` inside the block once `seconds` have passed, at the next call or return of any function.

    A thread cannot be ended from outside, and a parser that a hostile file holds in a loop keeps the interpreter's
    lock. A single call into C is not interrupted: bound its input. Side effect: takes this thread's profile hook.
    """
    ends = monotonic() + seconds

    def look_at_the_clock(_frame: FrameType, _event: str, _argument: Any) -> None:  # Any: whatever is returned
        if monotonic() > ends:
            raise Overdue(f"{threading.current_thread().name}: more than {seconds} s")

    before = sys.getprofile()
    sys.setprofile(look_at_the_clock)
    try:
        yield
    finally:
        sys.setprofile(before)
