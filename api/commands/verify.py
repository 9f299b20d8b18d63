"""`confero verify`: what a file is, in the terminal. Needs no server, no database and no settings."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.panel import Panel
from rich.table import Table

from api.commands import fetching, terminal
from certification.badges.schemas import BadgeCheckOut
from certification.badges.verdicts import Verdict
from certification.certificates import offline
from certification.certificates.findings import Outcome
from certification.certificates.offline import Judgement
from core.settings import dids_in

if TYPE_CHECKING:
    from rich.console import Console

    from certification.badges.issuer_keys import Fetch

LARGEST = 64 * 1024 * 1024
EXIT_CODES = {Verdict.valid: 0, Verdict.refused: 1, Verdict.intact: 3, Verdict.undetermined: 3}
"""0 for what is valid and nothing else: signed by somebody unknown is 3. 2 is a command that was not understood."""

_COLOURS = {
    Verdict.valid: "green",
    Verdict.intact: "yellow",
    Verdict.refused: "red",
    Verdict.undetermined: "yellow",
}
_MARKS = {Outcome.passed: ("✓", "green"), Outcome.failed: ("✗", "red"), Outcome.unchecked: ("?", "yellow")}


def verify(file: Path, *, is_offline: bool, did: Path | None, as_json: bool, trust: Sequence[str] = ()) -> int:
    """Verify a file, print what is true, and return the exit code.

    `trust` names issuers whom the reader trusts; a DID document that was saved names one more.
    Raises `OSError` where it cannot be read, and `typer.BadParameter` (exit code 2) for what was not meant to be given.
    """
    if file.stat().st_size > LARGEST:
        raise typer.BadParameter(f"{file} is too large to be a certificate.")
    fetch: Fetch | None = None if is_offline else fetching.fetch
    try:
        trusted = dids_in(" ".join(trust))
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None
    try:
        saved = fetching.saved(did) if did else None
    except (ValueError, RecursionError):
        raise typer.BadParameter(f"{did} is no DID document of a did:web.") from None
    if saved is not None:
        trusted, fetch = trusted | {saved.did}, fetching.with_saved(saved, fetch)
    judged = asyncio.run(offline.judge(file.read_bytes(), now=datetime.now(UTC), fetch=fetch, trusted=trusted))
    if as_json:
        print(terminal.dump(document(judged)))  # noqa: T201  # for programs, not for rich
    else:
        show(judged, file, terminal.console())
    return EXIT_CODES[judged.verdict]


def document(judged: Judgement) -> dict[str, Any]:
    """The answer for programs."""
    badge, pdf = judged.examination.badge, judged.examination.pdf
    return {
        "verdict": judged.verdict.value,
        "statement": judged.statement,
        "kind": judged.examination.kind.value,
        "sha256": judged.sha256,
        "claims": _plain(asdict(judged.claims)) if judged.claims else None,
        "badge": BadgeCheckOut.of(badge).model_dump(mode="json") if badge else None,
        "signatures": [_plain(asdict(signature)) for signature in pdf.signatures] if pdf else [],
        "checks": [_plain(asdict(check)) for check in judged.checks],
    }


def show(judged: Judgement, file: Path, console: "Console") -> None:
    """The answer for people."""
    colour = _COLOURS[judged.verdict]
    title = terminal.text(offline.title_of(judged), "bold")
    console.print(Panel(terminal.text(judged.statement), title=title, border_style=colour, title_align="left"))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")  # Who signed is never cut short: others may begin alike.
    for label, value in _facts(judged, file):
        facts.add_row(terminal.text(label, "dim"), terminal.text(value))
    console.print(facts)
    console.print()
    checks = Table.grid(padding=(0, 1))
    for check in judged.checks:
        mark, style = _MARKS[check.outcome]
        checks.add_row(terminal.text(f" {mark}", style), terminal.text(check.text))
    console.print(checks)


def _facts(judged: Judgement, file: Path) -> list[tuple[str, str]]:
    claims, badge, pdf = judged.claims, judged.examination.badge, judged.examination.pdf
    rows = [("File", str(file)), ("SHA-256", judged.sha256)]
    if pdf is not None and pdf.signature is not None:
        rows.append(("PDF signed in the name of", pdf.signature.signer))
    if badge is not None and claims is not None:
        issuer = "Issuer" if badge.is_issuer_known else "Calls its issuer"
        rows += [
            ("Badge signed by", badge.signer),
            ("Holder", claims.holder_name),
            ("Achievement", claims.achievement),
            (issuer, claims.issuer_name),
            ("Issuer's identifier", claims.issuer),
            ("Number", claims.number),
            ("Issued", f"{claims.valid_from:%Y-%m-%d}" if claims.valid_from else ""),
            ("Valid until", f"{claims.valid_until:%Y-%m-%d}" if claims.valid_until else ""),
        ]
    return [(label, value) for label, value in rows if value]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
