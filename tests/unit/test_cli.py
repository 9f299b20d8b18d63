"""The `confero` command explains itself, and a production start refuses what is missing by name."""

import os

import pytest
from typer.testing import CliRunner

from api.cli import app
from core import settings

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
        "SECRET_KEY": "Vb7mQ2xK9tLw4RzN8cJd5HpF3gYs6Tqa",
        "KEYS_SECRET": "e1f0c9a87b6d5432e0f1d2c3b4a59687",
        "TRUSTED_PROXIES": "none",
        "DATABASE_URL": "postgres://nobody@localhost:1/none",
        "SMTP_URL": "smtp://localhost:1",
    }.items():
        monkeypatch.setenv(f"CONFERO_{name}", value)
    answer = CliRunner().invoke(app, ["demo"])
    assert answer.exit_code != 0
    assert "A production server has no demo." in answer.stderr
