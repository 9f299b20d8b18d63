"""Saving answers: what is stored, what is refused, and when it is too late."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import Person
from api.app import create_app
from certification.bank.content import ItemContent, ItemType
from certification.exams import attempts, saving
from certification.exams.models import Attempt, Response
from core.database import transaction
from core.errors import InvalidInput, NotFound
from core.settings import Settings
from tests.factories import accounts
from tests.factories import certification as exams

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def an_attempt(kind: ItemType = ItemType.SHORT_ANSWER) -> tuple[Attempt, Person]:
    """A running attempt with one item of the type, and its learner."""
    learner = await accounts.person()
    return await exams.attempt(await exams.certification(items={kind: 1}), learner, now=NOW), learner


async def stored(attempt: Attempt) -> tuple[int, object]:
    """Sequence and response of the first position."""
    row = await Response.get(attempt_id=attempt.id, position=1)
    return row.sequence, row.response


@pytest.mark.parametrize("kind", ItemType)
async def test_answer_of_each_type_is_stored_as_sent(settings: Settings, database: str, kind: ItemType) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={kind: 1}), learner)
    content: ItemContent = (await exams.contents_by_position(attempt))[1]
    response = exams.right_response(content)

    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/api/v1/attempts/{attempt.id}/responses/1"
        saved = await client.put(path, json={"sequence": 3, "response": response})
        shown = await client.get(f"/api/v1/attempts/{attempt.id}")
        cleared = await client.put(path, json={"sequence": 4, "response": None})

    assert (saved.status_code, saved.json()) == (200, {"position": 1, "sequence": 3, "response": response})
    assert shown.json()["responses"] == [{"position": 1, "sequence": 3, "response": response}]
    assert cleared.json() == {"position": 1, "sequence": 4, "response": None}
    assert await stored(attempt) == (4, None)


async def test_older_sequence_changes_nothing_and_answers_with_what_is_stored(
    settings: Settings, database: str
) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={ItemType.SHORT_ANSWER: 1}), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/api/v1/attempts/{attempt.id}/responses/1"
        await client.put(path, json={"sequence": 7, "response": "seventh"})
        for sequence in (7, 6, 1):
            older = await client.put(path, json={"sequence": sequence, "response": "older"})
            assert older.status_code == 200
            assert older.json() == {"position": 1, "sequence": 7, "response": "seventh"}
    assert await stored(attempt) == (7, "seventh")


async def test_highest_sequence_wins_in_whatever_order_saves_arrive(database: str) -> None:
    attempt, learner = await an_attempt()

    await asyncio.gather(
        *(
            saving.save(attempt.id, 1, sequence=number, response=f"answer {number}", by=learner, now=NOW)
            for number in (5, 20, 3, 19, 8, 1, 12)
        )
    )

    assert await stored(attempt) == (20, "answer 20")


async def test_saves_that_share_a_statement_are_told_apart(database: str) -> None:
    """Many learners at once, one of whom is late and one whose attempt is closed: each gets their own answer."""
    sittings = [await an_attempt() for _ in range(12)]
    late, closed = sittings[0], sittings[1]
    await attempts.submit(closed[0], by=closed[1], now=NOW)

    def moment(attempt: Attempt) -> datetime:
        return attempt.deadline + timedelta(seconds=11) if attempt is late[0] else NOW

    outcomes = await asyncio.wait_for(
        asyncio.gather(
            *(
                saving.save(attempt.id, 1, sequence=n, response=f"{n}", by=learner, now=moment(attempt))
                for n in range(1, 21)
                for attempt, learner in sittings
            ),
            return_exceptions=True,
        ),
        60,
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, saving.AttemptClosed)]
    assert len(refused) == 40
    assert len(outcomes) - len(refused) == 200
    assert [await stored(attempt) for attempt, _ in sittings] == [(0, None)] * 2 + [(20, "20")] * 10


async def test_save_in_a_transaction_goes_with_it(database: str) -> None:
    attempt, learner = await an_attempt()

    async def save_and_fail() -> None:
        async with transaction():
            await saving.save(attempt.id, 1, sequence=1, response="x", by=learner, now=NOW)
            raise NotFound()

    with pytest.raises(NotFound):
        await save_and_fail()
    assert await stored(attempt) == (0, None)


@pytest.mark.parametrize(
    ("after_deadline", "accepted"), [(-1.0, True), (0.0, True), (9.9, True), (10.0, True), (10.1, False)]
)
async def test_saves_are_taken_until_ten_seconds_after_the_deadline(
    database: str, after_deadline: float, accepted: bool
) -> None:
    attempt, learner = await an_attempt()
    moment = attempt.deadline + timedelta(seconds=after_deadline)

    if accepted:
        await saving.save(attempt.id, 1, sequence=1, response="late", by=learner, now=moment)
        assert await stored(attempt) == (1, "late")
    else:
        with pytest.raises(saving.AttemptClosed):
            await saving.save(attempt.id, 1, sequence=1, response="late", by=learner, now=moment)
        assert await stored(attempt) == (0, None)


async def test_nothing_is_saved_after_submission(settings: Settings, database: str) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        await client.post(f"/api/v1/attempts/{attempt.id}/submission")
        path = f"/api/v1/attempts/{attempt.id}/responses/1"
        refused = await client.put(path, json={"sequence": 1, "response": None})

    assert (refused.status_code, refused.json()["code"]) == (409, "attempt_closed")


async def test_every_acknowledged_answer_is_graded_though_submission_comes_between(database: str) -> None:
    """Saves and the submission run at once: whatever save succeeded is what was scored."""
    for _ in range(5):
        attempt, learner = await an_attempt()
        content = (await exams.contents_by_position(attempt))[1]
        right = exams.right_response(content)

        saved, _closed = await asyncio.gather(
            saving.save(attempt.id, 1, sequence=1, response=right, by=learner, now=NOW),
            attempts.submit(attempt, by=learner, now=NOW),
            return_exceptions=True,
        )

        row = await Response.get(attempt_id=attempt.id, position=1)
        if isinstance(saved, saving.Saved):
            assert (row.response, row.score) == (right, Decimal(1))
        else:
            assert isinstance(saved, saving.AttemptClosed)
            assert (row.response, row.score) == (None, Decimal(0))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sequence": 0, "response": None}, "sequence"),
        ({"sequence": 2**53 + 1, "response": None}, "sequence"),
        ({"sequence": True, "response": None}, "sequence"),
        ({"sequence": "1", "response": None}, "sequence"),
        ({"sequence": 1}, "response"),
        ({"response": None}, "sequence"),
        ({"sequence": 1, "response": 5}, "response"),
        ({"sequence": 1, "response": "x" * 501}, "response"),
        ({"sequence": 1, "response": "a\u0000b"}, "response"),
        ({"sequence": 1, "response": None, "more": 1}, "more"),
    ],
)
async def test_what_is_no_answer_is_refused_by_its_field(
    settings: Settings, database: str, body: dict[str, object], field: str
) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={ItemType.SHORT_ANSWER: 1}), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        refused = await client.put(f"/api/v1/attempts/{attempt.id}/responses/1", json=body)

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert await stored(attempt) == (0, None)


@pytest.mark.parametrize("position", [0, 2, 10**30])
async def test_position_that_the_form_has_not_is_not_found(settings: Settings, database: str, position: int) -> None:
    learner = await accounts.person()
    attempt = await exams.attempt(await exams.certification(items={ItemType.SHORT_ANSWER: 1}), learner)
    async with accounts.signed_in(create_app(settings), learner) as client:
        path = f"/api/v1/attempts/{attempt.id}/responses/{position}"
        assert (await client.put(path, json={"sequence": 1, "response": None})).status_code == 404


async def test_commands_refuse_strangers_and_unknown_attempts(database: str) -> None:
    attempt, learner = await an_attempt()
    with pytest.raises(NotFound):
        await saving.save(attempt.id, 1, sequence=1, response="x", by=await accounts.person(), now=NOW)
    with pytest.raises(NotFound):
        await saving.save(learner.id, 1, sequence=1, response="x", by=learner, now=NOW)
    with pytest.raises(InvalidInput):
        await saving.save(attempt.id, 1, sequence=2**53 + 1, response="x", by=learner, now=NOW)
