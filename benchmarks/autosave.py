"""Exam answers that save themselves, 64 clients with an attempt each, against the bare upsert."""

import json
from datetime import UTC, datetime
from itertools import count
from statistics import median
from uuid import UUID

from accounts.models import Organization, Person
from benchmarks import load, people
from benchmarks.stage import Measured, Stage
from certification.bank.content import dump_content, parse_content
from certification.bank.models import Item, ItemVersion
from certification.exams import attempts
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus, Domain
from core.database import fetch, new_id

CLIENTS = 64
ROUNDS = 3
SECONDS = 4.0
ITEMS = 60
_OPTIONS = ("Alpha", "Beta", "Gamma", "Delta")


class Typing:
    """The saves of all clients: each walks through its form again and again, with a sequence that grows."""

    def __init__(self, sittings: list[tuple[UUID, str]] | None = None) -> None:
        self._sittings = sittings
        self._counters = [count(1) for _ in range(CLIENTS)]
        self.last: dict[tuple[int, int], int] = {}

    def __call__(self, client: int) -> bytes:
        """The client's next request."""
        sequence = next(self._counters[client])
        position = sequence % ITEMS + 1
        self.last[client, position] = sequence
        if self._sittings is None:
            body = json.dumps({"sequence": sequence, "response": "a"}).encode()
            return load.request("PUT", f"/answers/{client * 1000 + position}", body=body)
        attempt_id, token = self._sittings[client]
        body = json.dumps({"sequence": sequence, "response": "abcd"[sequence % 4]}).encode()
        return load.request("PUT", f"/api/v1/attempts/{attempt_id}/responses/{position}", token=token, body=body)


async def run(stage: Stage) -> list[Measured]:
    """Medians of three rounds, the two sides by turns; looks up that every acknowledged answer is stored."""
    certification = await _certification()
    bare_figures, confero_figures, slow = [], [], []
    for number in range(ROUNDS):
        await fetch("TRUNCATE bare.answer")
        bare = await load.run(stage.bare, Typing(), clients=CLIENTS, seconds=SECONDS)
        bare_figures.append(bare.expect(200, "the bare upsert").per_second)
        sittings = await _sittings(certification)
        typing = Typing(sittings)
        result = await load.run(stage.confero, typing, clients=CLIENTS, seconds=SECONDS)
        await _check(sittings, typing, number)
        confero_figures.append(result.expect(200, "autosave").per_second)
        slow.append(result.p95_ms)
    note = f"p95 {median(slow):.0f} ms"
    return [Measured("autosave, 64 clients", median(bare_figures), median(confero_figures), 0.4, note=note)]


async def _check(sittings: list[tuple[UUID, str]], typing: Typing, number: int) -> None:
    rows = await fetch(
        "SELECT attempt_id, position, sequence FROM response WHERE attempt_id = ANY($1) AND sequence > 0",
        [attempt_id for attempt_id, _ in sittings],
    )
    clients = {attempt_id: client for client, (attempt_id, _) in enumerate(sittings)}
    stored = {(clients[row["attempt_id"]], row["position"]): row["sequence"] for row in rows}
    if stored != typing.last:
        raise RuntimeError(f"round {number}: answers were lost")


async def _certification() -> Certification:
    organization = await Organization.create(slug=f"bench-{new_id()}"[:60], name="Bench Foundation")
    certification = await Certification.create(
        organization=organization,
        slug=f"bench-{new_id()}",
        title="Bench Associate",
        statement="has been measured",
        status=CertificationStatus.published,
        published_at=datetime.now(UTC),
    )
    await CertificationPolicy.create(certification=certification, version=1)
    domain = await Domain.create(certification=certification, name="General")
    for number in range(ITEMS):
        options = [{"id": letter, "text": text} for letter, text in zip("abcd", _OPTIONS, strict=True)]
        content = parse_content(
            {
                "type": "single_choice",
                "prompt": f"Which one, for the {number}th time?",
                "options": [{**options[0], "correct": True}, *options[1:]],
            }
        )
        item = await Item.create(certification=certification, domain=domain, title=f"Item {number}")
        await ItemVersion.create(item=item, version=1, type=content.type.value, content=dump_content(content))
    return certification


async def _sittings(certification: Certification) -> list[tuple[UUID, str]]:
    """A running attempt for each client: its id, and its person's token."""
    sittings = []
    now = datetime.now(UTC)
    for guest, token in await people.with_tokens(CLIENTS):
        person = await Person.get(id=guest.id)
        person.email_confirmed_at = now
        attempt = await attempts.start(certification, by=person, certificate_name="Bench Guest", now=now, locale="en")
        sittings.append((attempt.id, token))
    return sittings
