"""What Confero writes is read by its owner alone, whatever the operator's umask is."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import files
from core.private import private_folder
from core.settings import get_settings


@pytest.fixture(autouse=True)
def _careless_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Everything under `folder`, itself included, that others may read or write."""
    return [
        f"{path.relative_to(folder.parent)} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o066
    ]


async def test_the_store_of_files_is_private() -> None:
    var = get_settings().var_dir / "var"
    get_settings().var_dir = var
    await files.put(b"a certificate")
    await files.put(b"a ticket", area="mails")
    stored = sorted(path for path in (var / "files").rglob("*") if path.is_file())
    assert len(stored) == 2
    assert open_to_others(var / "files") == []


def test_a_folder_that_others_could_read_is_taken_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o777)
    assert stat.S_IMODE(private_folder(folder).stat().st_mode) == 0o711
    assert stat.S_IMODE(private_folder(tmp_path / "new").stat().st_mode) == 0o700


def test_the_command_makes_private_files_only(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; from typer.testing import CliRunner; from api.cli import app;"
        "CliRunner().invoke(app, ['version']); open('own', 'w').close(); subprocess.run(['touch', 'child'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("own", "child")] == [0o600, 0o600]
