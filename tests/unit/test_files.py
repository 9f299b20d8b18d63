"""Files are named by their content, stored once, and checked when read."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from core import files
from core.errors import NotFound
from core.settings import Environment, Settings, use_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    use_settings(Settings(environment=Environment.test, var_dir=tmp_path))
    return tmp_path / "files"


async def test_file_is_found_under_its_digest(folder: Path) -> None:
    digest = await files.put(b"frozen bytes")

    assert digest == hashlib.sha256(b"frozen bytes").hexdigest()
    assert await files.get(digest) == b"frozen bytes"
    assert (folder / digest[:2] / digest).read_bytes() == b"frozen bytes"


async def test_storing_again_changes_nothing(folder: Path) -> None:
    first = await files.put(b"frozen bytes")
    written = (folder / first[:2] / first).stat().st_mtime_ns

    assert await files.put(b"frozen bytes") == first
    assert (folder / first[:2] / first).stat().st_mtime_ns == written


async def test_damaged_file_is_noticed(folder: Path) -> None:
    digest = await files.put(b"frozen bytes")
    (folder / digest[:2] / digest).write_bytes(b"other bytes")

    with pytest.raises(files.DamagedFile):
        await files.get(digest)


async def test_storing_again_mends_a_damaged_file(folder: Path) -> None:
    digest = await files.put(b"frozen bytes")
    (folder / digest[:2] / digest).write_bytes(b"")  # as a power cut leaves it

    await files.put(b"frozen bytes")

    assert await files.get(digest) == b"frozen bytes"


async def test_file_and_its_folders_are_on_disk_when_put_returns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    digest = await files.put(b"frozen bytes")

    file = folder / digest[:2] / digest
    assert synced == [_inode(one) for one in (file, file.parent, folder)]


async def test_many_storing_the_same_bytes_at_once_agree() -> None:
    digests = await asyncio.gather(*(files.put(b"x" * 100_000) for _ in range(50)))

    assert len(set(digests)) == 1
    assert await files.get(digests[0]) == b"x" * 100_000


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64])
async def test_unknown_or_impossible_digest_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        await files.get(name)


async def test_exists_tells_what_is_stored() -> None:
    digest = await files.put(b"here")

    assert await files.exists(digest) is True
    assert await files.exists("0" * 64) is False


def _inode(path: Path) -> int:
    return path.stat().st_ino


async def test_a_file_of_an_area_is_removed_without_touching_the_same_bytes_elsewhere(folder: Path) -> None:
    digest = await files.put(b"frozen bytes")
    assert await files.put(b"frozen bytes", area="mails") == digest
    for _ in range(2):
        await files.remove(digest, area="mails")
    with pytest.raises(NotFound):
        await files.get(digest, area="mails")
    assert await files.get(digest) == b"frozen bytes"
