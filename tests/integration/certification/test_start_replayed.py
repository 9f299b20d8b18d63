"""Repeating the start of an attempt with its Idempotency-Key shows what its learner may see now, not what was seen."""

from datetime import UTC, datetime, timedelta

from accounts.models import IdempotentRequest
from api.app import create_app
from certification.exams.models import Attempt
from core.database import execute
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

KEY = {"idempotency-key": "one"}


async def test_while_it_runs_the_form_is_shown_again(settings: Settings, database: str) -> None:
    certification, learner = await exams.certification(), await accounts.person()
    address = f"/api/v1/certifications/{certification.slug}/attempts"
    async with accounts.signed_in(create_app(settings), learner) as client:
        first = await client.post(address, json={}, headers=KEY)
        again = await client.post(address, json={}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.json()["items"] == first.json()["items"]
    assert await Attempt.all().count() == 1


async def test_after_handing_in_no_item_is_shown(settings: Settings, database: str) -> None:
    certification, learner = await exams.certification(), await accounts.person()
    address = f"/api/v1/certifications/{certification.slug}/attempts"
    async with accounts.signed_in(create_app(settings), learner) as client:
        first = await client.post(address, json={}, headers=KEY)
        prompts = [item["prompt"] for item in first.json()["items"]]
        await client.post(f"{first.headers['location']}/submission", json={}, headers=KEY)
        again = await client.post(address, json={}, headers=KEY)
    assert prompts
    assert again.status_code == 201
    assert (again.json()["id"], again.json()["status"], again.json()["items"]) == (first.json()["id"], "graded", [])
    assert not [prompt for prompt in prompts if prompt in again.text]


async def test_after_the_deadline_no_item_is_shown(settings: Settings, database: str) -> None:
    certification, learner = await exams.certification(), await accounts.person()
    address = f"/api/v1/certifications/{certification.slug}/attempts"
    async with accounts.signed_in(create_app(settings), learner) as client:
        first = await client.post(address, json={}, headers=KEY)
        past = datetime.now(UTC) - timedelta(hours=2)
        await execute("UPDATE attempt SET started_at = $1, deadline = $2", past, past + timedelta(hours=1))
        again = await client.post(address, json={}, headers=KEY)
    assert again.json()["items"] == []
    assert again.json()["status"] == "graded"
    assert first.json()["items"]


async def test_what_is_kept_of_the_first_answer_holds_no_item(settings: Settings, database: str) -> None:
    certification, learner = await exams.certification(), await accounts.person()
    async with accounts.signed_in(create_app(settings), learner) as client:
        await client.post(f"/api/v1/certifications/{certification.slug}/attempts", json={}, headers=KEY)
    kept = await IdempotentRequest.get()
    assert (kept.body, kept.status, kept.person_id) == (b"", 201, learner.id)
    assert kept.location.startswith("/api/v1/attempts/")


async def test_the_address_of_a_calendar_is_shown_once(settings: Settings, database: str) -> None:
    async with accounts.signed_in(create_app(settings), await accounts.person()) as client:
        first = await client.post("/api/v1/me/calendar", headers=KEY)
        again = await client.post("/api/v1/me/calendar", headers=KEY)
    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "already_created")
    assert (await IdempotentRequest.get()).body == b""
