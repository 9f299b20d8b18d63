"""Reads used more than once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q

from accounts.models import ApiToken, AuditEntry, Organization, Person, RoleGrant, SignInSession
from accounts.schemas import AuditSearch
from core.pages import decode_cursor, encode_cursor
from core.settings import get_settings


async def memberships(person: Person) -> list[RoleGrant]:
    """The person's roles with their organizations, by organization."""
    rows = await RoleGrant.filter(person_id=person.id).select_related("organization")
    return sorted(rows, key=lambda grant: (grant.organization.name, grant.role))


async def sessions_of(person: Person, *, now: datetime) -> list[SignInSession]:
    """The person's signed-in browsers, the last seen first."""
    seen_after = now - timedelta(days=get_settings().session_idle_days)
    rows = SignInSession.filter(person_id=person.id, expires_at__gt=now, last_seen_at__gt=seen_after)
    return await rows.order_by("-last_seen_at", "-id")


async def tokens_of(person: Person, *, now: datetime) -> list[ApiToken]:
    """The person's API tokens that still work, the newest first."""
    return await ApiToken.filter(person_id=person.id, revoked_at=None, expires_at__gt=now).order_by(
        "-created_at", "-id"
    )


async def audit_log(organization: Organization, search: AuditSearch) -> tuple[list[AuditEntry], str | None]:
    """A page of an organization's audit log, the newest first, and the cursor to the next."""
    rows = AuditEntry.filter(organization_id=organization.id)
    if search.action:
        rows = rows.filter(action=search.action)
    if search.object_kind:
        rows = rows.filter(object_kind=search.object_kind)
    if search.cursor:
        at, row_id = decode_cursor(search.cursor, datetime, UUID)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, id__lt=row_id))
    found = await rows.order_by("-at", "-id").limit(search.limit + 1)
    shown = found[: search.limit]
    return shown, encode_cursor(shown[-1].at, shown[-1].id) if len(found) > search.limit else None


async def audit_actions(organization: Organization) -> list[str]:
    """The kinds of acts that occur in the log, for the filter."""
    rows = await AuditEntry.filter(organization_id=organization.id).distinct().values_list("action", flat=True)
    return sorted(str(row) for row in rows)


async def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Display names of people by id; erased people are left out."""
    wanted = {one for one in ids if one is not None}
    rows = await Person.filter(id__in=list(wanted), erased_at=None).values_list("id", "display_name")
    return dict(rows)


async def chapters(organization: Organization) -> list[Organization]:
    """The organization's chapters by name."""
    return await Organization.filter(parent_id=organization.id).order_by("name")
