"""The runtime lock is enough by itself; what proves it on a fresh machine is itself put to the proof here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fresh_start, runtime
from tests.fresh_start import NotFresh

NOT_USED = {
    "babel.dates": {"pytz"},
    "babel.localtime._helpers": {"pytz"},
    "croniter.croniter": {"pytz"},
    "pydantic_settings.sources.providers.yaml": {"yaml"},
    "tortoise.config": {"yaml"},
    "uvicorn.config": {"yaml"},
}
"""What libraries do without where it is not there (pytz, for zoneinfo), and late imports for what Confero never asks of
them (settings in YAML)."""


def test_the_lock_holds_whatever_is_asked_for_by_anything_in_it() -> None:
    wanted = runtime.wanted(runtime.requirements())
    assert {name: by for name, by in wanted.items() if name not in runtime.names_of(runtime.LOCK)} == {}


@pytest.mark.parametrize(
    "name", ["requests", "python-dateutil", "rl-accel", "email-validator", "python-pkcs11", "tzdata"]
)
def test_a_package_that_is_taken_from_the_lock_is_missed_by_name(tmp_path: Path, name: str) -> None:
    lines = runtime.LOCK.read_text().splitlines(keepends=True)
    poorer = tmp_path / "requirements.lock"
    poorer.write_text("".join(line for line in lines if not line.startswith(f"{name}==")))
    wanted = runtime.wanted(runtime.requirements())
    assert set(wanted) - runtime.names_of(poorer) == {name}


def test_extras_and_markers_are_followed_through_every_requirement() -> None:
    requires = {
        "server": ['fast>=1; extra == "speed"', 'slow; extra == "patience"', "core-lib"],
        "core-lib": ['old-only; python_version < "3"', "Deep.Lib[x]"],
        "deep-lib": ['deepest; extra == "x"', "server"],
    }
    found = runtime.wanted(["server[speed]>=2"], lambda name: requires.get(name, []))
    assert found == {
        "server": "pyproject.toml",
        "fast": "server",
        "core-lib": "server",
        "deep-lib": "core-lib",
        "deepest": "deep-lib",
    }


LATE = """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import only_for_type_checkers


def draw():
    import no_such_painter.brushes
    from json import no_such_name, loads
"""


def test_what_a_function_imports_is_tried_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lateness").mkdir()
    (tmp_path / "lateness" / "__init__.py").touch()
    (tmp_path / "lateness" / "painting.py").write_text(LATE)
    (tmp_path / "lateness" / "broken.py").write_text("raise RuntimeError('at import')")
    monkeypatch.syspath_prepend(tmp_path)
    missing = runtime.missing_imports(["lateness"], ["no_such_library"])
    assert {(one.module, one.asked_by) for one in missing} == {
        ("no_such_library", "a library of ours, in use,"),
        ("no_such_painter.brushes", "lateness.painting"),
        ("json.no_such_name", "lateness.painting"),
        ("lateness.broken", "Confero"),
    }


def test_what_one_package_breaks_is_one_line() -> None:
    gone = [runtime.Missing(name, "Confero", "No module named 'PIL'") for name in ("a", "b", "c")]
    broken = runtime.Missing("d", "Confero", "RuntimeError: at import")
    assert runtime.told([*gone, broken]) == [
        "Confero cannot import c: No module named 'PIL' (3 in all)",
        "Confero cannot import d: RuntimeError: at import",
    ]


def _run(program: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=runtime.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_without_requests_signing_is_named_as_what_breaks() -> None:
    """The fault of the first fresh machine, with the development packages beside it."""
    told = _run(
        "import sys; sys.modules['requests'] = None\n"
        "from tests import runtime\n"
        "print(*runtime.missing_imports(['certification.signing'], []), sep='\\n')"
    )
    assert "cannot import certification.signing.signers" in told
    assert "requests" in told


_LATE_IN_LIBRARIES = """
import json, re, sys
from importlib.metadata import packages_distributions
from tests import runtime

assert runtime.missing_imports(runtime.shipped_packages()) == []
locked = runtime.names_of(runtime.LOCK)
owners = {top: {runtime._normalised(name) for name in names} for top, names in packages_distributions().items()}
ours = [top for top, names in owners.items() if names & locked]
development = [top for top, names in owners.items() if not names & (locked | runtime.BROUGHT_ALONG)]
pattern = re.compile(r"^\\s*(?:import|from)\\s+(%s)\\b" % "|".join(map(re.escape, development)), re.MULTILINE)
found = {}
for name, module in sorted(sys.modules.items()):
    path = getattr(module, "__file__", None) or ""
    if path.endswith(".py") and name.partition(".")[0] in ours and (hits := set(pattern.findall(open(path).read()))):
        found[name] = sorted(hits)
print(json.dumps(found))
"""


def test_no_library_that_is_loaded_imports_later_what_only_development_has() -> None:
    found = {name: set(tops) for name, tops in json.loads(_run(_LATE_IN_LIBRARIES)).items()}
    assert {
        name: tops - NOT_USED.get(name, set()) for name, tops in found.items() if tops - NOT_USED.get(name, set())
    } == {}


def test_a_clone_holds_what_was_committed_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "kept").write_text("kept")
    for command in (
        ["git", "init", "--quiet"],
        ["git", "add", "kept"],
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "First: keep"],
    ):
        subprocess.run(command, cwd=source, env=fresh_start.environment(), check=True)
    (source / "forgotten").write_text("never committed")
    told = fresh_start.clone(source, tmp_path / "clone", fresh_start.Deadline(60))
    assert told.endswith(" First: keep")
    assert sorted(path.name for path in (tmp_path / "clone").iterdir()) == [".git", "kept"]


def test_files_without_a_repository_are_copied_without_what_set_up_made(tmp_path: Path) -> None:
    for name in (".venv/bin/python", "node_modules/x", "var/files/y", "core/kept.py"):
        (tmp_path / "source" / name).parent.mkdir(parents=True)
        (tmp_path / "source" / name).touch()
    fresh_start.clone(tmp_path / "source", tmp_path / "copy", fresh_start.Deadline(60))
    assert [str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*.py*")] == ["core/kept.py"]


def test_nothing_of_this_machine_reaches_the_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFERO_SECRET_KEY", "PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "PORT"):
        monkeypatch.setenv(name, "here")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    assert "here" not in fresh_start.environment().values()
    assert fresh_start.environment()["PIP_INDEX_URL"] == "kept"


SERVER = """
import http.server, os, subprocess, sys, time
if sys.argv[1:] == ["api.worker"]:
    time.sleep(600)  # Ends by Ctrl-C, or with the fixture.
subprocess.Popen([sys.executable, __file__, "api.worker"], start_new_session=os.environ.get("LEAVES") == "1")
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
try:
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
except KeyboardInterrupt:
    pass
"""


@pytest.mark.parametrize("leaves", [False, True])
def test_what_ctrl_c_leaves_running_is_told_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    folder = tmp_path / "confero"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    (folder / "Makefile").write_text(f"run:\n\t@exec {sys.executable} $(CURDIR)/server.py $(PORT)\n")
    monkeypatch.setenv("LEAVES", str(int(leaves)))
    run = fresh_start.Run(folder, grace=0.0 if leaves else 60.0)
    try:
        run.wait_until_ready(fresh_start.Deadline(60))
        assert len(fresh_start.processes_of(folder)) == 3  # make, the server, its worker
        if leaves:
            with pytest.raises(NotFresh, match="left these running"):
                run.press_ctrl_c()
        else:
            run.press_ctrl_c()
    finally:
        run.end()
    assert fresh_start.processes_of(folder) == {}


def test_a_start_that_fails_shows_what_was_printed(tmp_path: Path) -> None:
    folder = tmp_path / "confero"
    folder.mkdir()
    (folder / "Makefile").write_text("run:\n\t@echo no module named requests; exit 1\n")
    run = fresh_start.Run(folder)
    try:
        with pytest.raises(NotFresh, match=r"(?s)ended with 2.*no module named requests"):
            run.wait_until_ready(fresh_start.Deadline(60))
    finally:
        run.end()
