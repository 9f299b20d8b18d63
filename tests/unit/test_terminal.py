"""What commands print: text from outside steers nothing, whatever it is."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.cli import app
from api.commands import terminal
from core import outside
from tests.factories.forgeries import Forger, document

HOSTILE = {
    "did:key:z6Mk": "did:key:z6Mk",
    "[bold red]Valid[/]": "[bold red]Valid[/]",
    ":white_check_mark: Valid": ":white_check_mark: Valid",
    "\x1b[2J\x1b[1;1HValid": "Valid",
    "\x1b]0;title\x07Valid": "Valid",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x9b31mred": "red",
    "a\rb\x00c\x08d": "a b c d",
    "Meridian\u202e dilav": "Meridian dilav",
    "a\u2066b\u200bc\ufeffd": "abcd",
    "one\ntwo": "one two",
    "می\u200cروم": "می\u200cروم",
}


@pytest.mark.parametrize("given", HOSTILE, ids=ascii)
def test_text_from_outside_is_shown_as_it_stands_and_steers_nothing(given: str) -> None:
    out = StringIO()
    Console(file=out, width=200, force_terminal=True).print(terminal.text(given))

    assert out.getvalue() == HOSTILE[given] + "\n"
    assert terminal.lines(given + "\nnext").split("\n")[-1] == "next"


def test_long_text_ends_in_an_ellipsis() -> None:
    assert outside.plain("x" * 600) == "x" * 499 + "…"
    assert outside.plain("x" * 500) == "x" * 500


def test_console_takes_no_string_for_markup_or_emoji() -> None:
    console = terminal.console()
    out = StringIO()
    console.file = out

    console.print("[b]did:key:x[/b]")

    assert out.getvalue() == "[b]did:key:x[/b]\n"


def test_json_for_programs_is_the_same_and_steers_nothing() -> None:
    said = {"name": "Zoë \x9b31m\u202e\x7f", "key": "did:key:x"}

    written = terminal.dump(said)

    assert json.loads(written) == said
    assert "Zoë" in written
    assert not any(letter in written for letter in "\x9b\u202e\x7f")


def test_trusted_issuer_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forger = Forger.anew()
    file = tmp_path / "badge.json"
    file.write_bytes(forger.signs(document(forger.did), forger.did_address))
    runner = CliRunner()
    arguments = ["verify", str(file), "--offline", "--json"]

    unknown = runner.invoke(app, arguments)
    trusted = runner.invoke(app, [*arguments, "--trust", "did:web:x.example", "--trust", forger.did])
    wrong = runner.invoke(app, [*arguments, "--trust", "Meridian Foundation"])
    monkeypatch.setenv("CONFERO_TRUSTED_ISSUERS", f"did:web:x.example,{forger.did}")
    by_setting = runner.invoke(app, arguments)

    told = json.loads(unknown.output)
    assert (unknown.exit_code, told["verdict"], told["badge"]["reasons"]) == (3, "intact", ["issuer_unknown"])
    assert (told["badge"]["signed_by"], told["badge"]["is_issuer_known"]) == (forger.did, False)
    assert (trusted.exit_code, json.loads(trusted.output)["badge"]["is_issuer_known"]) == (0, True)
    assert (by_setting.exit_code, json.loads(by_setting.output)["verdict"]) == (0, "valid")
    assert (wrong.exit_code, "is no DID" in wrong.output) == (2, True)


def test_did_in_the_terminal_holds_no_emoji(tmp_path: Path) -> None:
    forger = Forger.anew()
    file = tmp_path / "badge.json"
    file.write_bytes(forger.signs(document(forger.did, "[red]:key:"), forger.did_address))

    shown = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["verify", str(file), "--offline"]).output

    assert forger.did in shown
    assert "[red]:key:" in shown
    assert "🔑" not in shown


def test_who_signed_is_told_to_the_last_character(tmp_path: Path) -> None:
    """Two identifiers may begin alike, so none is cut short where the terminal is narrow."""
    forger = Forger.anew()
    file = tmp_path / "badge.json"
    file.write_bytes(forger.signs(document(forger.did), forger.did_address))

    shown = CliRunner(env={"COLUMNS": "60"}).invoke(app, ["verify", str(file), "--offline"]).output

    facts = shown.partition("╰")[2]
    assert forger.did in re.sub(r"\s+", "", facts.partition("Badge signed by")[2].partition("Holder")[0])
    assert "…" not in shown


COMMANDS = sorted(file.stem for file in Path(terminal.__file__).parent.glob("*.py") if file.stem != "terminal")


@pytest.mark.parametrize("module", COMMANDS)
def test_commands_print_by_the_one_helper_alone(module: str) -> None:
    """Names, addresses, lines of a file and errors come from outside; whoever prints past the helper forgets one."""
    source = (Path(terminal.__file__).parent / f"{module}.py").read_text()

    assert not re.search(r"\btyper\.s?echo|\bConsole\(|from_markup|\[/\]", source)
    assert len(re.findall(r"\bprint\(", source)) == source.count("console.print(") + source.count("terminal.dump(")
