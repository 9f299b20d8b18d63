"""Registration for a limited event, 32 clients, against the bare one-statement hot row."""

from statistics import median

from benchmarks import load, people
from benchmarks.stage import Measured, Stage
from core.database import fetchrow

CLIENTS = 32
ROUNDS = 3
PER_ROUND = 6000


async def run(stage: Stage) -> list[Measured]:
    """Medians of three rounds, the two sides by turns; counts what was sold against what was answered."""
    bare_figures, confero_figures = [], []
    for _ in range(ROUNDS):
        hot_row = load.request("POST", "/claim")
        bare = await load.run(stage.bare, load.repeated(hot_row), clients=CLIENTS, seconds=3)
        bare_figures.append(bare.expect(201, "the bare hot row").per_second)
        event = await people.event(places=PER_ROUND * 2)
        path = f"/api/v1/events/{event.slug}/registrations"
        requests = [
            load.request("POST", path, token=token, body=b"{}") for _, token in await people.with_tokens(PER_ROUND)
        ]
        result = await load.run(stage.confero, load.each_once(requests), clients=CLIENTS, seconds=3)
        counted = await fetchrow(
            """SELECT (SELECT sum(taken) FROM quota WHERE event_id = $1) AS taken,
                      (SELECT count(*) FROM registration WHERE event_id = $1) AS rows""",
            event.id,
        )
        assert counted is not None
        if not counted["taken"] == counted["rows"] == result.statuses.get(201, 0) or set(result.statuses) != {201}:
            raise RuntimeError(f"lost or oversold: {dict(counted)} of {result.statuses}")
        confero_figures.append(result.per_second)
    return [Measured("registration, 32 clients", median(bare_figures), median(confero_figures), 0.4)]
