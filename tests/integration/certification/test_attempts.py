"""Starting an attempt: who may, what they get, and that nothing of a key goes along."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Person
from api.app import create_app
from certification.bank.content import ItemType
from certification.exams import attempts
from certification.exams.forms import FormItem, draw_form
from certification.exams.models import Attempt, AttemptStatus, Response
from certification.programs.entitlements import NoAttemptsLeft, NotEligible
from certification.programs.models import CertificationAccess, Entitlement
from core.database import fetchval
from core.errors import InvalidInput
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FORBIDDEN = {"correct", "fraction", "answer", "answers", "tolerance", "key", "score", "feedback", "guidance", "pairs"}


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member name and plain value of a JSON document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, None
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)
    else:
        yield "", value


async def test_start_over_the_api_gives_the_frozen_form_and_no_key(settings: Settings, database: str) -> None:
    certification = await exams.certification(items=exams.EVERY_TYPE)
    learner = await accounts.person(name="Zoë Ångström")

    async with accounts.signed_in(create_app(settings), learner) as client:
        started = await client.post(f"/api/v1/certifications/{certification.slug}/attempts", json={})
        again = await client.get(f"/api/v1/attempts/{started.json()['id']}")

    assert started.status_code == 201
    document = started.json()
    assert started.headers["location"] == f"/api/v1/attempts/{document['id']}"
    assert [item["position"] for item in document["items"]] == list(range(1, 8))
    assert {item["type"] for item in document["items"]} == {kind.value for kind in ItemType}
    assert again.json()["items"] == document["items"]
    minutes = datetime.fromisoformat(document["deadline"]) - datetime.fromisoformat(document["started_at"])
    assert minutes == timedelta(minutes=90)
    assert document["certificate_name"] == "Zoë Ångström"
    for reply in (started, again):
        names = {name for name, _ in walk(reply.json())}
        assert names & FORBIDDEN == set()
        assert "keyword-" not in reply.text
        assert "guidance-for-graders" not in reply.text


async def test_items_have_the_shape_that_clients_are_written_against(settings: Settings, database: str) -> None:
    certification = await exams.certification(items=exams.EVERY_TYPE)
    async with accounts.signed_in(create_app(settings), await accounts.person()) as client:
        document = (await client.post(f"/api/v1/certifications/{certification.slug}/attempts")).json()

    by_type = {item["type"]: item for item in document["items"]}
    plain = {"position", "type", "prompt", "prompt_html"}
    assert set(by_type["essay"]) == plain
    assert set(by_type["true_false"]) == plain
    assert set(by_type["single_choice"]) == plain | {"options"}
    assert {option["text"] for option in by_type["single_choice"]["options"]} == {"ls", "cd", "rm", "cat"}
    assert set(by_type["matching"]) == plain | {"left", "right"}
    assert [side["text"] for side in by_type["matching"]["left"]] == ["grep", "sort", "wc"]
    assert {side["text"] for side in by_type["matching"]["right"]} == {"searches", "orders", "counts", "compiles"}


async def test_form_is_the_one_its_seed_draws(database: str) -> None:
    certification = await exams.certification(
        items={ItemType.SINGLE_CHOICE: 12}, domains={"Files": 3, "Networks": 1}, policy={"form_length": 8}
    )
    attempt = await exams.attempt(certification)

    drawn = sorted([row.domain_name for row in await Response.filter(attempt_id=attempt.id)])
    assert drawn == ["Files"] * 6 + ["Networks"] * 2
    assert 0 <= attempt.seed < 2**63
    contents = await exams.contents_by_position(attempt)
    assert len({content.prompt.source for content in contents.values()}) == 8


def test_domain_with_too_few_items_is_made_up_for_by_the_others() -> None:
    pool = [
        FormItem(UUID(int=number), "Small" if number < 2 else "Big", exams.content(ItemType.TRUE_FALSE))
        for number in range(10)
    ]

    blueprint = attempts.blueprint_for(pool, {"Small": 3, "Big": 1}, 6)

    assert blueprint.counts == {"Small": 2, "Big": 4}
    assert len(draw_form(pool, blueprint, 7)) == 6


async def test_certificate_name_is_confirmed_and_kept(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    learner = await accounts.person(name="amina")
    async with accounts.signed_in(create_app(settings), learner) as client:
        refused = await client.post(
            f"/api/v1/certifications/{certification.slug}/attempts", json={"certificate_name": "A\u0007"}
        )
        started = await client.post(
            f"/api/v1/certifications/{certification.slug}/attempts", json={"certificate_name": "  Amina   Otieno "}
        )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "certificate_name"
    assert started.json()["certificate_name"] == "Amina Otieno"
    assert (await Person.get(id=learner.id)).certificate_name == "Amina Otieno"


async def test_nobody_starts_without_a_certificate_name(database: str) -> None:
    learner = await accounts.person()
    learner.certificate_name = ""

    with pytest.raises(InvalidInput) as caught:
        await exams.attempt(await exams.certification(), learner)
    assert set(caught.value.fields) == {"certificate_name"}


@pytest.mark.parametrize(
    ("confirmed", "published", "code"),
    [(False, True, "email_not_confirmed"), (True, False, "not_found")],
)
async def test_start_is_refused(settings: Settings, database: str, confirmed: bool, published: bool, code: str) -> None:
    certification = await exams.certification(published=published)
    learner = await accounts.person(confirmed=confirmed)

    async with accounts.signed_in(create_app(settings), learner) as client:
        refused = await client.post(f"/api/v1/certifications/{certification.slug}/attempts")

    assert refused.json()["code"] == code
    assert await Attempt.all().count() == 0


async def test_second_attempt_at_once_is_refused_and_names_the_first(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    async with accounts.signed_in(create_app(settings), await accounts.person()) as client:
        first = await client.post(f"/api/v1/certifications/{certification.slug}/attempts")
        second = await client.post(f"/api/v1/certifications/{certification.slug}/attempts")

    assert second.status_code == 409
    assert second.json()["code"] == "attempt_in_progress"
    assert second.json()["attempt_id"] == first.json()["id"]


async def test_entitlement_is_needed_used_and_used_up(database: str) -> None:
    certification = await exams.certification(access=CertificationAccess.by_entitlement)
    learner = await accounts.person()
    with pytest.raises(NotEligible):
        await exams.attempt(certification, learner)

    held = await exams.entitlement(certification, learner, attempts=1, valid_until=NOW + timedelta(minutes=30))
    attempt = await exams.attempt(certification, learner, now=NOW)

    assert attempt.entitlement_id == held.id
    assert attempt.deadline == NOW + timedelta(minutes=30)  # the entitlement ends before the time limit does
    await attempts.submit(attempt, by=learner, now=NOW + timedelta(minutes=1))
    with pytest.raises(NoAttemptsLeft):
        await exams.attempt(certification, learner, now=NOW + timedelta(minutes=2))


async def test_retake_waits_as_long_as_the_policy_says(settings: Settings, database: str) -> None:
    certification = await exams.certification(policy={"retake_wait_days": 7})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)
    await attempts.submit(attempt, by=learner, now=NOW)

    with pytest.raises(attempts.RetakeTooEarly) as caught:
        await exams.attempt(certification, learner, now=NOW + timedelta(days=6, hours=23))
    assert caught.value.facts == {"retake_from": "2026-12-01T09:00:00+00:00"}
    assert (await Entitlement.get(id=attempt.entitlement_id)).attempts_used == 1

    await exams.attempt(certification, learner, now=NOW + timedelta(days=7))
    assert (await Entitlement.get(id=attempt.entitlement_id)).attempts_used == 2


async def test_who_passed_sits_again_only_with_a_new_entitlement(database: str) -> None:
    """What is left of the old one is for retakes after a failure; an open certification grants the next at its end."""
    certification = await exams.certification(policy={"retake_wait_days": 7})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)
    await exams.answer(attempt)
    await attempts.submit(attempt, by=learner, now=NOW)

    with pytest.raises(NoAttemptsLeft):
        await exams.attempt(certification, learner, now=NOW + timedelta(hours=1))
    again = await exams.attempt(certification, learner, now=NOW + timedelta(days=366))

    assert again.status is AttemptStatus.in_progress


async def test_retake_waits_for_the_grader(database: str) -> None:
    certification = await exams.certification(items={ItemType.ESSAY: 1})
    learner = await accounts.person()
    attempt = await exams.attempt(certification, learner, now=NOW)
    await exams.answer(attempt)
    await attempts.submit(attempt, by=learner, now=NOW)

    with pytest.raises(attempts.ResultPending):
        await exams.attempt(certification, learner, now=NOW + timedelta(hours=1))


async def test_twenty_starts_at_once_use_one_attempt(database: str) -> None:
    certification = await exams.certification(access=CertificationAccess.by_entitlement)
    learner = await accounts.person()
    held = await exams.entitlement(certification, learner, attempts=2)

    outcomes = await asyncio.gather(*(exams.attempt(certification, learner) for _ in range(20)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(attempts.AttemptInProgress) == 19
    assert await Attempt.all().count() == 1
    assert (await Entitlement.get(id=held.id)).attempts_used == 1


async def test_attempts_are_their_owner_s_alone(settings: Settings, database: str) -> None:
    certification = await exams.certification()
    attempt = await exams.attempt(certification)
    officer = await accounts.member(certification.organization)

    for somebody in (await accounts.person(), officer):
        async with accounts.signed_in(create_app(settings), somebody) as client:
            path = f"/api/v1/attempts/{attempt.id}"
            assert (await client.get(path)).status_code == 404
            assert (await client.post(f"{path}/submission")).status_code == 404
            save = await client.put(f"{path}/responses/1", json={"sequence": 1, "response": None})
            assert save.status_code == 404
            assert (await client.get(f"/me/exams/{attempt.id}")).status_code == 404


async def test_my_attempts_are_listed_by_pages(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    for _ in range(3):
        await exams.attempt(await exams.certification(), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        first = (await client.get("/api/v1/me/attempts?limit=2")).json()
        second = (await client.get(f"/api/v1/me/attempts?limit=2&cursor={first['next_cursor']}")).json()

    ids = [item["id"] for item in first["items"] + second["items"]]
    assert len(set(ids)) == 3
    assert second["next_cursor"] is None
    assert ids == [str(i) for i in await Attempt.all().order_by("-started_at").values_list("id", flat=True)]


async def test_start_is_recorded(database: str) -> None:
    attempt = await exams.attempt(await exams.certification())

    recorded = await fetchval("SELECT after FROM audit_entry WHERE action = 'attempt.started'")
    assert attempt.deadline.isoformat() in recorded
