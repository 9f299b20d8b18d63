"""Invitations: what is given to an address counts once its owner has confirmed it, and never before.

Whoever signs up with somebody else's address gets nothing by it: a right for an address that nobody has confirmed
waits here, by the address and not by an account. Reading who confirmed it and confirming it happen one after the other
(`owner_of`), so that neither of two at once misses the other. See docs/decisions/0037-invitations.md.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import audit, emails
from accounts.limits import Limit, Occasion, count, mailbox_of
from accounts.models import Invitation, InvitationKind, Organization, Person, Role, ScopeKind
from core.database import execute, fetchval, new_id, transaction
from core.errors import AppError, Conflict, NotFound
from core.i18n import N_
from core.settings import get_settings

LASTS = timedelta(days=60)
"""How long an invitation waits for its owner."""


class AlreadyInvited(Conflict):
    """409: the same waits for this address already."""

    code = "already_invited"
    message = N_("This address is invited to the same already. It counts once somebody confirms the address.")


Acceptor = Callable[[Invitation, Person, Person | None, datetime], Awaitable[object]]
"""Gives what an invitation brings: to whom, and in whose name. Raises an `AppError` where it can no longer be given."""
_ACCEPTORS: dict[InvitationKind, Acceptor] = {}


def acceptor(kind: InvitationKind) -> Callable[[Acceptor], Acceptor]:
    """Register what gives the rights of `kind`; a package above does so for its own."""

    def register(function: Acceptor) -> Acceptor:
        _ACCEPTORS[kind] = function
        return function

    return register


async def owner_of(email: str) -> Person | None:
    """Whoever has confirmed `email`; None where nobody has.

    Nobody confirms it before the caller's transaction ends without finding what it wrote. Locks the person's row, or
    the address where no account has it.
    """
    held: UUID | None = await fetchval("SELECT id FROM person WHERE email = $1 FOR NO KEY UPDATE", email)
    if held is None:
        await _hold(email)  # somebody may be changing to it at this moment
        # Not held: whoever holds that row by now may wait for this very address.
        held = await fetchval("SELECT id FROM person WHERE email = $1", email)
    person = await Person.get_or_none(id=held) if held else None
    return person if person is not None and person.is_confirmed else None


async def _hold(email: str) -> None:
    await execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"invitation {email}")


async def count_mail(organization: Organization, email: str, *, by: Person, now: datetime) -> None:
    """Count a mail to somebody who may never have heard of the sender. Raises `RateLimited`."""
    settings, hour = get_settings(), timedelta(hours=1)
    for kind, most, whose in (
        ("recipient", settings.invitations_per_recipient, mailbox_of(email)),
        ("person", settings.invitations_per_person, str(by.id)),
        ("organization", settings.invitations_per_organization, str(organization.id)),
    ):
        await count(Limit(Occasion.invitation, kind, most, hour), whose, now=now)


async def count_by_run(organization: Organization, email: str, *, now: datetime) -> None:
    """Count an account that a run is about to open, and the mail that tells of it; none where there is one.

    Raises `RateLimited`; the run then waits.
    """
    if not await Person.exists(email=email):
        limit = Limit(Occasion.invitation, "run", get_settings().invitations_by_runs, timedelta(hours=1))
        await count(limit, str(organization.id), now=now)


async def offer(
    organization: Organization,
    email: str,
    kind: InvitationKind,
    *,
    what: str,
    role: Role | None = None,
    scope_kind: ScopeKind = ScopeKind.organization,
    scope_id: UUID | None = None,
    terms: dict[str, Any] | None = None,
    by: Person,
    now: datetime,
) -> Invitation:
    """Keep a right for an address that nobody has confirmed, and mail its owner; `what` says of which, to them.

    For a transaction that has asked `owner_of`. Raises `AlreadyInvited`.
    """
    async with transaction():
        await execute("DELETE FROM invitation WHERE email = $1 AND expires_at <= $2", email, now)
        made: UUID | None = await fetchval(
            """INSERT INTO invitation (id, organization_id, email, kind, role, scope_kind, scope_id, terms,
                                       invited_by_id, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id""",
            new_id(),
            organization.id,
            email,
            kind.value,
            role.value if role else None,
            scope_kind.value,
            scope_id,
            by.id,
            now,
            now + LASTS,
        )
        if made is None:
            raise AlreadyInvited()
        await Invitation.filter(id=made).update(terms=terms or {})
        invitation = await Invitation.get(id=made)
        await _record("invitation.made", invitation, by)
        await emails.invite_address(invitation, organization, what, locale=by.locale)
    return invitation


async def accept(person: Person, *, now: datetime) -> list[Invitation]:
    """Give the person what waits for the address that they have confirmed; returns what they were given.

    For the transaction that confirms it, which holds the person's row. What cannot be given any more is dropped.
    """
    fresh = await Person.get(id=person.id)
    if fresh.email is None or not fresh.is_confirmed:
        return []
    given = []
    async with transaction():
        await _hold(fresh.email)
        for one in await Invitation.filter(email=fresh.email, expires_at__gt=now).order_by("created_at", "id"):
            give = _ACCEPTORS.get(one.kind)
            if give is None or not await Invitation.filter(id=one.id).delete():
                continue  # the worker knows every kind, and comes after each confirmation
            by = await Person.get_or_none(id=one.invited_by_id, erased_at=None) if one.invited_by_id else None
            try:
                await give(one, fresh, by, now)
            except AppError as refusal:
                await _record("invitation.dropped", one, fresh, reason=refusal.code)
            else:
                given.append(one)
                await _record("invitation.accepted", one, fresh)
    return given


async def waiting(organization: Organization, kind: InvitationKind, scope_id: UUID | None = None) -> list[Invitation]:
    """The invitations that wait, the newest first; for one event or certification where `scope_id` is given."""
    rows = Invitation.filter(organization_id=organization.id, kind=kind)
    if scope_id is not None:
        rows = rows.filter(scope_id=scope_id)
    return await rows.order_by("-created_at", "-id").limit(1000)


async def access(
    organization: Organization, kind: InvitationKind, invitation_id: UUID, scope_id: UUID | None = None
) -> Invitation:
    """One that waits, for whoever may give what it brings. Raises `NotFound`."""
    found = await Invitation.get_or_none(id=invitation_id, organization_id=organization.id, kind=kind)
    if found is None or (scope_id is not None and found.scope_id != scope_id):
        raise NotFound()
    return found


async def withdraw(invitation: Invitation, *, by: Person) -> None:
    """Take an invitation back. Raises `NotFound` where it was accepted or withdrawn meanwhile."""
    async with transaction():
        if not await Invitation.filter(id=invitation.id).delete():
            raise NotFound()
        await _record("invitation.withdrawn", invitation, by)


async def invite(
    email: str, *, name: str, organization: Organization, locale: str, by: Person, now: datetime
) -> Person:
    """The account of an address, made without a password where there is none, and a mail that says by whom and why.

    Nobody can sign in with such an account before they have set a password by a link sent to the address, which also
    confirms it; who does not want it erases it there. `email` is in its normal form. An account that exists is
    returned as it is, without a mail.
    """
    async with transaction():
        created = await fetchval(
            """INSERT INTO person (id, email, display_name, certificate_name, locale, created_at)
               VALUES ($1, $2, $3, $3, $4, $5) ON CONFLICT (email) DO NOTHING RETURNING id""",
            new_id(),
            email,
            name,
            locale,
            now,
        )
        person = await Person.get(email=email)
        if created is not None:
            await emails.invite(person, organization)
            await audit.record(
                "person.invited",
                by=by,
                object_kind="person",
                object_id=person.id,
                organization_id=organization.id,
            )
    return person


async def _record(action: str, invitation: Invitation, by: Person, *, reason: str | None = None) -> None:
    """What was offered, never to which address: the audit log stays when an address is erased."""
    facts = {
        "kind": invitation.kind.value,
        "role": invitation.role.value if invitation.role else None,
        "scope_kind": invitation.scope_kind.value,
        "scope_id": str(invitation.scope_id) if invitation.scope_id else None,
        "reason": reason,
    }
    await audit.record(
        action,
        by=by,
        object_kind="invitation",
        object_id=invitation.id,
        organization_id=invitation.organization_id,
        after={name: value for name, value in facts.items() if value is not None},
    )
