"""Asking the issuer that a file names, over HTTP, on behalf of whoever runs a command."""

import asyncio
import json
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from certification.badges import addresses
from certification.badges.issuer_keys import Fetch

SECONDS = 10
LARGEST = 4 * 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: only the host that the file names is asked."""

    def redirect_request(self, *_: Any) -> None:  # Any: urllib's own objects
        """None tells urllib to stop."""
        return


_OPENER = build_opener(_Stay)


async def fetch(address: str) -> bytes:
    """What an http or https address serves, at most `LARGEST` bytes. Raises `OSError` where it cannot be had."""
    return await asyncio.to_thread(_get, address)


@dataclass(frozen=True, slots=True)
class SavedIssuer:
    """A DID document that was saved earlier, whose it is, and where that issuer serves it."""

    did: str
    address: str
    content: bytes


def saved(document: Path) -> SavedIssuer:
    """The DID document in a file. Raises `ValueError` where that is none."""
    content = document.read_bytes()
    found = json.loads(content)
    did = found.get("id") if isinstance(found, dict) else None
    address = addresses.did_document(did) if isinstance(did, str) else None
    if not isinstance(did, str) or address is None:
        raise ValueError(f"{document} is no DID document of a did:web.")
    return SavedIssuer(did, address, content)


def with_saved(issuer: SavedIssuer, otherwise: Fetch | None) -> Fetch:
    """A fetch that takes the issuer's DID document from the file."""

    async def saved_first(asked: str) -> bytes:
        if asked == issuer.address:
            return issuer.content
        if otherwise is None:
            raise OSError("not asked")
        return await otherwise(asked)

    return saved_first


def _get(address: str) -> bytes:
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        raise OSError(f"{address} is no web address")
    if parts.scheme == "https" and parts.hostname in _LOOPBACK:
        parts = parts._replace(scheme="http")  # A server that is being tried out has no certificate.
    asked = Request(parts.geturl(), headers={"Accept": "application/json", "User-Agent": "confero-verify"})  # noqa: S310
    try:
        with _OPENER.open(asked, timeout=SECONDS) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except HTTPError as problem:
        problem.close()
        raise OSError(f"{address} answered {problem.code}") from None
    except (HTTPException, ValueError) as problem:
        raise OSError(f"{address}: {problem}") from None
    if len(content) > LARGEST:
        raise OSError(f"{address} serves too much")
    return content
