"""All tables of `events`, collected for Tortoise; each lives in the package that owns it."""

from events.catalog.models import Event, Room, Venue
from events.onsite.models import CheckIn, CheckInList
from events.programme.models import Session, Speaker
from events.registration.models import CalendarFeed, Quota, Registration, TicketType

__all__ = [
    "CalendarFeed",
    "CheckIn",
    "CheckInList",
    "Event",
    "Quota",
    "Registration",
    "Room",
    "Session",
    "Speaker",
    "TicketType",
    "Venue",
]
