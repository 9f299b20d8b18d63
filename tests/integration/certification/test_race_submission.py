"""Twenty submissions of one attempt: one result, one certificate, one mail; and what it is that holds."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from api.app import create_app
from api.worker import import_jobs
from certification.certificates.models import Certificate, IssueRequest
from certification.exams import attempts, grading
from certification.exams.models import Attempt, AttemptStatus, Result, SubmittedBy
from core.database import execute, fetchrow, transaction
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


async def test_twenty_submissions_at_once_give_one_result_and_one_certificate(
    settings: Settings, database: str
) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(), learner)
    await exams.answer(attempt)

    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/api/v1/attempts/{attempt.id}/submission"
        answers = await asyncio.gather(*(client.post(path) for _ in range(20)))
    await run_pending()
    await run_pending()

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["result"]["score"] for answer in answers} == {"100.00"}
    assert {answer.json()["submitted_at"] for answer in answers} == {answers[0].json()["submitted_at"]}
    assert await Result.all().count() == 1
    assert await IssueRequest.all().count() == 1
    assert await Certificate.all().count() == 1
    assert await OutgoingMail.filter(template="certification/result").count() == 1


async def test_submission_and_deadline_at_once_give_one_result(database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(), learner, now=NOW)
    late = attempt.deadline.replace(second=30)

    await asyncio.gather(
        *(attempts.submit(attempt, by=learner, now=late) for _ in range(5)),
        *(attempts.close_if_overdue(attempt, now=late) for _ in range(5)),
    )

    assert await Result.all().count() == 1


async def submit_without_a_lock(attempt: Attempt) -> None:
    """The same submission by somebody who forgot the lock: looks, then acts."""
    async with transaction():
        seen = await Attempt.get(id=attempt.id).select_related("certification__organization", "policy", "person")
        if seen.status is AttemptStatus.in_progress:
            seen.status, seen.submitted_by, seen.submitted_at = AttemptStatus.submitted, SubmittedBy.learner, NOW
            await asyncio.sleep(0)
            await grading.mark(seen, now=NOW)


async def test_without_the_lock_only_the_constraint_stops_a_second_result(database: str) -> None:
    """Negative control: the race is real, and the database refuses what the lock would have prevented."""
    attempt = await exams.attempt(await exams.certification(), now=NOW)
    await exams.answer(attempt)

    outcomes = await asyncio.gather(*(submit_without_a_lock(attempt) for _ in range(8)), return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, (IntegrityError, asyncpg.UniqueViolationError))]
    assert len(refused) >= 1
    assert await Result.all().count() == 1


async def test_without_lock_and_constraint_there_are_several_results(database: str) -> None:
    """Negative control: with the constraint taken away as well, one attempt gets several results."""
    attempt = await exams.attempt(await exams.certification(), now=NOW)
    await exams.answer(attempt)
    constraint = await fetchrow(
        "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
        " WHERE conrelid = 'result'::regclass AND contype = 'u'"
    )
    assert constraint is not None
    await execute(f'ALTER TABLE result DROP CONSTRAINT "{constraint["conname"]}"')
    try:
        await asyncio.gather(*(submit_without_a_lock(attempt) for _ in range(8)))
        assert await Result.all().count() > 1
    finally:
        await execute("ALTER TABLE result DISABLE TRIGGER USER")
        await execute("DELETE FROM result")
        await execute("ALTER TABLE result ENABLE TRIGGER USER")
        await execute(f'ALTER TABLE result ADD CONSTRAINT "{constraint["conname"]}" {constraint["definition"]}')


@pytest.mark.parametrize("status", ["in_progress", "submitted"])
async def test_attempt_never_goes_backwards(database: str, status: str) -> None:
    attempt = await exams.attempt(await exams.certification(), now=NOW)
    await attempts.submit(attempt, by=await attempt.person, now=NOW)

    with pytest.raises((IntegrityError, asyncpg.IntegrityConstraintViolationError)):
        await execute("UPDATE attempt SET status = $2 WHERE id = $1", attempt.id, status)
