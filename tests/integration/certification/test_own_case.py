"""Nobody decides about a case of their own: each command refuses by itself, whoever calls it (ISO/IEC 17024, 4.3)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Person, Role
from api.app import create_app
from certification.bank.content import ItemType
from certification.certificates import corrections, issuing, statuses
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState
from certification.certificates.permissions import OwnCertificate
from certification.exams import attempts, grading, statistics
from certification.exams.models import Attempt, AttemptStatus, Response, Result
from certification.exams.permissions import OwnAttempt
from certification.renewal import credits
from certification.renewal.models import Credit, CreditState
from core.errors import Forbidden
from core.settings import Settings
from tests.factories import accounts, issued, renewal
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def submitted(kind: ItemType, *, right: int) -> tuple[Attempt, Person]:
    """An attempt with four items of a kind, and its learner, who has become a certification officer since."""
    certification = await exams.certification(items={kind: 4})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)
    await exams.answer(attempt, right)
    attempt = await attempts.submit(attempt, by=learner, now=NOW + timedelta(minutes=20))
    await accounts.member(certification.organization, Role.certification_officer, of=learner)
    return attempt, learner


async def test_regrading_an_own_attempt_is_refused(settings: Settings, database: str) -> None:
    attempt, officer = await submitted(ItemType.TRUE_FALSE, right=2)
    with pytest.raises(OwnAttempt):
        await grading.regrade(attempt, corrections={4: Decimal(1)}, reason="It was right", by=officer, now=NOW)
    async with accounts.signed_in(create_app(settings), officer) as client:
        body = {"corrections": [{"position": 4, "score": 1}], "reason": "It was right"}
        refused = await client.post(f"/api/v1/attempts/{attempt.id}/regrading", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "own_attempt")
    assert [row.is_passed for row in await Result.all()] == [False]
    assert await IssueRequest.all().count() == 0


async def test_voiding_an_own_attempt_is_refused(settings: Settings, database: str) -> None:
    attempt, officer = await submitted(ItemType.TRUE_FALSE, right=0)
    with pytest.raises(OwnAttempt):
        await attempts.void(attempt, reason="It went badly", by=officer, now=NOW)
    async with accounts.signed_in(create_app(settings), officer) as client:
        refused = await client.post(f"/api/v1/attempts/{attempt.id}/voiding", json={"reason": "It went badly"})
        page = f"/organize/certifications/{attempt.certification.slug}/candidates/{attempt.id}"
        assert (await client.get(page)).status_code == 403
    assert (refused.status_code, refused.json()["code"]) == (403, "own_attempt")
    await attempt.refresh_from_db()
    assert attempt.status is AttemptStatus.graded


async def test_marking_an_own_response_is_refused_and_not_offered(settings: Settings, database: str) -> None:
    attempt, grader = await submitted(ItemType.ESSAY, right=4)
    await accounts.member(attempt.certification.organization, Role.grader, of=grader)
    other = await accounts.member(attempt.certification.organization, Role.grader)
    response = await Response.filter(attempt_id=attempt.id).order_by("position").first()
    assert response is not None
    assert await grading.waiting(attempt.certification_id, grader=grader) == []
    assert len(await grading.waiting(attempt.certification_id, grader=other)) == 4
    assert await statistics.waiting_for_grader(attempt.certification_id, grader_id=grader.id) == 0
    assert await statistics.waiting_for_grader(attempt.certification_id, grader_id=other.id) == 4
    with pytest.raises(OwnAttempt):
        await grading.grade_response(response, score=Decimal(1), by=grader, now=NOW)
    page = f"/organize/certifications/{attempt.certification.slug}/grading/{response.id}"
    async with accounts.signed_in(create_app(settings), grader) as client:
        refused = await client.post(f"/api/v1/responses/{response.id}/grade", json={"score": 1})
        assert (refused.status_code, refused.json()["code"]) == (403, "own_attempt")
        assert (await client.get(page)).status_code == 403
    await response.refresh_from_db()
    assert response.score is None


Change = Callable[[Certificate, Person], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "revoke": lambda held, by: statuses.revoke(held, reason="Mine", by=by, now=NOW),
    "suspend": lambda held, by: statuses.suspend(held, reason="Mine", by=by, now=NOW),
    "reinstate": lambda held, by: statuses.reinstate(held, reason="Mine", by=by, now=NOW),
    "correct": lambda held, by: corrections.correct(held, holder_name="Another", reason="Mine", by=by, now=NOW),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_an_own_certificate_is_left_to_another_officer(database: str, name: str) -> None:
    held = await issued.certificate()
    holder = await Person.get(id=held.person_id)
    officer = await accounts.member(await held.organization, Role.certification_officer)
    if name == "reinstate":
        held = await statuses.suspend(held, reason="Being looked into", by=officer, now=NOW)
    with pytest.raises(Forbidden):
        await CHANGES[name](held, holder)
    assert (await Certificate.get(id=held.id)).status is held.status
    assert await IssueRequest.all().count() == 1
    await CHANGES[name](held, officer)


async def test_an_own_held_request_is_left_to_another_officer(database: str) -> None:
    held = await issued.certificate()
    holder = await Person.get(id=held.person_id)
    await IssueRequest.filter(id=held.issue_request_id).update(state=IssueState.held)
    request = await IssueRequest.get(id=held.issue_request_id)
    with pytest.raises(OwnCertificate):
        await issuing.retry(request, holder_name="Another Name", by=holder, now=NOW)
    assert (await IssueRequest.get(id=request.id)).holder_name == "Zoë Ångström"


async def test_the_holder_who_is_an_officer_hears_why(settings: Settings, database: str) -> None:
    held = await issued.certificate()
    holder = await Person.get(id=held.person_id)
    await accounts.member(await held.organization, Role.certification_officer, of=holder)
    async with accounts.signed_in(create_app(settings), holder) as client:
        refused = await client.post(f"/api/v1/certificates/{held.number}/suspension", json={"reason": "To see"})
    assert (refused.status_code, refused.json()["code"]) == (403, "own_certificate")
    assert "ISO/IEC 17024" in refused.json()["detail"]
    assert (await Certificate.get(id=held.id)).status is CertificateStatus.valid


async def test_an_own_claim_is_neither_decided_nor_reopened(database: str) -> None:
    held = await renewal.certificate()
    officer, claim = await renewal.officer_of(held), await renewal.claim(held)
    holder = await Person.get(id=held.person_id)
    with pytest.raises(credits.OwnCredit):
        await credits.decide(claim, is_approved=True, by=holder, now=NOW)
    assert (await Credit.get(id=claim.id)).state is CreditState.claimed
    await credits.decide(claim, is_approved=False, reason="Too few hours", by=officer, now=NOW)
    with pytest.raises(credits.OwnCredit):
        await credits.reopen(claim, by=holder, now=NOW)
    assert (await Credit.get(id=claim.id)).state is CreditState.refused
