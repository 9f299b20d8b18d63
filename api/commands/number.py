"""`confero verify NUMBER`: what the register of a server says of a certificate, in the terminal.

Anybody can run a server that calls everything valid, and print its address on a page. So only a server that the reader
named, or whose issuer they trust, is believed.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import typer
from rich.panel import Panel
from rich.table import Table

from api.commands import fetching, terminal
from certification.badges import addresses
from certification.badges.issuer_keys import Fetch
from certification.certificates.numbers import any_number

_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_VALID: Final = "valid"
_HOW: Final = "name it with --server, or its issuer with --trust."


@dataclass(frozen=True, slots=True)
class AskedNumber:
    """A certificate's number, the origin of the server whose register is asked, and whether the reader trusts it."""

    number: str
    origin: str
    is_trusted: bool = False


def asked(typed: str, *, server: str | None, trusted: Iterable[str] = ()) -> AskedNumber | None:
    """The number in what was typed or pasted (see `accounts.codes`); None where there is none.

    The server is that of the address that was pasted, else `server`, else CONFERO_PUBLIC_URL. The reader trusts the
    latter two, and those where the DIDs in `trusted` are at home. Raises `typer.BadParameter` where nothing names one.
    """
    number = any_number(typed)
    if number is None:
        return None
    pasted = _ADDRESS.search(typed)
    chosen = server or os.environ.get("CONFERO_PUBLIC_URL")
    origin = pasted.group() if pasted else chosen
    if not origin:
        raise typer.BadParameter("Say which server issued it: --server https://…, or give the address of its page.")
    if not urlsplit(origin).netloc:
        raise typer.BadParameter(f"{origin} is no address of a server.")
    believed = {chosen.rstrip("/").lower()} if chosen else set()
    origin = origin.rstrip("/")
    return AskedNumber(number, origin, origin.lower() in believed | _homes(trusted))


def _homes(dids: Iterable[str]) -> set[str]:
    """The origins of the servers that publish these DIDs; who trusts a single key trusts no server."""
    documents = [addresses.did_document(did) for did in dids]
    return {f"https://{urlsplit(document).netloc.lower()}" for document in documents if document}


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
    try:
        told = asyncio.run(ask(what, fetching.fetch))
    except OSError as problem:
        terminal.say(f"{urlsplit(what.origin).netloc} could not be asked about {what.number}: {problem}", err=True)
        return 3
    return show(what, told, as_json=as_json)


def show(what: AskedNumber, told: dict[str, Any], *, as_json: bool) -> int:
    """Print what the register says; 0 where a server that is trusted says valid, 3 where another does, else 1."""
    status, host = str(told["status"]), urlsplit(what.origin).netloc
    code = (0 if what.is_trusted else 3) if status == _VALID else 1
    if as_json:
        own = {"server": what.origin, "is_server_trusted": what.is_trusted}
        print(terminal.dump({**told, **own}))  # noqa: T201  # for programs, not for rich
        return code
    console = terminal.console()
    title, colour = terminal.text(f"{host} says: {status}", "bold"), {0: "green", 3: "yellow"}.get(code, "red")
    console.print(Panel(terminal.text(str(told["statement"])), title=title, border_style=colour, title_align="left"))
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(told):
        facts.add_row(terminal.text(label, "dim"), terminal.text(value))
    console.print(facts)
    if code == 3:
        console.print(terminal.text(f"Anybody can run a server. Rely on this if {host} is one you trust: {_HOW}"))
    return code


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Number", "number"), ("Holder", "holder"), ("Achievement", "achievement"), ("Issuer", "issuer")]
    rows += [("Achieved", "achieved_at"), ("Valid until", "valid_until"), ("Corrected by", "corrected_by")]
    rows += [("Renewed by", "renewed_by")]
    return [(label, str(told[name])[:200]) for label, name in rows if told.get(name)]
