"""How a lower package has an effect in a higher one: it announces, and the higher one's jobs.py subscribes.

An announcement is one job row in the announcing transaction, so that web processes import no subscriber. The worker
fans it out, one job a subscriber, under keys that make a second run add nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from core.database import new_id, transaction
from core.jobs import enqueue, job

Subscriber = Callable[[UUID, dict[str, Any]], Awaitable[None]]
_subscribers: dict[str, list[str]] = {}


async def announce(topic: str, object_id: UUID, **facts: Any) -> None:
    """Tell whoever subscribed that `topic` (such as `event.cancelled`) happened to an object; JSON facts go along."""
    payload = {"announcement": str(new_id()), "topic": topic, "id": str(object_id), "facts": facts}
    await enqueue("announce", payload)


def on(topic: str, *, name: str, attempts: int = 8) -> Callable[[Subscriber], Subscriber]:
    """Subscribe an async function `(id, facts)` to a topic as the job `name`; it may run twice and must not matter."""

    def register(subscriber: Subscriber) -> Subscriber:
        async def run(payload: dict[str, Any]) -> None:
            await subscriber(UUID(payload["id"]), payload["facts"])

        job(name, attempts=attempts)(run)
        _subscribers.setdefault(topic, []).append(name)
        return subscriber

    return register


@job("announce", attempts=12)
async def fan_out(payload: dict[str, Any]) -> None:
    """Write one job for each subscriber of the topic, all or none."""
    async with transaction():
        for name in _subscribers.get(payload["topic"], ()):
            facts = {"id": payload["id"], "facts": payload["facts"]}
            await enqueue(name, facts, key=f"{name} {payload['announcement']}")
