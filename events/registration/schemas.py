"""What registration takes and gives; pages and the JSON API share them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.i18n import gettext as _
from core.pages import PageQuery
from core.text import OneLine
from events.registration.models import Registration, RegistrationStatus

Name = Annotated[str, OneLine(200), Field(examples=["Amina Otieno"])]
ShortName = Annotated[str, OneLine(100)]
Size = Annotated[int, Field(ge=0, le=1_000_000, description="How many places there are.")]


class Input(BaseModel):
    """What a client sends; fields that are not declared are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RegistrationIn(Input):
    """A person's wish for a place. `ticket_type` may be left out where there is only one."""

    ticket_type: UUID | None = None
    attendee_name: Annotated[Name | None, Field(description="Name on ticket and badge; default: display name.")] = None


class EventBrief(BaseModel):
    """The event of a registration, as far as a ticket needs it."""

    slug: str
    title: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: str


class TicketTypeBrief(BaseModel):
    """The ticket type of a registration."""

    id: UUID
    name: str


class RegistrationOut(BaseModel):
    """A place just taken."""

    id: UUID
    code: str
    status: RegistrationStatus
    attendee_name: str
    ticket_type: UUID
    created_at: datetime
    cancelled_at: datetime | None

    @classmethod
    def of(cls, registration: Registration) -> "RegistrationOut":
        """The answer for a registration; nothing is validated again, since it comes from the database."""
        return cls.model_construct(
            id=registration.id,
            code=registration.code,
            status=registration.status,
            attendee_name=registration.attendee_name,
            ticket_type=registration.ticket_type_id,
            created_at=registration.created_at,
            cancelled_at=registration.cancelled_at,
        )


class MyRegistrationOut(BaseModel):
    """One of my registrations with its event. `online_url` is where to attend, null for those who meet in person."""

    id: UUID
    code: str
    status: RegistrationStatus
    attendee_name: str
    event: EventBrief
    ticket_type: TicketTypeBrief
    created_at: datetime
    cancelled_at: datetime | None
    checked_in_at: datetime | None
    online_url: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "MyRegistrationOut":
        """From a row of `queries.mine`."""
        return cls(
            **{name: row[name] for name in ("id", "code", "status", "attendee_name", "created_at", "cancelled_at")},
            checked_in_at=row["checked_in_at"],
            online_url=row["join_url"] or None,
            event=EventBrief(**{name: row[f"event_{name}"] for name in EventBrief.model_fields}),
            ticket_type=TicketTypeBrief(id=row["ticket_type_id"], name=row["ticket_type_name"]),
        )


class CalendarAddressOut(BaseModel):
    """Where a calendar program reads one person's events; whoever knows the address can, so it is a secret.

    It is shown when it is made and never again; `made_at` is null for whoever has none.
    """

    address: str | None
    made_at: datetime | None


class AttendeeOut(BaseModel):
    """One line of the organizer's list."""

    id: UUID
    code: str
    status: RegistrationStatus
    attendee_name: str
    email: str | None
    ticket_type: UUID
    ticket_type_name: str
    created_at: datetime
    cancelled_at: datetime | None
    checked_in_at: datetime | None


class RegistrationsQuery(PageQuery):
    """Search and filters of the organizer's list."""

    q: Annotated[str, Field(max_length=200, description="Part of a name or e-mail address, or a code.")] = ""
    status: RegistrationStatus | None = None
    ticket_type: UUID | None = None
    checked_in: bool | None = None


class RegistrationsPageQuery(RegistrationsQuery):
    """The same for the page, which also goes back: `cursor` is then the first row of the page after."""

    back: bool = False


class TicketTypeIn(Input):
    """What is offered. Free; `quotas` are the pools of places it draws on, all of them at once."""

    name: ShortName
    description: Annotated[str, OneLine(300, 0)] = ""
    quotas: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @model_validator(mode="after")
    def _window(self) -> "TicketTypeIn":
        for moment in (self.opens_at, self.closes_at):
            if moment is not None and not 1970 <= moment.year <= 2200:
                raise ValueError(_("Use a year between 1970 and 2200."))
            if moment is not None and moment.tzinfo is None:
                raise ValueError(_("Give the time with its offset, such as 2027-03-01T09:00:00Z."))
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValueError(_("The end of the sale must be after its start."))
        return self


class TicketTypeOut(BaseModel):
    """A ticket type with what is left of it at this moment."""

    id: UUID
    name: str
    description: str
    price_minor: int
    currency: str
    opens_at: datetime | None
    closes_at: datetime | None
    is_offered: bool
    is_on_sale: bool
    places_left: int
    quotas: list[UUID]


class QuotaIn(Input):
    """A pool of places."""

    name: ShortName
    size: Size


class QuotaOut(BaseModel):
    """A pool of places and how many are taken."""

    id: UUID
    name: str
    size: int
    taken: int
