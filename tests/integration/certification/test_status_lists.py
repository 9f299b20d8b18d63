"""Status lists: places, what is published after each change, and that nothing is ever half there."""

import asyncio
import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from accounts.models import Organization, Person
from api.worker import import_jobs
from certification.badges import credential, jobs, status_lists, statuses
from certification.badges.facts import StatusPlace
from certification.badges.models import Badge, StatusList, StatusListPublication, StatusPurpose
from certification.certificates import statuses as certificate_statuses
from certification.certificates.models import Certificate
from certification.signing import keys
from core.database import execute, fetchval, transaction
from core.job_runner import run_pending
from tests import second_verifier
from tests.factories import accounts, badges, issued
from tests.patience import PATIENCE

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


async def published(list_id: UUID, purpose: StatusPurpose) -> StatusListPublication:
    return await StatusListPublication.get(status_list_id=list_id, purpose=purpose)


async def bits(list_id: UUID, purpose: StatusPurpose) -> list[int]:
    """The indexes set in what is published, by the second verifier, which also checks the signature."""
    document = second_verifier.verify((await published(list_id, purpose)).document)
    return second_verifier.bits_of(document["credentialSubject"]["encodedList"])


async def a_badge(organization: Organization, place: StatusPlace | None = None) -> Badge:
    """A badge in the list, of no certificate."""
    place = place or await status_lists.allocate(organization.id, now=NOW)
    made = await credential.make(badges.facts(place=place), organization.id, now=NOW)
    return await credential.save(made, place)


async def place_of(certificate: Certificate) -> tuple[UUID, int]:
    badge = await Badge.get(id=certificate.badge_id)
    return badge.status_list_id, badge.status_index


async def test_first_place_opens_a_list_that_is_published_at_once(database: str) -> None:
    organization = await accounts.organization("osf")

    place = await status_lists.allocate(organization.id, now=NOW)

    made = await StatusList.get(organization_id=organization.id)
    assert (place.list_id, made.position, made.size) == (made.id, 1, 131_072)
    assert 0 <= place.index < 131_072
    assert await bits(made.id, StatusPurpose.revocation) == []
    assert await bits(made.id, StatusPurpose.suspension) == []
    document = json.loads((await published(made.id, StatusPurpose.suspension)).document)
    proof = document.pop("proof")
    assert document == {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": f"http://testserver/status-lists/{made.id}/suspension",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": "did:web:testserver:organizations:osf",
        "validFrom": "2026-11-24T09:00:00Z",
        "validUntil": "2026-12-01T09:00:00Z",
        "credentialSubject": {
            "id": f"http://testserver/status-lists/{made.id}/suspension#list",
            "type": "BitstringStatusList",
            "statusPurpose": "suspension",
            "encodedList": document["credentialSubject"]["encodedList"],
            "ttl": 300_000,
        },
    }
    key = await keys.key_in_use(organization.id)
    assert proof["verificationMethod"] == f"did:web:testserver:organizations:osf#{key.public_key}"


async def test_many_who_come_first_share_one_list(database: str) -> None:
    organization = await accounts.organization()

    places = await asyncio.gather(*(status_lists.allocate(organization.id, now=NOW) for _ in range(6)))

    assert await StatusList.filter(organization_id=organization.id).count() == 1
    assert await StatusListPublication.all().count() == 2
    assert len({place.list_id for place in places}) == 1


async def test_places_are_random(database: str) -> None:
    organization = await accounts.organization()

    places = [(await status_lists.allocate(organization.id, now=NOW)).index for _ in range(40)]

    assert len(set(places)) == 40
    assert places != sorted(places)
    assert min(places) < 131_072 // 4 < 3 * 131_072 // 4 < max(places)


async def test_place_is_taken_once(database: str) -> None:
    organization = await accounts.organization()
    place = await status_lists.allocate(organization.id, now=NOW)
    await a_badge(organization, place)

    with pytest.raises(IntegrityError):
        await a_badge(organization, place)


async def test_taken_places_are_passed_over(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    organization = await accounts.organization()
    await a_badge(organization, StatusPlace((await status_lists.allocate(organization.id, now=NOW)).list_id, 7))
    drawn = iter([7] * 32 + [7] * 31 + [8])
    monkeypatch.setattr(secrets, "randbelow", lambda _size: next(drawn))

    assert (await status_lists.allocate(organization.id, now=NOW)).index == 8


async def test_index_outside_its_list_is_refused(database: str) -> None:
    organization = await accounts.organization()
    place = await status_lists.allocate(organization.id, now=NOW)

    with pytest.raises((IntegrityError, asyncpg.IntegrityConstraintViolationError)):
        await a_badge(organization, StatusPlace(place.list_id, 131_072))


async def test_half_full_list_is_followed_by_the_next(database: str) -> None:
    organization = await accounts.organization()
    badge = await a_badge(organization)
    await fill(badge, 131_072 // 2)

    # How full it is is first guessed from a sample, which misses one time in forty.
    places = [await status_lists.allocate(organization.id, now=NOW) for _ in range(12)]

    second = await StatusList.get(organization_id=organization.id, position=2)
    assert places[-1].list_id == second.id
    assert await StatusListPublication.filter(status_list_id=second.id).count() == 2


async def test_less_than_half_full_list_is_kept(database: str) -> None:
    organization = await accounts.organization()
    badge = await a_badge(organization)
    await fill(badge, 131_072 // 2 - 1)

    for _ in range(5):
        assert (await status_lists.allocate(organization.id, now=NOW)).list_id == badge.status_list_id


async def fill(badge: Badge, total: int) -> None:
    """Make the list hold `total` badges, all copies of the one that is there, in scattered places."""
    await execute(
        """INSERT INTO badge (id, status_list_id, status_index, issuer_key_id, credential, jwt, created_at)
           SELECT gen_random_uuid(), b.status_list_id, place, b.issuer_key_id, '{}', '', now()
           FROM badge b, (SELECT place FROM generate_series(0, 131071) place, badge one
                          WHERE one.id = $1 AND place <> one.status_index
                          ORDER BY (place::bigint * 40503) % 131072 LIMIT $2) places
           WHERE b.id = $1""",
        badge.id,
        total - 1,
    )


async def test_revoked_certificate_sets_its_bit_in_one_list_alone(database: str) -> None:
    certificate, other = await two_certificates()
    list_id, index = await place_of(certificate)

    await certificate_statuses.revoke(certificate, reason="Fraud.", by=await officer_of(certificate), now=NOW)
    await run_pending()

    assert await bits(list_id, StatusPurpose.revocation) == [index]
    assert await bits(list_id, StatusPurpose.suspension) == []
    assert (await place_of(other))[1] != index


async def test_suspension_is_taken_back(database: str) -> None:
    certificate, _ = await two_certificates()
    officer = await officer_of(certificate)
    list_id, index = await place_of(certificate)

    await certificate_statuses.suspend(certificate, reason="Under review.", by=officer, now=NOW)
    await run_pending()
    assert await bits(list_id, StatusPurpose.suspension) == [index]
    assert await bits(list_id, StatusPurpose.revocation) == []

    await certificate_statuses.reinstate(certificate, reason="Cleared.", by=officer, now=NOW)
    await run_pending()
    assert await bits(list_id, StatusPurpose.suspension) == []


async def test_change_that_is_rolled_back_publishes_nothing(database: str) -> None:
    certificate, _ = await two_certificates()
    list_id, _ = await place_of(certificate)
    before = await published(list_id, StatusPurpose.revocation)

    async def fail() -> None:
        async with transaction():
            await certificate_statuses.revoke(certificate, reason="x", by=await officer_of(certificate), now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await run_pending()

    assert (await published(list_id, StatusPurpose.revocation)).etag == before.etag


async def test_change_while_the_job_runs_is_not_lost(database: str) -> None:
    """The job's key must not swallow the job of a change that commits after the bits were read."""
    certificate, other = await two_certificates()
    officer = await officer_of(certificate)
    list_id, index = await place_of(certificate)
    await certificate_statuses.revoke(certificate, reason="x", by=officer, now=NOW)
    await execute("UPDATE pgqueuer SET status = 'picked' WHERE entrypoint = 'badges.publish_status'")

    await certificate_statuses.revoke(other, reason="x", by=officer, now=NOW)
    waiting = await fetchval(
        "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'badges.publish_status' AND status = 'queued'"
    )
    await run_pending()

    assert waiting == 1
    assert await bits(list_id, StatusPurpose.revocation) == sorted([index, (await place_of(other))[1]])


async def test_many_changes_of_one_transaction_are_one_job(database: str) -> None:
    certificate, other = await two_certificates()
    officer = await officer_of(certificate)

    async with transaction():
        await certificate_statuses.revoke(certificate, reason="x", by=officer, now=NOW)
        await certificate_statuses.revoke(other, reason="x", by=officer, now=NOW)

    waiting = await fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'badges.publish_status'")
    assert waiting == 1


async def test_publishing_twice_writes_once(database: str) -> None:
    organization = await accounts.organization()
    list_id = (await status_lists.allocate(organization.id, now=NOW)).list_id
    before = await published(list_id, StatusPurpose.revocation)

    await status_lists.publish(list_id, now=NOW + timedelta(hours=1))

    after = await published(list_id, StatusPurpose.revocation)
    assert (after.etag, after.published_at) == (before.etag, before.published_at)


async def test_list_is_written_anew_before_its_end(database: str) -> None:
    organization = await accounts.organization()
    list_id = (await status_lists.allocate(organization.id, now=NOW)).list_id
    before_due, when_due = NOW + timedelta(days=4), NOW + timedelta(days=4, seconds=1)

    assert await status_lists.due(now=before_due) == []
    assert await status_lists.due(now=when_due) == [list_id]
    await status_lists.publish(list_id, now=when_due)

    assert await status_lists.due(now=when_due) == []
    for purpose in StatusPurpose:
        assert (await published(list_id, purpose)).valid_until == when_due + timedelta(days=7)


async def test_schedule_writes_lists_anew(database: str) -> None:
    organization = await accounts.organization()
    long_ago = datetime.now(UTC) - timedelta(days=5)
    list_id = (await status_lists.allocate(organization.id, now=long_ago)).list_id

    await jobs.republish_status()
    await run_pending()

    assert (await published(list_id, StatusPurpose.revocation)).published_at > datetime.now(UTC) - timedelta(minutes=1)


async def test_new_key_signs_the_next_publication(database: str) -> None:
    certificate, _ = await two_certificates()
    list_id, index = await place_of(certificate)
    organization = await Organization.get(id=certificate.organization_id)
    officer = await officer_of(certificate)
    made = await keys.rotate(organization, by=officer, now=NOW)

    await certificate_statuses.revoke(certificate, reason="x", by=officer, now=NOW)
    await run_pending()

    document = json.loads((await published(list_id, StatusPurpose.revocation)).document)
    assert document["proof"]["verificationMethod"].endswith(f"#{made.public_key}")
    assert await bits(list_id, StatusPurpose.revocation) == [index]


async def test_publications_of_one_list_follow_each_other(database: str) -> None:
    """Two jobs at once: the one that reads later writes later, so an old list never covers a new one."""
    certificate, other = await two_certificates()
    officer = await officer_of(certificate)
    list_id, index = await place_of(certificate)
    await certificate_statuses.revoke(certificate, reason="x", by=officer, now=NOW)

    async def revoke_then_publish() -> None:
        await certificate_statuses.revoke(other, reason="x", by=officer, now=NOW)
        await status_lists.publish(list_id, now=NOW)

    await asyncio.gather(*(status_lists.publish(list_id, now=NOW) for _ in range(4)), revoke_then_publish())

    assert await bits(list_id, StatusPurpose.revocation) == sorted([index, (await place_of(other))[1]])


async def test_badges_take_their_places_while_a_list_is_published(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing locks the list; a badge that refers to it must not wait for that."""
    organization = await accounts.organization()
    place = await status_lists.allocate(organization.id, now=NOW)
    made = await credential.make(badges.facts(place=place), organization.id, now=NOW)
    signing, may_go_on = threading.Event(), threading.Event()
    sign = status_lists._signed

    def slowly(*given: Any) -> str:
        signing.set()
        assert may_go_on.wait(30)
        return sign(*given)

    monkeypatch.setattr(status_lists, "_signed", slowly)
    publishing = asyncio.create_task(status_lists.publish(place.list_id, now=NOW + timedelta(days=5)))
    await asyncio.to_thread(signing.wait, 30)

    saved = await asyncio.wait_for(credential.save(made, place), PATIENCE)
    is_still_publishing = not publishing.done()
    may_go_on.set()
    await publishing

    assert is_still_publishing
    assert saved.status_index == place.index


async def test_status_is_told_from_the_certificates(database: str) -> None:
    certificate, _ = await two_certificates()
    list_id, index = await place_of(certificate)

    slug = (await Organization.get(id=(await StatusList.get(id=list_id)).organization_id)).slug

    assert await status_lists.status_at(list_id, index, slug=slug) == status_lists.BadgeStatus(False, False)
    await certificate_statuses.suspend(certificate, reason="x", by=await officer_of(certificate), now=NOW)

    assert await status_lists.status_at(list_id, index, slug=slug) == status_lists.BadgeStatus(False, True)
    assert await status_lists.status_at(list_id, index, slug="another") is None, "a list speaks for its own issuer"
    assert await status_lists.status_at(list_id, 131_072, slug=slug) is None
    assert await status_lists.status_at(UUID(int=7), index, slug=slug) is None


async def test_bits_mean_what_the_publication_says(database: str) -> None:
    certificate, _ = await two_certificates()
    list_id, index = await place_of(certificate)
    await certificate_statuses.revoke(certificate, reason="x", by=await officer_of(certificate), now=NOW)
    await run_pending()
    document = json.loads((await published(list_id, StatusPurpose.revocation)).document)

    assert statuses.bit(document, StatusPurpose.revocation, index) is True
    assert statuses.bit(document, StatusPurpose.revocation, (index + 1) % 131_072) is False


async def test_certificate_without_a_badge_has_no_list(database: str) -> None:
    await status_lists.changed(None)

    assert await fetchval("SELECT count(*) FROM pgqueuer") == 0


async def two_certificates() -> tuple[Certificate, Certificate]:
    """Two of one organization, so that its list holds more than one badge."""
    organization = await accounts.organization()
    return await issued.certificate(organization), await issued.certificate(organization)


async def officer_of(certificate: Certificate) -> Person:
    return await accounts.member(await Organization.get(id=certificate.organization_id))
