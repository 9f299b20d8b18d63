"""`python -m benchmarks [names]`: measures and prints the ratios to the bare limits beside the budgets."""

import asyncio
import importlib
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.stage import Measured, stage

ON_STAGE = (
    *("event_page", "registration", "check_in", "registration_list", "registration_csv", "autosave"),
    *("attendance", "strangers"),
)
ALONE = ("certificate_pdf", "signing", "badge")


def _modules(names: list[str]) -> list[tuple[str, Any]]:  # Any: a module with `run`
    unknown = set(names) - set(ON_STAGE) - set(ALONE)
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join((*ON_STAGE, *ALONE))}.")
    return [(name, importlib.import_module(f"benchmarks.{name}")) for name in names or (*ON_STAGE, *ALONE)]


async def _on_stage(modules: list[tuple[str, Any]]) -> list[Measured]:
    measured: list[Measured] = []
    async with stage() as opened:
        for name, module in modules:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            measured += await module.run(opened)
    return measured


def _table(measured: list[Measured]) -> Table:
    table = Table("what", "bare", "Confero", "unit", "ratio", "budget", "", "note")
    for line in measured:
        verdict = "" if not line.budget else "met" if line.ratio >= line.budget else "MISSED"
        budget = f"{line.budget:.2f}" if line.budget else "-"
        ratio = f"{line.ratio:.2f}" if line.bare else "-"
        bare = f"{line.bare:,.0f}" if line.bare else "-"
        table.add_row(line.name, bare, f"{line.confero:,.0f}", line.unit, ratio, budget, verdict, line.note)
    return table


def main() -> None:
    """Measure what is named, or everything."""
    modules = _modules(sys.argv[1:])
    alone = [module for name, module in modules if name in ALONE]
    staged = [(name, module) for name, module in modules if name in ON_STAGE]
    measured = asyncio.run(_on_stage(staged)) if staged else []
    for module in alone:
        got = module.run()
        figures = (got["bare"], got["confero"], got["budget"])
        measured.append(Measured(got["name"], *figures, "/s of one core", got.get("note", "")))
    Console(width=140).print(_table(measured))


if __name__ == "__main__":
    main()
