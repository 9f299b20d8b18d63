"""Jobs of renewal: reminders once a day, and removing evidence that nothing refers to any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

from certification.renewal import evidence, reminders
from core.jobs import job, schedule


@schedule("renewal.remind", every=timedelta(days=1))
async def remind() -> None:
    """Send the reminders that are due; one that was sent is not sent again."""
    await reminders.send_due(now=datetime.now(UTC))


@job("renewal.forget_evidence")
async def forget_evidence(payload: dict[str, Any]) -> None:
    """Remove files of evidence from the store, but those that another credit has as well."""
    await evidence.remove_unreferred(payload["sha256"])
