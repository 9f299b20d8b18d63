"""A start says what it is doing and for how long; what package managers print is shown only where they fail."""

import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.step import step
from tests.postgres import ROOT

STEP = ROOT / "core" / "step.py"


class Screen(io.StringIO):
    """Standard output that tells when something was written; a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal, self.written = is_terminal, threading.Event()

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_step_shows_its_title_while_it_runs_and_the_seconds_at_the_end(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", screen := Screen(is_terminal=is_terminal))
    with step("Cutting the fonts", silent_seconds=0):
        assert screen.written.wait(60)
        assert "Cutting the fonts ....." in screen.getvalue()
        assert not screen.getvalue().endswith("\n")
    assert screen.getvalue().splitlines()[-1].endswith(" s")
    assert "\r" in screen.getvalue() or not is_terminal


def test_a_step_with_nothing_to_do_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with step("Cutting the fonts", silent_seconds=3600):
        pass
    assert capsys.readouterr().out == ""


def test_a_step_that_fails_says_so_however_quick_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with step("Cutting the fonts", silent_seconds=3600):
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        fail()
    assert capsys.readouterr().out.rstrip("\n").endswith("s failed")


def _stepped(program: str) -> "subprocess.CompletedProcess[str]":
    """A step as set-up runs it: by a Python that has nothing but its own library."""
    command = [sys.executable, "-I", "-S", str(STEP), "Trying", sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_commands_warnings_are_hidden_and_its_failure_is_shown_whole() -> None:
    fine = _stepped("print('WARNING: Running pip as the root user')")
    assert (fine.returncode, "WARNING" in fine.stdout + fine.stderr) == (0, False)
    failed = _stepped("print('WARNING: old'); print('ERROR: no such package'); raise SystemExit(3)")
    assert (failed.returncode, failed.stderr) == (3, "WARNING: old\nERROR: no such package\n")


@pytest.mark.parametrize("has_uv", [True, False])
def test_set_up_shows_no_warnings_of_pip_or_uv(tmp_path: Path, has_uv: bool) -> None:
    """The Makefile's own rule, with programs in their place that only warn and note what they were asked."""
    folder, tools = tmp_path / "confero", tmp_path / "tools"
    for place in (folder / "core", folder / ".venv" / "bin", tools):
        place.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(STEP, folder / "core")
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
    for name in ("make", "sh", "touch", "mkdir", "rm"):
        (tools / name).symlink_to(str(shutil.which(name)))
    noisy = '#!/bin/sh\necho "WARNING: a new release is available" >&2\necho "$0 $*" >>"$ASKED"\n'
    python = f'#!/bin/sh\ncase "$1" in core/step.py) exec "{sys.executable}" "$@";; esac\n' + noisy
    for path, text in (
        (folder / ".venv" / "bin" / "python", python),
        (tools / "python3", python),
        *([(tools / "uv", noisy)] if has_uv else []),
    ):
        path.write_text(text)
        path.chmod(0o755)
    asked = tmp_path / "asked"
    ran = subprocess.run(
        ["make", ".venv/.runtime"],
        cwd=folder,
        env={"PATH": str(tools), "ASKED": str(asked), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "WARNING" not in ran.stdout
    installer = "uv pip install" if has_uv else "-m pip install"
    assert asked.read_text().count(installer) == 2  # the packages, and Confero itself
