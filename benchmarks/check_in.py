"""A check-in scan, 8 clients, against a handler with one INSERT."""

import json
from statistics import median

from accounts.tokens import new_code
from benchmarks import load, people
from benchmarks.stage import Measured, Stage
from core.database import fetchval
from events.registration.models import Registration, TicketType

CLIENTS = 8
ROUNDS = 3
PER_ROUND = 6000


async def run(stage: Stage) -> list[Measured]:
    """Medians of three rounds; every scan is of another registration."""
    bare_figures, confero_figures = [], []
    for _ in range(ROUNDS):
        fresh = [json.dumps({"code": new_code(12)}).encode() for _ in range(PER_ROUND * 2)]
        inserts = load.each_once([load.request("POST", "/scan", body=body) for body in fresh])
        bare = await load.run(stage.bare, inserts, clients=CLIENTS, seconds=3)
        bare_figures.append(bare.expect(201, "the bare INSERT").per_second)
        event = await people.event(places=PER_ROUND)
        token = await people.staff(event)
        codes = await _registrations(event.id)
        path = f"/api/v1/events/{event.slug}/check-ins"
        scans = [load.request("POST", path, token=token, body=json.dumps({"code": code}).encode()) for code in codes]
        result = await load.run(stage.confero, load.each_once(scans), clients=CLIENTS, seconds=3)
        made = await fetchval(
            "SELECT count(*) FROM check_in c JOIN registration r ON r.id = c.registration_id WHERE r.event_id = $1",
            event.id,
        )
        if made != result.statuses.get(201, 0) or set(result.statuses) != {201}:
            raise RuntimeError(f"{made} check-ins of {result.statuses}")
        confero_figures.append(result.per_second)
    return [Measured("check-in scan, 8 clients", median(bare_figures), median(confero_figures), 0.4)]


async def _registrations(event_id: object) -> list[str]:
    ticket_type = await TicketType.get(event_id=event_id)
    guests = await people.with_tokens(PER_ROUND)
    made = [
        Registration(
            event_id=event_id,
            ticket_type_id=ticket_type.id,
            person_id=person.id,
            attendee_name=person.display_name,
            code=new_code(12),
        )
        for person, _ in guests
    ]
    await Registration.bulk_create(made, batch_size=1000)
    return [registration.code for registration in made]
