"""What comes in and goes out about certificates of attendance."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from certification.attendance.hours import Attended, HoursRule
from certification.attendance.models import AttendanceOffer
from core.pages import PageQuery
from core.text import OneLine


class OfferIn(BaseModel):
    """Whether an event confers certificates of attendance, and what they say and are worth."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    is_on: bool = False
    statement: Annotated[str, OneLine(500, 0), Field(description="After the name; the usual words where empty.")] = ""
    layout: Annotated[UUID | None, Field(description="The organization's plain layout where none is given.")] = None
    credits_per_hour: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)] = Decimal(1)
    certifications: Annotated[
        list[str], Field(max_length=50, description="Slugs of those whose renewal the hours count to.")
    ] = []


class OfferOut(BaseModel):
    """What an event offers, how hours are counted, and when the certificates are issued."""

    is_on: bool
    statement: str
    layout: UUID | None
    credits_per_hour: Decimal
    certifications: list[str]
    hours_rule: HoursRule
    issued_from: datetime

    @classmethod
    def of(cls, offer: AttendanceOffer, *, rule: HoursRule, issued_from: datetime) -> Self:
        """From the row, whose certifications are loaded."""
        return cls(
            is_on=offer.is_on,
            statement=offer.statement,
            layout=offer.layout_id,
            credits_per_hour=offer.credits_per_hour,
            certifications=sorted(one.slug for one in offer.certifications),
            hours_rule=rule,
            issued_from=issued_from,
        )


class AttendedQuery(PageQuery):
    """Which part of those who attended to list."""


class AttendedOut(BaseModel):
    """Somebody who was checked in: hours as they stand, and the certificate where there is one."""

    registration: UUID
    name: str
    hours: Decimal
    credits: Decimal
    certificate: str | None

    @classmethod
    def of(cls, row: Attended) -> Self:
        """From the row."""
        return cls(
            registration=row.registration_id,
            name=row.name,
            hours=row.hours,
            credits=row.credits,
            certificate=row.number,
        )
