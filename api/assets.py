"""Addresses of static files that change when the file does, so that browsers may keep each for ever."""

import functools
import hashlib
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"


class AssetMissing(LookupError):
    """No such file below `api/static/`; a file below `vendor/` is built by `python -m api.vendor`."""


@functools.cache
def asset_url(path: str) -> str:
    """Return the address of a file below `api/static/`, such as `/static/js/exam.js?v=0123456789ab`.

    The version is the first 12 hex digits of the SHA-256 of its bytes, read once per process. Raises `AssetMissing`.
    """
    file = STATIC / path
    if not file.is_file():
        raise AssetMissing(f"{path} is not in api/static; run `python -m api.vendor` to build the browser libraries.")
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
