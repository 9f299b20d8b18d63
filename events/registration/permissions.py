"""Who may see and change a registration."""

from dataclasses import dataclass
from uuid import UUID

from accounts import roles
from accounts.models import Person, Role
from core.database import fetchrow
from core.errors import Forbidden, NotFound
from events.catalog.models import Event
from events.registration.models import Registration

VIEW = "event:registration:view"
EDIT = "event:registration:edit"


@dataclass(frozen=True, slots=True)
class EventDesk:
    """An event as its staff work on it: the ids and what is needed to say when something happened."""

    id: UUID
    organization_id: UUID
    slug: str
    title: str
    time_zone: str


_DESK = """
SELECT e.id, e.organization_id, e.slug, e.title, e.time_zone,
       array(SELECT g.role FROM role_grant g WHERE g.person_id = $2 AND g.organization_id = e.organization_id
             AND (g.scope_kind = 'organization' OR g.scope_id = e.id)) AS roles
FROM event e WHERE e.slug = $1"""


async def access_desk(slug: str, person: Person | None, *, permission: str) -> EventDesk:
    """The event for staff, found and authorised by one statement, for the calls that come many times a second.

    Raises `NotFound` where it does not exist or the person has no part in it, `Forbidden` where another role is needed.
    """
    row = await fetchrow(_DESK, slug, person.id) if person is not None else None
    held = [Role(role) for role in row["roles"]] if row is not None else []
    if row is None or not any(roles.carries(role, "event:overview:view") for role in held):
        raise NotFound()
    if not any(roles.carries(role, permission) for role in held):
        raise Forbidden()
    return EventDesk(row["id"], row["organization_id"], row["slug"], row["title"], row["time_zone"])


async def access_registration(registration_id: UUID, person: Person, *, permission: str = VIEW) -> Registration:
    """A registration for its attendee, or for staff with `permission` on its event. Raises `NotFound`, `Forbidden`."""
    registration = await Registration.get_or_none(id=registration_id)
    if registration is None:
        raise NotFound()
    if registration.person_id == person.id:
        return registration
    event = await Event.get(id=registration.event_id).only("id", "organization_id")
    if not await roles.is_allowed(person, VIEW, organization_id=event.organization_id, scope_id=event.id):
        raise NotFound()
    await roles.require(person, permission, organization_id=event.organization_id, scope_id=event.id)
    return registration


async def access_own(registration_id: UUID, person: Person) -> Registration:
    """One of the person's own registrations. Raises `NotFound`."""
    registration = await Registration.get_or_none(id=registration_id, person_id=person.id)
    if registration is None:
        raise NotFound()
    return registration
