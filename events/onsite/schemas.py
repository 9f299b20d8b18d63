"""What check-in takes and gives."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CheckInInput(BaseModel):
    """A scanned or typed code; without `check_in_list` and `session` it counts at the event's first list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(min_length=1, max_length=300, examples=["7K3M-9QXT-2B4D"])]
    check_in_list: UUID | None = None
    session: Annotated[UUID | None, Field(description="The session whose list this is for.")] = None

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if self.check_in_list is not None and self.session is not None:
            raise ValueError("Name the check-in list or the session, not both.")
        return self

    @property
    def list_id(self) -> UUID | None:
        """The list that is meant, by its own id or its session's."""
        return self.check_in_list or self.session


class CheckInQuery(BaseModel):
    """At which list somebody scans; the event's first one where it is left out."""

    model_config = ConfigDict(extra="forbid")

    list: UUID | None = None


class CheckInOut(BaseModel):
    """A registration just checked in."""

    id: UUID
    registration: UUID
    attendee_name: str
    ticket_type: str
    checked_in_at: datetime


class CheckInListOut(BaseModel):
    """A place where codes are scanned: an entrance, or a session; and how many were checked in there."""

    id: UUID
    name: str
    session: UUID | None
    checked_in: int
