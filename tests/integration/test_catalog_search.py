"""Finding events."""

from datetime import UTC, datetime

import pytest

from events.catalog import search
from events.catalog.schemas import EventSearch
from tests.factories import events

pytestmark = pytest.mark.usefixtures("database")


async def titles(**query: object) -> list[str]:
    page = await search.find(EventSearch.model_validate(query), datetime.now(UTC))
    return [card.title for card in page.items]


async def test_lists_published_events_the_soonest_first() -> None:
    await events.published_event(title="Later", starts_at=events.in_days(20))
    await events.published_event(title="Sooner", starts_at=events.in_days(10))
    await events.event(title="Draft")
    assert await titles() == ["Sooner", "Later"]
