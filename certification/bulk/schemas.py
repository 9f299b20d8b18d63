"""What comes in and goes out about runs over many certificates."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from accounts.schemas import Email, Name
from certification.bulk.lookup import MOST_NUMBERS, Looked, LookupOutcome
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from certification.bulk.queries import Progress
from certification.certificates.models import CertificateStatus
from core.i18n import gettext as _
from core.pages import PageQuery
from core.text import OneLine

Reason = Annotated[str, OneLine(500, 3)]
CertificateKind = Literal["issue", "resend", "revoke"]


def _iso_day(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError(_("Write the day as 2026-11-24."))
    return value


class IssueRow(BaseModel):
    """A line of a file of people who get a certificate."""

    model_config = ConfigDict(extra="ignore")

    email: Email
    name: Name | None = None
    achieved_on: Annotated[date | None, BeforeValidator(_iso_day)] = None
    score: Annotated[Decimal | None, Field(ge=0, le=100, max_digits=5, decimal_places=2)] = None


class FileRunQuery(BaseModel):
    """What a run does with the lines of the file in the body."""

    model_config = ConfigDict(extra="forbid")

    kind: CertificateKind
    reason: Annotated[Reason | None, Field(description="Revoking: why; a column `reason` goes before it.")] = None
    invites: Annotated[bool, Field(description="Issuing: invite people who have no account, by mail.")] = False
    source_name: Annotated[str, Field(max_length=200, description="What the file is called.")] = ""


class CertificateFilter(BaseModel):
    """Certificates of one certification; all conditions hold together, days are UTC and included."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str | None, Field(max_length=200, description="Part of holder or number.")] = None
    status: Literal[CertificateStatus.valid, CertificateStatus.suspended] | None = None
    issued_from: date | None = None
    issued_until: date | None = None
    expires_from: date | None = None
    expires_until: date | None = None


class FilterRunIn(CertificateFilter):
    """A run over the certificates that a filter finds."""

    kind: Literal["resend", "revoke"]
    reason: Annotated[Reason | None, Field(description="Revoking: why. The holders are told.")] = None


class RunForm(CertificateFilter):
    """The form of a new run on the page: a file, pasted lines, or a filter."""

    kind: CertificateKind
    source: Literal["file", "filter"] = "file"
    reason: Reason | None = None
    text: Annotated[str | None, Field(max_length=1_000_000)] = None
    invites: bool = False


class RunPageQuery(PageQuery):
    """Which part of a run's lines to list."""

    state: LineState | None = None


class RunOut(BaseModel):
    """A run, and how far it is. `per_second` and `seconds_left` are known while it works."""

    id: UUID
    kind: RunKind
    state: RunState
    certification: str | None
    event_id: UUID | None
    source_name: str
    parameters: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lines: int
    ready: int
    refused: int
    done: int
    failed: int
    per_second: float | None
    seconds_left: int | None

    @classmethod
    def of(cls, run: BulkRun, progress: Progress) -> Self:
        """From the row, whose certification is loaded, and its counts."""
        return cls(
            id=run.id,
            kind=run.kind,
            state=run.state,
            certification=run.certification.slug if run.certification else None,
            event_id=run.event_id,
            source_name=run.source_name,
            parameters=shown_parameters(run),
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            lines=progress.lines,
            ready=progress.ready,
            refused=progress.refused,
            done=progress.done,
            failed=progress.failed,
            per_second=progress.per_second,
            seconds_left=progress.seconds_left,
        )


class LineOut(BaseModel):
    """A line of a run: what was given, what came of it."""

    position: int
    line: int | None
    given: dict[str, Any]
    state: LineState
    problem: str
    certificate: str | None
    done_at: datetime | None

    @classmethod
    def of(cls, line: BulkLine, number: str | None) -> Self:
        """From the row and the number of its certificate."""
        given = dict(line.given)
        return cls(
            position=line.position,
            line=given.pop("line", None),
            given=given,
            state=line.state,
            problem=line.problem,
            certificate=number,
            done_at=line.done_at,
        )


def shown_parameters(run: BulkRun) -> dict[str, Any]:
    """What all lines of a run share, without what only the engine needs."""
    return {name: value for name, value in run.parameters.items() if name != "started_by"}


class LookupIn(BaseModel):
    """Certificate numbers to look up at once, as they were typed, or the addresses of their QR codes."""

    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[list[Annotated[str, Field(max_length=300)]], Field(min_length=1, max_length=MOST_NUMBERS)]


class LookedOut(BaseModel):
    """What came of one number. `position` counts from 1; a repeated one names the `first_position` of the same number.

    `holder` is absent where the holder keeps their name private.
    """

    position: int
    typed: str
    number: str | None
    outcome: LookupOutcome
    first_position: int | None
    holder: str | None
    achievement: str | None
    issuer: str | None
    achieved_at: datetime | None
    valid_until: datetime | None
    followed_by: str | None

    @classmethod
    def of(cls, looked: Looked) -> Self:
        """From what was looked up, by position instead of line."""
        found = looked.certificate
        return cls(
            position=looked.line,
            typed=looked.typed,
            number=looked.number,
            outcome=looked.outcome,
            first_position=looked.first_line,
            holder=looked.holder,
            achievement=found.achievement if found else None,
            issuer=found.issuer_name if found else None,
            achieved_at=found.achieved_at if found else None,
            valid_until=found.valid_until if found else None,
            followed_by=looked.followed_by,
        )


class LookupOut(BaseModel):
    """Every number that was asked for, in order."""

    items: list[LookedOut]
