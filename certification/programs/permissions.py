"""Who may see and change a certification."""

from uuid import UUID

from tortoise.expressions import Q

from accounts import invitations, roles
from accounts.models import Invitation, InvitationKind, Organization, Person, RoleGrant, ScopeKind
from certification.programs.models import Certification, CertificationStatus, Entitlement
from core.errors import NotFound


async def access_certification(slug: str, person: Person | None, *, permission: str) -> Certification:
    """The certification for somebody who works on it.

    `permission` is one of `certification:…` in accounts/roles.py. Raises `NotFound` where the certification does not
    exist or the person has no part in it, and `Forbidden` where another role would be needed.
    """
    certification = await Certification.get_or_none(slug=slug).select_related("organization")
    if certification is None:
        raise NotFound()
    await roles.require(person, permission, organization_id=certification.organization_id, scope_id=certification.id)
    return certification


async def access_public(slug: str, person: Person | None) -> Certification:
    """The certification for a reader: a published or retired one for anybody, a draft for those who work on it."""
    certification = await Certification.get_or_none(slug=slug).select_related("organization")
    if certification is None:
        raise NotFound()
    if certification.status is CertificationStatus.draft:
        await roles.require(
            person,
            "certification:overview:view",
            organization_id=certification.organization_id,
            scope_id=certification.id,
        )
    return certification


async def access_new(organization_slug: str, person: Person | None) -> Organization:
    """The organization in which `person` may create certifications."""
    organization = await Organization.get_or_none(slug=organization_slug)
    if organization is None:
        raise NotFound()
    await roles.require(person, "organization:certification:create", organization_id=organization.id)
    return organization


async def access_entitlement(slug: str, entitlement_id: UUID, person: Person | None) -> Entitlement:
    """An entitlement of the certification, with its person, for somebody who may grant and withdraw them."""
    certification = await access_certification(slug, person, permission="certification:entitlement:grant")
    found = await Entitlement.get_or_none(id=entitlement_id, certification_id=certification.id).select_related(
        "person", "certification"
    )
    if found is None:
        raise NotFound()
    return found


async def access_invitation(slug: str, invitation_id: UUID, person: Person | None) -> Invitation:
    """An invitation to sit the certification's exam, for somebody who may grant entitlements."""
    certification = await access_certification(slug, person, permission="certification:entitlement:grant")
    kind = InvitationKind.entitlement
    return await invitations.access(certification.organization, kind, invitation_id, certification.id)


async def permissions_of(person: Person | None, certification: Certification) -> frozenset[str]:
    """Everything that the person's roles allow on this certification, in one query."""
    if person is None:
        return frozenset()
    held = await RoleGrant.filter(
        Q(scope_kind=ScopeKind.organization) | Q(scope_id=certification.id),
        person_id=person.id,
        organization_id=certification.organization_id,
    )
    return frozenset().union(*(roles.PERMISSIONS[grant.role] for grant in held))
