"""The worker process: imports every job and runs the queue."""

import asyncio
import importlib
import signal
from contextlib import suppress
from pathlib import Path

from core import database, job_runner, logs
from core.settings import Settings, load_settings, use_settings

ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("accounts", "events", "certification")


def import_jobs() -> list[str]:
    """Import core's jobs and every `jobs.py` of the packages, which registers them; returns the modules' names."""
    found = sorted(
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for package in _PACKAGES
        for file in (ROOT / package).rglob("jobs.py")
    )
    modules = ["core.announce", "core.mail", *found]
    for module in modules:
        importlib.import_module(module)
    return modules


async def work(settings: Settings) -> None:
    """Run jobs until SIGTERM or SIGINT; running jobs are finished first."""
    if settings.database_url is None:
        raise RuntimeError("The worker needs CONFERO_DATABASE_URL; `confero serve` gives it one.")
    import_jobs()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pace = job_runner.Pace.of(settings)
    # Every running job may hold a connection, and the heartbeat must not wait for one of theirs.
    await database.connect(settings.database_url, max(settings.pool_size, pace.at_once + 2), "confero-worker")
    try:
        await job_runner.run_worker(settings.database_url, stop, pace)
    finally:
        await database.disconnect()


def main() -> None:
    """Entry point of `python -m api.worker`."""
    logs.configure()
    settings = load_settings()
    use_settings(settings)
    with suppress(KeyboardInterrupt):
        asyncio.run(work(settings))


if __name__ == "__main__":
    main()
