"""What passes between a process and its confined child: pickles, of which the answers hold plain data only.

A child has parsed what a stranger sent, so its answer is not believed: nothing is called while it is read but classes
that hold data.
"""

import dataclasses
import importlib
import io
import pickle
import struct
from collections import Counter, OrderedDict, defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, BinaryIO
from uuid import UUID

_HEADER = struct.Struct(">Q")
MOST_BYTES = 128 * 1024 * 1024
"""Largest message; more is not read."""
_PLAIN = frozenset({datetime, date, time, timedelta, timezone, Decimal, UUID, Counter, OrderedDict, defaultdict, set})
_OURS = ("core.", "accounts.", "events.", "certification.")


class Suspicious(Exception):
    """An answer that is longer than any may be, or holds what is no data."""


def write(stream: BinaryIO, message: object) -> None:
    """Send one message."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_HEADER.pack(len(content)))
    stream.write(content)
    stream.flush()


def read_bytes(stream: BinaryIO) -> bytes:
    """The next message as it came. Raises `EOFError` where the other side is gone, and `Suspicious`."""
    (size,) = _HEADER.unpack(_exactly(stream, _HEADER.size))
    if size > MOST_BYTES:
        raise Suspicious(f"{size} bytes")
    return _exactly(stream, size)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise EOFError
    return content


def data_of(content: bytes) -> Any:  # Any: whatever was answered
    """The data in an answer. Raises `Suspicious` for anything else."""
    try:
        return _DataReader(io.BytesIO(content)).load()
    except Suspicious:
        raise
    except Exception as problem:
        raise Suspicious(repr(problem)) from None


class _DataReader(pickle.Unpickler):
    """Knows plain classes, and of our own packages those that hold data: dataclasses, enumerations and schemas."""

    def find_class(self, module: str, name: str) -> Any:  # Any: a class
        if module == "builtins" and name in ("set", "frozenset", "bytearray", "complex"):
            return getattr(importlib.import_module(module), name)
        for plain in _PLAIN:
            if (plain.__module__, plain.__qualname__) == (module, name):
                return plain
        if module.startswith(_OURS):
            found: Any = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
            if isinstance(found, type) and (dataclasses.is_dataclass(found) or _is_schema(found)):
                return found
            if isinstance(found, type) and issubclass(found, Enum):
                return found
        raise Suspicious(f"{module}.{name}")


def _is_schema(kind: type) -> bool:
    return hasattr(kind, "model_fields")


def raised(problem: Exception) -> tuple[str, str, tuple[Any, ...], dict[str, Any]]:
    """An exception as data: the class's address, its arguments and what it holds."""
    kind = type(problem)
    return kind.__module__, kind.__qualname__, problem.args, dict(vars(problem))


def again(module: str, name: str, arguments: tuple[Any, ...], held: dict[str, Any]) -> Exception | None:
    """The exception that `raised` took apart, if it is one of ours; made without calling its constructor."""
    if not module.startswith(_OURS):
        return None
    kind = getattr(importlib.import_module(module), name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    problem = kind.__new__(kind, *arguments)
    problem.__dict__.update(held)
    return problem


UTC_NAME = UTC.tzname(None)
