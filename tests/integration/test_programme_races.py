"""Many at once: a room holds one session and a speaker is in one place. Each with its negative control."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from accounts.models import Organization, Person, Role
from core.database import execute, fetchval, transaction
from core.errors import AppError
from events.catalog.models import Event, Room
from events.programme import clashes, sessions
from events.programme.models import Session, Speaker
from events.programme.schemas import SessionIn
from tests.factories import accounts, events

MANY = 6


@pytest.fixture
async def organization(database: str) -> Organization:
    return await accounts.organization()


@pytest.fixture
async def chair(organization: Organization) -> Person:
    return await accounts.member(organization, Role.programme_chair)


@pytest.fixture
async def without_room_constraint(database: str) -> AsyncIterator[None]:
    """The database as if nobody had thought of the exclusion constraint."""
    definition = await fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'session_room_once'"
    )
    await execute("ALTER TABLE session DROP CONSTRAINT session_room_once")
    yield
    await execute("DELETE FROM session")
    await execute(f"ALTER TABLE session ADD CONSTRAINT session_room_once {definition}")


def at_nine(event: Event, *, room: Room | None = None, speaker: Speaker | None = None, title: str = "T") -> SessionIn:
    return SessionIn(
        title=title,
        room=room.id if room else None,
        speakers=[speaker.id] if speaker else [],
        starts_at=event.starts_at,
        ends_at=event.starts_at + timedelta(hours=1),
    )


async def outcome(event: Event, data: SessionIn, chair: Person) -> str:
    try:
        await sessions.create(event, data, by=chair)
    except AppError as error:
        return error.code
    return "created"


async def create_unlocked(event: Event, data: SessionIn, barrier: asyncio.Barrier) -> None:
    """What `sessions.create` does, without its locks: everybody has looked before anybody writes."""
    async with transaction():
        session = Session(event_id=event.id)
        span = sessions.span_of(event, data)
        assert span is not None
        await clashes.refuse_taken_room(session.id, data.room, span.starts_at, span.ends_at)
        await clashes.refuse_busy_speakers(session.id, data.speakers, span.starts_at, span.ends_at)
        await barrier.wait()
        await sessions.write(session, data, span, language="en")


async def test_of_many_sessions_for_one_room_at_once_one_gets_it(organization: Organization, chair: Person) -> None:
    event = await events.event(organization)
    room = await events.room(event)
    wishes = [outcome(event, at_nine(event, room=room, title=f"T{n}"), chair) for n in range(MANY)]
    assert Counter(await asyncio.gather(*wishes)) == {"created": 1, "room_taken": MANY - 1}
    assert await Session.filter(room_id=room.id).count() == 1


async def test_without_lock_the_constraint_still_lets_one_session_into_a_room(
    organization: Organization, chair: Person
) -> None:
    event = await events.event(organization)
    room, barrier = await events.room(event), asyncio.Barrier(MANY)
    wishes = [create_unlocked(event, at_nine(event, room=room), barrier) for _ in range(MANY)]
    results = await asyncio.gather(*wishes, return_exceptions=True)
    assert results.count(None) == 1
    assert await Session.filter(room_id=room.id).count() == 1


@pytest.mark.usefixtures("without_room_constraint")
async def test_control_without_lock_and_constraint_a_room_is_double_booked(organization: Organization) -> None:
    event = await events.event(organization)
    room, barrier = await events.room(event), asyncio.Barrier(MANY)
    await asyncio.gather(*(create_unlocked(event, at_nine(event, room=room), barrier) for _ in range(MANY)))
    assert await Session.filter(room_id=room.id).count() == MANY


async def test_of_many_events_that_want_one_speaker_at_once_one_gets_them(
    organization: Organization, chair: Person
) -> None:
    speaker, starts_at = await events.speaker(organization), events.in_days(30)
    meetings = [await events.event(organization, starts_at=starts_at) for _ in range(MANY)]
    wishes = [outcome(event, at_nine(event, speaker=speaker), chair) for event in meetings]
    assert Counter(await asyncio.gather(*wishes)) == {"created": 1, "speaker_busy": MANY - 1}
    assert await Session.filter(speakers__id=speaker.id).count() == 1


async def test_control_without_lock_a_speaker_is_in_many_places(organization: Organization) -> None:
    speaker, starts_at = await events.speaker(organization), events.in_days(30)
    meetings = [await events.event(organization, starts_at=starts_at) for _ in range(MANY)]
    barrier = asyncio.Barrier(MANY)
    await asyncio.gather(*(create_unlocked(event, at_nine(event, speaker=speaker), barrier) for event in meetings))
    assert await Session.filter(speakers__id=speaker.id).count() == MANY


async def test_two_sessions_with_the_same_speakers_in_other_order_do_not_block_each_other(
    organization: Organization, chair: Person
) -> None:
    one, two = await events.speaker(organization, "One"), await events.speaker(organization, "Two")
    meetings = [await events.event(organization, starts_at=events.in_days(30 + n)) for n in range(MANY)]

    async def plan(event: Event, number: int) -> str:
        data = at_nine(event).model_copy(update={"speakers": [one.id, two.id] if number % 2 else [two.id, one.id]})
        return await outcome(event, data, chair)

    answers = await asyncio.gather(*(plan(event, number) for number, event in enumerate(meetings)))
    assert Counter(answers) == {"created": MANY}
