"""A right for an address counts once its owner has confirmed it, and never for whoever signed up with it."""

import asyncio
from collections.abc import Awaitable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from accounts import addresses, invitations, links, members, people, sign_in
from accounts.jobs import sweep
from accounts.models import (
    AuditEntry,
    Invitation,
    LinkPurpose,
    Organization,
    Person,
    Role,
    RoleGrant,
    ScopeKind,
)
from api.worker import import_jobs
from certification.erasure import erase_person
from certification.programs import queries
from certification.programs.invitations import grant_to_address
from certification.programs.models import Certification, CertificationAccess, Entitlement
from core.database import own_connection, transaction
from core.errors import RateLimited
from core.job_runner import run_pending
from core.settings import get_settings, use_settings
from tests.factories import accounts, certification, events
from tests.factories.accounts import PASSWORD
from tests.integration.accounts.conftest import mails_to

import_jobs()
VICTIM = "victim@example.org"


async def stranger(email: str = VICTIM) -> Person:
    """Somebody who signed up with an address that is not theirs: they know the password, and read no mail."""
    made = await people.sign_up(
        email,
        password=PASSWORD,
        name="Mallory",
        locale="en",
        time_zone="UTC",
        address="127.0.0.1",
        now=datetime.now(UTC),
    )
    assert made is not None
    return made


async def confirm(person: Person, email: str | None = None) -> Person:
    """What the owner of the mailbox does: choose a password by a link to it, or confirm a changed address."""
    now = datetime.now(UTC)
    if email is None:
        secret = await links.create(person, LinkPurpose.reset_password, email=person.email or "", now=now)
        return await sign_in.reset_password(secret, "another good password here", now=now)
    person = await Person.get(id=person.id)
    secret = await links.create(person, LinkPurpose.confirm_email, email=email, now=now)
    return await addresses.confirm(secret, by=person, now=now)


async def give(organization: Organization, email: str = VICTIM, *, by: Person) -> RoleGrant | Invitation:
    return await members.grant_to_address(organization, email, Role.organizer, by=by, now=datetime.now(UTC))


async def entitle(exam: Certification, email: str = VICTIM, *, by: Person) -> Entitlement | Invitation:
    await exam.fetch_related("organization")
    policy = await queries.current_policy(exam.id)
    return await grant_to_address(exam, email, policy, note="Grant 7", by=by, now=datetime.now(UTC))


async def test_a_role_for_an_unconfirmed_account_waits_for_the_owner_of_its_address(
    app: Starlette, database: str
) -> None:
    organization = await accounts.organization("open-systems")
    owner, mallory = await accounts.member(organization), await stranger()
    async with accounts.with_token(app, owner) as client:
        body = {"email": "Victim@Example.org", "role": "organizer"}
        given = await client.post("/api/v1/organizations/open-systems/members", json=body)
        assert (given.status_code, given.json()["email"], given.json()["role"]) == (202, VICTIM, "organizer")
        again = await client.post("/api/v1/organizations/open-systems/members", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "already_invited")
        listed = (await client.get("/api/v1/organizations/open-systems/invitations")).json()["items"]
        assert [row["id"] for row in listed] == [given.json()["id"]]
    async with accounts.signed_in(app, mallory) as client:
        assert (await client.get("/organize/open-systems")).status_code == 404
    assert await RoleGrant.filter(person_id=mallory.id).count() == 0
    [told] = [mail for mail in await mails_to(VICTIM) if mail.template == "accounts/invitation"]
    assert "Open Systems Foundation offers you: the role “Organizer”." in told.text
    assert "http://testserver/reset\n\nThe invitation ends on" in told.text
    assert "http://testserver/reset" in told.text
    assert (told.to_name, "Mallory" in told.text) == ("", False)

    victim = await confirm(mallory)
    assert [grant.role for grant in await RoleGrant.filter(person_id=victim.id)] == [Role.organizer]
    assert await Invitation.all().count() == 0
    acts = await AuditEntry.filter(organization_id=organization.id).order_by("at", "id")
    assert [(act.action, act.actor_id) for act in acts] == [
        ("invitation.made", owner.id),
        ("member.granted", owner.id),
        ("invitation.accepted", victim.id),
    ]
    assert VICTIM not in str([(act.before, act.after) for act in acts])


async def test_an_address_nobody_has_signed_up_with_is_invited_to_do_so(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    owner = await accounts.member(organization)
    event = await events.event(organization)
    async with accounts.with_token(app, owner) as client:
        body = {"email": VICTIM, "role": "check_in_staff", "event": event.slug}
        given = await client.post("/api/v1/organizations/open-systems/members", json=body)
    assert (given.status_code, given.json()["scope_id"]) == (202, str(event.id))
    [told] = await mails_to(VICTIM)
    assert "http://testserver/sign-up" in told.text
    newcomer = await confirm(await stranger())
    grant = await RoleGrant.get(person_id=newcomer.id)
    assert (grant.role, grant.scope_kind, grant.scope_id) == (Role.check_in_staff, ScopeKind.event, event.id)
    assert grant.granted_by_id == owner.id


async def test_an_entitlement_waits_as_well_with_its_own_terms(app: Starlette, database: str) -> None:
    exam = await certification.certification(access=CertificationAccess.by_entitlement)
    officer = await accounts.member(exam.organization, Role.certification_officer)
    mallory = await stranger()
    path = f"/api/v1/certifications/{exam.slug}"
    async with accounts.with_token(app, officer) as client:
        body = {"email": VICTIM, "attempts_allowed": 3, "valid_until": "2099-01-01", "note": "Grant 7"}
        given = await client.post(f"{path}/entitlements", json=body)
        assert (given.status_code, given.json()["kind"]) == (202, "entitlement")
        assert [one["id"] for one in (await client.get(f"{path}/invitations")).json()["items"]] == [given.json()["id"]]
        other = await certification.certification(exam.organization)
        elsewhere = f"/api/v1/certifications/{other.slug}/invitations"
        assert (await client.get(elsewhere)).json()["items"] == []
        assert (await client.delete(f"{elsewhere}/{given.json()['id']}")).status_code == 404
    assert await Entitlement.all().count() == 0
    [told] = [mail for mail in await mails_to(VICTIM) if mail.template == "accounts/invitation"]
    assert f"offers you: to sit the exam “{exam.title}”." in told.text
    await confirm(mallory)
    held = await Entitlement.get()
    assert (held.person_id, held.attempts_allowed, held.source_reference) == (mallory.id, 3, "Grant 7")
    assert held.valid_until == datetime(2099, 1, 1, 23, 59, 59, tzinfo=UTC)
    assert held.granted_by_id == officer.id


async def test_pages_show_what_waits_and_withdraw_it(app: Starlette, database: str) -> None:
    organization = await accounts.organization("open-systems")
    exam = await certification.certification(organization)
    owner = await accounts.member(organization)
    places = [
        ("/organize/open-systems", "members", {"email": VICTIM, "role": "viewer"}),
        (f"/organize/certifications/{exam.slug}", "entitlements", {"email": VICTIM}),
    ]
    async with accounts.signed_in(app, owner) as client:
        for base, part, typed in places:
            given = await client.post(f"{base}/{part}", data=typed)
            assert given.headers["location"] == f"{base}/{part}"
            page = await client.get(f"{base}/{part}")
            assert "Nobody has confirmed victim@example.org yet." in page.text
            [waiting] = await Invitation.all()
            removal = f"{base}/invitations/{waiting.id}/remove"
            assert removal in page.text
            assert (await client.post(removal)).status_code == 303
            assert VICTIM not in (await client.get(f"{base}/{part}")).text
            assert (await client.post(removal)).status_code == 404
    await confirm(await stranger())
    assert await RoleGrant.filter(role=Role.viewer).count() == 0
    assert await Entitlement.all().count() == 0


async def test_asking_to_change_to_an_address_brings_nothing_before_it_is_confirmed(database: str) -> None:
    organization = await accounts.organization()
    owner, mallory = await accounts.member(organization), await accounts.person("mallory@example.org")
    await links.create(mallory, LinkPurpose.confirm_email, email=VICTIM, now=datetime.now(UTC))
    await give(organization, by=owner)
    assert await RoleGrant.filter(person_id=mallory.id).count() == 0
    assert await Invitation.filter(email=VICTIM).count() == 1


async def test_a_change_to_the_invited_address_brings_it_and_a_change_away_keeps_it(database: str) -> None:
    organization = await accounts.organization()
    owner, amina = await accounts.member(organization), await accounts.person("amina@example.org")
    await give(organization, by=owner)
    await confirm(amina, VICTIM)
    assert await RoleGrant.filter(person_id=amina.id).count() == 1
    await confirm(amina, "third@example.org")
    assert await RoleGrant.filter(person_id=amina.id).count() == 1
    await confirm(await stranger())
    assert await RoleGrant.filter(role=Role.organizer).count() == 1


async def test_whoever_confirms_by_signing_up_over_http_holds_the_role_at_once(
    app: Starlette, browser: httpx.AsyncClient
) -> None:
    organization = await accounts.organization("open-systems")
    await give(organization, by=await accounts.member(organization))
    mallory = await confirm(await stranger())
    async with accounts.signed_in(app, mallory) as client:
        assert (await client.get("/organize/open-systems")).status_code == 200


async def test_confirming_by_the_link_takes_the_account_from_the_stranger_before_it_gives(
    app: Starlette, database: str
) -> None:
    organization = await accounts.organization("open-systems")
    mallory, now = await stranger(), datetime.now(UTC)
    await give(organization, by=await accounts.member(organization))
    async with accounts.signed_in(app, mallory) as client:
        secret = await links.create(mallory, LinkPurpose.confirm_email, email=VICTIM, now=now)
        victim = await addresses.confirm(secret, by=None, now=now)
        assert (await client.get("/organize/open-systems")).headers["location"].startswith("/sign-in")
    assert victim.password_hash is None
    assert [grant.role for grant in await RoleGrant.filter(person_id=victim.id)] == [Role.organizer]


async def test_what_can_no_longer_be_given_is_dropped(database: str) -> None:
    exam = await certification.certification(access=CertificationAccess.by_entitlement)
    officer = await accounts.member(exam.organization, Role.certification_officer)
    await entitle(exam, "second@example.org", by=officer)
    await confirm(officer, "second@example.org")  # it was their own other address
    author = await accounts.person("author@example.org")
    await Person.filter(id=author.id).update(email_confirmed_at=None)
    await entitle(exam, "author@example.org", by=officer)
    await accounts.member(exam.organization, Role.exam_author, of=author)
    await confirm(author)
    late = await stranger("late@example.org")
    await entitle(exam, "late@example.org", by=officer)
    [waiting] = await Invitation.all()
    waiting.terms["valid_until"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await waiting.save()
    await confirm(late)
    assert await Entitlement.all().count() == 0
    assert await Invitation.all().count() == 0
    dropped = await AuditEntry.filter(action="invitation.dropped").order_by("at")
    reasons = [entry.after["reason"] for entry in dropped if entry.after]
    assert reasons == ["own_entitlement", "reads_items", "invalid_input"]


async def test_an_invitation_ends(database: str) -> None:
    organization = await accounts.organization()
    await give(organization, by=await accounts.member(organization))
    await Invitation.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    mallory = await confirm(await stranger())
    assert await RoleGrant.filter(person_id=mallory.id).count() == 0
    await sweep()
    assert await Invitation.all().count() == 0


async def test_the_worker_gives_what_the_confirming_process_did_not_know(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = await certification.certification(access=CertificationAccess.by_entitlement)
    await entitle(exam, by=await accounts.member(exam.organization))
    with monkeypatch.context() as away:
        away.setattr(invitations, "_ACCEPTORS", {})
        mallory = await confirm(await stranger())
    assert await Entitlement.all().count() == 0
    await run_pending()
    assert (await Entitlement.get()).person_id == mallory.id


@pytest.mark.parametrize("limit", ["recipient", "person", "organization"])
async def test_mails_to_strangers_are_limited(database: str, limit: str) -> None:
    use_settings(get_settings().model_copy(update={f"invitations_per_{limit}": 2}))
    organization = await accounts.organization()
    owner, other = await accounts.member(organization), await accounts.member(organization)
    elsewhere = await accounts.organization()
    another = await accounts.member(elsewhere)
    calls = {
        # to one address, whoever invites from wherever; by one person to whomever; from one organization by whomever
        "recipient": [(organization, VICTIM, owner), (elsewhere, VICTIM, another), (organization, VICTIM, other)],
        "person": [(organization, f"p{n}@example.org", owner) for n in range(3)],
        "organization": [(organization, f"p{n}@example.org", (owner, other)[n % 2]) for n in range(3)],
    }[limit]
    for there, email, by in calls[:2]:
        await give(there, email, by=by)
    there, email, by = calls[2]
    with pytest.raises(RateLimited):
        await members.grant_to_address(there, email, Role.viewer, by=by, now=datetime.now(UTC))
    exam = await certification.certification(there, access=CertificationAccess.by_entitlement)
    with pytest.raises(RateLimited):
        await entitle(exam, email, by=by)
    assert await Invitation.all().count() == 2


async def test_entitlements_for_people_with_an_account_mail_nobody_and_are_not_limited(database: str) -> None:
    use_settings(get_settings().model_copy(update={"invitations_per_person": 1}))
    exam = await certification.certification(access=CertificationAccess.by_entitlement)
    officer = await accounts.member(exam.organization, Role.certification_officer)
    for _n in range(3):
        await entitle(exam, (await accounts.person()).email or "", by=officer)
    assert await Entitlement.all().count() == 3


async def test_erasing_an_account_takes_nothing_from_the_owner_of_an_address_it_never_confirmed(database: str) -> None:
    organization = await accounts.organization()
    mallory = await stranger()
    await give(organization, by=await accounts.member(organization))
    await erase_person(mallory, by=mallory, now=datetime.now(UTC))
    assert "accounts/invitation" in [mail.template for mail in await mails_to(VICTIM)]
    victim = await confirm(await stranger())
    assert [grant.role for grant in await RoleGrant.filter(person_id=victim.id)] == [Role.organizer]


async def test_two_grants_for_one_address_at_once_are_one(database: str) -> None:
    organization = await accounts.organization()
    owners = [await accounts.member(organization) for _n in range(4)]
    await accounts.person("bob@example.org")
    for email, error in ((VICTIM, "AlreadyInvited"), ("bob@example.org", "AlreadyMember")):
        outcomes = await asyncio.gather(
            *(give(organization, email, by=owner) for owner in owners), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in outcomes if isinstance(one, Exception)) == [error] * 3
    assert await Invitation.all().count() == 1
    assert await RoleGrant.filter(role=Role.organizer).count() == 1
    assert len(await mails_to(VICTIM)) == 1


async def apart(work: Awaitable[Any]) -> Any:
    return await work


async def until_waits(work: asyncio.Task[Any]) -> None:
    """Until the connection on which `work` is done waits for a lock; fails where it never does."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with own_connection() as connection:
        while not await connection.fetchval(waiting):
            assert not work.done(), "it waits for nothing"


@pytest.mark.parametrize("has_account", [True, False], ids=["unconfirmed account", "changing to it"])
async def test_confirming_while_a_grant_looks_finds_what_the_grant_writes(database: str, has_account: bool) -> None:
    """The grant has seen nobody who confirmed the address, and has not written yet; the confirmation comes between."""
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    person = await stranger() if has_account else await accounts.person("amina@example.org")
    async with transaction():
        assert await invitations.owner_of(VICTIM) is None
        changes = confirm(person) if has_account else confirm(person, VICTIM)
        confirming = asyncio.get_running_loop().create_task(apart(changes), context=Context())
        await until_waits(confirming)
        await give(organization, by=owner)
    await confirming
    assert [grant.role for grant in await RoleGrant.filter(person_id=person.id)] == [Role.organizer]
    assert await Invitation.all().count() == 0


async def test_granting_while_a_confirmation_runs_gives_the_role(database: str) -> None:
    organization = await accounts.organization()
    owner, person = await accounts.member(organization), await stranger()
    async with transaction():
        await Person.filter(id=person.id).update(email_confirmed_at=datetime.now(UTC))
        await invitations.accept(person, now=datetime.now(UTC))
        granting = asyncio.get_running_loop().create_task(apart(give(organization, by=owner)), context=Context())
        await until_waits(granting)
    assert isinstance(await granting, RoleGrant)
    assert await Invitation.all().count() == 0


async def test_granting_while_the_account_is_erased_leaves_an_erased_person_nothing(database: str) -> None:
    organization = await accounts.organization()
    owner, person = await accounts.member(organization), await accounts.person(VICTIM)
    async with transaction():
        await erase_person(person, by=person, now=datetime.now(UTC))
        granting = asyncio.get_running_loop().create_task(apart(give(organization, by=owner)), context=Context())
        await until_waits(granting)
    assert isinstance(await granting, Invitation)
    assert await RoleGrant.filter(person_id=person.id).count() == 0
