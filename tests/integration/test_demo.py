"""The demo loads once, whole, and grows."""

from datetime import UTC, datetime
from decimal import Decimal

from accounts.models import Organization, Person, Role, RoleGrant
from api.app import create_app
from api.demo import loader
from api.demo.people import ATTENDEE, LEARNER, SIGN_INS
from api.worker import import_jobs
from certification.bank.models import Item
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.exams.models import Attempt, Result
from certification.renewal import standing
from certification.renewal.models import Credit, CreditState
from certification.renewal.standing import RenewalState
from core.database import fetch, fetchval
from core.job_runner import run_pending
from core.settings import Settings
from events.catalog.models import Event, EventFormat, Room
from events.programme.models import Session
from tests.factories import accounts

HOMES = ("/me", "/events", "/certifications")
PERSONAL = ("/me/registrations", "/me/exams", "/me/certificates")
STAFF = ("/organize", "/organize/meridian-foundation")
EMPTY = {(role.value.replace("_", " "), "/me") for role in Role}
"""Staff hold no tickets and no certificates."""


async def test_demo_is_whole_and_loads_once(database: str) -> None:
    steps: list[tuple[int, int]] = []
    assert not await loader.is_loaded()

    await loader.load_demo(progress=lambda done, total: steps.append((done, total)))
    counts = await Person.all().count()
    await loader.load_demo()

    assert steps == [(done, 6) for done in (*range(7), 6)]
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
    assert {grant.role for grant in await RoleGrant.filter(organization__slug="meridian-foundation")} == set(Role)
    assert await Event.filter(organization__slug="meridian-nairobi", venue__city="Nairobi").exists()
    paris = await Event.get(venue__city="Paris")
    assert await Session.filter(event=paris, room_id__not_isnull=True).count() == 40
    shares = await fetch("SELECT d.name, count(*) AS items FROM item i JOIN domain d ON d.id = i.domain_id GROUP BY 1")
    assert sorted(row["items"] for row in shares) == [6, 12, 12, 12, 12, 12]


async def test_nobody_in_the_demo_has_an_empty_home(database: str, settings: Settings) -> None:
    import_jobs()
    await loader.load_demo()
    await run_pending()
    looked_at = 0
    for role, email, _ in SIGN_INS:
        async with accounts.signed_in(create_app(settings), await Person.get(email=email)) as client:
            for path in (*HOMES, *(PERSONAL if role in ("learner", "attendee") else STAFF)):
                page = await client.get(path)
                assert page.status_code == 200, f"{role} {path}"
                assert 'class="empty"' not in page.text or (role, path) in EMPTY, f"{role} {path}"
                looked_at += 1
    assert looked_at > 30


async def test_demo_has_certificates_to_renew_and_renewed_ones(database: str) -> None:
    import_jobs()
    await loader.load_demo()
    await run_pending()

    learners = await Certificate.get(person__email=LEARNER[0], certification__title="Community Facilitator")
    found = await standing.of(learners, now=datetime.now(UTC))
    assert found.state is RenewalState.open
    assert (found.earned, found.waiting, found.needed) == (Decimal(9), Decimal(4), Decimal(12))
    left = learners.valid_until - datetime.now(UTC) if learners.valid_until else None
    assert left is not None
    assert 24 <= left.days <= 25
    renewed = await Certificate.filter(successor_id__not_isnull=True).select_related("successor", "issue_request")
    sources = {one.successor.issue_request_id for one in renewed if one.successor}
    kinds = [one.source_kind for one in await IssueRequest.filter(id__in=list(sources))]
    assert sorted(kinds) == [SourceKind.attempt, SourceKind.correction, SourceKind.credits]
    assert ATTENDEE[0] in {(await one.person).email for one in renewed}
    assert await Credit.filter(state=CreditState.claimed).count() == 1


async def test_demo_counts_places_as_it_should(database: str) -> None:
    await loader.load_demo()

    wrong = await fetch(
        """SELECT q.id FROM quota q WHERE q.taken <> (
               SELECT count(*) FROM registration r JOIN ticket_type_quota tq ON tq.ticket_type_id = r.ticket_type_id
               WHERE tq.quota_id = q.id AND r.status = 'confirmed')"""
    )
    assert wrong == []
    assert await fetchval("SELECT count(*) FROM check_in") > 30


async def test_large_demo_grows_and_goes_on_where_it_stopped(database: str) -> None:
    steps: list[tuple[int, int]] = []
    await loader.load_demo(people=300, progress=lambda done, total: steps.append((done, total)))
    await loader.load_demo(people=1200)

    assert (steps[0], steps[-1]) == ((0, 307), (307, 307))
    assert steps == sorted(steps)

    assert await fetchval("SELECT count(*) FROM person WHERE email LIKE 'crowd.%@example.org'") == 1200
    assert (
        await fetchval("SELECT taken FROM quota q JOIN event e ON e.id = event_id WHERE title LIKE '%Congress'") > 800
    )
