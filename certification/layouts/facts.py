"""What a document says, whatever it looks like; and an example of it for previews."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

Source: TypeAlias = Literal["exam", "credits", "bulk", "attendance"]
"""What a certificate rests on: an exam passed, credits that renewed it, the organization's own list, attendance."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Everything a certificate says.

    `accent` is `#rrggbb`, `language` a BCP 47 tag, dates are calendar days, `score` is a percentage such as "86.67",
    `hours` and `credits` are what was attended and earned, `event_dates` is written for the reader already.
    """

    number: str
    holder_name: str
    achievement: str
    statement: str
    organization: str
    accent: str
    language: str
    achieved_on: date
    issued_on: date
    valid_until: date | None
    verify_url: str
    score: str | None = None
    hours: Decimal | None = None
    credits: Decimal | None = None
    event: str | None = None
    event_place: str | None = None
    event_dates: str | None = None
    predecessor_number: str | None = None
    kind: Literal["certification", "attendance"] = "certification"
    source: Source = "exam"


SAMPLE = DocumentFacts(
    number="CF-7Q2K-M4XD",
    holder_name="Amina Wanjiru Otieno",
    achievement="Certified Cloud Native Associate",
    statement="has shown in a proctored exam what an associate needs to run cloud native systems.",
    organization="Nairobi Open Source Foundation",
    accent="#1a4f8b",
    language="en",
    achieved_on=date(2026, 11, 23),
    issued_on=date(2026, 11, 24),
    valid_until=date(2028, 11, 23),
    verify_url="https://confero.example.org/verify/CF-7Q2K-M4XD",
    score="86.67",
)
"""A certificate that nobody holds."""

SAMPLE_ATTENDANCE = DocumentFacts(
    number="CF-3H8T-W9RN",
    holder_name="Amina Wanjiru Otieno",
    achievement="Open Source Congress Nairobi 2026",
    statement="Two days of talks and workshops on building, running and sustaining open source software.",
    organization="Nairobi Open Source Foundation",
    accent="#1a4f8b",
    language="en",
    achieved_on=date(2026, 11, 21),
    issued_on=date(2026, 11, 21),
    valid_until=None,
    verify_url="https://confero.example.org/verify/CF-3H8T-W9RN",
    hours=Decimal("11.5"),
    credits=Decimal("10"),
    event="Open Source Congress Nairobi 2026",
    event_place="Kenyatta International Convention Centre, Nairobi",
    event_dates="20–21 November 2026",
    kind="attendance",
    source="attendance",
)
"""An attendance certificate that nobody holds."""
