"""The public directory of holders: those who asked to be in it, found by name, certification and country."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.certificates.models import Certificate, DirectoryEntry
from core.database import fetch, fetchval, new_id, transaction
from core.pages import decode_cursor, encode_cursor

# What is shown: certificates of a certification that are in force, whose name is not hidden, and that none follows.
_SHOWN = """
    directory_entry e
    JOIN person p ON p.id = e.person_id AND p.erased_at IS NULL
    JOIN certificate c ON c.person_id = e.person_id AND c.status = 'valid' AND NOT c.is_name_hidden
      AND c.successor_id IS NULL AND (c.valid_until IS NULL OR c.valid_until > $1)
    JOIN certification k ON k.id = c.certification_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to find: a part of the name, the slug of a certification they hold, a country; and which page."""

    q: str | None = None
    certification: str | None = None
    country: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListedHolder:
    """Somebody in the directory: the name on their latest certificate, their country, and what they hold."""

    name: str
    country: str
    certificates: list[Certificate]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the directory can be narrowed to: countries, and certifications as (slug, title), that somebody has."""

    countries: list[str]
    certifications: list[tuple[str, str]]


async def entry_of(person: Person) -> DirectoryEntry | None:
    """The person's own entry, if they asked for one."""
    return await DirectoryEntry.get_or_none(person_id=person.id)


async def join(person: Person, country: str) -> DirectoryEntry:
    """Show the person's certificates in the directory, under this country (ISO 3166-1 alpha-2), or under another."""
    async with transaction():
        is_new = await fetchval(
            """INSERT INTO directory_entry (id, person_id, country, listed_at) VALUES ($1, $2, $3, now())
               ON CONFLICT (person_id) DO UPDATE SET country = excluded.country RETURNING xmax = 0""",
            new_id(),
            person.id,
            country,
        )
        if is_new:
            await audit.record("directory.joined", by=person, object_kind="person", object_id=person.id)
        return await DirectoryEntry.get(person_id=person.id)


async def leave(person: Person) -> None:
    """Take the person out of the directory at once; nobody who is not in it is surprised."""
    async with transaction():
        if await DirectoryEntry.filter(person_id=person.id).delete():
            await audit.record("directory.left", by=person, object_kind="person", object_id=person.id)


async def find(search: Wanted, *, now: datetime) -> tuple[list[ListedHolder], str | None]:
    """A page of the directory by name, and the cursor to the next. Capitals and accents make no difference.

    Hidden names, erased people, attendance, and certificates that are not in force or were renewed never appear.
    """
    where, having, arguments = _matching(search, now)
    rows = await fetch(
        f"""SELECT person_id, country, name, array_agg(certificate_id ORDER BY issued_at DESC, certificate_id) AS held
            FROM (SELECT e.person_id, e.country, c.id AS certificate_id, c.issued_at, k.slug,
                         first_value(c.holder_name) OVER (
                           PARTITION BY e.person_id ORDER BY c.issued_at DESC, c.id) AS name
                  FROM {_SHOWN}) shown
            WHERE {where} GROUP BY person_id, country, name HAVING {having}
            ORDER BY name, person_id LIMIT {search.limit + 1:d}""",
        *arguments,
    )
    page = rows[: search.limit]
    held = await _certificates([one for row in page for one in row["held"]])
    holders = [ListedHolder(row["name"], row["country"], [held[one] for one in row["held"]]) for row in page]
    more = len(rows) > search.limit
    return holders, encode_cursor(page[-1]["name"], page[-1]["person_id"]) if more else None


async def choices(*, now: datetime) -> Choices:
    """What a reader can choose from: every country and certification that would find somebody."""
    rows = await fetch(f"SELECT DISTINCT e.country, k.slug, k.title FROM {_SHOWN}", now)
    certifications = {row["slug"]: row["title"] for row in rows}
    by_title = sorted(certifications.items(), key=lambda pair: (pair[1].casefold(), pair[0]))
    return Choices(sorted({row["country"] for row in rows}), by_title)


def _matching(search: Wanted, now: datetime) -> tuple[str, str, list[Any]]:
    """Conditions on the holders and on what they hold, and their values."""
    arguments: list[Any] = [now]
    where, having = "true", "true"
    if search.country:
        arguments.append(search.country)
        where += f" AND country = ${len(arguments)}"
    if search.q:
        escaped = search.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        arguments.append(f"%{escaped}%")
        where += f" AND unaccent(name) ILIKE unaccent(${len(arguments)})"
    if search.cursor:
        arguments += decode_cursor(search.cursor, str, UUID)
        where += f" AND (name, person_id) > (${len(arguments) - 1}, ${len(arguments)})"
    if search.certification:
        arguments.append(search.certification)
        having = f"bool_or(slug = ${len(arguments)})"
    return where, having, arguments


async def _certificates(ids: Sequence[UUID]) -> dict[UUID, Certificate]:
    return {one.id: one for one in await Certificate.filter(id__in=list(ids)).select_related("certification")}
