"""`confero verify`: what a file is, in the terminal. Needs no server, no database and no settings."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from api.commands import fetching
from certification.badges.verdicts import Verdict
from certification.certificates import offline
from certification.certificates.findings import Outcome
from certification.certificates.offline import Judgement

if TYPE_CHECKING:
    from certification.badges.issuer_keys import Fetch

LARGEST = 64 * 1024 * 1024
EXIT_CODES = {Verdict.valid: 0, Verdict.refused: 1, Verdict.intact: 3, Verdict.undetermined: 3}
"""0 for what is valid and nothing else; 2 is a command that was not understood."""

_TITLES = {
    Verdict.valid: ("Valid", "green"),
    Verdict.intact: ("Unchanged, but not confirmed", "yellow"),
    Verdict.refused: ("Not valid", "red"),
    Verdict.undetermined: ("Cannot be told", "yellow"),
}
_MARKS = {Outcome.passed: "[green]✓[/]", Outcome.failed: "[red]✗[/]", Outcome.unchecked: "[yellow]?[/]"}


def verify(file: Path, *, is_offline: bool, did: Path | None, as_json: bool) -> int:
    """Verify a file, print what is true, and return the exit code.

    Raises `OSError` where it cannot be read, and `typer.BadParameter` (exit code 2) for what was not meant to be given.
    """
    if file.stat().st_size > LARGEST:
        raise typer.BadParameter(f"{file} is too large to be a certificate.")
    fetch: Fetch | None = None if is_offline else fetching.fetch
    try:
        fetch = fetching.with_saved(did, fetch) if did else fetch
    except (ValueError, RecursionError):
        raise typer.BadParameter(f"{did} is no DID document of a did:web.") from None
    judged = asyncio.run(offline.judge(file.read_bytes(), now=datetime.now(UTC), fetch=fetch))
    if as_json:
        print(json.dumps(document(judged), indent=2, ensure_ascii=False))  # noqa: T201  # for programs, not for rich
    else:
        show(judged, file, Console())
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
        "badge": {
            "verdict": badge.verdict.value,
            "reasons": [reason.value for reason in badge.reasons],
            "suite": badge.suite,
            "public_key": badge.public_key,
            "key_source": badge.key_source.value if badge.key_source else None,
        }
        if badge
        else None,
        "signatures": [_plain(asdict(signature)) for signature in pdf.signatures] if pdf else [],
        "checks": [_plain(asdict(check)) for check in judged.checks],
    }


def show(judged: Judgement, file: Path, console: Console) -> None:
    """The answer for people."""
    title, colour = _TITLES[judged.verdict]
    console.print(
        Panel(escape(_printable(judged.statement)), title=f"[bold]{title}[/]", border_style=colour, title_align="left")
    )
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(judged, file):
        facts.add_row(f"[dim]{label}[/]", escape(value))
    console.print(facts)
    console.print()
    checks = Table.grid(padding=(0, 1))
    for check in judged.checks:
        checks.add_row(f" {_MARKS[check.outcome]}", escape(_printable(check.text)))
    console.print(checks)


def _facts(judged: Judgement, file: Path) -> list[tuple[str, str]]:
    claims, pdf = judged.claims, judged.examination.pdf
    rows = [("File", str(file)), ("SHA-256", judged.sha256)]
    if pdf is not None and pdf.signature is not None:
        rows.append(("PDF signed by", pdf.signature.signer))
    if claims is not None:
        rows += [
            ("Holder", claims.holder_name),
            ("Achievement", claims.achievement),
            ("Issuer", claims.issuer_name),
            ("Issuer's identifier", claims.issuer_id),
            ("Number", claims.number),
            ("Issued", f"{claims.valid_from:%Y-%m-%d}" if claims.valid_from else ""),
            ("Valid until", f"{claims.valid_until:%Y-%m-%d}" if claims.valid_until else ""),
        ]
    return [(label, _printable(value)) for label, value in rows if value]


def _printable(text: str) -> str:
    """Without characters that steer a terminal."""
    return "".join(character for character in text if character.isprintable())


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
