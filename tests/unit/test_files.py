"""Files are named by their content, stored once, and checked when read."""

import hashlib
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


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64])
async def test_unknown_or_impossible_digest_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        await files.get(name)


async def test_exists_tells_what_is_stored() -> None:
    digest = await files.put(b"here")

    assert await files.exists(digest) is True
    assert await files.exists("0" * 64) is False
