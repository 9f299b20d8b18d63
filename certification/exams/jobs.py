"""Jobs of exams: the deadline closes attempts though nobody is there, and officers hear of regrades."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Person
from certification.exams import attempts, emails
from certification.exams.models import Attempt, Result
from core.announce import on
from core.jobs import job, schedule


@job("exams.close", attempts=12)
async def close(payload: dict[str, Any]) -> None:
    """Close one attempt at its deadline; one that is closed already stays as it is."""
    attempt = await Attempt.get_or_none(id=UUID(payload["attempt"]))
    if attempt is not None:
        await attempts.close_if_overdue(attempt, now=datetime.now(UTC))


@schedule("exams.close_overdue", every=timedelta(seconds=10))
async def close_overdue() -> None:
    """Close what no job of its own has closed, such as after a restored backup."""
    await attempts.close_overdue(now=datetime.now(UTC))


@on("member.granted", name="exams.void_of_reader")
async def void_of_reader(person_id: UUID, facts: dict[str, Any]) -> None:
    """A running attempt ends without counting where a new role lets its learner read the items."""
    await attempts.void_of_reader(await Person.get(id=person_id))


@on("result.superseded", name="exams.tell_officers")
async def tell_officers(attempt_id: UUID, facts: dict[str, Any]) -> None:
    """Tell the officers, who decide what becomes of a certificate."""
    attempt = await Attempt.get(id=attempt_id).select_related("certification", "person")
    old, new = [
        await Result.get(attempt_id=attempt_id, version=version) for version in (facts["version"] - 1, facts["version"])
    ]
    await emails.tell_officers(attempt, old, new)
