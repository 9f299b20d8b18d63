"""Jobs of runs: working through the lines, and forgetting drafts that nobody started."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from certification.bulk import runs, working
from core.errors import RateLimited
from core.jobs import job, schedule

DRAFTS_KEPT = timedelta(days=30)


@job("bulk.work", attempts=20, at_once=6)
async def work(payload: dict[str, Any]) -> None:
    """Work on one lane of a run for a while, and enqueue the rest; running it twice does no line twice."""
    run_id, lane, turn = UUID(payload["run"]), int(payload["lane"]), int(payload["turn"]) + 1
    try:
        if await working.work(run_id, lane):
            await working.enqueue_lane(run_id, lane, turn=turn)
    except RateLimited as over:
        later = datetime.now(UTC) + timedelta(seconds=over.retry_after)
        await working.enqueue_lane(run_id, lane, turn=turn, at=later)


@schedule("bulk.forget_drafts", every=timedelta(hours=12))
async def forget_drafts() -> None:
    """Delete drafts that were never started."""
    await runs.forget_drafts(datetime.now(UTC) - DRAFTS_KEPT)
