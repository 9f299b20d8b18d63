"""The right to sit: granting it, and taking one attempt from it."""

from datetime import datetime
from uuid import UUID

from dateutil.relativedelta import relativedelta

from accounts import audit
from accounts.models import Person
from certification.programs import impartiality
from certification.programs.models import (
    Certification,
    CertificationAccess,
    CertificationPolicy,
    Entitlement,
    EntitlementSource,
)
from core.database import transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _


class NotEligible(Conflict):
    """The person has no right to sit this exam."""

    code, message = "not_eligible", N_("You need an entitlement for this exam. Ask the organization that offers it.")


class NoAttemptsLeft(Conflict):
    """Every attempt of the entitlement is used."""

    code, message = "no_attempts_left", N_("You have used every attempt that you were entitled to.")


class EntitlementOver(Conflict):
    """There is nothing left to withdraw."""

    code, message = "entitlement_over", N_("This entitlement has ended or every attempt of it is used.")


class OpenToAll(Conflict):
    """Withdrawing would change nothing: the next start grants a new one."""

    code, message = "open_to_all", N_("This certification is open to all, so that the next start would grant it again.")


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time `months` later; the last day of a shorter month (31 January + 1 is 28 February)."""
    return moment + relativedelta(months=months)


def check_end(ends: datetime, *, now: datetime) -> None:
    """Raise `InvalidInput` for an entitlement that would have ended already."""
    if ends <= now:
        raise InvalidInput({"valid_until": _("Choose a moment in the future.")})


async def grant(
    certification: Certification,
    person: Person,
    policy: CertificationPolicy,
    *,
    by: Person | None,
    now: datetime,
    source: EntitlementSource = EntitlementSource.granted,
    source_reference: str = "",
    attempts_allowed: int | None = None,
    valid_until: datetime | None = None,
) -> Entitlement:
    """Give `person` the right to sit.

    Raises `InvalidInput` where it would have ended already, `OwnEntitlement`, and `ReadsItems`.
    """
    await impartiality.refuse_grant(certification, person, by=by)
    ends = valid_until or months_later(now, policy.entitlement_months)
    check_end(ends, now=now)
    async with transaction():
        entitlement = await Entitlement.create(
            certification=certification,
            person=person,
            attempts_allowed=attempts_allowed or policy.attempts_allowed,
            valid_until=ends,
            source=source,
            source_reference=source_reference,
            granted_by_id=by.id if by else None,
        )
        await audit.record(
            "entitlement.granted",
            by=by,
            object_kind="entitlement",
            object_id=entitlement.id,
            organization_id=certification.organization_id,
            after={"attempts": entitlement.attempts_allowed, "source": source.value, "valid_until": ends.isoformat()},
        )
    return entitlement


async def revoke(entitlement: Entitlement, *, by: Person, now: datetime) -> None:
    """End an entitlement that still allows an attempt; a running attempt goes on.

    Raises `EntitlementOver` where nothing is left of it, and `OpenToAll`.
    """
    async with transaction():
        locked = await Entitlement.select_for_update().get(id=entitlement.id)
        if locked.valid_until <= now or locked.attempts_left < 1:
            raise EntitlementOver()
        if entitlement.certification.access is CertificationAccess.open:
            raise OpenToAll()
        await audit.record(
            "entitlement.revoked",
            by=by,
            object_kind="entitlement",
            object_id=entitlement.id,
            organization_id=entitlement.certification.organization_id,
            before={"valid_until": locked.valid_until.isoformat()},
            after={"valid_until": now.isoformat()},
        )
        locked.valid_until = entitlement.valid_until = now
        await locked.save(update_fields=["valid_until"])


async def take_attempt(
    certification: Certification, person: Person, policy: CertificationPolicy, *, now: datetime
) -> Entitlement:
    """Use one attempt of the entitlement that ends first, under a lock on the person's entitlements.

    An open certification grants an entitlement at the first start and again when the last one has ended.
    Raises `NotEligible` or `NoAttemptsLeft`. Must run in the caller's transaction, so that an attempt that cannot be
    started is not used up.
    """
    async with transaction() as connection:
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"entitlement {person.id} {certification.id}"
        )
        held = await Entitlement.filter(
            person_id=person.id, certification_id=certification.id, valid_until__gt=now
        ).order_by("valid_until", "id")
        usable = next((row for row in held if row.attempts_left > 0), None)
        if usable is None:
            if held:
                raise NoAttemptsLeft()
            if certification.access is not CertificationAccess.open:
                raise NotEligible()
            source = EntitlementSource.open_certification
            usable = await grant(certification, person, policy, by=None, now=now, source=source)
        await _count(usable.id)
        usable.attempts_used += 1
    return usable


async def fulfil(entitlement_id: UUID) -> None:
    """Use up what is left of an entitlement whose exam was passed: further attempts are for retakes after a failure.

    Source: the policy "includes one retake after a failure" (product.md). In the caller's transaction.
    """
    async with transaction() as connection:
        await connection.execute(
            "UPDATE entitlement SET attempts_allowed = attempts_used WHERE id = $1 AND attempts_used > 0",
            entitlement_id,
        )


async def _count(entitlement_id: UUID) -> None:
    async with transaction() as connection:
        await connection.execute(
            "UPDATE entitlement SET attempts_used = attempts_used + 1 WHERE id = $1", entitlement_id
        )
