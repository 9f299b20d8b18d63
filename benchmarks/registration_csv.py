"""The CSV file of 10,000 registrations: time and memory."""

import time
import tracemalloc

from benchmarks import crowd
from benchmarks.stage import Measured, Stage
from events.registration import attendee_list
from events.registration.permissions import EventDesk
from events.registration.schemas import RegistrationsQuery

COUNTS = (1_000, 10_000)


async def run(stage: Stage) -> list[Measured]:
    """Files a second; the note gives milliseconds and what Python held at most for 1,000 and 10,000 lines."""
    seconds, peaks = 0.0, []
    for count in COUNTS:
        event = await crowd.event_with(count)
        desk = EventDesk(event.id, event.organization_id, event.slug, event.title, event.time_zone)
        started = time.perf_counter()
        lines = await _read(desk)
        seconds = time.perf_counter() - started
        if lines != count + 1:
            raise RuntimeError(f"{lines} lines for {count} registrations")
        tracemalloc.start()
        await _read(desk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    memory = " and ".join(f"{peak / 1024:,.0f} KiB" for peak in peaks)
    note = f"{seconds * 1000:,.0f} ms; at most {memory} for 1,000 and 10,000"
    return [Measured("CSV of 10,000 registrations", 1.0, 1 / seconds, 1.0, "files/s", note)]


async def _read(desk: EventDesk) -> int:
    lines = 0
    async for piece in attendee_list.as_csv(desk, RegistrationsQuery()):
        lines += piece.count(b"\r\n")
    return lines
