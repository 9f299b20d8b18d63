"""The `confero` command explains itself, and a production start refuses what is missing by name."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from api.cli import app
from core import settings
from tests.factories.secrets import secret
from tests.postgres import ROOT

COMMANDS = (
    *("serve", "web", "worker", "migrate", "backup", "restore", "demo"),
    *("people", "jobs", "certificates", "verify", "version"),
)


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No settings of the operator, neither in the environment nor in a file .env."""
    for name in [name for name in os.environ if name.startswith("CONFERO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(settings, "_override", [])  # A command makes its settings those of the process.
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


def test_help_names_every_command() -> None:
    answer = CliRunner().invoke(app, ["--help"])
    assert answer.exit_code == 0
    assert [command for command in COMMANDS if command not in answer.output] == []


_LOADED = """
import sys
from api.cli import app
try:
    app(sys.argv[1:])
finally:
    ours = {name for name in sys.modules if name.startswith("core.")}
    print("LOADED", *ours, *{name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names)
"""


_TYPER = {"api", "core", "core.private", "typer", "annotated_doc", "shellingham", "typing_extensions"}
_ITS_PARSER = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}


@pytest.mark.parametrize("command", ["", "serve", "verify", "people create", "jobs", "certificates issue"])
def test_help_loads_nothing_but_typer_so_that_it_is_there_at_once(command: str) -> None:
    """Not timed, since machines differ: what takes long is loading what serves, and what draws in the terminal."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOADED, *command.split(), "--help"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CONFERO_DATABASE_URL": "postgres://no.invalid/x"},
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, loaded = ran.stdout.partition("LOADED")
    assert f"Usage: -c {command}".strip() in text
    ours = {name for name in loaded.split() if not name.startswith("_") and name != "sitecustomize"}
    assert ours - _TYPER - (_ITS_PARSER if command else set()) == set()


@pytest.mark.parametrize("group", ["", "people", "jobs", "certificates"])
def test_help_says_every_first_sentence_to_its_end(group: str) -> None:
    answer = CliRunner().invoke(app, [*group.split(), "--help"], terminal_width=80)
    assert "..." not in answer.output.partition("Commands:")[2]


OWNER = "people create --owner --email a@example.org --name A --organization B"


@pytest.mark.parametrize("command", ["serve", "web", "worker", "migrate", "backup confero.tar", OWNER])
def test_production_start_names_everything_that_is_missing(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("CONFERO_ENVIRONMENT", "production")
    answer = CliRunner().invoke(app, command.split())
    assert answer.exit_code == 1
    assert answer.stdout == ""  # no question is asked before
    assert answer.stderr == (
        "A production start needs CONFERO_PUBLIC_URL, CONFERO_SECRET_KEY (at least 32 characters),"
        " CONFERO_DATABASE_URL, CONFERO_KEYS_SECRET (at least 32 characters) or CONFERO_KEYS_PKCS11,"
        " CONFERO_SMTP_URL, CONFERO_TRUSTED_PROXIES (the addresses of the proxies in front, or none).\n"
    )


def test_worker_alone_needs_a_database() -> None:
    answer = CliRunner().invoke(app, ["worker"])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Set CONFERO_DATABASE_URL")


def test_production_server_loads_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://events.example.org",
        "SECRET_KEY": secret("links"),
        "KEYS_SECRET": secret("keys"),
        "TRUSTED_PROXIES": "none",
        "DATABASE_URL": "postgres://nobody@localhost:1/none",
        "SMTP_URL": "smtp://localhost:1",
    }.items():
        monkeypatch.setenv(f"CONFERO_{name}", value)
    answer = CliRunner().invoke(app, ["demo"])
    assert answer.exit_code != 0
    assert "A production server has no demo." in answer.stderr
