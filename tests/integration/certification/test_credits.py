"""Credits: earned once, claimed with evidence, decided by somebody else, taken back, erased."""

import json
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

import certification.personal_data  # noqa: F401  registers its sections
from accounts.export import my_data
from accounts.models import AuditEntry, Person
from api.worker import import_jobs
from certification.certificates import statuses
from certification.erasure import erase_person
from certification.programs.models import Certification, CertificationPolicy
from certification.renewal import credits, evidence, renewing, standing
from certification.renewal.models import Credit, CreditSource, CreditState
from core.database import execute
from core.errors import InvalidInput, NotFound
from core.job_runner import run_pending
from core.models import OutgoingMail
from tests.factories import accounts, renewal
from tests.factories.renewal import NOW, PDF

import_jobs()
OTHER_PDF = b"%PDF-1.7\n%another\n%%EOF\n"


async def test_same_source_counts_once_for_each_person_and_certification(database: str) -> None:
    program, other = await renewal.program(), await renewal.program()
    someone, somebody = await accounts.person(), await accounts.person()
    event = uuid4()

    async def earn(certification: Certification, person: Person, amount: str = "3.5") -> bool:
        return await credits.earn(
            certification,
            person,
            source=CreditSource.event,
            source_id=event,
            amount=Decimal(amount),
            title="Meetup",
            earned_on=NOW.date(),
            now=NOW,
        )

    assert await earn(program, someone) is True
    assert await earn(program, someone, "9") is False
    assert await earn(other, someone) is True
    assert await earn(program, somebody) is True

    rows = await Credit.filter(person_id=someone.id, certification_id=program.id)
    assert [(row.amount, row.state) for row in rows] == [(Decimal("3.50"), CreditState.approved)]
    assert await AuditEntry.filter(action="credit.earned").count() == 3


async def test_nothing_is_earned_by_nothing(database: str) -> None:
    program, someone = await renewal.program(), await accounts.person()
    made = await credits.earn(
        program,
        someone,
        source=CreditSource.session,
        source_id=uuid4(),
        amount=Decimal(0),
        title="Left at once",
        earned_on=NOW.date(),
        now=NOW,
    )
    assert made is False
    assert await Credit.all().count() == 0


async def test_claim_waits_with_its_file_and_the_officers_hear_of_the_first(database: str) -> None:
    held = await renewal.certificate()
    officer = await renewal.officer_of(held)

    one = await renewal.claim(held, "5")
    await renewal.claim(held, "2", content=OTHER_PDF)

    assert (one.state, one.amount, one.evidence_name) == (CreditState.claimed, Decimal(5), "kernels.pdf")
    assert one.evidence_sha256 is not None
    assert await evidence.content_of(one.evidence_sha256) == PDF
    found = await standing.of(held, now=NOW)
    assert (found.earned, found.waiting, found.missing) == (Decimal(0), Decimal(7), Decimal(20))
    mails = await OutgoingMail.filter(template="renewal/claim_waits")
    assert [mail.to_address for mail in mails] == [officer.email]
    certification = await Certification.get(id=held.certification_id)
    assert f"/organize/certifications/{certification.slug}/credits" in mails[0].text


async def test_same_file_counts_once_until_it_is_refused(database: str) -> None:
    held = await renewal.certificate()
    first = await renewal.claim(held)
    with pytest.raises(credits.AlreadyClaimed):
        await renewal.claim(held, "1")
    await credits.decide(first, is_approved=False, reason="Unreadable.", by=await renewal.officer_of(held), now=NOW)
    second = await renewal.claim(held)
    assert second.id != first.id
    await renewal.claim(await renewal.certificate())


async def test_database_refuses_the_same_file_twice(database: str) -> None:
    first = await renewal.claim(await renewal.certificate())
    copy = """INSERT INTO credit SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid()))).*
              FROM credit c WHERE id = $1"""
    with pytest.raises(asyncpg.UniqueViolationError, match="credit_evidence_once"):
        await execute(copy, first.id)


@pytest.mark.parametrize(
    ("day", "word"),
    [(date(2024, 12, 18), "19 December 2024"), (date(2026, 11, 25), "not one to come")],
)
async def test_only_days_within_the_validity_count(database: str, day: date, word: str) -> None:
    held = await renewal.certificate(ends_in=timedelta(days=25))
    assert held.achieved_at.date() == date(2024, 12, 19)
    with pytest.raises(InvalidInput) as refusal:
        await renewal.claim(held, on=day)
    assert word in refusal.value.fields["earned_on"].replace("December 19, 2024", "19 December 2024")
    await renewal.claim(held, on=date(2024, 12, 19))


async def test_today_is_the_holders_own_day(database: str) -> None:
    held = await renewal.certificate()
    late = NOW.replace(hour=22)
    with pytest.raises(InvalidInput):
        await renewal.claim(held, on=date(2026, 11, 25), now=late)
    await Person.filter(id=held.person_id).update(time_zone="Africa/Nairobi")
    assert (await renewal.claim(held, on=date(2026, 11, 25), now=late)).earned_on == date(2026, 11, 25)


async def test_claim_is_refused_where_credits_do_not_renew(database: str) -> None:
    by_passing_alone = await renewal.certificate(await renewal.program(renewal_credits=None))
    revoked = await renewal.certificate()
    officer = await renewal.officer_of(revoked)
    await statuses.revoke(revoked, reason="Fraud.", by=officer, now=NOW)
    over = await renewal.certificate(ends_in=timedelta(days=-31))
    in_grace = await renewal.certificate(ends_in=timedelta(days=-29))

    for refused in (by_passing_alone, revoked, over):
        with pytest.raises(credits.NotCounted):
            await renewal.claim(refused)
    assert (await renewal.claim(in_grace)).state is CreditState.claimed


async def test_no_more_claims_than_can_be_read(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credits, "MOST_UNDECIDED", 2)
    held = await renewal.certificate()
    for number in range(2):
        await renewal.claim(held, content=PDF + b"%%%d" % number)
    with pytest.raises(credits.TooManyClaims):
        await renewal.claim(held, content=OTHER_PDF)


async def test_officer_approves_and_the_holder_is_told(database: str) -> None:
    held = await renewal.certificate()
    officer, one = await renewal.officer_of(held), await renewal.claim(held, "5")

    await credits.decide(one, is_approved=True, by=officer, now=NOW)

    decided = await Credit.get(id=one.id)
    assert (decided.state, decided.amount, decided.decided_by_id) == (CreditState.approved, Decimal(5), officer.id)
    assert (await standing.of(held, now=NOW)).earned == 5
    mail = await OutgoingMail.get(template="renewal/claim_decided")
    assert mail.to_address == (await Person.get(id=held.person_id)).email
    assert "approved 5 credits" in mail.text
    with pytest.raises(credits.AlreadyDecided):
        await credits.decide(one, is_approved=False, reason="Late.", by=officer, now=NOW)


async def test_another_amount_and_a_refusal_need_a_reason(database: str) -> None:
    held = await renewal.certificate()
    officer, one = await renewal.officer_of(held), await renewal.claim(held, "5")
    for wrong in ({"is_approved": False}, {"is_approved": True, "amount": Decimal(3)}):
        with pytest.raises(InvalidInput) as refusal:
            await credits.decide(one, by=officer, now=NOW, **wrong)
        assert list(refusal.value.fields) == ["reason"]

    await credits.decide(one, is_approved=True, amount=Decimal(3), reason="Breaks out.", by=officer, now=NOW)

    decided = await Credit.get(id=one.id)
    assert (decided.amount, decided.claimed_amount, decided.reason) == (Decimal(3), Decimal(5), "Breaks out.")
    mail = await OutgoingMail.get(template="renewal/claim_decided")
    assert "approved 3 of the 5 credits" in mail.text
    assert "Breaks out." in mail.text


async def test_nobody_decides_about_their_own_claim(database: str) -> None:
    held = await renewal.certificate()
    one = await renewal.claim(held)
    holder = await Person.get(id=held.person_id)
    with pytest.raises(credits.OwnCredit):
        await credits.decide(one, is_approved=True, by=holder, now=NOW)
    with pytest.raises((IntegrityError, asyncpg.CheckViolationError), match="credit_decided_by_another"):
        await execute("UPDATE credit SET state = 'approved', decided_by_id = person_id WHERE id = $1", one.id)


async def test_decision_is_taken_back_until_a_renewal_rests_on_it(database: str) -> None:
    held = await renewal.certificate(await renewal.program(renewal_credits=Decimal(3)))
    officer, one = await renewal.officer_of(held), await renewal.claim(held, "5")
    await credits.decide(one, is_approved=True, amount=Decimal(3), reason="Breaks out.", by=officer, now=NOW)

    again = await credits.reopen(one, by=officer, now=NOW)
    assert (again.state, again.amount, again.claimed_amount, again.reason) == (
        CreditState.claimed,
        Decimal(5),
        None,
        "",
    )
    with pytest.raises(credits.NotDecided):
        await credits.reopen(one, by=officer, now=NOW)
    await credits.decide(one, is_approved=True, by=officer, now=NOW + timedelta(minutes=1))
    await renewing.renew(held, by=await Person.get(id=held.person_id), now=NOW)
    with pytest.raises(credits.NotDecided):
        await credits.reopen(one, by=officer, now=NOW)
    assert await OutgoingMail.filter(template="renewal/claim_decided").count() == 2


async def test_refusal_is_not_taken_back_where_the_file_was_claimed_again(database: str) -> None:
    held = await renewal.certificate()
    officer, one = await renewal.officer_of(held), await renewal.claim(held)
    await credits.decide(one, is_approved=False, reason="Unreadable.", by=officer, now=NOW)
    await renewal.claim(held)
    with pytest.raises(credits.AlreadyClaimed):
        await credits.reopen(one, by=officer, now=NOW)


async def test_withdrawn_claim_leaves_nothing_but_the_audit_entry(database: str) -> None:
    held = await renewal.certificate()
    one, holder = await renewal.claim(held), await Person.get(id=held.person_id)
    digest = one.evidence_sha256
    assert digest is not None

    await credits.withdraw(one, by=holder, now=NOW)
    await run_pending()

    assert await Credit.all().count() == 0
    with pytest.raises(NotFound):
        await evidence.content_of(digest)
    assert await AuditEntry.filter(action="credit.withdrawn").count() == 1
    with pytest.raises(credits.AlreadyDecided):
        await credits.withdraw(one, by=holder, now=NOW)


async def test_decided_claim_cannot_be_withdrawn(database: str) -> None:
    held = await renewal.certificate()
    one = await renewal.claim(held)
    await credits.decide(one, is_approved=True, by=await renewal.officer_of(held), now=NOW)
    with pytest.raises(credits.AlreadyDecided):
        await credits.withdraw(one, by=await Person.get(id=held.person_id), now=NOW)


async def test_file_that_somebody_else_sent_too_stays(database: str) -> None:
    mine, theirs = await renewal.certificate(), await renewal.certificate()
    one, other = await renewal.claim(mine), await renewal.claim(theirs)
    await credits.withdraw(one, by=await Person.get(id=mine.person_id), now=NOW)
    await run_pending()
    assert other.evidence_sha256 == one.evidence_sha256
    assert await evidence.content_of(str(other.evidence_sha256)) == PDF


async def test_later_policy_adds_renewal_by_credits_and_never_makes_it_harder(database: str) -> None:
    program = await renewal.program(renewal_credits=None)
    held = await renewal.certificate(program)
    assert (await standing.of(held, now=NOW)).needed is None
    await CertificationPolicy.create(certification=program, version=2, renewal_credits=Decimal(15))
    assert (await standing.of(held, now=NOW)).needed == 15
    newer = await renewal.certificate(program)
    await CertificationPolicy.create(certification=program, version=3, renewal_credits=Decimal(40), grace_days=0)
    assert (await standing.of(newer, now=NOW)).needed == 15


async def test_personal_data_hold_credits_and_erasing_forgets_claims_and_files(database: str) -> None:
    held = await renewal.certificate()
    officer, holder = await renewal.officer_of(held), await Person.get(id=held.person_id)
    await renewal.earned(held, "4")
    waiting = await renewal.claim(held, "2", content=OTHER_PDF)
    approved = await renewal.claim(held, "5")
    await credits.decide(approved, is_approved=True, reason="Well done, Zoë.", by=officer, now=NOW)

    listed = json.loads(await my_data(holder, now=NOW))["credits"]
    assert [(row["title"], row["state"], row["evidence_name"]) for row in listed] == [
        ("Nairobi Cloud Meetup", "approved", ""),
        ("Course on kernels", "claimed", "kernels.pdf"),
        ("Course on kernels", "approved", "kernels.pdf"),
    ]

    await erase_person(holder, by=holder, now=NOW)
    await run_pending()

    left = await Credit.all().order_by("amount")
    assert [(row.amount, row.title, row.reason, row.evidence_sha256) for row in left] == [
        (Decimal(4), "", "", None),
        (Decimal(5), "", "", None),
    ]
    for gone in (waiting, approved):
        with pytest.raises(NotFound):
            await evidence.content_of(str(gone.evidence_sha256))
