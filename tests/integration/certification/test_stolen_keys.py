"""A stolen key: given up at once, its lists signed anew, and what it signed told apart by the register alone."""

import asyncio
import contextvars
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from accounts.models import AuditEntry, Organization, Person, Role
from api.app import create_app
from api.worker import import_jobs
from certification.badges import issuer, status_lists, stolen_keys
from certification.badges.models import StatusListPublication
from certification.certificates import issuing, statuses, thefts
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState
from certification.signing import keys
from certification.signing.keys import AlreadyStolen
from certification.signing.models import IssuerKey
from core.database import execute, fetchval, own_connection, transaction
from core.errors import InvalidInput, NotFound
from core.job_runner import run_pending
from core.settings import KeysTokenSettings, Settings, use_settings
from tests.factories import accounts, certification, issued

MADE = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
THEFT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
import_jobs()


@dataclass
class Robbed:
    """An organization whose key issued one certificate before it was stolen, and one since."""

    organization: Organization
    owner: Person
    key: IssuerKey
    before: Certificate
    since: Certificate


async def robbed() -> Robbed:
    """The theft has not been declared yet."""
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    before = await issued.certificate(organization, now=THEFT - timedelta(days=7))
    since = await issued.certificate(organization, now=THEFT + timedelta(days=1))
    await IssuerKey.filter(organization_id=organization.id).update(created_at=MADE)
    [key] = await keys.published(organization.id)
    return Robbed(organization, owner, key, before, since)


async def declared(one: Robbed) -> IssuerKey:
    return await stolen_keys.declare(one.organization, one.key.id, since=THEFT, by=one.owner, now=NOW)


async def signers(organization: Organization) -> set[str]:
    """The keys that signed the status lists as they are served."""
    published = await StatusListPublication.filter(status_list__organization_id=organization.id)
    return {json.loads(row.document)["proof"]["verificationMethod"].partition("#")[2] for row in published}


async def test_declaring_retires_the_key_and_signs_the_lists_anew_at_once(database: str) -> None:
    one = await robbed()
    assert await signers(one.organization) == {one.key.public_key}

    await declared(one)

    new, old = await keys.published(one.organization.id)
    assert (old.id, old.retired_at, old.compromised_since) == (one.key.id, NOW, THEFT)
    assert (new.retired_at, new.compromised_since) == (None, None)
    assert await signers(one.organization) == {new.public_key}
    entry = await AuditEntry.get(action="issuer_key.declared_stolen")
    assert (entry.actor_id, entry.object_id, entry.before, entry.after) == (
        one.owner.id,
        one.key.id,
        {"compromised_since": None},
        {"compromised_since": THEFT.isoformat()},
    )


async def test_the_document_revokes_it_and_lets_it_assert_nothing(database: str) -> None:
    one = await robbed()
    await declared(one)

    document = issuer.did_document(one.organization.slug, await keys.published(one.organization.id))

    new, old = document["verificationMethod"]
    assert (old["revoked"], old["publicKeyMultibase"]) == ("2026-11-20T09:00:00Z", one.key.public_key)
    assert "revoked" not in new
    assert document["assertionMethod"] == [new["id"]]


async def test_a_rotated_key_is_declared_stolen_without_another_one_being_made(database: str) -> None:
    one = await robbed()
    rotated = await keys.rotate(one.organization, by=one.owner, now=THEFT + timedelta(days=2))

    declared_key = await declared(one)

    assert declared_key.retired_at == THEFT + timedelta(days=2)
    assert [key.id for key in await keys.published(one.organization.id)] == [rotated.id, one.key.id]
    assert await signers(one.organization) == {rotated.public_key}


@pytest.mark.parametrize(
    "since", [NOW + timedelta(seconds=1), MADE - timedelta(minutes=1)], ids=["in the future", "before its making"]
)
async def test_a_moment_that_cannot_be_is_refused(database: str, since: datetime) -> None:
    one = await robbed()
    with pytest.raises(InvalidInput, match="since"):
        await stolen_keys.declare(one.organization, one.key.id, since=since, by=one.owner, now=NOW)
    assert (await IssuerKey.get(id=one.key.id)).compromised_since is None


async def test_a_moment_is_corrected_to_an_earlier_one_only(database: str) -> None:
    one = await robbed()
    await declared(one)
    for later in (THEFT, THEFT + timedelta(days=1)):
        with pytest.raises(AlreadyStolen):
            await stolen_keys.declare(one.organization, one.key.id, since=later, by=one.owner, now=NOW)

    await stolen_keys.declare(one.organization, one.key.id, since=MADE, by=one.owner, now=NOW)

    assert (await IssuerKey.get(id=one.key.id)).compromised_since == MADE
    assert await IssuerKey.filter(organization_id=one.organization.id).count() == 2


async def test_of_two_owners_at_once_the_earlier_moment_stands(database: str) -> None:
    one = await robbed()
    other = await accounts.member(one.organization)
    earlier = THEFT - timedelta(days=2)

    came = await asyncio.gather(
        declared(one),
        stolen_keys.declare(one.organization, one.key.id, since=earlier, by=other, now=NOW),
        return_exceptions=True,
    )

    assert [type(problem) for problem in came if isinstance(problem, BaseException)] in ([], [AlreadyStolen])
    assert (await IssuerKey.get(id=one.key.id)).compromised_since == earlier
    assert await IssuerKey.filter(organization_id=one.organization.id, retired_at=None).count() == 1


async def test_the_key_of_another_organization_is_not_found(database: str) -> None:
    one, other = await robbed(), await accounts.organization()
    with pytest.raises(NotFound):
        await stolen_keys.declare(other, one.key.id, since=THEFT, by=one.owner, now=NOW)


async def test_the_database_keeps_a_stolen_key_from_signing(database: str) -> None:
    one = await robbed()
    with pytest.raises(asyncpg.CheckViolationError, match="issuer_key_stolen_is_retired"):
        await execute("UPDATE issuer_key SET compromised_since = now() WHERE id = $1", one.key.id)


async def test_where_no_key_can_be_used_the_declaration_stands_and_a_job_signs_later(
    database: str, settings: Settings
) -> None:
    """The token is away, perhaps with whoever stole it."""
    one = await robbed()
    gone = KeysTokenSettings(module=Path("/nowhere/module.so"), token="gone", pin=SecretStr("1234"))
    use_settings(settings.model_copy(update={"keys_pkcs11": gone}))
    await declared(one)
    use_settings(settings)
    assert (await IssuerKey.get(id=one.key.id)).compromised_since == THEFT
    assert await signers(one.organization) == {one.key.public_key}

    await run_pending()

    [new] = await IssuerKey.filter(organization_id=one.organization.id, retired_at=None)
    assert await signers(one.organization) == {new.public_key}


async def test_what_was_signed_while_it_was_declared_is_made_again_with_another_key(database: str) -> None:
    """A worker has made a badge with the old key, and is about to commit it."""
    one = await robbed()
    exam = await certification.certification(one.organization, items={})
    person = await accounts.person()
    other = await asyncpg.connect(database)
    await other.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", f"certificates {person.id} {exam.id}")
    at_work = asyncio.create_task(issued.certificate(exam=exam, holder=person, now=NOW))
    while not await other.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"):
        assert not at_work.done()
    await declared(one)
    await other.close()

    with pytest.raises(keys.KeyStolen):
        await at_work

    waiting = await IssueRequest.get(state=IssueState.waiting)
    made = await issuing.issue(waiting.id, now=NOW)
    assert made is not None
    assert await fetchval("SELECT issuer_key_id FROM badge WHERE id = $1", made.badge_id) != one.key.id


@pytest.mark.parametrize("end", [declared, lambda one: keys.rotate(one.organization, by=one.owner, now=NOW)])
async def test_a_list_that_is_opened_meanwhile_is_not_left_with_the_stolen_key(
    database: str, end: Callable[[Robbed], Awaitable[IssuerKey]]
) -> None:
    """A worker has signed a list that nobody else sees yet; the key cannot be given up before that commits."""
    one = await robbed()
    outside = contextvars.copy_context()
    async with transaction(), own_connection() as looking:
        await status_lists._open(one.organization.id, 2, now=NOW)
        ending = asyncio.create_task(_awaited(end(one)), context=outside)
        while not await looking.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            assert not ending.done()
    await ending
    if end is declared:
        assert one.key.public_key not in await signers(one.organization)
        assert await StatusListPublication.all().count() == 4


async def _awaited(ending: Awaitable[IssuerKey]) -> IssuerKey:
    return await ending


async def test_what_it_signed_since_is_listed_and_issued_again(database: str) -> None:
    one = await robbed()
    revoked = await issued.certificate(one.organization, now=THEFT + timedelta(days=2))
    await statuses.revoke(revoked, reason="Fraud.", by=one.owner, now=NOW)
    key = await declared(one)
    assert await thefts.affected(key, now=NOW) == thefts.Affected(signed=2, to_issue_again=1)
    assert [row.id for row in await thefts.signed_since(key, limit=10)] == [one.since.id, revoked.id]

    assert await thefts.issue_all_again(key, by=one.owner, now=NOW) == 1
    await run_pending()

    old = await Certificate.get(id=one.since.id).select_related("successor")
    assert old.successor is not None
    assert (old.status, old.successor.holder_name) == (CertificateStatus.superseded, one.since.holder_name)
    assert old.successor.achieved_at == one.since.achieved_at
    used = await fetchval("SELECT issuer_key_id FROM badge WHERE id = $1", old.successor.badge_id)
    assert used == (await IssuerKey.get(organization_id=one.organization.id, retired_at=None)).id
    assert (await Certificate.get(id=one.before.id)).status is CertificateStatus.valid
    assert await thefts.issue_all_again(key, by=one.owner, now=NOW) == 0


async def test_a_list_that_says_so_already_is_signed_anew_for_the_key_alone(database: str) -> None:
    one = await robbed()
    async with transaction():
        await keys.declare_stolen(one.organization, one.key.id, since=THEFT, by=one.owner, now=NOW)
        [list_id] = await status_lists.republish_all(one.organization.id)
    before = await etags(list_id)

    await status_lists.publish(list_id, now=NOW)
    after = await etags(list_id)
    await status_lists.publish(list_id, now=NOW)

    assert not set(before) & set(after)
    assert await etags(list_id) == after


async def etags(list_id: UUID) -> list[str]:
    rows = await StatusListPublication.filter(status_list_id=list_id).order_by("purpose")
    return [row.etag for row in rows]


async def test_pages_and_calls_are_for_owners(database: str, settings: Settings) -> None:
    one = await robbed()
    app = create_app(settings)
    officer = await accounts.member(one.organization, Role.certification_officer)
    base = f"/organize/{one.organization.slug}/keys"
    api = f"/api/v1/organizations/{one.organization.slug}/keys/{one.key.id}"
    async with accounts.with_token(app, officer) as client:
        answers = [
            await client.post(f"{api}/theft", json={"since": THEFT.isoformat()}),
            await client.get(f"{api}/certificates"),
            await client.post(f"{api}/reissue"),
        ]
        assert {answer.status_code for answer in answers} == {403}
    async with accounts.signed_in(app, one.owner) as client:
        asked = await client.get(f"{base}/{one.key.id}/stolen")
        future = await client.post(f"{base}/{one.key.id}/stolen", data={"since": "2999-01-01T00:00"})
        done = await client.post(f"{base}/{one.key.id}/stolen", data={"since": "2026-11-20T09:00"})
        shown = await client.get(done.headers["location"])
        listed = await client.get(base)
        document = await client.get(f"/organizations/{one.organization.slug}/did.json")
    async with accounts.with_token(app, one.owner) as client:
        again = await client.post(f"{api}/theft", json={"since": THEFT.isoformat()})
        naive = await client.post(f"{api}/theft", json={"since": "2026-11-20T09:00"})
        affected = await client.get(f"{api}/certificates")
        reissued = await client.post(f"{api}/reissue")

    assert "What this does" in asked.text
    assert (future.status_code, "This lies in the future" in future.text) == (422, True)
    assert (done.status_code, one.since.number in shown.text, one.before.number in shown.text) == (303, True, False)
    assert "stolen since" in listed.text
    assert document.json()["verificationMethod"][1]["revoked"] == "2026-11-20T09:00:00Z"
    assert (again.status_code, again.json()["code"]) == (409, "key_already_stolen")
    assert naive.status_code == 422
    assert [row["number"] for row in affected.json()["items"]] == [one.since.number]
    assert (reissued.status_code, reissued.json()) == (202, {"certificates": 1})
