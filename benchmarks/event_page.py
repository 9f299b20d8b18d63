"""The public event page, uncached, 8 clients, against a handler that selects the event by its key."""

from statistics import median

from benchmarks import load, people
from benchmarks.stage import Measured, Stage

CLIENTS = 8
ROUNDS = 3


async def run(stage: Stage) -> list[Measured]:
    """Medians of three rounds, the two sides by turns."""
    event = await people.event(places=100)
    path = f"/events/{event.slug}"
    bare_figures: list[float] = []
    confero_figures: list[float] = []
    for _ in range(ROUNDS):
        for port, figures in ((stage.bare, bare_figures), (stage.confero, confero_figures)):
            result = await load.run(port, load.repeated(load.request("GET", path)), clients=CLIENTS, seconds=3)
            figures.append(result.expect(200, "the event page").per_second)
    return [Measured("public event page, 8 clients", median(bare_figures), median(confero_figures), 0.15)]
