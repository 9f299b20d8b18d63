"""50 of 100,000 registrations, 8 clients, against 50 rows as JSON; the first and the last page."""

from statistics import median

from benchmarks import crowd, load, people
from benchmarks.stage import Measured, Stage
from core.database import fetchrow
from core.pages import encode_cursor

CLIENTS = 8
ROUNDS = 3
COUNT = 100_000


async def run(stage: Stage) -> list[Measured]:
    """Medians of three rounds, the three sides by turns."""
    event = await crowd.event_with(COUNT)
    token = await people.staff(event)
    row = await fetchrow(
        "SELECT created_at, id FROM registration WHERE event_id = $1 ORDER BY created_at, id OFFSET 50 LIMIT 1",
        event.id,
    )
    assert row is not None
    path = f"/api/v1/events/{event.slug}/registrations"
    last = f"{path}?cursor={encode_cursor(row['created_at'], row['id'])}"
    sides = {
        "bare": (stage.bare, load.request("GET", "/lines")),
        "first": (stage.confero, load.request("GET", path, token=token)),
        "last": (stage.confero, load.request("GET", last, token=token)),
    }
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, (port, content) in sides.items():
            result = await load.run(port, load.repeated(content), clients=CLIENTS, seconds=3)
            figures[name].append(result.expect(200, "the list").per_second)
    bare = median(figures["bare"])
    return [
        Measured("50 of 100,000 registrations, first page", bare, median(figures["first"]), 0.3),
        Measured("50 of 100,000 registrations, last page", bare, median(figures["last"]), 0.3),
    ]
