"""Check-in at sessions: a list for a session tells who attended it. Organizers switch it on session by session."""

from uuid import UUID

from accounts.models import Person
from core.database import execute, fetchval, new_id, transaction
from core.errors import Conflict, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from events.catalog import events
from events.catalog.events import EventCancelled
from events.catalog.models import Event, EventStatus
from events.onsite.models import CheckIn, CheckInList
from events.programme import sessions
from events.programme.models import Session, SessionKind

EDIT = "event:event:edit"
_FIRST_POSITION = 100
"""Lists of sessions come after the entrances."""


class HasCheckIns(Conflict):
    """409: somebody was checked in at the session; removing that would take hours away that people attended."""

    code = "session_has_check_ins"
    message = N_("Somebody was checked in at this session. Undo those check-ins first.")


async def switch_on(event: Event, session: Session, *, by: Person) -> CheckInList:
    """The session's check-in list, made where it has none. Locks the event. Raises `EventCancelled`."""
    async with transaction():
        locked = await events.lock(event)
        if locked.status is EventStatus.cancelled:
            raise EventCancelled(_("This event is cancelled and can no longer be changed."))
        found = await CheckInList.get_or_none(session_id=session.id)
        if found is not None:
            return found
        created = await CheckInList.create(
            event_id=event.id,
            session_id=session.id,
            name=await _free_name(event.id, session.title),
            position=_FIRST_POSITION,
        )
        after = {"session": str(session.id), "check_in_list": str(created.id)}
        await events.record("session.check_in_switched_on", locked, by, after=after)
    return created


async def switch_on_everywhere(event: Event, *, by: Person) -> int:
    """Switch it on for every session but breaks; returns for how many it was off. Raises `EventCancelled`."""
    count = 0
    async with transaction():
        for session in await Session.filter(event_id=event.id, check_in_list=None).exclude(kind=SessionKind.break_):
            await switch_on(event, session, by=by)
            count += 1
    return count


async def switch_off(event: Event, session: Session, *, by: Person) -> None:
    """Remove the session's list. Raises `NotFound` where it has none, and `HasCheckIns`. Locks the event."""
    async with transaction():
        locked = await events.lock(event)
        found = await CheckInList.get_or_none(session_id=session.id)
        if found is None:
            raise NotFound()
        await _refuse_used(session.id)
        await found.delete()
        await events.record("session.check_in_switched_off", locked, by, before={"session": str(session.id)})


async def remove_session(event: Event, session: Session, *, by: Person) -> None:
    """Take a session off the programme, with its list. Raises `HasCheckIns`, `EventCancelled`.

    It stands here because a session's attendance belongs to the package above the programme's.
    """
    async with transaction():
        await events.lock(event)
        await _refuse_used(session.id)
        await sessions.remove(event, session, by=by)


async def _refuse_used(session_id: UUID) -> None:
    # Locked, so that a scan at this moment is either seen here or finds no list.
    await execute("SELECT 1 FROM check_in_list WHERE session_id = $1 FOR UPDATE", session_id)
    if await CheckIn.exists(check_in_list__session_id=session_id):
        raise HasCheckIns(_("Somebody was checked in at this session. Undo those check-ins first."))


async def _free_name(event_id: UUID, title: str) -> str:
    """The session's title, unless another list of the event is called so."""
    taken = await fetchval("SELECT 1 FROM check_in_list WHERE event_id = $1 AND name = $2", event_id, title)
    return f"{title} · {str(new_id())[-6:]}" if taken else title
