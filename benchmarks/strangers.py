"""How long visitors wait for a page while strangers send what once froze the server, and while a row is locked."""

from datetime import UTC, datetime

import asyncpg
import httpx

from benchmarks import freezes, people
from benchmarks.freezes import FREEZES
from benchmarks.stage import Measured, Stage
from core.database import execute
from events.registration.claiming import Claim, take

LONGEST_SECONDS = 1.0
"""What 95 of 100 visits may take at most, whoever else asks for what (issue: strangers)."""


async def run(stage: Stage) -> list[Measured]:
    """The limit's seconds to those of the 95th percentile: at least 1."""
    url = f"http://127.0.0.1:{stage.confero}"
    lines = []
    for name, send in FREEZES.items():
        seen = await freezes.beside(url, send)
        lines.append(_line(f"pages beside {freezes.TIMES} {name}", seen))
        await execute("DELETE FROM failure_count")
    lines.append(_line("pages beside 24 cancellations of a locked quota", await _locked(stage, url)))
    return lines


def _line(name: str, seen: freezes.Seen) -> Measured:
    if max(seen.statuses) >= 500:
        raise RuntimeError(f"{name}: visitors were answered {sorted(seen.statuses)}")
    note = f"95 of 100 of {seen.visits} visits within {seen.p95 * 1000:,.0f} ms; strangers got {sorted(seen.answers)}"
    return Measured(name, 1 / LONGEST_SECONDS, 1 / seen.p95, 1.0, "/s", note)


async def _locked(stage: Stage, url: str) -> freezes.Seen:
    event, guests, now = await people.event(places=100), await people.with_tokens(24), datetime.now(UTC)
    rows = [await take(Claim(event.slug, None, guest.id, guest.display_name, "en", now)) for guest, _ in guests]
    places = [row["id"] for row in rows if row is not None]

    async def cancel(client: httpx.AsyncClient, number: int) -> httpx.Response:
        headers = {"authorization": f"Bearer {guests[number][1]}"}
        return await client.delete(f"/api/v1/registrations/{places[number]}", headers=headers)

    blocker = await asyncpg.connect(stage.settings.database_url)
    try:
        async with blocker.transaction():
            await blocker.execute("SELECT 1 FROM quota WHERE event_id = $1 FOR UPDATE", event.id)
            return await freezes.beside(url, cancel, times=len(places))
    finally:
        await blocker.close()
