"""What comes in and goes out about renewal and credits."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from certification.programs.schemas import Title
from certification.renewal.models import Credit, CreditSource, CreditState
from certification.renewal.standing import RenewalStanding, RenewalState
from core.pages import PageQuery
from core.text import OneLine, SeveralLines

Amount = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2, description="In credits, usually hours.")]
Day = Annotated[date, Field(ge=date(1971, 1, 1), lt=date(2200, 1, 1))]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClaimIn(_In):
    """Continuing education that the platform did not see; a file of evidence goes with it."""

    title: Annotated[Title, Field(description="What it was, such as a course and who gave it.")]
    amount: Amount
    earned_on: Annotated[Day, Field(description="The day on which it was finished.")]
    description: Annotated[str, SeveralLines(1000, 0)] = ""


class ClaimQuery(ClaimIn):
    """A claim in the query of a call whose body is the file itself."""

    file_name: Annotated[str, OneLine(200)] = "evidence"


class DecisionIn(_In):
    """What an officer decides about a claim. A refusal and another amount need a reason."""

    is_approved: bool
    amount: Annotated[Amount | None, Field(description="Approves another amount than was claimed.")] = None
    reason: Annotated[str, OneLine(500, 0)] = ""


class CreditSearch(PageQuery):
    """Which credits of a certification to list: those that wait for an officer, unless another state is asked for."""

    state: CreditState = CreditState.claimed


class CreditOut(BaseModel):
    """A credit for its holder. `is_spent` says that a renewal has used it up."""

    id: UUID
    amount: Decimal
    claimed_amount: Decimal | None
    source: CreditSource
    title: str
    description: str
    earned_on: date
    state: CreditState
    reason: str
    evidence_name: str
    is_spent: bool
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, credit: Credit) -> Self:
        """From the row."""
        names = [name for name in CreditOut.model_fields if name != "is_spent"]
        return cls(is_spent=credit.spent_on_id is not None, **{name: getattr(credit, name) for name in names})


class OfficerCreditOut(CreditOut):
    """A credit for officers, who see whose it is."""

    holder: str

    @classmethod
    def of(cls, credit: Credit) -> Self:
        """From the row with its person fetched."""
        return cls(holder=credit.person.display_name, **CreditOut.of(credit).model_dump())


class RenewalOut(BaseModel):
    """Where a certificate stands on its way to being renewed. Amounts are in credits."""

    state: RenewalState
    renewable_until: datetime | None
    needed: Decimal | None
    earned: Decimal
    waiting: Decimal
    missing: Decimal
    has_enough: bool
    counts_from: date
    counts_to: date | None
    would_end_at: datetime | None
    predecessor: str | None
    successor: str | None

    @classmethod
    def of(cls, found: RenewalStanding, *, predecessor: str | None, successor: str | None) -> Self:
        """From the standing and the numbers of the certificates before and after."""
        names = ("state", "renewable_until", "needed", "earned", "waiting", "missing", "has_enough", "would_end_at")
        return cls(
            counts_from=found.first_day,
            counts_to=found.last_day,
            predecessor=predecessor,
            successor=successor,
            **{name: getattr(found, name) for name in names},
        )


class RenewalDecidedOut(BaseModel):
    """A renewal that was decided; the new certificate is issued in a moment."""

    request: UUID
    renews: str
