"""Commands about jobs that used up their retries."""

import asyncio

from api.commands.database import connected
from api.commands.terminal import say
from core import jobs
from core.errors import Conflict
from core.settings import Settings

_AT_ONCE = 1000


def show_held(settings: Settings) -> None:
    """Print the held jobs, the reason of each on a line of its own."""

    async def run() -> list[jobs.HeldJob]:
        async with connected(settings):
            return await jobs.held_jobs(_AT_ONCE)

    held = asyncio.run(run())
    for job in held:
        say(f"{job.id}  {job.name}  {job.payload}\n    {job.error}")
    say(f"{len(held)} held. Queue one again with: confero jobs retry NUMBER" if held else "No job is held.")


def retry(settings: Settings, job_id: int | None) -> None:
    """Queue one held job again, or all of them."""

    async def run() -> int:
        async with connected(settings):
            chosen = [job_id] if job_id is not None else [job.id for job in await jobs.held_jobs(_AT_ONCE)]
            queued = 0
            for one in chosen:
                try:
                    await jobs.retry_held(one)
                    queued += 1
                except Conflict:  # The same job waits already; of all held ones it alone stays.
                    if job_id is not None:
                        raise
            return queued

    say(f"Queued again: {asyncio.run(run())}.")
