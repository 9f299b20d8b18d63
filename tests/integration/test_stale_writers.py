"""Two people change one thing, each from the copy they loaded: what the one wrote is not undone by the other."""

from datetime import UTC, datetime

import pytest

from accounts.models import AuditEntry, Person
from certification.programs import certifications
from certification.programs.models import Certification, CertificationStatus
from certification.programs.schemas import CertificationChange
from core.errors import NotFound
from events.catalog import rooms
from events.catalog.models import Room
from events.catalog.schemas import RoomChange
from events.programme import sessions, speakers
from events.programme.models import Session, Speaker
from events.programme.schemas import SpeakerChange
from events.registration import quotas, ticket_types
from events.registration.models import Quota, TicketType
from events.registration.permissions import VIEW, access_desk
from events.registration.schemas import QuotaIn, TicketTypeIn
from tests.factories import accounts, certification, events

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def by(database: str) -> Person:
    return await accounts.person()


async def before_of(action: str) -> dict[str, object] | None:
    return (await AuditEntry.filter(action=action).order_by("-id").first() or AuditEntry()).before


async def test_a_retired_certification_stays_retired_when_an_older_copy_changes_its_title(by: Person) -> None:
    made = await certification.certification()
    stale = await Certification.get(id=made.id)
    await certifications.retire(made, by=by, now=NOW)
    await certifications.change(stale, CertificationChange(title="New title"), by=by, now=NOW)
    now = await Certification.get(id=made.id)
    assert (now.title, now.status) == ("New title", CertificationStatus.retired)
    assert (stale.title, stale.status) == ("New title", CertificationStatus.retired)


async def test_two_changes_of_a_certification_both_stand_and_say_what_was_there(by: Person) -> None:
    made = await certification.certification()
    first, second = await Certification.get(id=made.id), await Certification.get(id=made.id)
    await certifications.change(first, CertificationChange(title="First"), by=by, now=NOW)
    await certifications.change(second, CertificationChange(summary="Second", title="Second"), by=by, now=NOW)
    now = await Certification.get(id=made.id)
    assert (now.title, now.summary) == ("Second", "Second")
    assert (await before_of("certification.changed") or {})["title"] == "First"


async def test_a_withdrawn_ticket_type_is_not_offered_again_by_an_older_copy(by: Person) -> None:
    event = await events.published_event()
    desk = await access_desk(event.slug, await accounts.member(await event.organization), permission=VIEW)
    quota = await Quota.get(event_id=event.id)
    first, second = [await TicketType.get(event_id=event.id) for _ in range(2)]
    await ticket_types.withdraw(desk, first, by=by, now=NOW)
    await ticket_types.edit(desk, second, TicketTypeIn(name="Renamed", quotas=[quota.id]), by=by, now=NOW)
    now = await TicketType.get(event_id=event.id)
    assert (now.name, now.is_offered, second.is_offered) == ("Renamed", False, False)


async def test_the_log_of_a_quota_says_what_stood_there(by: Person) -> None:
    event = await events.published_event(places=5)
    desk = await access_desk(event.slug, await accounts.member(await event.organization), permission=VIEW)
    first, second = [await Quota.get(event_id=event.id) for _ in range(2)]
    await quotas.edit(desk, first, QuotaIn(name="Hall", size=7), by=by, now=NOW)
    changed = await quotas.edit(desk, second, QuotaIn(name="Hall", size=9), by=by, now=NOW)
    assert changed.size == 9
    assert await before_of("quota.changed") == {"name": "Hall", "size": 7}


async def test_two_changes_of_a_speaker_both_stand(by: Person) -> None:
    made = await events.speaker(await accounts.organization())
    first, second = [await Speaker.get(id=made.id) for _ in range(2)]
    await speakers.change(first, SpeakerChange(name="Wanjiru K. Kamau"), by=by)
    await speakers.change(second, SpeakerChange(biography="Writes *compilers*."), by=by)
    now = await Speaker.get(id=made.id)
    assert (now.name, now.biography) == ("Wanjiru K. Kamau", "Writes *compilers*.")
    assert "<em>compilers</em>" in now.biography_html


async def test_two_changes_of_a_room_both_stand_and_a_removed_one_is_not_made_again(by: Person) -> None:
    event = await events.event()
    made = await events.room(event)
    first, second = [await Room.get(id=made.id) for _ in range(2)]
    await rooms.change(event, first, RoomChange(name="Sala"), by=by)
    await rooms.change(event, second, RoomChange(capacity=7), by=by)
    now = await Room.get(id=made.id)
    assert (now.name, now.capacity) == ("Sala", 7)
    await rooms.remove(event, first, by=by)
    with pytest.raises(NotFound):
        await rooms.change(event, second, RoomChange(capacity=8), by=by)


async def test_the_log_of_a_removed_session_says_what_it_was_last(by: Person) -> None:
    event = await events.event()
    made = await events.session(event)
    stale = await Session.get(id=made.id)
    await Session.filter(id=made.id).update(title="Moved to the main stage")
    await sessions.remove(event, stale, by=by)
    assert (await before_of("session.removed") or {})["title"] == "Moved to the main stage"
    with pytest.raises(NotFound):
        await sessions.remove(event, stale, by=by)
