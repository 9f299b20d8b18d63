"""A worker that dies at a given moment: `python -m tests.integration.certification.dying_worker MODULE FUNCTION WHEN`.

It runs the queue like any worker, and ends itself by SIGKILL before or after the named function has run for the first
time, which nothing in the process can prevent or tidy up.
"""

import asyncio
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from api.worker import import_jobs
from core import database, job_runner
from core.settings import load_settings, use_settings


def mortal(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    """`function`, but the process is killed before it runs or after it has."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def run_async(*given: Any, **named: Any) -> Any:
        if when == "before":
            die()
        await function(*given, **named)
        die()

    def run(*given: Any, **named: Any) -> Any:
        if when == "before":
            die()
        function(*given, **named)
        die()

    return run_async if inspect.iscoroutinefunction(function) else run


async def work() -> None:
    """Run what is due."""
    settings = load_settings()
    use_settings(settings)
    assert settings.database_url is not None
    await database.connect(settings.database_url, 4, "confero-dying-worker")
    await job_runner.run_pending()
    await database.disconnect()


if __name__ == "__main__":
    import_jobs()
    module, name, when = sys.argv[1:]
    owner = importlib.import_module(module)
    setattr(owner, name, mortal(getattr(owner, name), when))
    asyncio.run(work())
