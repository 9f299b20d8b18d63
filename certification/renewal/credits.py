"""Credits of continuing education: what the platform saw counts at once, claimed evidence when an officer agrees."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts import audit
from accounts.models import Person
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from certification.renewal import emails, evidence, standing
from certification.renewal.models import Credit, CreditSource, CreditState
from certification.renewal.schemas import ClaimIn
from core.database import execute, fetch, fetchval, new_id, transaction
from core.errors import Conflict, Forbidden, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _
from core.templating import format_date

MOST_UNDECIDED = 20
"""How many claims of one person at one certification may wait for an officer at a time."""


class NotCounted(Conflict):
    """Credits do not renew this certificate, or not any more."""

    code, message = "not_counted", N_("Credits do not renew this certificate.")


class AlreadyClaimed(Conflict):
    """The same file of evidence counts once."""

    code, message = (
        "already_claimed",
        N_("This file belongs to another claim already. Put all that it proves into one."),
    )


class TooManyClaims(Conflict):
    """So many claims wait already that further ones must wait for an officer."""

    code, message = (
        "too_many_claims",
        N_("Many of your claims wait for an officer already. Wait until some are decided."),
    )


class AlreadyDecided(Conflict):
    """The claim was decided in the meantime."""

    code, message = "already_decided", N_("This claim was decided in the meantime.")


class NotDecided(Conflict):
    """Only a decision that nothing rests on can be taken back."""

    code, message = "not_decided", N_("There is no decision here that could be taken back.")


class OwnCredit(Forbidden):
    """Nobody decides about credits of their own (ISO/IEC 17024:2012, 4.3.1)."""

    code, message = "own_credit", N_("This is your own claim. Another officer has to decide about it.")


async def earn(
    certification: Certification,
    person: Person,
    *,
    source: CreditSource,
    source_id: UUID,
    amount: Decimal,
    title: str,
    earned_on: date,
    now: datetime,
) -> bool:
    """Credit what the platform itself saw, approved at once; returns whether it is new.

    The same source counts once for each person and certification: a second call changes nothing. Neither does an
    amount of 0. For `CreditSource.evidence` use `claim`.
    """
    if source is CreditSource.evidence:
        raise ValueError("evidence is claimed, not earned")
    if amount <= 0:
        return False
    async with transaction():
        created: UUID | None = await fetchval(
            """INSERT INTO credit (id, certification_id, person_id, amount, source, source_id, title, earned_on, state,
                                   decided_at, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'approved', $9, $9)
               ON CONFLICT (person_id, certification_id, source, source_id)
                 WHERE source_id IS NOT NULL AND state <> 'refused' DO NOTHING
               RETURNING id""",
            new_id(),
            certification.id,
            person.id,
            amount,
            source.value,
            source_id,
            title[:200],
            earned_on,
            now,
        )
        if created is not None:
            after = {"amount": str(amount), "source": source.value, "source_id": str(source_id)}
            await _record("credit.earned", created, certification.organization_id, None, after=after)
    return created is not None


async def claim(
    certificate: Certificate, data: ClaimIn, *, file_name: str, content: bytes, by: Person, now: datetime
) -> Credit:
    """Claim credits towards renewing the holder's own certificate; an officer decides.

    Raises `NotCounted`, `AlreadyClaimed`, `TooManyClaims`, and `InvalidInput` for `earned_on` outside the validity or
    for a `file` that is no evidence. Side effect: officers get a mail where no other claim waits for them.
    """
    found = await standing.of(await Certificate.get(id=certificate.id), now=now)
    if found.certification is None or found.needed is None or not found.state.can_renew:
        raise NotCounted()
    _check_day(data.earned_on, found, today=now.astimezone(ZoneInfo(by.time_zone)).date())
    evidence.kind_of(content)
    async with transaction():
        await _one_at_a_time(by, found.certification)
        digest = await evidence.keep(content)
        undecided = await _refuse_repeated(by, found.certification, digest)
        made = await Credit.create(
            certification=found.certification,
            person=by,
            amount=data.amount,
            source=CreditSource.evidence,
            title=data.title,
            description=data.description,
            evidence_sha256=digest,
            evidence_name=" ".join(file_name.split())[-200:],
            earned_on=data.earned_on,
        )
        organization_id = found.certification.organization_id
        await _record("credit.claimed", made.id, organization_id, by, after={"amount": str(data.amount)})
        if undecided == 0:
            await emails.tell_officers(made, found.certification)
    return made


async def withdraw(credit: Credit, *, by: Person, now: datetime) -> None:
    """Take a claim of one's own back before it is decided; nothing of it is kept. Raises `AlreadyDecided`."""
    async with transaction():
        locked = await _lock(credit)
        if locked.state is not CreditState.claimed:
            raise AlreadyDecided()
        await locked.delete()
        if locked.evidence_sha256:
            await evidence.forget([locked.evidence_sha256])
        await _record("credit.withdrawn", locked.id, locked.certification.organization_id, by)


async def decide(
    credit: Credit, *, is_approved: bool, amount: Decimal | None = None, reason: str = "", by: Person, now: datetime
) -> Credit:
    """Approve or refuse a claim; `amount` approves another number of credits than was claimed.

    A refusal and another amount need a reason, which the holder is told. Raises `OwnCredit`, `AlreadyDecided`, and
    `InvalidInput` where the reason is missing.
    """
    async with transaction():
        locked = await _lock(credit)
        if locked.person_id == by.id:
            raise OwnCredit()
        if locked.state is not CreditState.claimed:
            raise AlreadyDecided()
        is_changed = is_approved and amount is not None and amount != locked.amount
        if not reason and (is_changed or not is_approved):
            raise InvalidInput({"reason": _("Say why; the holder is told.")})
        before = {"amount": str(locked.amount)}
        if is_changed and amount is not None:
            locked.claimed_amount, locked.amount = locked.amount, amount
        locked.state = CreditState.approved if is_approved else CreditState.refused
        locked.reason, locked.decided_by_id, locked.decided_at = reason, by.id, now
        await locked.save(
            update_fields=["state", "amount", "claimed_amount", "reason", "decided_by_id", "decided_at"],
        )
        after = {"amount": str(locked.amount)}
        organization_id = locked.certification.organization_id
        await _record(f"credit.{locked.state.value}", locked.id, organization_id, by, before=before, after=after)
        await emails.tell_decision(locked)
    return locked


async def reopen(credit: Credit, *, by: Person, now: datetime) -> Credit:
    """Take a decision back while no renewal rests on it; the claim waits again as it was made.

    Raises `OwnCredit`, `NotDecided`, and `AlreadyClaimed` where the holder has claimed the same file again.
    """
    async with transaction():
        locked = await _lock(credit)
        if locked.person_id == by.id:
            raise OwnCredit()
        if locked.source is not CreditSource.evidence or locked.state is CreditState.claimed or locked.spent_on_id:
            raise NotDecided()
        if locked.state is CreditState.refused and locked.evidence_sha256:
            await _one_at_a_time(locked.person, locked.certification)
            await _refuse_repeated(locked.person, locked.certification, locked.evidence_sha256)
        before = {"state": locked.state.value, "amount": str(locked.amount)}
        if locked.claimed_amount is not None:
            locked.amount, locked.claimed_amount = locked.claimed_amount, None
        locked.state, locked.reason = CreditState.claimed, ""
        locked.decided_by_id = locked.decided_at = None
        await locked.save(
            update_fields=["state", "amount", "claimed_amount", "reason", "decided_by_id", "decided_at"],
        )
        await _record("credit.reopened", locked.id, locked.certification.organization_id, by, before=before)
    return locked


async def erase(person: Person) -> None:
    """Forget what a person claimed, and what approved credits were for; how many renewed what stays.

    For the transaction that erases the person. The files go with it, unless somebody else has the same ones.
    """
    rows = await fetch(
        "SELECT evidence_sha256 FROM credit WHERE person_id = $1 AND evidence_sha256 IS NOT NULL", person.id
    )
    await execute("DELETE FROM credit WHERE person_id = $1 AND state <> 'approved'", person.id)
    await execute(
        """UPDATE credit SET title = '', description = '', reason = '', evidence_sha256 = NULL, evidence_name = ''
           WHERE person_id = $1""",
        person.id,
    )
    await evidence.forget(row["evidence_sha256"] for row in rows)


def _check_day(earned_on: date, found: standing.RenewalStanding, *, today: date) -> None:
    latest = min(today, found.last_day or today)
    if earned_on > latest:
        raise InvalidInput({"earned_on": _("Choose the day on which you finished it, not one to come.")})
    if earned_on < found.first_day:
        message = _("Only what you learned since {day} counts, when this certificate was achieved.")
        raise InvalidInput({"earned_on": message.format(day=format_date(found.first_day))})


async def _one_at_a_time(person: Person, certification: Certification) -> None:
    key = f"credits {person.id} {certification.id}"
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)


async def _refuse_repeated(person: Person, certification: Certification, digest: str) -> int:
    """Refuse a file that counts already and more than can be read; returns how many claims anybody has waiting."""
    rows = Credit.filter(certification_id=certification.id)
    mine = rows.filter(person_id=person.id)
    if await mine.filter(evidence_sha256=digest, state__not=CreditState.refused).exists():
        raise AlreadyClaimed()
    if await mine.filter(state=CreditState.claimed).count() >= MOST_UNDECIDED:
        raise TooManyClaims()
    return await rows.filter(state=CreditState.claimed).count()


async def _lock(credit: Credit) -> Credit:
    locked = await Credit.select_for_update().get_or_none(id=credit.id)
    if locked is None:
        raise AlreadyDecided(_("This claim was withdrawn in the meantime."))
    await locked.fetch_related("certification", "person")
    return locked


async def _record(
    action: str,
    credit_id: UUID,
    organization_id: UUID,
    by: Person | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(
        action,
        by=by,
        object_kind="credit",
        object_id=credit_id,
        organization_id=organization_id,
        before=before,
        after=after,
    )
