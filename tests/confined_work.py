"""What tests of confined children ask them to do. Imports little, since every child of such a test imports it."""

import ctypes
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from core.confinement.children import MEMORY_BYTES
from core.errors import InvalidInput
from core.i18n import gettext


@dataclass(frozen=True)
class Fact:
    """Something that a function finds."""

    text: str
    number: int


def find(text: str) -> Fact:
    """Data comes back as it is."""
    return Fact(text, len(text))


def number_of_this_process() -> int:
    """Which child it is."""
    return os.getpid()


def what_it_may() -> dict[str, object]:
    """Where a child stands."""
    return {
        "secrets": [name for name in os.environ if name.startswith("CONFERO_")],
        "nice": os.nice(0),
        "session": os.getsid(0) == os.getpid(),
    }


def refuse() -> None:
    """An error that people read, in the caller's language."""
    raise InvalidInput({"file": gettext("Choose a file.")})


def fail() -> None:
    """An error of a library."""
    raise LookupError("deep inside")


def write_a_file(path: str) -> None:
    """Children write nothing."""
    Path(path).write_bytes(b"x" * 100)


def hold_the_interpreter() -> None:
    """A regular expression that never ends; no signal handler of Python runs meanwhile."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def wait_for_ever() -> None:
    """No time on a core, and no end."""
    signal.pause()


def take_memory() -> int:
    """More than there is."""
    return len(bytearray(4 * MEMORY_BYTES))


def crash() -> None:
    """A library writes where it must not."""
    ctypes.string_at(0)


def print_much() -> str:
    """What libraries print does not end up in the answer."""
    os.write(1, b"x" * 100_000)
    sys.stdout.write("x")
    return "answer"


class Sly:
    """No data: reading it would call something."""

    def __reduce__(self) -> tuple[object, ...]:
        """How pickles call functions."""
        return os.system, ("true",)


def be_sly() -> Sly:
    """What a child might answer that a file has taken over."""
    return Sly()
