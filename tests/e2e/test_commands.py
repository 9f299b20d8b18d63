"""Commands as an operator types them, on an embedded database that each starts and stops for itself."""

import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE


def confero(var: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")}
    environment |= {"CONFERO_ENVIRONMENT": "test", "CONFERO_VAR_DIR": str(var), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "api.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_backup_goes_from_one_installation_to_another(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "confero.tar"
    assert confero(here, "migrate").stdout == "The database is up to date.\n"
    (here / "files" / "ab").mkdir(parents=True)
    (here / "files" / "ab" / "abc").write_bytes(b"a document")

    written = confero(here, "backup", str(file))
    assert written.returncode == 0, written.stderr
    assert "database and 1 files" in written.stdout

    restored = confero(there, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert (there / "files" / "ab" / "abc").read_bytes() == b"a document"

    again = confero(there, "restore", str(file))
    assert again.returncode == 1
    assert "The database is not empty" in again.stderr
    assert confero(there, "restore", "--force", str(file)).returncode == 0


def test_held_jobs_are_listed_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    assert confero(tmp_path, "jobs", "list").stdout == "No job is held.\n"
    unknown = confero(tmp_path, "jobs", "retry", "5")
    assert unknown.returncode == 1
    assert "This does not exist" in unknown.stderr
    assert "Traceback" not in unknown.stderr
