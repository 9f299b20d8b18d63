"""The rooms, and online stages, of an event."""

from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from accounts.models import Person
from core.database import transaction
from core.errors import Conflict, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.catalog import events
from events.catalog.models import Event, EventStatus, Room
from events.catalog.schemas import RoomChange, RoomIn


class RoomNameTaken(Conflict):
    """Two rooms of one event cannot be told apart."""

    code, message = "room_name_taken", N_("This event has a room of that name already.")


class RoomInUse(Conflict):
    """A room that holds sessions cannot be taken away."""

    code, message = "room_in_use", N_("Move the sessions of this room before you remove it.")


async def create(event: Event, data: RoomIn, *, by: Person) -> Room:
    """Add a room. Raises `RoomNameTaken` and `EventCancelled`."""
    _refuse_cancelled(event)
    try:
        async with transaction():
            room = await Room.create(event=event, **data.model_dump())
            await events.record("room.created", event, by, after={"room": room.name})
    except IntegrityError:
        raise _name_taken(data.name) from None
    return room


async def change(event: Event, room: Room, data: RoomChange, *, by: Person) -> Room:
    """Change what is given; a capacity of null means unknown. Raises `RoomNameTaken` and `EventCancelled`."""
    given = data.model_dump(exclude_unset=True)
    return await _write(event, room, {n: v for n, v in given.items() if v is not None or n == "capacity"}, by)


async def replace(event: Event, room: Room, data: RoomIn, *, by: Person) -> Room:
    """Write all facts of a room, as `change` does."""
    return await _write(event, room, data.model_dump(), by)


async def _write(event: Event, room: Room, given: dict[str, Any], by: Person) -> Room:
    _refuse_cancelled(event)
    try:
        async with transaction():
            locked = await _lock(event, room)
            before: dict[str, Any] = {name: getattr(locked, name) for name in given}
            await locked.update_from_dict(given).save(update_fields=list(given) or None)
            await events.record("room.changed", event, by, before=before, after=given)
    except IntegrityError:
        raise _name_taken(given["name"]) from None
    return locked


async def _lock(event: Event, room: Room) -> Room:
    """The row as it is now, the only copy that is written. Raises `NotFound` where it was removed meanwhile."""
    locked = await Room.select_for_update(no_key=True).get_or_none(id=room.id, event_id=event.id)
    if locked is None:
        raise NotFound()
    return locked


async def remove(event: Event, room: Room, *, by: Person) -> None:
    """Take a room away. Raises `RoomInUse` where sessions are in it, and `EventCancelled`."""
    _refuse_cancelled(event)
    try:
        async with transaction() as connection:
            await connection.execute("DELETE FROM room WHERE id = $1", room.id)
            await events.record("room.removed", event, by, before={"room": room.name})
    except (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError):
        message = _("“%(room)s” holds sessions. Move them before you remove the room.")
        raise RoomInUse(message % {"room": room.name}) from None


async def of_event(event_id: UUID) -> list[Room]:
    """The rooms of an event, in order."""
    return await Room.filter(event_id=event_id).order_by("position", "name")


async def one(event: Event, room_id: UUID) -> Room:
    """A room of this event. Raises `NotFound`."""
    room = await Room.get_or_none(id=room_id, event_id=event.id)
    if room is None:
        raise NotFound()
    return room


def _refuse_cancelled(event: Event) -> None:
    if event.status is EventStatus.cancelled:
        raise events.EventCancelled(_("This event is cancelled and can no longer be changed."))


def _name_taken(name: str) -> RoomNameTaken:
    return RoomNameTaken(_("This event has a room “%(room)s” already.") % {"room": name})
