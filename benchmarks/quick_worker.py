"""A worker that takes a dead one's jobs after two seconds instead of thirty: `python -m benchmarks.quick_worker`."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from api.worker import import_jobs
from core import database
from core.job_runner import Pace, run_worker
from core.settings import load_settings, use_settings


async def work() -> None:
    """Run jobs until killed."""
    settings = load_settings()
    use_settings(settings)
    if settings.database_url is None:
        raise RuntimeError("CONFERO_DATABASE_URL is not set")
    pace = replace(Pace.of(settings), stale_after=timedelta(seconds=2))
    await database.connect(settings.database_url, pace.at_once + 2, "confero-bench-worker")
    await run_worker(settings.database_url, asyncio.Event(), pace)


if __name__ == "__main__":
    import_jobs()
    asyncio.run(work())
