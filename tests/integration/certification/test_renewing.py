"""Renewing by credits: the next certificate, linked both ways; every refusal; and two at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from accounts.models import AuditEntry, Person
from api.worker import import_jobs
from certification.certificates import queries, statuses, verification
from certification.certificates.models import Certificate, IssueRequest, IssueState, SourceKind
from certification.certificates.verification import Standing
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus
from certification.renewal import renewing, standing
from certification.renewal.models import Credit
from certification.renewal.standing import RenewalState
from core.database import execute, fetchval
from core.job_runner import run_pending
from core.models import OutgoingMail
from tests.factories import accounts, renewal
from tests.factories.renewal import NOW

import_jobs()


async def holder_of(held: Certificate) -> Person:
    return await Person.get(id=held.person_id)


async def spent_on(request_id: UUID) -> Decimal:
    """How many credits a renewal used up."""
    found: Decimal = await fetchval("SELECT coalesce(sum(amount), 0) FROM credit WHERE spent_on_id = $1", request_id)
    return found


async def test_credits_become_a_certificate_that_follows_the_old_one(database: str) -> None:
    held = await renewal.certificate()
    for amount in ("12", "8.5"):
        await renewal.earned(held, amount)
    holder = await holder_of(held)
    await Person.filter(id=holder.id).update(certificate_name="Somebody Else")

    request_id = await renewing.renew(held, by=holder, now=NOW)
    await run_pending()

    old, new = await Certificate.get(id=held.id), await Certificate.get(issue_request_id=request_id)
    assert (old.successor_id, old.status.value) == (new.id, "valid")
    assert (new.holder_name, new.achieved_at) == ("Zoë Ångström", NOW)
    assert new.valid_until == datetime(2028, 11, 24, 9, 0, tzinfo=UTC)
    assert old.valid_until == held.valid_until
    wanted = await IssueRequest.get(id=request_id)
    assert (wanted.source_kind, wanted.source_id) == (SourceKind.credits, held.id)
    assert await spent_on(request_id) == Decimal("20.50")
    assert [await queries.neighbours(one) for one in (old, new)] == [(None, new), (old, None)]
    for one in (old, new):
        assert (await verification.verify(one.number, now=NOW)).standing is Standing.valid
    mails = await OutgoingMail.filter(template="certificates/issued").order_by("created_at")
    assert new.number in mails[-1].text
    assert await AuditEntry.filter(action="certificate.renewal_decided").count() == 1


async def test_oldest_credits_that_suffice_are_spent_and_others_stay(database: str) -> None:
    held = await renewal.certificate()
    late = await renewal.earned(held, "15", on=(NOW - timedelta(days=1)).date())
    early = await renewal.earned(held, "15", on=(NOW - timedelta(days=90)).date())
    middle = await renewal.earned(held, "15", on=(NOW - timedelta(days=40)).date())
    request_id = await renewing.renew(held, by=await holder_of(held), now=NOW)
    spent = {row.id for row in await Credit.filter(spent_on_id=request_id)}
    assert spent == {early.id, middle.id}
    assert (await Credit.get(id=late.id)).spent_on_id is None


async def test_spent_credits_count_no_more_and_earlier_ones_not_for_the_next(database: str) -> None:
    held = await renewal.certificate()
    await renewal.earned(held, "20")
    await renewal.earned(held, "9", on=(NOW - timedelta(days=2)).date())
    request_id = await renewing.renew(held, by=await holder_of(held), now=NOW)
    await run_pending()
    new = await Certificate.get(issue_request_id=request_id)
    found = await standing.of(new, now=NOW)
    assert (found.state, found.earned, found.needed) == (RenewalState.open, Decimal(0), Decimal(20))


async def test_what_lies_outside_the_validity_or_waits_is_not_enough(database: str) -> None:
    held = await renewal.certificate()
    await renewal.earned(held, "16")
    await renewal.earned(held, "50", on=held.achieved_at.date() - timedelta(days=1))
    await renewal.claim(held, "30")
    with pytest.raises(renewing.NotEnoughCredits) as refusal:
        await renewing.renew(held, by=await holder_of(held), now=NOW)
    assert refusal.value.facts == {"missing": "4.00"}
    assert refusal.value.message == "4 more approved credits are needed to renew this certificate."
    assert await IssueRequest.filter(source_kind=SourceKind.credits).count() == 0


async def test_grace_renews_after_the_end_and_ends_itself(database: str) -> None:
    in_grace = await renewal.certificate(ends_in=timedelta(days=-30))
    over = await renewal.certificate(ends_in=timedelta(days=-30, seconds=-1))
    for held in (in_grace, over):
        await renewal.earned(held, "20", on=(NOW - timedelta(days=20)).date())
    assert [(await standing.of(held, now=NOW)).state for held in (in_grace, over)] == ["grace", "over"]

    request_id = await renewing.renew(in_grace, by=await holder_of(in_grace), now=NOW)
    await run_pending()
    new = await Certificate.get(issue_request_id=request_id)
    assert (await Certificate.get(id=in_grace.id)).successor_id == new.id
    with pytest.raises(renewing.NotRenewable, match="time to renew this certificate is over"):
        await renewing.renew(over, by=await holder_of(over), now=NOW)


async def refused(held: Certificate) -> str:
    """The state because of which renewing is refused."""
    with pytest.raises(renewing.NotRenewable) as refusal:
        await renewing.renew(held, by=await holder_of(held), now=NOW)
    return str(refusal.value.facts["renewal_state"])


async def test_what_is_not_in_force_is_not_renewed(database: str) -> None:
    suspended, revoked = await renewal.certificate(), await renewal.certificate()
    for held, change in ((suspended, statuses.suspend), (revoked, statuses.revoke)):
        await renewal.earned(held, "20")
        await change(held, reason="Under review.", by=await renewal.officer_of(held), now=NOW)
        assert await refused(held) == "not_in_force"


async def test_renewal_of_what_is_revoked_before_it_is_issued_is_held(database: str) -> None:
    held = await renewal.certificate()
    await renewal.earned(held, "20")
    request_id = await renewing.renew(held, by=await holder_of(held), now=NOW)
    await statuses.revoke(held, reason="Somebody else sat the exam", by=await accounts.person(), now=NOW)

    await run_pending()

    waiting = await IssueRequest.get(id=request_id)
    assert waiting.state is IssueState.held
    assert held.number in waiting.problem
    assert await Certificate.all().count() == 1


async def test_programs_without_credits_end_or_offer_renew_nothing(database: str) -> None:
    by_passing_alone = await renewal.certificate(await renewal.program(renewal_credits=None))
    endless = await renewal.certificate(await renewal.program(validity_months=None, renewal_credits=None))
    gone = await renewal.certificate()
    await Certification.filter(id=gone.certification_id).update(status=CertificationStatus.retired)
    for held in (by_passing_alone, endless, gone):
        await renewal.earned(held, "20")
    assert [await refused(held) for held in (by_passing_alone, endless, gone)] == ["open", "endless", "retired"]


async def test_renewed_certificate_is_not_renewed_again(database: str) -> None:
    held = await renewal.certificate()
    for _ in range(3):
        await renewal.earned(held, "20")
    await renewing.renew(held, by=await holder_of(held), now=NOW)
    assert await refused(held) == "renewing"
    await run_pending()
    assert await refused(held) == "renewed"


async def test_passing_again_leaves_nothing_to_renew_by_credits(database: str) -> None:
    program = await renewal.program()
    holder = await accounts.person()
    held = await renewal.certificate(program, holder)
    await renewal.earned(held, "20")
    again = await renewal.certificate(program, holder, ends_in=timedelta(days=600))
    assert (await Certificate.get(id=held.id)).successor_id == again.id
    assert await refused(held) == "renewed"


async def test_new_certificate_follows_the_present_policy(database: str) -> None:
    program = await renewal.program()
    held = await renewal.certificate(program)
    await renewal.earned(held, "20")
    await CertificationPolicy.create(certification=program, version=2, validity_months=36)
    found = await standing.of(held, now=NOW)
    assert found.would_end_at == datetime(2029, 11, 24, 9, 0, tzinfo=UTC)
    request_id = await renewing.renew(held, by=await holder_of(held), now=NOW)
    await run_pending()
    assert (await Certificate.get(issue_request_id=request_id)).valid_until == found.would_end_at


async def test_spent_credit_is_frozen(database: str) -> None:
    held = await renewal.certificate()
    one = await renewal.earned(held, "20")
    await renewing.renew(held, by=await holder_of(held), now=NOW)
    for change in ("SET spent_on_id = NULL", "SET amount = 1"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="is spent"):
            await execute(f"UPDATE credit {change} WHERE id = $1", one.id)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="is spent"):
        await execute("DELETE FROM credit WHERE id = $1", one.id)


async def all_at_once(database: str, held: Certificate) -> list[UUID | BaseException]:
    """Six renewals of one certificate; all have begun before the first of them may write its decision."""
    holder = await holder_of(held)
    blocker = await asyncpg.connect(database)
    decided = blocker.transaction()
    await decided.start()
    await blocker.execute(
        """INSERT INTO issue_request (id, source_kind, source_id, organization_id, certification_id, policy_id,
             person_id, holder_name, achieved_at, state, created_at)
           SELECT gen_random_uuid(), 'credits', $1, organization_id, certification_id, policy_id, person_id,
             holder_name, now(), 'waiting', now() FROM issue_request WHERE id = $2""",
        held.id,
        held.issue_request_id,
    )
    rush = [asyncio.create_task(renewing.renew(held, by=holder, now=NOW)) for _ in range(6)]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await fetchval(waiting) < len(rush):
        await asyncio.sleep(0)
        assert not any(task.done() for task in rush)
    await decided.rollback()
    await blocker.close()
    return await asyncio.gather(*rush, return_exceptions=True)


async def a_rich_certificate() -> Certificate:
    """One whose holder has earned enough to renew it three times."""
    held = await renewal.certificate()
    for _ in range(3):
        await renewal.earned(held, "20")
    return held


async def test_renewals_at_once_spend_once(database: str) -> None:
    held = await a_rich_certificate()
    outcomes = await all_at_once(database, held)
    done = [one for one in outcomes if isinstance(one, UUID)]
    assert [type(one) for one in outcomes if one not in done] == [renewing.NotRenewable] * 5
    assert len(done) == 1
    assert await spent_on(done[0]) == 20
    await run_pending()
    assert await Certificate.filter(person_id=held.person_id).count() == 2


async def test_control_without_the_lock_renewals_at_once_spend_several_times(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with the lock on the certificate taken away, the same rush uses up everything."""
    unlocked = renewing._LOCK_CERTIFICATE.replace(" FOR UPDATE", "")
    assert unlocked != renewing._LOCK_CERTIFICATE
    monkeypatch.setattr(renewing, "_LOCK_CERTIFICATE", unlocked)
    held = await a_rich_certificate()
    outcomes = await all_at_once(database, held)
    done = [one for one in outcomes if isinstance(one, UUID)]
    assert len(done) == 3
    assert len(set(done)) == 1
    assert await spent_on(done[0]) == 60
