"""Scores, domains, the graders' part, results and their mails, regrading and voiding."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.bank.content import ItemType
from certification.certificates.models import Certificate, IssueRequest
from certification.exams import attempts, grading, queries, saving
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.programs.models import Certification, CertificationAccess
from core.errors import InvalidInput
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


async def submitted(
    certification: Certification, learner: Person, *, right: int | None = None, now: datetime = NOW
) -> Attempt:
    """A submitted attempt with the first `right` positions right."""
    attempt = await exams.attempt(certification, learner, now=now)
    await exams.answer(attempt, right)
    return await attempts.submit(attempt, by=learner, now=now + timedelta(minutes=20))


async def test_pass_gives_result_domains_certificate_request_and_one_mail(database: str) -> None:
    certification = await exams.certification(domains={"Files": 1, "Networks": 1})
    learner = await accounts.person(name="Zoë Ångström")

    attempt = await submitted(certification, learner)
    await run_pending()

    result = await Result.get(attempt_id=attempt.id)
    assert attempt.status is AttemptStatus.graded
    assert (result.score, result.cut_score, result.is_passed) == (Decimal("100.00"), Decimal("66.00"), True)
    assert sorted(domain["name"] for domain in result.domains) == ["Files", "Networks"]
    assert {domain["percent"] for domain in result.domains} == {"100.00"}
    certificate = await Certificate.get(person_id=learner.id)
    assert (certificate.holder_name, certificate.achieved_at) == ("Zoë Ångström", NOW + timedelta(minutes=20))
    mail = await OutgoingMail.get(template="certification/result")
    assert mail.subject == f"You passed: {certification.title}"
    assert "passed with 100 %. 66 % were needed." in mail.text
    assert "- Files: 100 %" in mail.text
    assert f"/me/exams/{attempt.id}" in mail.text


async def test_failure_says_when_the_retake_is_and_how_many_are_left(settings: Settings, database: str) -> None:
    certification = await exams.certification(
        access=CertificationAccess.by_entitlement, policy={"retake_wait_days": 14, "attempts_allowed": 2}
    )
    learner = await accounts.person()
    await exams.entitlement(certification, learner, attempts=2, valid_until=NOW + timedelta(days=300))

    attempt = await submitted(certification, learner, right=0)
    await run_pending()

    mail = await OutgoingMail.get(template="certification/result")
    assert "Your score is 0 %; 66 % were needed." in mail.text
    assert "again from 8 December 2026, 9:20" in mail.text.replace("December 8, 2026", "8 December 2026")
    assert "One attempt is left, until" in mail.text
    assert await IssueRequest.all().count() == 0
    async with accounts.signed_in(create_app(settings), learner) as client:
        document = (await client.get(f"/api/v1/attempts/{attempt.id}")).json()
    assert document["result"]["is_passed"] is False
    assert document["result"]["score"] == "0.00"
    assert document["result"]["retake_from"] == "2026-12-08T09:20:00Z"
    assert document["result"]["attempts_left"] == 1
    assert document["items"] == []


async def test_last_failure_leaves_no_retake(database: str) -> None:
    certification = await exams.certification(access=CertificationAccess.by_entitlement)
    learner = await accounts.person()
    await exams.entitlement(certification, learner, attempts=1)

    await submitted(certification, learner, right=0)

    assert "No attempt is left." in (await OutgoingMail.get(template="certification/result")).text


async def test_partial_credit_is_exact(database: str) -> None:
    certification = await exams.certification(items={ItemType.MULTIPLE_CHOICE: 1, ItemType.MATCHING: 1})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)
    for position, content in (await exams.contents_by_position(attempt)).items():
        right = exams.right_response(content)
        partly = right[:1] if isinstance(right, list) else dict(list(right.items())[:1])  # type: ignore[union-attr]
        await saving.save(attempt.id, position, sequence=1, response=partly, by=learner, now=NOW)

    await attempts.submit(attempt, by=learner, now=NOW)

    scores = {row.score for row in await Response.filter(attempt_id=attempt.id)}
    assert scores == {Decimal("0.333333"), Decimal("0.500000")}
    assert (await Result.get(attempt_id=attempt.id)).score == Decimal("41.67")  # (1/2 + 1/3) / 2


async def test_cut_score_itself_passes(database: str) -> None:
    certification = await exams.certification(items={ItemType.TRUE_FALSE: 4}, policy={"cut_score": Decimal(75)})

    passing = await submitted(certification, await accounts.person(), right=3)
    failing = await submitted(certification, await accounts.person(), right=2)

    assert (await Result.get(attempt_id=passing.id)).is_passed is True
    assert (await Result.get(attempt_id=failing.id)).is_passed is False


async def test_essays_wait_for_a_grader_and_the_last_one_brings_the_result(settings: Settings, database: str) -> None:
    certification = await exams.certification(items={ItemType.ESSAY: 2, ItemType.TRUE_FALSE: 2})
    learner = await accounts.person()
    grader = await accounts.member(certification.organization, Role.grader)
    attempt = await submitted(certification, learner)
    assert attempt.status is AttemptStatus.submitted
    assert await OutgoingMail.all().count() == 0

    async with accounts.signed_in(create_app(settings), grader) as client:
        path = f"/api/v1/certifications/{certification.slug}/responses-to-grade"
        first_page = (await client.get(f"{path}?limit=1")).json()
        second_page = (await client.get(f"{path}?limit=1&cursor={first_page['next_cursor']}")).json()
        waiting = first_page["items"] + second_page["items"]
        assert second_page["next_cursor"] is None
        assert [one["response"] for one in waiting] == ["An inode holds everything about a file but its name."] * 2
        assert waiting[0]["guidance"] == "guidance-for-graders"
        assert str(learner.id) not in str(waiting)
        first = await client.post(f"/api/v1/responses/{waiting[0]['id']}/grade", json={"score": "0.5"})
        assert (first.status_code, first.json()) == (201, {"attempt_status": "submitted"})
        again = await client.post(f"/api/v1/responses/{waiting[0]['id']}/grade", json={"score": 1})
        assert (again.status_code, again.json()["code"]) == (409, "not_waiting")
        wrong = await client.post(f"/api/v1/responses/{waiting[1]['id']}/grade", json={"score": "1.1"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "score")
        second = await client.post(
            f"/api/v1/responses/{waiting[1]['id']}/grade", json={"score": 1, "comment": "Clear and complete."}
        )
        assert second.json() == {"attempt_status": "graded"}
        assert (await client.get(path)).json()["items"] == []

    result = await Result.get(attempt_id=attempt.id)
    assert (result.score, result.is_passed) == (Decimal("87.50"), True)
    assert await IssueRequest.filter(source_id=attempt.id).count() == 1
    assert await OutgoingMail.filter(template="certification/result").count() == 1


async def test_empty_essay_earns_nothing_and_waits_for_nobody(database: str) -> None:
    certification = await exams.certification(items={ItemType.ESSAY: 1})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)

    closed = await attempts.submit(attempt, by=learner, now=NOW)

    assert closed.status is AttemptStatus.graded
    assert (await Result.get(attempt_id=attempt.id)).score == 0


@pytest.mark.parametrize(("role", "status"), [(Role.exam_author, 403), (Role.viewer, 403), (None, 404)])
async def test_only_graders_grade(settings: Settings, database: str, role: Role | None, status: int) -> None:
    certification = await exams.certification(items={ItemType.ESSAY: 1})
    await submitted(certification, await accounts.person())
    response = await Response.all().first()
    assert response is not None
    somebody = await accounts.member(certification.organization, role) if role else await accounts.person()

    async with accounts.signed_in(create_app(settings), somebody) as client:
        assert (await client.post(f"/api/v1/responses/{response.id}/grade", json={"score": 1})).status_code == status
        path = f"/api/v1/certifications/{certification.slug}/responses-to-grade"
        assert (await client.get(path)).status_code == status


async def test_regrade_supersedes_the_result_and_leaves_the_certificate(settings: Settings, database: str) -> None:
    certification = await exams.certification(items={ItemType.TRUE_FALSE: 4})
    officer = await accounts.member(certification.organization, Role.certification_officer)
    learner = await accounts.person()
    attempt = await submitted(certification, learner, right=3)
    await run_pending()
    certificate = await Certificate.get(person_id=learner.id)

    async with accounts.signed_in(create_app(settings), officer) as client:
        answer = await client.post(
            f"/api/v1/attempts/{attempt.id}/regrading",
            json={"corrections": [{"position": 1, "score": 0}], "reason": "Question 1 was ambiguous."},
        )
    await run_pending()

    assert (answer.status_code, answer.json()["score"], answer.json()["version"]) == (201, "50.00", 2)
    versions = await Result.filter(attempt_id=attempt.id).order_by("version").values_list("score", "is_passed")
    assert list(versions) == [(Decimal("75.00"), True), (Decimal("50.00"), False)]
    unchanged = await Certificate.get(person_id=learner.id)
    assert (unchanged.status, unchanged.number) == (certificate.status, certificate.number)
    told = await OutgoingMail.get(template="certification/result_regraded")
    assert told.to_address == officer.email
    assert certificate.number in told.text
    assert await OutgoingMail.filter(template="certification/result", to_address=learner.email).count() == 2
    latest = await queries.result_of(attempt.id)
    assert latest is not None
    assert latest.version == 2


async def test_regrade_that_lets_somebody_pass_brings_their_certificate(database: str) -> None:
    certification = await exams.certification(items={ItemType.TRUE_FALSE: 4})
    officer = await accounts.member(certification.organization, Role.certification_officer)
    attempt = await submitted(certification, await accounts.person(), right=2)

    with pytest.raises(InvalidInput):
        await grading.regrade(attempt, corrections={9: Decimal(1)}, reason="No such place", by=officer, now=NOW)
    await grading.regrade(attempt, corrections={4: Decimal(1)}, reason="The key was wrong", by=officer, now=NOW)

    assert await IssueRequest.filter(source_id=attempt.id).count() == 1


async def test_attempt_in_progress_is_not_regraded(database: str) -> None:
    certification = await exams.certification()
    officer = await accounts.member(certification.organization, Role.certification_officer)
    attempt = await exams.attempt(certification)

    with pytest.raises(grading.NotGraded):
        await grading.regrade(attempt, corrections={1: Decimal(1)}, reason="Too early", by=officer, now=NOW)


async def test_voided_attempt_takes_nothing_more_and_its_learner_is_told(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    officer = await accounts.member(certification.organization, Role.certification_officer)
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner)

    async with accounts.signed_in(create_app(settings), officer) as client:
        path = f"/api/v1/attempts/{attempt.id}/voiding"
        assert (await client.post(path, json={"reason": ""})).status_code == 422
        voided = await client.post(path, json={"reason": "Somebody else sat at the desk."})
        again = await client.post(path, json={"reason": "Once more"})
    assert (voided.status_code, voided.json()["status"]) == (201, "voided")
    assert (again.status_code, again.json()["code"]) == (409, "already_voided")

    async with accounts.signed_in(create_app(settings), learner) as client:
        save = await client.put(f"/api/v1/attempts/{attempt.id}/responses/1", json={"sequence": 1, "response": None})
        submission = await client.post(f"/api/v1/attempts/{attempt.id}/submission")
    assert [save.json()["code"], submission.json()["code"]] == ["attempt_closed", "attempt_closed"]
    told = await OutgoingMail.get(template="certification/result_voided")
    assert (told.to_address, "Somebody else sat at the desk." in told.text) == (learner.email, True)
