"""Jobs of attendance: looking every minute for events that are over."""

from datetime import UTC, datetime, timedelta

from certification.attendance import conferring
from core.jobs import schedule


@schedule("attendance.confer", every=timedelta(minutes=1))
async def confer() -> None:
    """Start the runs of events that are over; the lines are carried out by `bulk.work`."""
    await conferring.confer_due(now=datetime.now(UTC))
