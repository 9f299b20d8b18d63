"""Data from elsewhere that may lie beside the checkout (shared/data); tests skip with the reason without it."""

from pathlib import Path

import pytest

_ABOVE = Path(__file__).resolve().parents[2:]


def folder(name: str) -> Path | None:
    """The folder of that name, beside the checkout or above; None where there is none."""
    found = (above / "shared" / "data" / name for above in _ABOVE)
    return next((one for one in found if one.is_dir()), None)


def content(name: str, file: str) -> bytes:
    """A file of such a folder; skips the test that asks where there is none."""
    here = folder(name)
    if here is None:
        pytest.skip(f"shared/data/{name} is not beside this checkout")
    return (here / file).read_bytes()
