"""Members: roles granted, narrowed to one event or certification, and withdrawn. An organization keeps an owner."""

from datetime import datetime
from uuid import UUID

from accounts import audit, emails, invitations
from accounts.models import Invitation, InvitationKind, Organization, Person, Role, RoleGrant, ScopeKind
from accounts.role_names import role_name
from core.announce import announce
from core.database import execute, fetchval, new_id, transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.i18n import N_
from core.i18n import gettext as _


class LastOwner(Conflict):
    """409: an organization would be left without an owner."""

    code = "last_owner"
    message = N_("This is the last owner. Make somebody else an owner first.")


class AlreadyMember(Conflict):
    """409: the person holds this very role already."""

    code = "already_member"
    message = N_("This person has this role already.")


async def of(organization: Organization) -> list[RoleGrant]:
    """Every role in the organization with its person, by name."""
    rows = await RoleGrant.filter(organization_id=organization.id, person__erased_at=None).select_related("person")
    return sorted(rows, key=lambda grant: (grant.person.display_name.lower(), grant.role, str(grant.scope_id or "")))


async def grant_to_address(
    organization: Organization,
    email: str,
    role: Role,
    *,
    scope_kind: ScopeKind = ScopeKind.organization,
    scope_id: UUID | None = None,
    by: Person,
    now: datetime,
) -> RoleGrant | Invitation:
    """Give a role to whoever has confirmed `email`; else keep it as an invitation that counts once its owner does.

    Raises as `grant` does, `AlreadyInvited`, and `RateLimited` for too many mails to this address, or from this person
    or organization.
    """
    _refuse_narrow_owner(role, scope_kind)
    await invitations.count_mail(organization, email, by=by, now=now)
    async with transaction():
        person = await invitations.owner_of(email)
        if person is not None:
            return await grant(organization, person, role, scope_kind=scope_kind, scope_id=scope_id, by=by, now=now)
        return await invitations.offer(
            organization,
            email,
            InvitationKind.role,
            what=_("the role “{role}”").format(role=role_name(role)),
            role=role,
            scope_kind=scope_kind,
            scope_id=scope_id,
            by=by,
            now=now,
        )


@invitations.acceptor(InvitationKind.role)
async def _accept(invitation: Invitation, person: Person, by: Person | None, now: datetime) -> None:
    """Give the role of an invitation, in the name of whoever wrote it."""
    organization = await Organization.get(id=invitation.organization_id)
    assert invitation.role is not None  # a constraint of the table
    kind, scope_id = invitation.scope_kind, invitation.scope_id
    await grant(organization, person, invitation.role, scope_kind=kind, scope_id=scope_id, by=by, now=now)


async def grant(
    organization: Organization,
    person: Person,
    role: Role,
    *,
    scope_kind: ScopeKind = ScopeKind.organization,
    scope_id: UUID | None = None,
    by: Person | None,
    now: datetime,
) -> RoleGrant:
    """Give a role, for the whole organization or narrowed to one event or certification of it, and mail the person.

    The caller has looked up `scope_id` in the organization. Raises `AlreadyMember`, and `InvalidInput` for an owner
    of less than the whole.
    """
    _refuse_narrow_owner(role, scope_kind)
    async with transaction():
        grant_id = await fetchval(
            """INSERT INTO role_grant
                 (id, organization_id, person_id, role, scope_kind, scope_id, granted_by_id, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, now()) ON CONFLICT DO NOTHING RETURNING id""",
            new_id(),
            organization.id,
            person.id,
            role.value,
            scope_kind.value,
            scope_id,
            by.id if by else None,
        )
        if grant_id is None:
            raise AlreadyMember()
        await audit.record(
            "member.granted",
            by=by,
            object_kind="person",
            object_id=person.id,
            organization_id=organization.id,
            after=_facts(role, scope_kind, scope_id),
        )
        await announce("member.granted", person.id)
        if by is None or by.id != person.id:
            await emails.tell_role(person, organization, role, grant_id)
    return await RoleGrant.get(id=grant_id).select_related("person")


async def access_grant(organization: Organization, grant_id: UUID) -> RoleGrant:
    """One role of this organization, with its person. Raises `NotFound`."""
    found = await RoleGrant.get_or_none(id=grant_id, organization_id=organization.id).select_related("person")
    if found is None:
        raise NotFound()
    return found


async def withdraw(given: RoleGrant, *, by: Person) -> None:
    """Take a role away. Raises `LastOwner`; locks the organization, so that two owners cannot remove each other."""
    async with transaction():
        await lock(given.organization_id)
        if given.role is Role.owner and await count_owners(given.organization_id) <= 1:
            raise LastOwner()
        if not await RoleGrant.filter(id=given.id).delete():
            raise NotFound()
        await audit.record(
            "member.withdrawn",
            by=by,
            object_kind="person",
            object_id=given.person_id,
            organization_id=given.organization_id,
            before=_facts(given.role, given.scope_kind, given.scope_id),
        )


async def lock(organization_id: UUID) -> None:
    """Hold the organization's row until the transaction ends."""
    await execute("SELECT 1 FROM organization WHERE id = $1 FOR UPDATE", organization_id)


async def count_owners(organization_id: UUID) -> int:
    """How many people own the organization."""
    return await RoleGrant.filter(organization_id=organization_id, role=Role.owner).count()


def _refuse_narrow_owner(role: Role, scope_kind: ScopeKind) -> None:
    if role is Role.owner and scope_kind is not ScopeKind.organization:
        raise InvalidInput({"role": _("An owner owns the whole organization. Choose another role to narrow.")})


def _facts(role: Role, scope_kind: ScopeKind, scope_id: UUID | None) -> dict[str, str | None]:
    return {"role": role.value, "scope_kind": scope_kind.value, "scope_id": str(scope_id) if scope_id else None}
