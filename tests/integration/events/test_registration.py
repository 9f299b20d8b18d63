"""Taking a place and giving it back."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from starlette.applications import Starlette

from accounts.models import AuditEntry, Role, ScopeKind
from api.app import create_app
from core.database import fetch, fetchval
from core.errors import Forbidden, InvalidInput, NotFound
from core.settings import Settings
from events.catalog.models import Event, EventStatus
from events.registration import permissions, quotas, registrations, ticket_types
from events.registration.models import Quota, Registration, RegistrationStatus, TicketType
from events.registration.registrations import (
    AlreadyRegistered,
    CancellationClosed,
    RegistrationClosed,
    SoldOut,
)
from events.registration.schemas import QuotaIn, TicketTypeIn
from tests.factories import accounts, events

NOW = datetime.now(UTC)
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def app(settings: Settings, database: str) -> Starlette:
    return create_app(settings)


async def taken(event: Event) -> list[int]:
    """What each quota of the event counts, oldest first."""
    return [quota.taken for quota in await Quota.filter(event_id=event.id).order_by("id")]


async def jobs(name: str) -> int:
    """How many jobs of this name wait."""
    return int(await fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = $1", name))


async def test_registering_takes_a_place_and_writes_row_audit_and_job_together() -> None:
    event, person = await events.published_event(places=3), await accounts.person(name="Zoë Ntim")
    registration = await registrations.register(event, by=person, now=NOW)
    stored = await Registration.get(id=registration.id)
    assert (stored.attendee_name, stored.status, stored.person_id) == ("Zoë Ntim", "confirmed", person.id)
    assert len(stored.code) == 12
    assert await taken(event) == [1]
    entry = await AuditEntry.get(object_id=registration.id)
    assert (entry.action, entry.actor_id, entry.organization_id) == (
        "registration.created",
        person.id,
        event.organization_id,
    )
    assert await jobs("registration.confirm") == 1


async def test_registering_does_not_wait_for_the_confirmation_of_the_address() -> None:
    person = await accounts.person(confirmed=False)
    registration = await registrations.register(await events.published_event(), by=person, now=NOW)
    assert registration.status is RegistrationStatus.confirmed


async def test_the_last_place_is_given_once_and_then_sold_out() -> None:
    event = await events.published_event(places=1)
    await registrations.register(event, by=await accounts.person(), now=NOW)
    with pytest.raises(SoldOut):
        await registrations.register(event, by=await accounts.person(), now=NOW)
    assert await taken(event) == [1]
    assert await jobs("registration.confirm") == 1


async def test_a_second_registration_of_the_same_person_is_refused_and_takes_nothing() -> None:
    event, person = await events.published_event(places=5), await accounts.person()
    await registrations.register(event, by=person, now=NOW)
    with pytest.raises(AlreadyRegistered):
        await registrations.register(event, by=person, now=NOW)
    assert await taken(event) == [1]


async def test_who_is_registered_hears_so_even_when_all_is_sold_out() -> None:
    event, person = await events.published_event(places=1), await accounts.person()
    await registrations.register(event, by=person, now=NOW)
    with pytest.raises(AlreadyRegistered):
        await registrations.register(event, by=person, now=NOW)


async def test_cancelling_frees_the_place_at_once_and_a_second_time_changes_nothing() -> None:
    event, person = await events.published_event(places=1), await accounts.person()
    registration = await registrations.register(event, by=person, now=NOW)
    await registrations.cancel(registration, by=person, now=NOW)
    again = await Registration.get(id=registration.id)
    assert (again.status, again.cancelled_at) == (RegistrationStatus.cancelled, NOW)
    await registrations.cancel(again, by=person, now=NOW + timedelta(hours=1))
    stale = await Registration.get(id=registration.id)
    stale.status = RegistrationStatus.confirmed
    await registrations.cancel(stale, by=person, now=NOW + timedelta(hours=1))
    assert await taken(event) == [0]
    assert (await Registration.get(id=registration.id)).cancelled_at == NOW
    assert await jobs("registration.tell_cancelled") == 1
    other = await registrations.register(event, by=await accounts.person(), now=NOW)
    assert other.status is RegistrationStatus.confirmed


async def test_registering_again_after_cancelling_works() -> None:
    event, person = await events.published_event(places=1), await accounts.person()
    first = await registrations.register(event, by=person, now=NOW)
    await registrations.cancel(first, by=person, now=NOW)
    second = await registrations.register(event, by=person, now=NOW)
    assert second.id != first.id
    assert second.code != first.code
    assert await taken(event) == [1]


async def test_a_closed_event_refuses() -> None:
    person = await accounts.person()
    earlier, later = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    closed = [
        await events.published_event(status=EventStatus.cancelled),
        await events.published_event(registration_opens_at=later),
        await events.published_event(registration_closes_at=earlier),
        await events.published_event(starts_at=NOW - timedelta(days=2), ends_at=NOW - timedelta(days=1)),
    ]
    for event in closed:
        with pytest.raises(RegistrationClosed):
            await registrations.register(event, by=person, now=NOW)
        assert await taken(event) == [0]


async def test_a_draft_does_not_exist_for_strangers() -> None:
    event = await events.event()
    with pytest.raises(NotFound):
        await registrations.register(event, by=await accounts.person(), now=NOW)
    with pytest.raises(RegistrationClosed):
        await registrations.register(event, by=await accounts.member(await event.organization), now=NOW)


async def test_a_ticket_type_must_be_chosen_where_there_are_several() -> None:
    event, person = await events.published_event(), await accounts.person()
    student = await TicketType.create(event=event, name="Student")
    await student.quotas.add(await Quota.get(event_id=event.id))
    with pytest.raises(InvalidInput) as refusal:
        await registrations.register(event, by=person, now=NOW)
    assert list(refusal.value.fields) == ["ticket_type"]
    registration = await registrations.register(event, student, by=person, now=NOW)
    assert registration.ticket_type_id == student.id


async def test_a_ticket_type_of_another_event_is_refused() -> None:
    event, other = await events.published_event(), await events.published_event()
    foreign = await TicketType.get(event_id=other.id)
    with pytest.raises(InvalidInput):
        await registrations.register(event, foreign, by=await accounts.person(), now=NOW)
    assert await taken(other) == [0]


async def test_a_ticket_type_outside_its_sale_or_withdrawn_is_closed() -> None:
    event = await events.published_event()
    await TicketType.filter(event_id=event.id).update(closes_at=NOW - timedelta(minutes=1))
    with pytest.raises(RegistrationClosed):
        await registrations.register(event, by=await accounts.person(), now=NOW)
    await TicketType.filter(event_id=event.id).update(closes_at=None, is_offered=False)
    with pytest.raises(RegistrationClosed):
        await registrations.register(event, by=await accounts.person(), now=NOW)


async def test_a_ticket_type_on_two_quotas_needs_room_in_both_and_takes_from_both() -> None:
    event = await events.published_event(places=5)
    ticket_type = await TicketType.get(event_id=event.id)
    await ticket_type.quotas.add(await Quota.create(event=event, name="Workshop", size=1))
    registration = await registrations.register(event, by=await accounts.person(), now=NOW)
    assert await taken(event) == [1, 1]
    with pytest.raises(SoldOut):
        await registrations.register(event, by=await accounts.person(), now=NOW)
    assert await taken(event) == [1, 1]
    await registrations.cancel(registration, by=await accounts.member(await event.organization), now=NOW)
    assert await taken(event) == [0, 0]


async def test_cancelling_is_for_the_attendee_until_the_end_and_for_organizers_always() -> None:
    event, person = await events.published_event(), await accounts.person()
    registration = await registrations.register(event, by=person, now=NOW)
    with pytest.raises(Forbidden):
        await registrations.cancel(registration, by=await accounts.person(), now=NOW)
    after = event.ends_at + timedelta(seconds=1)
    with pytest.raises(CancellationClosed):
        await registrations.cancel(registration, by=person, now=after)
    organizer = await accounts.member(await event.organization, Role.organizer)
    await registrations.cancel(registration, by=organizer, now=after)
    assert await taken(event) == [0]


async def test_api_registers_lists_and_cancels(app: Starlette) -> None:
    event, person = await events.published_event(title="Kubernetes Day"), await accounts.person()
    async with accounts.with_token(app, person) as client:
        made = await client.post(f"/api/v1/events/{event.slug}/registrations", json={"attendee_name": " Zoë  N. "})
        assert made.status_code == 201, made.text
        assert made.json()["status"] == "confirmed"
        assert made.json()["attendee_name"] == "Zoë N."
        assert len(made.json()["code"]) == 12
        listed = (await client.get("/api/v1/me/registrations")).json()
        assert [(item["id"], item["event"]["title"]) for item in listed["items"]] == [
            (made.json()["id"], "Kubernetes Day")
        ]
        assert listed["next_cursor"] is None
        gone = await client.delete(f"/api/v1/registrations/{made.json()['id']}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await client.delete(f"/api/v1/registrations/{made.json()['id']}")).status_code == 204
    assert await taken(event) == [0]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"ticket_type": str(uuid4())}, 422, "invalid_input"),
        ({"ticket_type": "x"}, 422, "invalid_input"),
        ({"attendee_name": ""}, 422, "invalid_input"),
        ({"attendee_name": "x" * 201}, 422, "invalid_input"),
        ({"price": 0}, 422, "invalid_input"),
    ],
)
async def test_api_refuses_wrong_bodies(app: Starlette, body: dict[str, object], status: int, code: str) -> None:
    event = await events.published_event()
    async with accounts.with_token(app, await accounts.person()) as client:
        answer = await client.post(f"/api/v1/events/{event.slug}/registrations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await taken(event) == [0]


async def test_api_conflicts_carry_their_codes(app: Starlette) -> None:
    full, closed = await events.published_event(places=0), await events.published_event(status=EventStatus.cancelled)
    event = await events.published_event()
    async with accounts.with_token(app, await accounts.person()) as client:
        await client.post(f"/api/v1/events/{event.slug}/registrations", json={})
        codes = [
            (await client.post(f"/api/v1/events/{each.slug}/registrations", json={})).json()["code"]
            for each in (event, full, closed)
        ]
        missing = await client.post("/api/v1/events/nowhere/registrations", json={})
    assert codes == ["already_registered", "sold_out", "registration_closed"]
    assert missing.status_code == 404


async def test_api_repeats_the_answer_of_an_idempotency_key(app: Starlette) -> None:
    event = await events.published_event()
    async with accounts.with_token(app, await accounts.person()) as client:
        headers = {"Idempotency-Key": "one"}
        first = await client.post(f"/api/v1/events/{event.slug}/registrations", json={}, headers=headers)
        again = await client.post(f"/api/v1/events/{event.slug}/registrations", json={}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await taken(event) == [1]


async def test_a_stranger_can_neither_see_nor_cancel_a_registration(app: Starlette) -> None:
    event = await events.published_event()
    registration = await registrations.register(event, by=await accounts.person(), now=NOW)
    async with accounts.with_token(app, await accounts.person()) as client:
        assert (await client.delete(f"/api/v1/registrations/{registration.id}")).status_code == 404
        assert (await client.get(f"/api/v1/registrations/{registration.id}/ticket.pdf")).status_code == 404
    finance = await accounts.member(await event.organization, Role.finance)
    async with accounts.with_token(app, finance) as client:
        assert (await client.delete(f"/api/v1/registrations/{registration.id}")).status_code == 403
    narrowed = await accounts.member(
        await event.organization, Role.organizer, scope_kind=ScopeKind.event, scope_id=event.id
    )
    async with accounts.with_token(app, narrowed) as client:
        assert (await client.delete(f"/api/v1/registrations/{registration.id}")).status_code == 204


async def _desk(event: Event) -> permissions.EventDesk:
    return permissions.EventDesk(event.id, event.organization_id, event.slug, event.title, event.time_zone)


async def test_a_quota_below_what_is_taken_is_refused_with_the_number() -> None:
    event, organizer = await events.published_event(places=5), await accounts.person()
    for _ in range(2):
        await registrations.register(event, by=await accounts.person(), now=NOW)
    quota = await Quota.get(event_id=event.id)
    with pytest.raises(InvalidInput) as refusal:
        await quotas.edit(await _desk(event), quota, QuotaIn(name="Places", size=1), by=organizer, now=NOW)
    assert refusal.value.fields == {"size": "2 places are taken already; give at least that many."}
    await quotas.edit(await _desk(event), quota, QuotaIn(name="Seats", size=2), by=organizer, now=NOW)
    assert (await Quota.get(id=quota.id)).size == 2
    with pytest.raises(quotas.QuotaInUse):
        await quotas.remove(await _desk(event), quota, by=organizer, now=NOW)


async def test_changing_the_quotas_of_a_ticket_type_counts_them_anew() -> None:
    event, organizer = await events.published_event(places=5), await accounts.person()
    registration = await registrations.register(event, by=await accounts.person(), now=NOW)
    ticket_type = await TicketType.get(event_id=event.id)
    small = await Quota.create(event=event, name="Small", size=0)
    desk = await _desk(event)
    with pytest.raises(ticket_types.TooManyTaken):
        await ticket_types.edit(
            desk, ticket_type, TicketTypeIn(name="Standard", quotas=[small.id]), by=organizer, now=NOW
        )
    assert await taken(event) == [1, 0]
    await quotas.edit(desk, small, QuotaIn(name="Small", size=2), by=organizer, now=NOW)
    await ticket_types.edit(desk, ticket_type, TicketTypeIn(name="Standard", quotas=[small.id]), by=organizer, now=NOW)
    assert await taken(event) == [0, 1]
    await registrations.cancel(registration, by=await accounts.member(await event.organization), now=NOW)
    assert await taken(event) == [0, 0]


async def test_api_offers_changes_and_withdraws_ticket_types(app: Starlette) -> None:
    event = await events.published_event(places=7)
    base = f"/api/v1/events/{event.slug}"
    async with accounts.with_token(app, await accounts.member(await event.organization)) as client:
        quota = (await client.post(f"{base}/quotas", json={"name": "Online", "size": 3})).json()
        made = await client.post(f"{base}/ticket-types", json={"name": "Online", "quotas": [quota["id"]]})
        assert made.status_code == 201, made.text
        assert made.json()["places_left"] == 3
        clash = await client.post(f"{base}/ticket-types", json={"name": "Online", "quotas": [quota["id"]]})
        assert (clash.status_code, clash.json()["errors"][0]["field"]) == (422, "name")
        foreign = await client.post(f"{base}/ticket-types", json={"name": "X", "quotas": [str(uuid4())]})
        assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "quotas")
        changed = await client.put(
            f"{base}/ticket-types/{made.json()['id']}", json={"name": "Remote", "quotas": [quota["id"]]}
        )
        assert changed.json()["name"] == "Remote"
        assert (await client.delete(f"{base}/ticket-types/{made.json()['id']}")).status_code == 204
        listed = (await client.get(f"{base}/ticket-types")).json()["items"]
    assert [(each["name"], each["is_offered"], each["places_left"]) for each in listed] == [
        ("Standard", True, 7),
        ("Remote", False, 3),
    ]
    rows = await fetch("SELECT action FROM audit_entry WHERE object_kind = 'ticket_type' ORDER BY at, id")
    assert [row["action"] for row in rows] == [
        "ticket_type.created",
        "ticket_type.changed",
        "ticket_type.withdrawn",
    ]
