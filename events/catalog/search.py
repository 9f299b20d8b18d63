"""Finding published events: full text that forgives accents and typos, and filters near or far."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from babel import Locale

from core.database import fetch, transaction
from core.pages import PageOf, decode_cursor, encode_cursor
from events.catalog.models import Event, Venue
from events.catalog.schemas import LONGEST_EVENT, EventCard, EventSearch

_LONGEST = 20_000
_TYPO_THRESHOLD = 0.42
"""Share of a word's trigrams that must be found: two letters swapped in a word of six still pass."""


def normalise(text: str) -> str:
    """Text as it is searched: compatibility forms, case and accents removed, white space and punctuation as one space.

    Source: Unicode UAX #15 (NFKD) and case folding; Latin letters that have no decomposition are spelled out.
    """
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_UNDECOMPOSED))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", plain).strip()


_UNDECOMPOSED = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


def text_of(event: Event) -> str:
    """The text an event is found by; its first line is the title, which counts more.

    `event.organization` and `event.venue` must be fetched.
    """
    venue: Venue | None = event.venue
    parts = [event.summary, event.organization.name, event.programme_text, event.description]
    if venue is not None:
        parts[:0] = [venue.name, venue.city, venue.region, *_country_names(venue.country, event.languages)]
    return (normalise(event.title) + "\n" + normalise(" ".join(parts)))[:_LONGEST]


def _country_names(country: str, languages: list[str]) -> list[str]:
    """The country's name in English and in the event's own languages."""
    locales = {Locale.parse(tag, sep="-") for tag in ("en", *languages)}
    return sorted({locale.territories.get(country, "") for locale in locales})


@dataclass(frozen=True, slots=True)
class _Statement:
    """Conditions and their parameters, numbered as they are added."""

    conditions: list[str]
    values: list[Any]  # Any: parameters of many types

    def where(self, condition: str, *values: object) -> None:
        """Add a condition in which each `{}` stands for the next of `values`."""
        numbers = [f"${len(self.values) + offset + 1}" for offset in range(len(values))]
        self.conditions.append(condition.format(*numbers))
        self.values.extend(values)


async def find(search: EventSearch, now: datetime) -> PageOf[EventCard]:
    """One page of published events: with words the best match first, else the soonest first.

    Each word must be found, as part of a word or with a typo (pg_trgm's word similarity). Without `after` and `before`
    events that are over are left out. Raises `InvalidInput` for a cursor that is not this list's.
    """
    words = normalise(search.q or "").split()[:12]
    statement = _Statement(["e.status = 'published'"], [])
    for word in words:
        statement.where("(e.search_text LIKE '%' || {} || '%' OR e.search_text %> {})", word, word)
    _near_or_far(statement, search)
    _when(statement, search, now)
    rank = "0"
    if words:
        statement.values.append(" ".join(words))
        asked = f"${len(statement.values)}"
        rank = (
            f"-round(100 * (2 * word_similarity({asked}, split_part(e.search_text, E'\\n', 1))"
            f" + word_similarity({asked}, e.search_text)))::int"
        )
    if search.cursor:
        after_rank, starts_at, event_id = decode_cursor(search.cursor, int, datetime, UUID)
        if not words:
            statement.where("(e.starts_at, e.id) > ({}, {})", starts_at, event_id)
        else:
            statement.where("(" + rank + ", e.starts_at, e.id) > ({}::bigint, {}, {})", after_rank, starts_at, event_id)
    rows = await _run(statement, rank, search.limit + 1, is_fuzzy=bool(words))
    page = rows[: search.limit]
    more = len(rows) > search.limit
    last = encode_cursor(page[-1]["rank"], page[-1]["starts_at"], page[-1]["id"]) if more else None
    return PageOf(
        items=[EventCard(**{name: row[name] for name in EventCard.model_fields}) for row in page], next_cursor=last
    )


def _near_or_far(statement: _Statement, search: EventSearch) -> None:
    if search.country:
        statement.where("v.country = {}", search.country)
    if search.city:
        statement.where("v.city_key = {}", normalise(search.city))
    if search.online is not None:
        statement.conditions.append(f"e.format {'<>' if search.online else '='} 'in_person'")
    if search.language:
        statement.where(
            "EXISTS (SELECT 1 FROM unnest(e.languages) l WHERE l = {} OR l LIKE {} || '-%')",
            search.language,
            search.language,
        )


def _when(statement: _Statement, search: EventSearch, now: datetime) -> None:
    """Dates are days in UTC. An event lasts 60 days at most, which bounds the range of the index on `starts_at`."""
    if search.after or not search.before:
        ends_after = _moment(search.after) if search.after else now
        statement.where("e.starts_at >= {}", ends_after - LONGEST_EVENT)
        statement.where("e.ends_at >= {}", ends_after)
    if search.before:
        is_day = not isinstance(search.before, datetime)
        statement.where("e.starts_at < {}", _moment(search.before) + timedelta(days=1 if is_day else 0))


def _moment(value: date | datetime) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.replace(tzinfo=value.tzinfo or UTC)


async def _run(statement: _Statement, rank: str, limit: int, *, is_fuzzy: bool) -> Any:  # Any: asyncpg's records
    sql = f"""
        SELECT {rank} AS rank, e.id, e.slug, e.title, e.summary, e.format, e.status, e.starts_at, e.ends_at,
               e.time_zone, e.languages, v.city, v.country, o.name AS organization
        FROM event e JOIN organization o ON o.id = e.organization_id LEFT JOIN venue v ON v.id = e.venue_id
        WHERE {" AND ".join(statement.conditions)}
        ORDER BY {"1, " if is_fuzzy else ""}e.starts_at, e.id LIMIT {limit}"""
    if not is_fuzzy:
        return await fetch(sql, *statement.values)
    async with transaction() as connection:
        await connection.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {_TYPO_THRESHOLD}")
        return await connection.fetch(sql, *statement.values)


async def countries(now: datetime) -> list[str]:
    """ISO codes of the countries where something published is still to come."""
    rows = await fetch(
        """SELECT DISTINCT v.country FROM event e JOIN venue v ON v.id = e.venue_id
           WHERE e.status = 'published' AND e.starts_at >= $1 AND e.ends_at >= $2 ORDER BY 1""",
        now - LONGEST_EVENT,
        now,
    )
    return [row["country"] for row in rows]


async def languages(now: datetime) -> list[str]:
    """Tags of the languages in which something published is still to come."""
    rows = await fetch(
        """SELECT DISTINCT unnest(languages) AS tag FROM event
           WHERE status = 'published' AND starts_at >= $1 AND ends_at >= $2 ORDER BY 1""",
        now - LONGEST_EVENT,
        now,
    )
    return [row["tag"] for row in rows]
