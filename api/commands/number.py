"""`confero verify NUMBER`: what the register of a server says of a certificate, in the terminal."""

import asyncio
import json
import os
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import typer
from rich.panel import Panel
from rich.table import Table

from api.commands import fetching, terminal
from certification.badges.issuer_keys import Fetch
from certification.certificates.numbers import any_number

_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_TELLS: Final = {"valid": (0, "green")}
"""Exit code and colour of what a register says; whatever else it says is 1, as for files."""


@dataclass(frozen=True, slots=True)
class AskedNumber:
    """A certificate's number, and the origin of the server whose register is asked."""

    number: str
    origin: str


def asked(typed: str, *, server: str | None) -> AskedNumber | None:
    """The number in what was typed or pasted (see `accounts.codes`); None where there is none.

    The server is that of the address that was pasted, else `server`, else CONFERO_PUBLIC_URL. Raises
    `typer.BadParameter` where nothing names one.
    """
    number = any_number(typed)
    if number is None:
        return None
    pasted = _ADDRESS.search(typed)
    origin = pasted.group() if pasted else server or os.environ.get("CONFERO_PUBLIC_URL")
    if not origin:
        raise typer.BadParameter("Say which server issued it: --server https://…, or give the address of its page.")
    if not urlsplit(origin).netloc:
        raise typer.BadParameter(f"{origin} is no address of a server.")
    return AskedNumber(number, origin.rstrip("/"))


async def ask(what: AskedNumber, fetch: Fetch) -> dict[str, Any]:
    """What the register says of the number. Raises `OSError` where it cannot be asked, or answers something else."""
    try:
        told = json.loads(await fetch(f"{what.origin}/api/v1/certificates/{quote(what.number)}"))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not {"status", "statement"} <= told.keys():
        raise OSError("this is no register of certificates")
    return told


def verify(what: AskedNumber, *, as_json: bool) -> int:
    """Ask the register, print what it says, and return the exit code: 3 where it cannot be asked."""
    host = urlsplit(what.origin).netloc
    try:
        told = asyncio.run(ask(what, fetching.fetch))
    except OSError as problem:
        terminal.say(f"{host} could not be asked about {what.number}: {problem}", err=True)
        return 3
    status, statement = str(told["status"]), str(told["statement"])
    code, colour = _TELLS.get(status, (1, "red"))
    if as_json:
        print(terminal.dump({"server": what.origin, **told}))  # noqa: T201  # for programs, not for rich
        return code
    console = terminal.console()
    title = terminal.text(f"{host} says: {status}", "bold")
    console.print(Panel(terminal.text(statement), title=title, border_style=colour, title_align="left"))
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(told):
        facts.add_row(terminal.text(label, "dim"), terminal.text(value))
    console.print(facts)
    return code


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Number", "number"), ("Holder", "holder"), ("Achievement", "achievement"), ("Issuer", "issuer")]
    rows += [("Achieved", "achieved_at"), ("Valid until", "valid_until"), ("Corrected by", "corrected_by")]
    rows += [("Renewed by", "renewed_by")]
    return [(label, str(told[name])[:200]) for label, name in rows if told.get(name)]
