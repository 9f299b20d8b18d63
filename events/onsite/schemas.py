"""What check-in takes and gives."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CheckInInput(BaseModel):
    """A scanned or typed code; `check_in_list` may be left out for the event's first one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    code: Annotated[str, Field(min_length=1, max_length=100, examples=["7K3M-9QXT-2B4D"])]
    check_in_list: UUID | None = None


class CheckInOut(BaseModel):
    """A registration just checked in."""

    id: UUID
    registration: UUID
    attendee_name: str
    ticket_type: str
    checked_in_at: datetime


class CheckInListOut(BaseModel):
    """A place where codes are scanned."""

    id: UUID
    name: str
