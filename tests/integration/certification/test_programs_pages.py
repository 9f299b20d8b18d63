"""The organizer's pages of a certification, grading, candidates, and the public page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from starlette.applications import Starlette

from accounts.models import Role
from api.app import create_app
from api.worker import import_jobs
from certification.bank.content import ItemType
from certification.exams import attempts, statistics
from certification.exams.models import Attempt, AttemptStatus
from certification.programs import queries
from certification.programs.models import Certification, CertificationAccess, CertificationPolicy, Entitlement
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as factory
from tests.queries import count_queries

import_jobs()
FORM = {
    "title": "Certified Associate",
    "statement": "Knows the foundations of open systems.",
    "language": "en",
    "access": "open",
    "policy.time_limit_minutes": "60",
    "policy.cut_score": "70",
    "policy.form_length": "",
    "policy.attempts_allowed": "2",
    "policy.retake_wait_days": "0",
    "policy.entitlement_months": "12",
    "policy.validity_months": "",
}


@pytest.fixture
def app(database: str, settings: Settings) -> Starlette:
    return create_app(settings)


async def handed_in(certification: Certification, right: int | None) -> Attempt:
    """An attempt of a new person with so many right answers."""
    attempt = await factory.attempt(certification)
    await factory.answer(attempt, right)
    person = await attempt.person
    return await attempts.submit(attempt, by=person, now=datetime.now(UTC))


async def test_create_by_form_leads_to_a_draft_that_says_what_comes_next(app: Starlette) -> None:
    organization = await accounts.organization()
    async with accounts.signed_in(app, await accounts.member(organization, Role.exam_author)) as client:
        path = f"/organize/{organization.slug}/certifications/new"
        assert (await client.get(path)).status_code == 200
        refused = await client.post(path, data=FORM | {"title": "", "policy.cut_score": "170"})
        assert refused.status_code == 422
        assert 'href="#title"' in refused.text
        assert 'href="#policy.cut_score"' in refused.text
        assert "Knows the foundations" in refused.text
        answer = await client.post(path, data=FORM)
        assert answer.headers["location"] == "/organize/certifications/certified-associate"
        page = await client.get(answer.headers["location"])
        assert "Add items" in page.text
        assert "Items in the bank: 0 of the 1 that a form needs." in page.text
        failed = await client.post("/organize/certifications/certified-associate/publish")
        assert failed.status_code == 303
    made = await Certification.get(slug="certified-associate")
    policy = await queries.current_policy(made.id)
    assert (policy.validity_months, policy.form_length, policy.time_limit_minutes) == (None, None, 60)
    assert made.status.value == "draft"


async def test_change_by_form_empties_what_was_emptied(app: Starlette) -> None:
    certification = await factory.certification(published=False)
    await Certification.filter(id=certification.id).update(summary="Old", description="Old")
    async with accounts.signed_in(app, await accounts.member(await certification.organization)) as client:
        path = f"/organize/certifications/{certification.slug}/edit"
        assert "Old" in (await client.get(path)).text
        assert (await client.post(path, data=FORM | {"summary": "", "description": ""})).status_code == 303
        assert (await client.post(path, data=FORM | {"statement": ""})).status_code == 422
    changed = await Certification.get(id=certification.id)
    assert (changed.title, changed.summary, changed.description_html) == ("Certified Associate", "", "")


async def test_renewal_rules_by_form_make_a_version_and_unticking_takes_the_score_away(app: Starlette) -> None:
    certification = await factory.certification(published=False, policy={"shows_score": True})
    rules = FORM | {"policy.validity_months": "24", "policy.renewal_credits": "20.5", "policy.grace_days": "30"}
    async with accounts.signed_in(app, await accounts.member(await certification.organization)) as client:
        path = f"/organize/certifications/{certification.slug}/edit"
        assert (await client.post(path, data=rules)).status_code == 303
        page = await client.get(path)
        assert 'name="policy.renewal_credits" type="number" value="20.50"' in page.text
        endless = await client.post(path, data=rules | {"policy.validity_months": ""})
        assert endless.status_code == 422
        assert 'href="#policy.renewal_credits"' in endless.text
        assert (await client.post(path, data=FORM)).status_code == 303
    versions = await CertificationPolicy.filter(certification_id=certification.id).order_by("version")
    assert [(row.renewal_credits, row.grace_days, row.shows_score) for row in versions] == [
        (None, 0, True),
        (Decimal("20.50"), 30, False),
        (None, 0, False),
    ]


async def test_domains_form_adds_rows_removes_and_names_the_wrong_row(app: Starlette) -> None:
    certification = await factory.certification(published=False, domains={"One": 1, "Two": 2}, items={})
    one, _two = await queries.domains_of(certification.id)
    form = {"domains.0.id": str(one.id), "domains.0.name": "First", "domains.0.weight": "4", "domains.1.name": ""}
    async with accounts.signed_in(app, await accounts.member(await certification.organization)) as client:
        path = f"/organize/certifications/{certification.slug}/domains"
        more = await client.post(path, data=form | {"action": "more"})
        assert 'name="domains.5.name"' in more.text
        assert 'value="First"' in more.text
        wrong = await client.post(path, data=form | {"domains.2.name": "Third", "domains.2.weight": "0"})
        assert wrong.status_code == 422
        assert 'href="#domains.2.weight"' in wrong.text
        saved = await client.post(path, data=form | {"domains.2.name": "Third", "domains.2.weight": "2"})
        assert saved.status_code == 303
    found = [(domain.id == one.id, domain.name, domain.weight) for domain in await queries.domains_of(certification.id)]
    assert found == [(True, "First", 4), (False, "Third", 2)]


async def test_publish_opens_the_public_page_and_retire_closes_it(app: Starlette) -> None:
    certification = await factory.certification(published=False, items={ItemType.TRUE_FALSE: 3})
    base = f"/organize/certifications/{certification.slug}"
    public = f"/certifications/{certification.slug}"
    async with (
        accounts.signed_in(app, await accounts.member(await certification.organization)) as client,
        accounts.signed_in(app, None) as anybody,
    ):
        assert (await anybody.get(public)).status_code == 404
        assert "This certification is a draft" in (await client.get(public)).text
        assert "Publish this certification" in (await client.get(base)).text
        assert (await client.post(f"{base}/publish")).status_code == 303
        assert certification.title in (await anybody.get("/certifications")).text
        page = await anybody.get(public)
        assert f'href="/sign-in?next={public}/start"' in page.text
        await client.post(f"{base}/retire")
        assert "This certification is retired" in (await anybody.get(public)).text
        assert "No certifications yet" in (await anybody.get("/certifications")).text


async def test_public_page_says_the_next_step_of_each_reader(app: Starlette) -> None:
    certification = await factory.certification(access=CertificationAccess.by_entitlement)
    policy = await queries.current_policy(certification.id)
    public = f"/certifications/{certification.slug}"
    learner = await accounts.person()
    async with accounts.signed_in(app, learner) as client:
        assert "You need an entitlement" in (await client.get(public)).text
        await factory.entitlement(certification, learner, attempts=1)
        page = await client.get(public)
        assert f"Start exam: {policy.time_limit_minutes} minutes, one attempt left" in page.text
        assert f'href="{public}/start"' in page.text
        running = await factory.attempt(certification, learner)
        assert f'href="/me/exams/{running.id}"' in (await client.get(public)).text


async def test_overview_counts_what_happened(app: Starlette) -> None:
    certification = await factory.certification(items={ItemType.TRUE_FALSE: 4})
    await handed_in(certification, None)
    await handed_in(certification, 1)
    voided = await handed_in(certification, None)
    owner = await accounts.member(await certification.organization)
    await attempts.void(voided, reason="Seen with notes.", by=owner, now=datetime.now(UTC))
    await factory.attempt(certification)

    numbers = await statistics.of_certification(certification.id)
    assert (numbers.attempts, numbers.running, numbers.graded, numbers.passed) == (3, 1, 2, 1)
    assert numbers.pass_rate == 50
    assert numbers.mean is not None
    assert float(numbers.mean) == 62.5
    assert numbers.bands == [0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert [float(domain.percent) for domain in numbers.domains] == [62.5]
    async with accounts.signed_in(app, owner) as client:
        page = await client.get(f"/organize/certifications/{certification.slug}")
    assert "Distribution of scores" in page.text
    assert "Results by domain" in page.text


async def test_grader_marks_one_after_the_other_without_names(app: Starlette) -> None:
    certification = await factory.certification(items={ItemType.ESSAY: 2})
    attempt = await handed_in(certification, None)
    learner = await attempt.person
    base = f"/organize/certifications/{certification.slug}/grading"
    async with accounts.signed_in(app, await accounts.member(await certification.organization, Role.grader)) as client:
        listed = await client.get(base)
        assert "Grading (2)" in listed.text
        assert learner.display_name not in listed.text
        rows = await attempt.responses.all().order_by("position")  # type: ignore[attr-defined]  # reverse relation
        page = await client.get(f"{base}/{rows[0].id}")
        assert "guidance-for-graders" in page.text
        assert learner.display_name not in page.text
        wrong = await client.post(f"{base}/{rows[0].id}", data={"percent": "101"})
        assert wrong.status_code == 422
        assert 'href="#percent"' in wrong.text
        first = await client.post(f"{base}/{rows[0].id}", data={"percent": "80", "comment": "Sound."})
        assert first.headers["location"] == f"{base}/{rows[1].id}"
        again = await client.post(f"{base}/{rows[0].id}", data={"percent": "10"})
        assert again.headers["location"] == base
        last = await client.post(f"{base}/{rows[1].id}", data={"percent": "100"})
        assert last.headers["location"] == base
        assert "Nothing waits" in (await client.get(base)).text
    graded = await Attempt.get(id=attempt.id)
    assert graded.status is AttemptStatus.graded
    result = await graded.results.all().first()  # type: ignore[attr-defined]  # reverse relation
    assert float(result.score) == 90.0


async def test_officer_sees_candidates_and_voids_with_a_reason(app: Starlette) -> None:
    certification = await factory.certification(items={ItemType.TRUE_FALSE: 2})
    attempt = await handed_in(certification, None)
    learner = await attempt.person
    base = f"/organize/certifications/{certification.slug}/candidates"
    organization = await certification.organization
    async with accounts.signed_in(app, await accounts.member(organization, Role.certification_officer)) as client:
        assert learner.display_name in (await client.get(f"{base}?q={learner.email}&status=graded")).text
        assert "Nothing found" in (await client.get(f"{base}?status=voided")).text
        assert "100" in (await client.get(f"{base}/{attempt.id}")).text
        refused = await client.post(f"{base}/{attempt.id}/void", data={"reason": ""})
        assert refused.status_code == 422
        assert (await client.post(f"{base}/{attempt.id}/void", data={"reason": "Copied."})).status_code == 303
        assert "Copied." in (await client.get(f"{base}/{attempt.id}")).text
    assert (await Attempt.get(id=attempt.id)).status is AttemptStatus.voided
    async with accounts.signed_in(app, await accounts.member(organization, Role.exam_author)) as client:
        assert (await client.get(base)).status_code == 403


async def test_officer_grants_and_withdraws_by_page(app: Starlette) -> None:
    certification = await factory.certification(access=CertificationAccess.by_entitlement)
    learner = await accounts.person()
    base = f"/organize/certifications/{certification.slug}/entitlements"
    officer = await accounts.member(await certification.organization, Role.certification_officer)
    async with accounts.signed_in(app, officer) as client:
        wrong = await client.post(base, data={"email": "nobody", "note": "Kept"})
        assert wrong.status_code == 422
        assert 'value="Kept"' in wrong.text
        until = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
        form = {"email": str(learner.email), "valid_until": until, "attempts_allowed": ""}
        assert (await client.post(base, data=form)).status_code == 303
        held = await Entitlement.get(person_id=learner.id)
        assert learner.display_name in (await client.get(base)).text
        assert (await client.post(f"{base}/{held.id}/revoke")).status_code == 303
        assert "Nobody holds one at present" in (await client.get(base)).text
        assert "Ended" in (await client.get(f"{base}?ended=true")).text


async def test_side_bar_shows_what_the_role_allows(app: Starlette) -> None:
    certification = await factory.certification()
    organization = await certification.organization
    base = f"/organize/certifications/{certification.slug}"
    expected = {
        Role.exam_author: {"/items", "/edit"},
        Role.grader: {"/grading"},
        Role.certification_officer: {"/candidates", "/entitlements", "/certificates"},
        Role.viewer: set(),
    }
    parts = {"/items", "/edit", "/grading", "/candidates", "/entitlements", "/certificates"}
    for role, links in expected.items():
        async with accounts.signed_in(app, await accounts.member(organization, role)) as client:
            page = (await client.get(base)).text
            assert {part for part in parts if f'<a href="{base}{part}"' in page} == links
            for part in parts:
                status = (await client.get(f"{base}{part}")).status_code
                assert status == (200 if part in links else 403), (role, part)


async def test_lists_cost_the_same_for_one_row_and_for_three(app: Starlette) -> None:
    certification = await factory.certification(items={ItemType.TRUE_FALSE: 1})
    other = await factory.certification(items={ItemType.TRUE_FALSE: 3})
    await handed_in(certification, None)
    for _number in range(3):
        await handed_in(other, None)
    for part in ("/items", "/candidates", "/entitlements"):
        costs = []
        for one in (certification, other):
            async with accounts.signed_in(app, await accounts.member(await one.organization)) as client:
                path = f"/organize/certifications/{one.slug}{part}"
                await client.get(path)
                with count_queries() as sent:
                    assert (await client.get(path)).status_code == 200
                costs.append(len(sent))
        assert costs[0] == costs[1], part
