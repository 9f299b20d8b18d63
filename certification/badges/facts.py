"""What a badge says, before it is written down and signed. Loads no engine."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from uuid import UUID


class AchievementType(StrEnum):
    """What kind of achievement it is (Open Badges 3.0, AchievementType)."""

    certification = "Certification"
    attendance = "CertificateOfCompletion"


@dataclass(frozen=True, slots=True)
class StatusPlace:
    """A badge's own bit: which status list, and which index in it."""

    list_id: UUID
    index: int


@dataclass(frozen=True, slots=True)
class AchievementFacts:
    """What can be achieved. `id` is the certification's or the event's; the addresses are absolute.

    `cut_score` in percent makes the score bands that the achievement declares, where its results may be told.
    """

    id: UUID
    name: str
    description: str
    criteria: str
    criteria_url: str
    type: AchievementType
    language: str
    cut_score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that shows the achievement was earned; `url` is absolute."""

    name: str
    narrative: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class BadgeFacts:
    """What one badge says about one certificate. Times are aware; `score` is in percent."""

    certificate_id: UUID
    number: str
    achievement: AchievementFacts
    holder_name: str
    issuer_slug: str
    issuer_name: str
    issuer_url: str
    achieved_at: datetime
    issued_at: datetime
    valid_until: datetime | None
    place: StatusPlace
    score: Decimal | None = None
    credits: Decimal | None = None
    evidence: tuple[Evidence, ...] = field(default=())


def score_bands(cut_score: Decimal) -> list[str]:
    """The bands that a passing score can fall in, in whole percent rounded down: from the cut score on, by tens."""
    lower, bands = _whole(cut_score), []
    while lower < 90:
        upper = (lower // 10 + 1) * 10
        bands.append(f"{lower}–{upper - 1}" if lower < upper - 1 else str(lower))
        lower = upper
    return [*bands, f"{lower}–100" if lower < 100 else "100"]


def score_band(score: Decimal, cut_score: Decimal) -> str:
    """The band of a passing score. Raises `ValueError` for a score below the cut score or above 100."""
    if not cut_score <= score <= 100:
        raise ValueError("the score is outside the bands")
    whole = _whole(score)
    for band in score_bands(cut_score):
        if whole <= int(band.split("–")[-1]):
            return band
    raise AssertionError("the last band ends at 100")


def _whole(percent: Decimal) -> int:
    return int(percent.to_integral_value(ROUND_FLOOR))
