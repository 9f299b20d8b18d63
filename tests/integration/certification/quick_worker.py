"""A worker like any other, but quick to find out that another one died: `python -m …quick_worker`.

Real workers wait half a minute before they take a dead one's jobs; a test does not.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from api.worker import import_jobs
from core import database
from core.job_runner import Pace, run_worker
from core.settings import load_settings, use_settings

_PACE = replace(Pace(), stale_after=timedelta(seconds=2), poll=timedelta(seconds=0.1), reconnect=0.1)


async def work() -> None:
    """Run jobs until killed."""
    settings = load_settings()
    use_settings(settings)
    assert settings.database_url is not None
    await database.connect(settings.database_url, _PACE.at_once + 2, "confero-quick-worker")
    await run_worker(settings.database_url, asyncio.Event(), _PACE)


if __name__ == "__main__":
    import_jobs()
    asyncio.run(work())
