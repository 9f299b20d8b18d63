"""`confero verify NUMBER`: the number as pasted, the server that is asked, and what the terminal says of the answer."""

import json

import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.commands import number
from core.settings import Settings
from tests.factories import issued
from tests.integration.certification.test_offline import asking

NUMBER = "7K3M-9QXT-2WBD"


@pytest.mark.parametrize(
    ("typed", "server", "origin"),
    [
        (f"https://confero.example.org/verify/{NUMBER}", None, "https://confero.example.org"),
        (f"HTTPS://Confero.example.org/verify/{NUMBER}/?x=1", "https://other.org", "HTTPS://Confero.example.org"),
        ("7K3M–9QXT–2WBD.", "https://confero.example.org/", "https://confero.example.org"),
        ("７Ｋ３Ｍ－９ＱＸＴ－２ＷＢＤ", "http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_number_is_read_as_pasted_and_its_server_from_the_address(
    typed: str, server: str | None, origin: str
) -> None:
    asked = number.asked(typed, server=server)
    assert asked is not None
    assert (asked.number, asked.origin) == (NUMBER, origin)


PASTED = f"https://confero.example.org/verify/{NUMBER}"
ISSUER = "did:web:confero.example.org:organizations:osf"


@pytest.mark.parametrize(
    ("typed", "server", "trusted", "code"),
    [
        (PASTED, None, [], 3),
        (PASTED, "https://other.example.org", ["did:web:other.example.org"], 3),
        (PASTED, "http://confero.example.org", [], 3),
        (PASTED, None, [f"{ISSUER}#z6MkhmCKKk7KU6EkB9z1mGfkKJZA18qvfNPeRaUGyJ8MZBq4"], 3),
        (PASTED, "https://Confero.example.org/", [], 0),
        (PASTED, None, [ISSUER], 0),
        (NUMBER, "https://confero.example.org", [], 0),
    ],
)
def test_a_server_that_a_page_names_is_believed_only_where_the_reader_trusts_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    server: str | None,
    trusted: list[str],
    code: int,
) -> None:
    monkeypatch.delenv("CONFERO_PUBLIC_URL", raising=False)
    asked = number.asked(typed, server=server, trusted=trusted)
    assert asked is not None
    told = {"status": "valid", "statement": "Meridian Foundation conferred it.", "is_server_trusted": True}
    assert number.show(asked, told, as_json=False) == code
    assert ("Anybody can run a server" in capsys.readouterr().out) == (code == 3)
    assert number.show(asked, told, as_json=True) == code
    assert json.loads(capsys.readouterr().out)["is_server_trusted"] == (code == 0)
    assert number.show(asked, {**told, "status": "revoked"}, as_json=True) == 1


def test_a_server_that_nothing_names_is_asked_for_and_the_setting_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFERO_PUBLIC_URL", raising=False)
    ran = CliRunner().invoke(app, ["verify", NUMBER])
    assert (ran.exit_code, "--server" in ran.output) == (2, True)
    monkeypatch.setenv("CONFERO_PUBLIC_URL", "https://confero.example.org")
    asked = number.asked(NUMBER, server=None)
    assert asked is not None
    assert asked.origin == "https://confero.example.org"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.pdf"], "is no file"),
        (["x" * 5000], "is no file"),
        ([NUMBER, "--offline", "--server", "https://confero.example.org"], "has to be asked"),
        ([NUMBER, "--server", "confero"], "no address of a server"),
    ],
)
def test_what_was_not_meant_is_refused_with_two(arguments: list[str], says: str) -> None:
    ran = CliRunner().invoke(app, ["verify", *arguments], env={"COLUMNS": "20000"})
    assert (ran.exit_code, says in ran.output) == (2, True)


def test_a_server_that_is_away_is_three() -> None:
    ran = CliRunner().invoke(app, ["verify", NUMBER, "--server", "http://127.0.0.1:9"])
    assert (ran.exit_code, "could not be asked" in ran.output) == (3, True)


async def test_the_register_is_asked(database: str, settings: Settings) -> None:
    certificate = await issued.certificate()
    asked = number.asked(f"http://testserver/verify/{certificate.number}", server=None)
    assert asked is not None
    async with asking(create_app(settings)) as fetch:
        told = await number.ask(asked, fetch)
        unknown = await number.ask(number.AskedNumber("0000-0000-0000", "http://testserver"), fetch)
        with pytest.raises(OSError, match="another host"):
            await number.ask(number.AskedNumber(NUMBER, "http://elsewhere.example"), fetch)
    assert (told["status"], told["number"], unknown["status"]) == ("valid", certificate.number, "unknown")
