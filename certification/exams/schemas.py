"""What comes in and goes out about attempts, answers, results and grading. Never a key; scores only once graded."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from accounts.schemas import Name
from certification.bank.content import MAX_ESSAY_LENGTH, ItemType
from certification.exams.grading import WaitingResponse
from certification.exams.models import Attempt, AttemptStatus, Result, SubmittedBy
from certification.exams.queries import Question, Retake
from certification.exams.saving import MAX_SEQUENCE, Saved
from core.text import OneLine, SeveralLines

_ANSWER_SCHEMA = {
    "anyOf": [
        {"type": "string", "maxLength": MAX_ESSAY_LENGTH},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}, "maxItems": 26},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "null"},
    ],
    "description": (
        "Single choice: an option id. Multiple choice: a list of ids. True/false: a boolean. Numeric: a decimal"
        " string. Short answer and essay: a string. Matching: an object of left id to right id. Null clears the answer."
    ),
}
# Any: the shape depends on the item's type and is checked by certification.exams.responses.check_response.
Answer = Annotated[Any, WithJsonSchema(_ANSWER_SCHEMA)]
Score = Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6)]
Reason = Annotated[str, OneLine(500, 3)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class StartIn(_In):
    """The start of an attempt; the certificate name is the profile's unless another is given, which is then kept."""

    certificate_name: Name | None = None


class SaveIn(BaseModel):
    """One answer; `sequence` grows with every change that the client makes."""

    model_config = ConfigDict(extra="forbid")

    sequence: Annotated[int, Field(strict=True, ge=1, le=MAX_SEQUENCE)]
    response: Answer


class GradeIn(_In):
    """A grader's mark, as a part of the item's one point."""

    score: Score
    comment: Annotated[str, SeveralLines(1000, 0)] = ""


class CorrectionIn(_In):
    """Another score for one position."""

    position: Annotated[int, Field(ge=1, le=500)]
    score: Score


class RegradeIn(_In):
    """Why a result is superseded, and the scores that change."""

    corrections: Annotated[list[CorrectionIn], Field(min_length=1, max_length=500)]
    reason: Reason


class VoidIn(_In):
    """Why an attempt does not count; the learner is told."""

    reason: Reason


class ChoiceOut(BaseModel):
    """An option, or one side of a match."""

    id: str
    text: str
    text_html: str


def _is_none(value: object) -> bool:
    return value is None


class ItemOut(BaseModel):
    """An item as the learner sees it: `options` for choices, `left` and `right` for matching."""

    position: int
    type: ItemType
    prompt: str
    prompt_html: str
    options: list[ChoiceOut] | None = Field(default=None, exclude_if=_is_none)
    left: list[ChoiceOut] | None = Field(default=None, exclude_if=_is_none)
    right: list[ChoiceOut] | None = Field(default=None, exclude_if=_is_none)

    @classmethod
    def of(cls, question: Question) -> Self:
        """From the frozen form."""
        return cls(position=question.position, **question.view)


class SavedOut(BaseModel):
    """What is stored for a position now."""

    position: int
    sequence: int
    response: Answer

    @classmethod
    def of(cls, saved: Saved | Question) -> Self:
        """From what was saved."""
        return cls(position=saved.position, sequence=saved.sequence, response=saved.response)


class DomainScoreOut(BaseModel):
    """Points earned of points possible in one domain."""

    name: str
    earned: Decimal
    possible: int
    percent: Decimal


class ResultOut(BaseModel):
    """The result in force; percentages."""

    version: int
    score: Decimal
    cut_score: Decimal
    is_passed: bool
    domains: list[DomainScoreOut]
    retake_from: datetime | None = None
    attempts_left: int | None = None

    @classmethod
    def of(cls, result: Result, retake: Retake | None = None) -> Self:
        """From the row; `retake` says what comes after a failure."""
        return cls(
            version=result.version,
            score=result.score,
            cut_score=result.cut_score,
            is_passed=result.is_passed,
            domains=[DomainScoreOut.model_validate(domain) for domain in result.domains],
            retake_from=retake.opens_at if retake else None,
            attempts_left=retake.attempts_left if retake else None,
        )


class AttemptOut(BaseModel):
    """An attempt in a list; `result` as soon as it is graded."""

    id: UUID
    certification: str
    title: str
    status: AttemptStatus
    started_at: datetime
    deadline: datetime
    submitted_at: datetime | None
    submitted_by: SubmittedBy | None
    voided_reason: str
    result: ResultOut | None

    @classmethod
    def of(cls, attempt: Attempt, result: ResultOut | None, **more: Any) -> Self:  # Any: fields of a subclass
        """From the row with its certification."""
        return cls(
            id=attempt.id,
            certification=attempt.certification.slug,
            title=attempt.certification.title,
            status=attempt.status,
            started_at=attempt.started_at,
            deadline=attempt.deadline,
            submitted_at=attempt.submitted_at,
            submitted_by=attempt.submitted_by,
            voided_reason=attempt.voided_reason,
            result=result,
            **more,
        )


class AttemptDetailOut(AttemptOut):
    """One attempt. While it is in progress: the items, and the answers saved so far, for any browser to go on with."""

    server_time: datetime
    certificate_name: str
    certificate: str | None = Field(description="The number of the certificate, once it is issued.")
    items: list[ItemOut]
    responses: list[SavedOut]


class WaitingOut(BaseModel):
    """A response that waits for a grader; whose it is stays unknown."""

    id: UUID
    position: int
    domain: str
    submitted_at: datetime
    prompt: str
    prompt_html: str
    guidance: str | None
    response: str

    @classmethod
    def of(cls, waiting: WaitingResponse) -> Self:
        """From what waits."""
        guidance = waiting.content.guidance
        return cls(
            id=waiting.id,
            position=waiting.position,
            domain=waiting.domain,
            submitted_at=waiting.submitted_at,
            prompt=waiting.content.prompt.public_source,
            prompt_html=waiting.content.prompt.as_html(),
            guidance=guidance.source if guidance else None,
            response=waiting.response,
        )


class GradedOut(BaseModel):
    """Where the attempt of a marked response stands now."""

    attempt_status: AttemptStatus


class VoidedOut(BaseModel):
    """An attempt that does not count."""

    id: UUID
    status: AttemptStatus
    voided_reason: str
