"""The one table role -> permissions, and the two questions asked of it.

A permission is `scope:resource:action`, where scope is the kind of thing it is exercised on.
"""

from collections.abc import Iterable
from uuid import UUID

from tortoise.expressions import Q

from accounts.models import Person, Role, RoleGrant, ScopeKind
from core.errors import Forbidden, NotFound

_VIEW = frozenset({"organization:overview:view", "event:overview:view", "certification:overview:view"})
_EVENTS = frozenset(
    {
        "organization:event:create",
        "event:overview:view",
        "event:event:edit",
        "event:event:publish",
        "event:event:cancel",
        "event:programme:edit",
        "event:registration:view",
        "event:registration:edit",
        "event:check_in:scan",
        "event:attendance:edit",
        "organization:overview:view",
    }
)
_CERTIFICATION = frozenset(
    {
        "organization:certification:create",
        "certification:overview:view",
        "certification:certification:edit",
        "certification:item:edit",
        "organization:overview:view",
    }
)
_OFFICER = frozenset(
    {
        "organization:overview:view",
        "certification:overview:view",
        "certification:entitlement:grant",
        "certification:certificate:view",
        "certification:certificate:issue",
        "certification:certificate:revoke",
        "certification:credit:decide",
        "certification:layout:edit",
    }
)
_GRADER = frozenset({"organization:overview:view", "certification:overview:view", "certification:response:grade"})

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.owner: _EVENTS
    | _CERTIFICATION
    | _OFFICER
    | _GRADER
    | {"organization:member:edit", "organization:settings:edit", "organization:audit:view", "organization:job:manage"}
    | {"organization:key:manage"},
    Role.organizer: _EVENTS,
    Role.programme_chair: _VIEW - {"certification:overview:view"} | {"event:programme:edit"},
    Role.reviewer: frozenset({"organization:overview:view", "event:overview:view"}),
    Role.check_in_staff: frozenset({"organization:overview:view", "event:overview:view", "event:check_in:scan"}),
    Role.finance: frozenset({"organization:overview:view", "event:overview:view", "event:registration:view"}),
    Role.exam_author: _CERTIFICATION,
    Role.grader: _GRADER,
    Role.certification_officer: _OFFICER,
    Role.proctor: frozenset({"organization:overview:view", "certification:overview:view"}),
    Role.viewer: _VIEW,
}


def carries(role: Role, permission: str) -> bool:
    """Whether `role` includes `permission` (`scope:resource:action`)."""
    return permission in PERMISSIONS[role]


def roles_with(permission: str) -> list[Role]:
    """Every role that includes `permission`."""
    return [role for role in Role if carries(role, permission)]


async def is_allowed(
    person: Person | None, permission: str, *, organization_id: UUID, scope_id: UUID | None = None
) -> bool:
    """Whether `person` holds `permission` for the whole organization or for the narrowed object `scope_id`."""
    if person is None:
        return False
    reach = Q(scope_kind=ScopeKind.organization)
    if scope_id is not None:
        reach |= Q(scope_id=scope_id)
    elif permission == "organization:overview:view":
        reach = Q()
    return await RoleGrant.filter(
        reach, person_id=person.id, organization_id=organization_id, role__in=roles_with(permission)
    ).exists()


async def require(
    person: Person | None, permission: str, *, organization_id: UUID, scope_id: UUID | None = None
) -> None:
    """Refuse unless allowed.

    Raises `NotFound` to people with no role there at all (missing and forbidden look the same) and `Forbidden` to
    those who hold another role on the same object.
    """
    if await is_allowed(person, permission, organization_id=organization_id, scope_id=scope_id):
        return
    view = permission.split(":", 1)[0] + ":overview:view"
    if await is_allowed(person, view, organization_id=organization_id, scope_id=scope_id):
        refusal = Forbidden()
        refusal.person_id, refusal.organization_id = person.id if person else None, organization_id
        raise refusal
    raise NotFound()


async def scope_ids(person: Person, permission: str, organization_ids: Iterable[UUID]) -> dict[UUID, set[UUID] | None]:
    """Where `person` holds `permission`: organization -> None for all of it, or the ids of the narrowed objects."""
    reach: dict[UUID, set[UUID] | None] = {}
    grants = await RoleGrant.filter(
        person_id=person.id, organization_id__in=list(organization_ids), role__in=roles_with(permission)
    ).values_list("organization_id", "scope_kind", "scope_id")
    for organization_id, kind, scope_id in grants:
        if kind == ScopeKind.organization:
            reach[organization_id] = None
        else:
            narrowed = reach.setdefault(organization_id, set())
            if narrowed is not None and scope_id is not None:
                narrowed.add(scope_id)
    return reach
