"""The deadline closes an attempt though nobody is there, exactly once."""

import asyncio
from datetime import UTC, datetime, timedelta

from api.app import create_app
from api.worker import import_jobs
from certification.exams import attempts
from certification.exams.jobs import close
from certification.exams.models import Attempt, AttemptStatus, Result, SubmittedBy
from core.database import execute, fetchrow
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
GRACE = timedelta(seconds=10)
import_jobs()


async def started(minutes_ago: float) -> Attempt:
    """An attempt of 90 minutes that began so long ago, with every answer right."""
    attempt = await exams.attempt(await exams.certification(), now=datetime.now(UTC) - timedelta(minutes=minutes_ago))
    await exams.answer(attempt)
    return attempt


async def test_attempt_closes_after_deadline_and_grace_with_what_was_saved(database: str) -> None:
    attempt = await exams.attempt(await exams.certification(), now=NOW)
    await exams.answer(attempt)

    running = await attempts.close_if_overdue(attempt, now=attempt.deadline + GRACE)
    assert running.status is AttemptStatus.in_progress

    closed = await attempts.close_if_overdue(attempt, now=attempt.deadline + GRACE + TICK)
    assert (closed.status, closed.submitted_by) == (AttemptStatus.graded, SubmittedBy.deadline)
    assert closed.submitted_at == attempt.deadline
    assert (await Result.get(attempt_id=attempt.id)).score == 100


async def test_start_leaves_a_job_for_the_deadline(database: str) -> None:
    attempt = await exams.attempt(await exams.certification(), now=NOW)

    row = await fetchrow("SELECT execute_after, payload FROM pgqueuer WHERE entrypoint = 'exams.close'")
    assert row is not None
    assert row["execute_after"] == attempt.deadline + timedelta(seconds=11)
    assert str(attempt.id) in bytes(row["payload"]).decode()


async def test_job_closes_an_overdue_attempt_and_leaves_a_running_one(database: str) -> None:
    overdue, running = await started(91), await started(1)

    await run_pending()
    await close({"attempt": str(running.id)})

    assert (await Attempt.get(id=overdue.id)).submitted_by is SubmittedBy.deadline
    assert (await Attempt.get(id=running.id)).status is AttemptStatus.in_progress


async def test_sweep_closes_what_has_lost_its_job(database: str) -> None:
    overdue, running = await started(91), await started(1)
    await execute("DELETE FROM pgqueuer")

    assert await attempts.close_overdue(now=datetime.now(UTC)) == 1

    assert (await Attempt.get(id=overdue.id)).status is AttemptStatus.graded
    assert (await Attempt.get(id=running.id)).status is AttemptStatus.in_progress
    assert await attempts.close_overdue(now=datetime.now(UTC)) == 0


async def test_twenty_closers_at_once_give_one_result_and_one_mail(database: str) -> None:
    overdue = await started(91)
    now = datetime.now(UTC)

    closed = await asyncio.gather(*(attempts.close_if_overdue(overdue, now=now) for _ in range(20)))

    assert {one.status for one in closed} == {AttemptStatus.graded}
    assert await Result.all().count() == 1
    assert await OutgoingMail.filter(template="certification/result").count() == 1


async def test_any_read_closes_an_overdue_attempt(settings: Settings, database: str) -> None:
    for path in ("/api/v1/attempts/{id}", "/api/v1/me/attempts", "/me/exams", "/me/exams/{id}"):
        overdue = await started(91)
        learner = await overdue.person
        async with accounts.signed_in(create_app(settings), learner) as client:
            answer = await client.get(path.replace("{id}", str(overdue.id)))
        assert answer.status_code == 200
        assert (await Attempt.get(id=overdue.id)).submitted_by is SubmittedBy.deadline


async def test_submission_in_the_grace_is_the_learner_s_and_later_the_deadline_s(database: str) -> None:
    for seconds, expected in ((10, SubmittedBy.learner), (11, SubmittedBy.deadline)):
        attempt = await exams.attempt(await exams.certification(), now=NOW)
        learner = await attempt.person
        closed = await attempts.submit(attempt, by=learner, now=attempt.deadline + timedelta(seconds=seconds))
        assert (closed.submitted_by, closed.submitted_at) == (expected, attempt.deadline)


async def test_overdue_attempt_makes_way_for_the_next(database: str) -> None:
    certification = await exams.certification()
    learner = await accounts.person()
    first = await exams.attempt(certification, learner, now=NOW)

    second = await exams.attempt(certification, learner, now=NOW + timedelta(hours=2))

    assert (await Attempt.get(id=first.id)).status is AttemptStatus.graded
    assert second.status is AttemptStatus.in_progress
