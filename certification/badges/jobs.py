"""Jobs of badges: publishing status lists after a change, and before what was published ends."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from certification.badges import status_lists
from core.database import transaction
from core.jobs import enqueue, job, schedule


@job("badges.publish_status", attempts=10)
async def publish_status(payload: dict[str, Any]) -> None:
    """Publish one list as its badges are now; running it twice publishes once."""
    await status_lists.publish(UUID(payload["list"]), now=datetime.now(UTC))


@schedule("badges.republish_status", every=timedelta(hours=1))
async def republish_status() -> None:
    """Have every list written anew whose documents near their end."""
    async with transaction():
        for list_id in await status_lists.due(now=datetime.now(UTC)):
            await enqueue("badges.publish_status", {"list": str(list_id)}, key=f"badges.publish_status {list_id} due")
