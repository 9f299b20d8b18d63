"""Files by the SHA-256 of their content: a local folder, or any store that `obstore` reaches by URL.

A file is written before the commit that refers to it, so an orphan is harmless and a missing file impossible, also
after a power cut: a local file is on the disk before `put` returns.
"""

import asyncio
import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, from_url

from core.errors import NotFound
from core.private import private_folder
from core.settings import get_settings


class DamagedFile(Exception):
    """The stored bytes are not the ones that were put: the store is damaged."""


@lru_cache(maxsize=4)
def _open(url: str | None, folder: Path) -> ObjectStore:
    if url is not None:
        return from_url(url)
    return LocalStore(private_folder(folder))


def store() -> ObjectStore:
    """The store that the settings name."""
    settings = get_settings()
    return _open(settings.files_url, settings.var_dir.absolute() / "files")


def path_of(sha256: str, area: str = "") -> str:
    """Where in the store a file lies: `ab/abcdef…`, in an area of its own below that name."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise NotFound()
    return f"{area}/{sha256[:2]}/{sha256}" if area else f"{sha256[:2]}/{sha256}"


async def put(content: bytes, *, area: str = "") -> str:
    """Store bytes and return their SHA-256 (64 hex digits); storing them again changes nothing, or mends damage.

    What shall be removed one day lies in an `area` of its own, where nobody else refers to the same bytes.
    """
    digest = hashlib.sha256(content).hexdigest()
    chosen, path = store(), path_of(digest, area)
    try:
        await obstore.put_async(chosen, path, content, mode="create")
    except AlreadyExistsError:
        try:
            await get(digest, area=area)
        except DamagedFile:
            await obstore.put_async(chosen, path, content, mode="overwrite")
    if isinstance(chosen, LocalStore) and chosen.prefix is not None:
        await asyncio.to_thread(_reach_disk, Path(chosen.prefix) / path)
    return digest


async def get(sha256: str, *, area: str = "") -> bytes:
    """The bytes of a digest. Raises `NotFound`, or `DamagedFile` where they no longer match."""
    try:
        answer = await obstore.get_async(store(), path_of(sha256, area))
    except FileNotFoundError:
        raise NotFound() from None
    content = bytes(await answer.bytes_async())
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFile(sha256)
    return content


def _reach_disk(file: Path) -> None:
    """Wait until the file, its name and its folder's name are on the disk, for their owner alone to read.

    obstore leaves both to the kernel.
    """
    for one, mode in ((file, 0o600), (file.parent, 0o700), (file.parent.parent, 0o700)):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def remove(sha256: str, *, area: str) -> None:
    """Remove a file from an area; harmless where it is gone. The caller knows that nothing refers to it any more."""
    with suppress(FileNotFoundError):
        await obstore.delete_async(store(), path_of(sha256, area))


async def exists(sha256: str) -> bool:
    """Whether a file of this digest is stored."""
    try:
        await obstore.head_async(store(), path_of(sha256))
    except FileNotFoundError:
        return False
    return True
