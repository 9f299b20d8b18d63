"""Impartiality: whoever can read an exam's items does not sit it, and nobody gives themselves the right to.

Source: ISO/IEC 17024:2012, 4.3 (management of impartiality) and 7.4 (security); docs/decisions/0036-impartiality.md.
"""

from uuid import UUID

from tortoise.expressions import Q

from accounts.models import Person, Role, RoleGrant, ScopeKind
from accounts.role_names import role_name
from accounts.roles import roles_with
from certification.programs.models import Certification
from core.errors import Forbidden
from core.i18n import N_
from core.i18n import gettext as _

READS_ITEMS = ("certification:item:edit", "certification:response:grade")
"""Permissions that show items, their keys, or the guidance for graders."""


class ReadsItems(Forbidden):
    """403: the person can read the items of this exam, and so neither sits it nor is given the right to."""

    code = "reads_items"


class OwnEntitlement(Forbidden):
    """403: nobody gives themselves the right to sit."""

    code = "own_entitlement"
    message = N_(
        "Nobody grants themselves the right to sit an exam (ISO/IEC 17024:2012, 4.3, impartiality). "
        "Ask another certification officer."
    )


def reading_roles() -> list[Role]:
    """Every role that shows items."""
    return [role for role in Role if any(role in roles_with(permission) for permission in READS_ITEMS)]


async def role_that_reads(person_id: UUID, certification: Certification) -> Role | None:
    """A role by which the person can read the items of `certification`, or None."""
    held = await RoleGrant.filter(
        Q(scope_kind=ScopeKind.organization) | Q(scope_id=certification.id),
        person_id=person_id,
        organization_id=certification.organization_id,
        role__in=reading_roles(),
    ).order_by("created_at")
    return held[0].role if held else None


def why_not(role: Role) -> str:
    """Why somebody with `role` does not sit the exam, to them, in the running task's language."""
    message = _(
        "As {role} you can read the items of this exam, so you cannot sit it (ISO/IEC 17024:2012, 4.3, impartiality)."
    )
    return message.format(role=role_name(role))


async def refuse_reader(person: Person, certification: Certification) -> None:
    """Refuse to let `person` sit. Raises `ReadsItems`."""
    role = await role_that_reads(person.id, certification)
    if role is not None:
        raise ReadsItems(why_not(role))


async def refuse_grant(certification: Certification, person: Person, *, by: Person | None) -> None:
    """Refuse an entitlement for oneself, or for somebody who can read the items.

    Raises `OwnEntitlement` and `ReadsItems`.
    """
    if by is not None and by.id == person.id:
        raise OwnEntitlement()
    role = await role_that_reads(person.id, certification)
    if role is not None:
        message = _(
            "{name} can read the items of this exam as {role}, and so cannot sit it "
            "(ISO/IEC 17024:2012, 4.3, impartiality)."
        )
        raise ReadsItems(message.format(name=person.display_name, role=role_name(role)))
