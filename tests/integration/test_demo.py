"""The demo loads once, whole, and grows."""

import pytest

from accounts.models import Organization, Person
from api.demo import loader
from api.demo.people import SIGN_INS
from certification.bank.models import Item
from certification.exams.models import Attempt, Result
from core.database import fetch, fetchval
from events.catalog.models import Event, EventFormat, Room
from events.programme.models import Session


@pytest.mark.timeout(300)
async def test_demo_is_whole_and_loads_once(database: str) -> None:
    steps: list[tuple[int, int]] = []
    assert not await loader.is_loaded()

    await loader.load_demo(progress=lambda done, total: steps.append((done, total)))
    counts = await Person.all().count()
    await loader.load_demo()

    assert steps[-1][0] == steps[-1][1]
    assert await loader.is_loaded()
    assert await Person.all().count() == counts
    assert await Person.filter(email__in=[email for _, email, _ in SIGN_INS]).count() == len(SIGN_INS)
    assert {event.format for event in await Event.all()} == set(EventFormat)
    assert await Session.all().count() == 40
    assert await Room.all().count() == 3
    assert await Item.filter(certification__title="Certified Open Systems Associate").count() == 60
    assert await Attempt.all().count() > 30
    assert await Result.filter(is_passed=True).exists()
    assert await Result.filter(is_passed=False).exists()
    assert await Organization.filter(parent__slug="meridian-foundation").exists()


@pytest.mark.timeout(300)
async def test_demo_counts_places_as_it_should(database: str) -> None:
    await loader.load_demo()

    wrong = await fetch(
        """SELECT q.id FROM quota q WHERE q.taken <> (
               SELECT count(*) FROM registration r JOIN ticket_type_quota tq ON tq.ticket_type_id = r.ticket_type_id
               WHERE tq.quota_id = q.id AND r.status = 'confirmed')"""
    )
    assert wrong == []
    assert await fetchval("SELECT count(*) FROM check_in") > 30


@pytest.mark.timeout(300)
async def test_large_demo_grows_and_goes_on_where_it_stopped(database: str) -> None:
    await loader.load_demo(people=300)
    await loader.load_demo(people=1200)

    assert await fetchval("SELECT count(*) FROM person WHERE email LIKE 'crowd.%@example.org'") == 1200
    assert (
        await fetchval("SELECT taken FROM quota q JOIN event e ON e.id = event_id WHERE title LIKE '%Congress'") > 800
    )
