"""Renewing by credits: enough of them, spent once, become the decision to issue the next certificate."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.certificates import issuing
from certification.certificates.models import Certificate, SourceKind
from certification.programs.queries import current_policy
from certification.renewal import standing
from certification.renewal.standing import RenewalStanding, RenewalState
from core.database import execute, fetch, transaction
from core.errors import Conflict
from core.i18n import gettext as _
from core.templating import format_number

_LOCK_CERTIFICATE = "SELECT id FROM certificate WHERE id = $1 FOR UPDATE"
_LOCK_CREDITS = """
SELECT id, amount FROM credit
WHERE person_id = $1 AND certification_id = $2 AND state = 'approved' AND spent_on_id IS NULL
  AND earned_on BETWEEN $3 AND $4
ORDER BY earned_on, created_at, id FOR UPDATE
"""


class NotRenewable(Conflict):
    """Credits cannot renew this certificate now; `renewal_state` says which of the reasons it is."""

    code = "not_renewable"

    def __init__(self, state: RenewalState) -> None:
        super().__init__(_why_not(state), renewal_state=state.value)


class NotEnoughCredits(Conflict):
    """Approved credits are missing; `missing` says how many."""

    code = "not_enough_credits"

    def __init__(self, missing: Decimal) -> None:
        message = _("{credits} more approved credits are needed to renew this certificate.")
        super().__init__(message.format(credits=format_number(missing)), missing=str(missing))


async def renew(certificate: Certificate, *, by: Person, now: datetime) -> UUID:
    """Renew the holder's own certificate by credits, and return the id of the decision that a job carries out.

    The new certificate is achieved `now`, under the present policy and the name that the old one has; the old one
    stays in force until its own end. The oldest credits that suffice are spent. Raises `NotRenewable` and
    `NotEnoughCredits`. Locks the certificate, so that of two calls at once the second finds the first, then the
    credits.
    """
    async with transaction():
        await execute(_LOCK_CERTIFICATE, certificate.id)
        locked = await Certificate.get(id=certificate.id)
        found = await standing.of(locked, now=now)
        certification = found.certification
        if not found.state.can_renew or found.needed is None or certification is None:
            raise NotRenewable(found.state)
        if not found.has_enough:
            raise NotEnoughCredits(found.missing)
        request_id = await issuing.request(
            SourceKind.credits,
            locked.id,
            certification=certification,
            policy=await current_policy(certification.id),
            person=by,
            holder_name=locked.holder_name,
            achieved_at=now,
            score=None,
            locale=by.locale,
        )
        spent = await _spend(locked, found, request_id)
        await audit.record(
            "certificate.renewal_decided",
            by=by,
            object_kind="certificate",
            object_id=locked.id,
            organization_id=locked.organization_id,
            after={"credits": str(spent), "issue_request": str(request_id)},
        )
    return request_id


async def _spend(certificate: Certificate, found: RenewalStanding, request_id: UUID) -> Decimal:
    """Use up the oldest credits that suffice, and return how many those are. Raises `NotEnoughCredits`."""
    needed = found.needed or Decimal(0)
    rows = await fetch(
        _LOCK_CREDITS, certificate.person_id, certificate.certification_id, found.first_day, found.last_day
    )
    chosen: list[UUID] = []
    total = Decimal(0)
    for row in rows:
        if total >= needed:
            break
        chosen.append(row["id"])
        total += row["amount"]
    if total < needed:
        raise NotEnoughCredits(needed - total)
    await execute("UPDATE credit SET spent_on_id = $2 WHERE id = ANY($1)", chosen, request_id)
    return total


def _why_not(state: RenewalState) -> str:
    return {
        RenewalState.renewing: _("This certificate is being renewed already."),
        RenewalState.renewed: _("This certificate was renewed already."),
        RenewalState.over: _("The time to renew this certificate is over. Pass the exam again for a new one."),
        RenewalState.endless: _("This certificate does not expire, so there is nothing to renew."),
        RenewalState.retired: _("This certification is no longer offered. The certificate is valid until its end."),
        RenewalState.not_in_force: _("This certificate is not in force, so it cannot be renewed."),
    }.get(state, _("Credits do not renew this certificate. Pass the exam again."))
