"""Whoever can read the items of an exam does not sit it, and nobody gives themselves the right to (ISO/IEC 17024)."""

import asyncio
from datetime import UTC, datetime

import pytest

from accounts import members
from accounts.models import AuditEntry, Person, Role, ScopeKind
from api.app import create_app
from api.worker import import_jobs
from certification.bulk import effects
from certification.bulk.models import BulkLine, BulkRun, RunKind
from certification.exams import attempts
from certification.exams.models import Attempt, AttemptStatus, Result
from certification.programs import entitlements, queries
from certification.programs.impartiality import OwnEntitlement, ReadsItems
from certification.programs.models import Certification, CertificationAccess, Entitlement
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

import_jobs()
CLOSED = CertificationAccess.by_entitlement


async def start(certification: Certification, person: Person) -> Attempt:
    return await attempts.start(
        certification, by=person, certificate_name=None, now=datetime.now(UTC), locale=person.locale
    )


async def grant(certification: Certification, person: Person, *, by: Person | None) -> Entitlement:
    policy = await queries.current_policy(certification.id)
    return await entitlements.grant(certification, person, policy, by=by, now=datetime.now(UTC))


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_that_shows_items_bars_from_the_exam(settings: Settings, database: str, role: Role) -> None:
    """Asked of the calls that show items, not of the table of roles: a new one that does must bar as well."""
    certification = await exams.certification(items=exams.EVERY_TYPE)
    person = await accounts.member(certification.organization, role)
    base = f"/api/v1/certifications/{certification.slug}"
    async with accounts.signed_in(create_app(settings), person) as client:
        shown = {(await client.get(f"{base}/{part}")).status_code for part in ("items", "responses-to-grade")}
        started = await client.post(f"{base}/attempts", json={})
    if 200 in shown:
        assert (started.status_code, started.json()["code"]) == (403, "reads_items")
        assert "ISO/IEC 17024" in started.json()["detail"]
        assert await Attempt.all().count() == 0
        assert await Entitlement.all().count() == 0
    else:
        assert (started.status_code, shown <= {403, 404}) == (201, True)


async def test_the_pages_say_why_and_start_nothing(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    author = await accounts.member(certification.organization, Role.exam_author)
    why = "As Exam author you can read the items of this exam, so you cannot sit it (ISO/IEC 17024:2012, 4.3,"
    base = f"/certifications/{certification.slug}"
    async with accounts.signed_in(create_app(settings), author) as client:
        for page in (await client.get(base), await client.get(f"{base}/start")):
            assert page.status_code == 200
            assert why in page.text
            assert "Start exam" not in page.text
        refused = await client.post(f"{base}/start", data={"certificate_name": "Amina Otieno"})
    assert refused.status_code == 403
    assert why in refused.text
    assert await Attempt.all().count() == 0


async def test_a_narrowed_role_bars_from_its_own_exam_alone(database: str) -> None:
    mine = await exams.certification()
    other = await exams.certification(mine.organization)
    author = await accounts.member(
        mine.organization, Role.exam_author, scope_kind=ScopeKind.certification, scope_id=mine.id
    )
    with pytest.raises(ReadsItems):
        await start(mine, author)
    assert (await start(other, author)).status is AttemptStatus.in_progress
    elsewhere = await exams.certification()
    assert (await start(elsewhere, author)).status is AttemptStatus.in_progress


async def test_an_entitlement_from_before_the_role_does_not_help(database: str) -> None:
    certification = await exams.certification(access=CLOSED)
    person = await accounts.person()
    held = await exams.entitlement(certification, person)
    await accounts.member(certification.organization, Role.grader, of=person)
    with pytest.raises(ReadsItems, match="As Grader you can read the items"):
        await start(certification, person)
    await held.refresh_from_db()
    assert held.attempts_used == 0


async def test_nobody_grants_themselves_an_entitlement(settings: Settings, database: str) -> None:
    certification = await exams.certification(access=CLOSED)
    officer = await accounts.member(certification.organization, Role.certification_officer)
    colleague = await accounts.member(certification.organization, Role.certification_officer)
    api = f"/api/v1/certifications/{certification.slug}/entitlements"
    page = f"/organize/certifications/{certification.slug}/entitlements"
    async with accounts.signed_in(create_app(settings), officer) as client:
        refused = await client.post(api, json={"email": officer.email})
        assert (refused.status_code, refused.json()["code"]) == (403, "own_entitlement")
        assert "ISO/IEC 17024" in refused.json()["detail"]
        shown = await client.post(page, data={"email": officer.email})
        assert shown.status_code == 403
        assert "Nobody grants themselves the right to sit an exam (ISO/IEC 17024:2012" in shown.text
        given = await client.post(api, json={"email": colleague.email})
        assert given.status_code == 201
    with pytest.raises(OwnEntitlement):
        await grant(certification, officer, by=officer)
    assert {row.person_id for row in await Entitlement.all()} == {colleague.id}


async def test_nobody_grants_an_entitlement_to_a_reader(settings: Settings, database: str) -> None:
    certification = await exams.certification(access=CLOSED)
    officer = await accounts.member(certification.organization, Role.certification_officer)
    grader = await accounts.member(certification.organization, Role.grader)
    async with accounts.signed_in(create_app(settings), officer) as client:
        body = {"email": grader.email}
        refused = await client.post(f"/api/v1/certifications/{certification.slug}/entitlements", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "reads_items")
    assert "grader member can read the items of this exam as Grader" in refused.json()["detail"]
    assert await Entitlement.all().count() == 0


async def test_a_role_gained_during_an_attempt_ends_it_without_a_result(database: str) -> None:
    certification = await exams.certification()
    owner, learner = await accounts.member(certification.organization), await accounts.person()
    attempt = await exams.attempt(certification, learner)
    await exams.answer(attempt)
    await members.grant(certification.organization, learner, Role.exam_author, by=owner, now=datetime.now(UTC))
    await run_pending()
    await attempt.refresh_from_db()
    assert attempt.status is AttemptStatus.voided
    assert attempt.voided_reason.startswith("As Exam author you can read the items of this exam")
    told = await OutgoingMail.get(template="certification/result_voided")
    assert (told.to_address, attempt.voided_reason in told.text) == (learner.email, True)
    assert await AuditEntry.filter(action="attempt.voided", object_id=attempt.id, actor_id=None).count() == 1


async def test_a_role_that_shows_no_items_leaves_the_attempt_running(database: str) -> None:
    certification = await exams.certification()
    owner, learner = await accounts.member(certification.organization), await accounts.person()
    attempt = await exams.attempt(certification, learner)
    await members.grant(certification.organization, learner, Role.proctor, by=owner, now=datetime.now(UTC))
    await run_pending()
    await attempt.refresh_from_db()
    assert attempt.status is AttemptStatus.in_progress


async def test_handing_in_with_such_a_role_brings_no_result(database: str) -> None:
    """Also where the job that voids has not run yet."""
    certification = await exams.certification()
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner)
    await exams.answer(attempt)
    await accounts.member(certification.organization, Role.grader, of=learner)
    submitted = await attempts.submit(attempt, by=learner, now=datetime.now(UTC))
    assert submitted.status is AttemptStatus.voided
    assert await Result.all().count() == 0


async def test_starting_and_gaining_the_role_at_once_never_ends_in_a_result(database: str) -> None:
    certification = await exams.certification()
    owner, learner = await accounts.member(certification.organization), await accounts.person()
    now = datetime.now(UTC)
    began, _given = await asyncio.gather(
        start(certification, learner),
        members.grant(certification.organization, learner, Role.exam_author, by=owner, now=now),
        return_exceptions=True,
    )
    await run_pending()
    if isinstance(began, Attempt):
        await began.refresh_from_db()
        assert began.status is AttemptStatus.voided
    else:
        assert isinstance(began, ReadsItems)
    assert await Result.all().count() == 0


async def test_a_run_confers_nothing_on_whoever_makes_it_go_on(database: str) -> None:
    """The dry run leaves out its own planner; somebody else may have started it since."""
    certification = await exams.certification()
    officer = await accounts.member(certification.organization, Role.certification_officer)
    run = await BulkRun.create(
        organization_id=certification.organization_id,
        certification=certification,
        kind=RunKind.issue,
        parameters={"started_by": str(officer.id)},
    )
    line = await BulkLine.create(run=run, position=1, given={"email": officer.email}, person_id=officer.id)
    with pytest.raises(effects.LineFailed, match="Another officer has to issue your own certificate"):
        await effects.issue(line, await effects.deciding(run), datetime.now(UTC))
