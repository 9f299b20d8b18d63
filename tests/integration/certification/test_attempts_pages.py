"""The learner's pages: before the start, the exam without a script, handing in, the result."""

from datetime import UTC, datetime, timedelta

import pytest

from api.app import create_app
from api.worker import import_jobs
from certification.bank.content import ItemType
from certification.exams import attempts, saving
from certification.exams.models import Attempt, AttemptStatus, Response
from certification.programs.models import CertificationAccess
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

import_jobs()


async def test_start_page_says_the_rules_and_its_button_starts(settings: Settings, database: str) -> None:
    certification = await exams.certification(policy={"time_limit_minutes": 90, "attempts_allowed": 1})
    learner = await accounts.person(name="Zoë Ångström")
    async with accounts.signed_in(create_app(settings), learner) as client:
        page = await client.get(f"/certifications/{certification.slug}/start")
        started = await client.post(
            f"/certifications/{certification.slug}/start", data={"certificate_name": "Zoë M. Ångström"}
        )
        again = await client.get(f"/certifications/{certification.slug}/start")
        twice = await client.post(f"/certifications/{certification.slug}/start", data={})

    assert "Start exam: 90 minutes, 1 attempt left" in page.text
    assert 'value="Zoë Ångström"' in page.text
    attempt = await Attempt.get(person_id=learner.id)
    assert attempt.certificate_name == "Zoë M. Ångström"
    assert (started.status_code, started.headers["location"]) == (303, f"/me/exams/{attempt.id}")
    assert "Continue the exam" in again.text
    assert twice.headers["location"] == f"/me/exams/{attempt.id}"


async def test_start_leads_through_sign_in_and_back(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.get(f"/certifications/{certification.slug}/start")
    assert page.headers["location"] == f"/sign-in?next=%2Fcertifications%2F{certification.slug}%2Fstart"


async def test_unconfirmed_address_gets_its_link_again(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    learner = await accounts.person(confirmed=False)
    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/certifications/{certification.slug}/start"
        assert "Confirm your e-mail address first" in (await client.get(path)).text
        refused = await client.post(path, data={"certificate_name": "Amina"})
        sent = await client.post(f"{path}/confirmation")
    assert refused.status_code == 409
    assert sent.headers["location"] == path
    assert (await OutgoingMail.all().count(), await Attempt.all().count()) == (1, 0)


@pytest.mark.parametrize(
    ("access", "attempts_allowed", "sentence"),
    [
        (CertificationAccess.by_entitlement, 0, "You need an entitlement for this exam."),
        (CertificationAccess.by_entitlement, 1, "You have used every attempt"),
        (CertificationAccess.by_entitlement, 2, "You can sit this exam again from"),
        (CertificationAccess.open, 2, "You can sit this exam again from"),
    ],
)
async def test_start_page_says_why_not(
    settings: Settings, database: str, access: CertificationAccess, attempts_allowed: int, sentence: str
) -> None:
    certification = await exams.certification(access=access, policy={"retake_wait_days": 7})
    learner = await accounts.person()
    if attempts_allowed:
        if access is CertificationAccess.by_entitlement:
            await exams.entitlement(certification, learner, attempts=attempts_allowed)
        attempt = await exams.attempt(certification, learner)
        await attempts.submit(attempt, by=learner, now=attempt.started_at)

    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/certifications/{certification.slug}/start"
        page = await client.get(path)
        refused = await client.post(path, data={"certificate_name": "Amina"})

    assert sentence in page.text
    assert "Start exam:" not in page.text
    assert refused.status_code == 409


async def test_exam_works_without_a_script(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items=exams.EVERY_TYPE), learner)
    contents = await exams.contents_by_position(attempt)
    async with accounts.signed_in(create_app(settings), learner) as client:
        page = await client.get(f"/me/exams/{attempt.id}")
        assert page.headers["cache-control"] == "no-store"
        assert page.text.count("data-position=") == 7
        assert "keyword-" not in page.text
        for position, content in contents.items():
            right = exams.right_response(content)
            typed: dict[str, object] = {"response": right}
            if isinstance(right, bool):
                typed = {"response": "true" if right else "false"}
            elif isinstance(right, dict):
                typed = {f"response.{left}": side for left, side in right.items()}
            saved = await client.post(f"/me/exams/{attempt.id}/responses/{position}", data=typed)
            assert saved.headers["location"] == f"/me/exams/{attempt.id}#q{min(position + 1, 7)}"
        for position, content in contents.items():
            row = await Response.get(attempt_id=attempt.id, position=position)
            assert (row.sequence, row.response) == (1, exams.right_response(content))
        asked = await client.get(f"/me/exams/{attempt.id}/submit")
        assert "Every question has an answer." in asked.text
        handed_in = await client.post(f"/me/exams/{attempt.id}/submit")
        assert handed_in.headers["location"] == f"/me/exams/{attempt.id}"
        assert "Handed in" in (await client.get(f"/me/exams/{attempt.id}")).text
        late = await client.post(f"/me/exams/{attempt.id}/responses/1", data={})
        assert late.headers["location"] == f"/me/exams/{attempt.id}"


async def test_wrong_answer_without_a_script_is_explained(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={ItemType.NUMERIC: 1}), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/me/exams/{attempt.id}/responses/1"
        refused = await client.post(path, data={"response": "about eight"})
        assert refused.status_code == 422
        assert "Write a number, such as" in refused.text
        assert (await client.post(path, data={"response": "8,25"})).status_code == 303
        assert (await client.post(f"/me/exams/{attempt.id}/responses/2", data={})).status_code == 404
    assert (await Response.get(attempt_id=attempt.id)).response == "8.25"


async def test_submission_page_names_the_unanswered_questions(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={ItemType.TRUE_FALSE: 3}), learner)
    now = datetime.now(UTC)
    await saving.save(attempt.id, 2, sequence=1, response=True, by=learner, now=now)
    async with accounts.signed_in(create_app(settings), learner) as client:
        page = await client.get(f"/me/exams/{attempt.id}/submit")
    assert "2 of 3 questions have no answer yet:" in page.text
    assert f'<a href="/me/exams/{attempt.id}#q1">1</a>, <a href="/me/exams/{attempt.id}#q3">3</a>' in page.text
    assert (await Attempt.get(id=attempt.id)).status is AttemptStatus.in_progress


async def test_result_page_waits_for_the_certificate_and_then_links_it(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(), learner)
    await exams.answer(attempt)
    await attempts.submit(attempt, by=learner, now=datetime.now(UTC))
    async with accounts.signed_in(create_app(settings), learner) as client:
        before = await client.get(f"/me/exams/{attempt.id}")
        assert "You passed" in before.text
        assert f'hx-get="/me/exams/{attempt.id}/certificate"' in before.text
        await run_pending()
        fragment = await client.get(f"/me/exams/{attempt.id}/certificate")
        assert "Download your certificate" in fragment.text
        assert "hx-get" not in fragment.text
        listed = await client.get("/me/exams")
        assert "Passed" in listed.text


async def test_failed_learner_sees_when_to_sit_again(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    certification = await exams.certification(policy={"retake_wait_days": 30})
    attempt = await exams.attempt(certification, learner, now=datetime.now(UTC) - timedelta(minutes=5))
    await attempts.submit(attempt, by=learner, now=datetime.now(UTC))
    async with accounts.signed_in(create_app(settings), learner) as client:
        page = await client.get(f"/me/exams/{attempt.id}")
    assert "Not passed this time" in page.text
    assert "You can sit the exam again from" in page.text
