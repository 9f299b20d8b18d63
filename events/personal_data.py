"""What events add to the file with all of a person's data."""

from datetime import datetime
from typing import Any

from accounts.export import objects, section
from accounts.models import Person
from core.database import fetch
from events.programme.models import Speaker
from events.registration import feeds
from events.registration.models import Registration


@section("registrations")
async def _registrations(person: Person) -> list[dict[str, Any]]:
    names = ("event__title", "ticket_type__name", "attendee_name", "code", "status", "created_at", "cancelled_at")
    rows = await Registration.filter(person_id=person.id).order_by("created_at").values(*names)
    return [{name.removesuffix("__title").removesuffix("__name"): value for name, value in row.items()} for row in rows]


objects("registration", "speaker")


@section("check_ins")
async def _check_ins(person: Person) -> list[dict[str, Any]]:
    rows = await fetch(
        """SELECT e.title AS event, c.checked_in_at FROM check_in c
           JOIN registration r ON r.id = c.registration_id JOIN event e ON e.id = r.event_id
           WHERE r.person_id = $1 ORDER BY c.checked_in_at""",
        person.id,
    )
    return [dict(row) for row in rows]


@section("speaker")
async def _speaker(person: Person) -> list[dict[str, Any]]:
    names = ("organization__name", "name", "affiliation", "biography")
    rows = await Speaker.filter(person_id=person.id).order_by("id").values(*names)
    return [{name.replace("__name", ""): value for name, value in row.items()} for row in rows]


@section("calendar_address")
async def _calendar_address(person: Person) -> dict[str, datetime | None]:
    # The address itself is kept as a hash alone.
    return {"made_at": await feeds.made_at(person)}
