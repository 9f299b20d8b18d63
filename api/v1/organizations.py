"""/organizations: settings, chapters, members, the audit log, and held jobs."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from accounts import invitations, members, organizations, queries
from accounts.models import Invitation, InvitationKind, Organization, ScopeKind
from accounts.permissions import access_organization, access_platform
from accounts.schemas import (
    AuditEntryOut,
    AuditSearch,
    InvitationOut,
    MemberIn,
    MemberOut,
    OrganizationChangeIn,
    OrganizationIn,
    OrganizationOut,
)
from api import auth, parse, respond
from certification.programs.models import Certification
from core import jobs
from core.errors import InvalidInput, NotFound
from core.i18n import gettext as _
from core.pages import ListQuery, PageOf, page_of
from events.catalog.models import Event

_LARGEST_ID = 2**63 - 1
_MOST_JOBS = 1000


class HeldJobOut(BaseModel):
    """A background job whose attempts are used up."""

    id: int
    name: str
    payload: dict[str, Any]  # Any: each job has its own
    attempts: int
    created_at: datetime
    failed_at: datetime
    error: str

    @classmethod
    def of(cls, held: jobs.HeldJob) -> "HeldJobOut":
        """From the queue."""
        return cls(
            id=held.id,
            name=held.name,
            payload=held.payload,
            attempts=held.attempts,
            created_at=held.created_at,
            failed_at=held.failed_at,
            error=held.error,
        )


async def create(request: Request) -> Response:
    """Create a chapter of an organization one owns, and own it."""
    person = auth.current_person(request)
    data = await parse.body(request, OrganizationIn)
    parent = await access_organization(data.parent, person, permission="organization:settings:edit")
    made = await organizations.create(data.name, parent=parent, by=person, now=datetime.now(UTC))
    return respond.json(OrganizationOut.of(made), 201)


async def show(request: Request) -> Response:
    """An organization, for its members."""
    return respond.json(OrganizationOut.of(await _organization(request, "organization:overview:view")))


async def change(request: Request) -> Response:
    """Change name, accent or website; absent fields stay."""
    organization = await _organization(request, "organization:settings:edit")
    data = await parse.body(request, OrganizationChangeIn)
    changed = await organizations.change(organization, data, by=auth.current_person(request))
    return respond.json(OrganizationOut.of(changed))


async def list_members(request: Request) -> Response:
    """Every role in the organization with who holds it."""
    organization = await _organization(request, "organization:member:edit")
    items = [MemberOut.of(grant) for grant in await members.of(organization)]
    query = parse.query(request, ListQuery)
    return respond.json(page_of(items, query, key=lambda one: (one.name.lower(), one.id), kinds=(str, UUID)))


async def add_member(request: Request) -> Response:
    """Give somebody a role, for all or narrowed; 202 and an invitation where nobody has confirmed the address."""
    organization = await _organization(request, "organization:member:edit")
    data = await parse.body(request, MemberIn)
    kind, scope_id = await narrowing(organization, data)
    given = await members.grant_to_address(
        organization,
        data.email,
        data.role,
        scope_kind=kind,
        scope_id=scope_id,
        by=auth.current_person(request),
        now=datetime.now(UTC),
    )
    if isinstance(given, Invitation):
        return respond.json(InvitationOut.of(given), 202)
    return respond.json(MemberOut.of(given), 201)


async def list_invitations(request: Request) -> Response:
    """Roles that wait for the owner of an address to confirm it, the newest first."""
    organization = await _organization(request, "organization:member:edit")
    waiting = await invitations.waiting(organization, InvitationKind.role)
    return respond.json(invitations_page(request, waiting))


def invitations_page(request: Request, waiting: list[Invitation]) -> PageOf[InvitationOut]:
    """A page of invitations, the newest first."""
    items = [InvitationOut.of(one) for one in waiting]
    query = parse.query(request, ListQuery)
    return page_of(items, query, key=lambda one: (one.created_at, one.id), kinds=(datetime, UUID), descending=True)


async def withdraw_invitation(request: Request) -> Response:
    """Take an invitation back."""
    organization = await _organization(request, "organization:member:edit")
    found = await invitations.access(organization, InvitationKind.role, request.path_params["id"])
    await invitations.withdraw(found, by=auth.current_person(request))
    return respond.empty()


async def narrowing(organization: Organization, data: MemberIn) -> tuple[ScopeKind, UUID | None]:
    """How far the role reaches; its event or certification belongs to the organization. Raises `InvalidInput`."""
    if data.event and data.certification:
        raise InvalidInput({"certification": _("Narrow the role to an event or to a certification, not to both.")})
    if data.event:
        event = await Event.get_or_none(slug=data.event, organization_id=organization.id)
        if event is None:
            raise InvalidInput({"event": _("This organization has no such event.")})
        return ScopeKind.event, event.id
    if data.certification:
        certification = await Certification.get_or_none(slug=data.certification, organization_id=organization.id)
        if certification is None:
            raise InvalidInput({"certification": _("This organization has no such certification.")})
        return ScopeKind.certification, certification.id
    return ScopeKind.organization, None


async def remove_member(request: Request) -> Response:
    """Withdraw one role. The last owner stays."""
    organization = await _organization(request, "organization:member:edit")
    given = await members.access_grant(organization, request.path_params["id"])
    await members.withdraw(given, by=auth.current_person(request))
    return respond.empty()


async def audit_log(request: Request) -> Response:
    """Who did what, the newest first."""
    organization = await _organization(request, "organization:audit:view")
    entries, cursor = await queries.audit_log(organization, parse.query(request, AuditSearch))
    names = await queries.names_of(entry.actor_id for entry in entries)
    items = [AuditEntryOut.of(entry, names) for entry in entries]
    return respond.json(PageOf[AuditEntryOut](items=items, next_cursor=cursor))


async def held_jobs(request: Request) -> Response:
    """Background jobs that were given up, for the owners of an organization without a parent."""
    await _platform(request)
    items = [HeldJobOut.of(held) for held in await jobs.held_jobs(_MOST_JOBS)]
    query = parse.query(request, ListQuery)
    latest_first = page_of(
        items, query, key=lambda one: (one.failed_at, one.id), kinds=(datetime, int), descending=True
    )
    return respond.json(latest_first)


async def retry_job(request: Request) -> Response:
    """Queue a held job again."""
    await _platform(request)
    await jobs.retry_held(job_id(request))
    return respond.empty()


async def discard_job(request: Request) -> Response:
    """Give a held job up for good."""
    await _platform(request)
    await jobs.discard_held(job_id(request))
    return respond.empty()


def job_id(request: Request) -> int:
    """The job's number in the address. Raises `NotFound` for one that no column holds."""
    number: int = request.path_params["job_id"]
    if number > _LARGEST_ID:
        raise NotFound()
    return number


async def _organization(request: Request, permission: str) -> Organization:
    return await access_organization(request.path_params["slug"], auth.current_person(request), permission=permission)


async def _platform(request: Request) -> Organization:
    person = auth.current_person(request)
    return await access_platform(request.path_params["slug"], person, permission="organization:job:manage")
