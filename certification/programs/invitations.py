"""Entitlements for an address: for whoever has confirmed it, else an invitation that counts once somebody has."""

from datetime import datetime

from accounts import invitations
from accounts.models import Invitation, InvitationKind, Person, ScopeKind
from certification.programs.entitlements import check_end, grant, months_later
from certification.programs.models import Certification, CertificationPolicy, Entitlement
from certification.programs.queries import current_policy
from core.database import transaction
from core.errors import Gone
from core.i18n import gettext as _


async def grant_to_address(
    certification: Certification,
    email: str,
    policy: CertificationPolicy,
    *,
    note: str = "",
    attempts_allowed: int | None = None,
    valid_until: datetime | None = None,
    by: Person,
    now: datetime,
) -> Entitlement | Invitation:
    """Give the right to sit to whoever has confirmed `email`, which is in its normal form, else invite its owner.

    Raises as `entitlements.grant` does, `AlreadyInvited`, and `RateLimited` for too many mails to this address, or
    from this person or organization. Needs the certification with its organization.
    """
    ends = valid_until or months_later(now, policy.entitlement_months)
    check_end(ends, now=now)
    # Counted before the transaction, and so where nobody is mailed as well; most are given to people with an account.
    if not await Person.exists(email=email, email_confirmed_at__isnull=False):
        await invitations.count_mail(certification.organization, email, by=by, now=now)
    async with transaction():
        person = await invitations.owner_of(email)
        if person is not None:
            return await grant(
                certification,
                person,
                policy,
                by=by,
                now=now,
                source_reference=note,
                attempts_allowed=attempts_allowed,
                valid_until=ends,
            )
        return await invitations.offer(
            certification.organization,
            email,
            InvitationKind.entitlement,
            what=_("to sit the exam “{title}”").format(title=certification.title),
            scope_kind=ScopeKind.certification,
            scope_id=certification.id,
            terms={
                "attempts_allowed": attempts_allowed or policy.attempts_allowed,
                "valid_until": ends.isoformat(),
                "note": note,
            },
            by=by,
            now=now,
        )


@invitations.acceptor(InvitationKind.entitlement)
async def accept(invitation: Invitation, person: Person, by: Person | None, now: datetime) -> None:
    """Give the entitlement of an invitation on its own terms. Raises as `entitlements.grant` does, and `Gone`."""
    certification = await Certification.get_or_none(id=invitation.scope_id)
    if certification is None:
        raise Gone()
    terms = invitation.terms
    await grant(
        certification,
        person,
        await current_policy(certification.id),
        by=by,
        now=now,
        source_reference=terms["note"],
        attempts_allowed=terms["attempts_allowed"],
        valid_until=datetime.fromisoformat(terms["valid_until"]),
    )
