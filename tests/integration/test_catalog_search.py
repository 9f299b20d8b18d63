"""Finding events."""

from datetime import UTC, datetime, timedelta

import pytest

from core.database import execute, fetch, transaction
from core.errors import InvalidInput
from events.catalog import search
from events.catalog.models import EventFormat
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


@pytest.mark.parametrize(
    "words",
    ["conference", "CONFÉRENCE", "conferense", "paris", "pari", "ouverte paris", "france", "villete", "conf python"],
)
async def test_accents_case_typos_beginnings_and_countries_are_understood(words: str) -> None:
    await events.published_event(
        title="Conférence ouverte Python",
        languages=["fr"],
        venue_fields={"name": "La Villette", "city": "Paris", "country": "FR"},
    )
    await events.published_event(title="Nairobi Rust Meetup")
    assert await titles(q=words) == ["Conférence ouverte Python"]


@pytest.mark.parametrize("words", ["kubernetes", "paris kubernetes", "xyzzy", "%", "_"])
async def test_every_word_must_be_found(words: str) -> None:
    await events.published_event(title="Conférence ouverte", venue_fields={"city": "Paris", "country": "FR"})
    expected = ["Conférence ouverte"] if words in "%_" else []  # nothing but punctuation asks for nothing
    assert await titles(q=words) == expected


async def test_writing_without_latin_letters_is_found() -> None:
    await events.published_event(title="東京オープンソース会議", venue_fields={"city": "東京", "country": "JP"})
    await events.published_event(title="مؤتمر المصادر المفتوحة")
    assert await titles(q="オープンソース") == ["東京オープンソース会議"]
    assert await titles(q="المصادر") == ["مؤتمر المصادر المفتوحة"]


async def test_a_match_in_the_title_comes_before_one_in_the_text() -> None:
    soon = await events.published_event(title="Meetup", starts_at=events.in_days(1), summary="About rust and steel")
    await events.published_event(title="Rust evening", starts_at=events.in_days(9))
    assert soon.search_text.startswith("meetup\n")
    assert await titles(q="rust") == ["Rust evening", "Meetup"]


async def test_filters_near_and_far_by_language_way_and_date() -> None:
    await events.published_event(
        title="Zürich",
        starts_at=events.in_days(10),
        languages=["de-CH"],
        venue_fields={"city": "Zürich", "country": "CH"},
    )
    await events.published_event(title="Online", starts_at=events.in_days(20), format=EventFormat.online)
    await events.published_event(
        title="Hybrid", starts_at=events.in_days(30), format=EventFormat.hybrid, languages=["fr", "en"]
    )
    await events.published_event(title="Past", starts_at=events.in_days(-30))
    day = events.in_days(20).date()
    for query, found in (
        ({}, ["Zürich", "Online", "Hybrid"]),
        ({"country": "ch"}, ["Zürich"]),
        ({"city": "zurich"}, ["Zürich"]),
        ({"country": "KE", "city": "NAIROBI"}, ["Hybrid"]),
        ({"online": True}, ["Online", "Hybrid"]),
        ({"online": False}, ["Zürich"]),
        ({"language": "de"}, ["Zürich"]),
        ({"language": "en"}, ["Online", "Hybrid"]),
        ({"after": day}, ["Online", "Hybrid"]),
        ({"before": day}, ["Past", "Zürich", "Online"]),
        ({"after": day, "before": day}, ["Online"]),
        ({"after": "2020-01-01"}, ["Past", "Zürich", "Online", "Hybrid"]),
        ({"q": "zurich", "online": True}, []),
    ):
        assert await titles(**query) == found, query


async def test_a_running_event_is_listed_until_it_ends() -> None:
    now = datetime.now(UTC)
    await events.published_event(title="Running", starts_at=now - timedelta(days=2), ends_at=now + timedelta(hours=1))
    await events.published_event(title="Ended", starts_at=now - timedelta(days=2), ends_at=now - timedelta(seconds=1))
    assert await titles() == ["Running"]


@pytest.mark.parametrize("words", [None, "meetup"])
async def test_pages_follow_each_other_without_gap_or_repetition(words: str | None) -> None:
    same = events.in_days(5)
    for number in range(7):
        await events.published_event(
            title=f"Meetup {number}", starts_at=same if number % 2 else events.in_days(number + 1)
        )
    everything = await titles(q=words)
    found: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = await search.find(EventSearch(q=words, limit=2, cursor=cursor), datetime.now(UTC))
        found += [card.title for card in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert (pages, len(set(found)), found) == (4, 7, everything)


async def test_a_cursor_from_elsewhere_is_refused() -> None:
    for cursor in ("nonsense", "WzFd", "W10", "e30"):
        with pytest.raises(InvalidInput, match="next_cursor"):
            await search.find(EventSearch(cursor=cursor), datetime.now(UTC))


async def test_searching_and_listing_many_events_read_by_index() -> None:
    """Asked of the planner, with 3,000 events of which half are over; reading the whole table is made dear, since the
    planner takes comparing trigrams for as cheap as comparing numbers.
    """
    await events.published_event(title="Nairobi Rust Meetup")
    await execute(
        """INSERT INTO event (id, organization_id, slug, title, format, status, starts_at, ends_at, time_zone,
                              languages, venue_id, search_text, created_at, updated_at)
           SELECT gen_random_uuid(), organization_id, 'many-' || n, 'Event ' || n, format, status,
                  starts_at + (n - 1500) * interval '1 hour', ends_at + (n - 1500) * interval '1 hour', time_zone,
                  languages, venue_id, (SELECT string_agg(md5((n * i)::text), ' ') FROM generate_series(1, 40) i),
                  now(), now()
           FROM event, generate_series(1, 3000) n"""
    )
    await execute("ANALYZE event")
    published = "EXPLAIN SELECT id FROM event e WHERE e.status = 'published' AND"
    async with transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        found = await fetch(
            "EXPLAIN SELECT id FROM event e WHERE e.search_text LIKE '%rust%' OR e.search_text %> 'rust'"
        )
    listed = await fetch(f"{published} e.starts_at >= now() ORDER BY e.starts_at, e.id LIMIT 51")
    assert "event_search_trigrams" in "".join(row[0] for row in found)
    assert "Index Scan using idx_event_status" in "".join(row[0] for row in listed)
