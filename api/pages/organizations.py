"""/organize/{org}: overview, members, settings, audit log, held jobs; and the accent's style sheet."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts import accent, invitations, members, organizations, queries, role_names
from accounts.models import AuditEntry, Invitation, InvitationKind, Organization, Person, Role
from accounts.permissions import access_organization, access_platform
from accounts.roles import is_allowed, scope_ids
from accounts.schemas import AuditSearch, ChapterForm, MemberIn, OrganizationChangeIn
from api import auth, parse
from api.audit_names import names_of_objects
from api.pages.sidebar import organization_sidebar
from api.render import form_state, redirect, render
from api.v1.organizations import job_id, narrowing
from certification.programs.models import Certification
from core import jobs
from core.errors import AppError, Conflict, InvalidInput, NotFound, RateLimited
from core.i18n import gettext as _
from core.templating import format_datetime
from events.catalog.models import Event

_REFUSALS = (InvalidInput, Conflict)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


async def overview(request: Request) -> Response:
    """The organization's events and certifications that this person works on, and its chapters."""
    person = auth.current_person(request)
    organization = await _organization(request, "organization:overview:view")
    found = Event.filter(organization_id=organization.id)
    certifications = Certification.filter(organization_id=organization.id)
    events_reach = (await scope_ids(person, "event:overview:view", [organization.id])).get(organization.id, set())
    exams_reach = (await scope_ids(person, "certification:overview:view", [organization.id])).get(
        organization.id, set()
    )
    if events_reach is not None:
        found = found.filter(id__in=list(events_reach))
    if exams_reach is not None:
        certifications = certifications.filter(id__in=list(exams_reach))
    now = datetime.now(UTC)
    events = await found.order_by("starts_at", "id").limit(200)
    can_create_event = await _may(person, organization, "organization:event:create")
    can_create_certification = await _may(person, organization, "organization:certification:create")
    mine = {grant.organization_id for grant in await queries.memberships(person)}
    return await _page(
        request,
        "overview",
        organization,
        {
            "sees_events": can_create_event or events_reach != set(),
            "sees_certifications": can_create_certification or exams_reach != set(),
            "coming": [event for event in events if event.ends_at >= now],
            "past": [event for event in reversed(events) if event.ends_at < now],
            "certifications": await certifications.order_by("title", "id").limit(200),
            "chapters": [chapter for chapter in await queries.chapters(organization) if chapter.id in mine],
            "members": len({grant.person_id for grant in await members.of(organization)}),
            "can_create_event": can_create_event,
            "can_create_certification": can_create_certification,
            "can_edit": await _may(person, organization, "organization:settings:edit"),
        },
    )


async def show_members(request: Request) -> Response:
    """Who holds which role, and a form to give one."""
    return await _members(request, await _organization(request, "organization:member:edit"))


async def add_member(request: Request) -> Response:
    """Give a role."""
    organization = await _organization(request, "organization:member:edit")
    try:
        data = await parse.form(request, MemberIn)
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
    except (*_REFUSALS, RateLimited) as error:
        return await _members(request, organization, error)
    if isinstance(given, Invitation):
        return redirect(f"/organize/{organization.slug}/members", flash=invited(given))
    return redirect(f"/organize/{organization.slug}/members", flash=_("The role is given. The person is told by mail."))


def invited(invitation: Invitation) -> str:
    """What became of a right for an address that nobody has confirmed."""
    message = _("Nobody has confirmed {email} yet. An invitation is on its way; it counts once they do.")
    return message.format(email=invitation.email)


async def withdraw_invitation(request: Request) -> Response:
    """Take back a role that waits for its address to be confirmed."""
    organization = await _organization(request, "organization:member:edit")
    found = await invitations.access(organization, InvitationKind.role, request.path_params["id"])
    await invitations.withdraw(found, by=auth.current_person(request))
    return redirect(f"/organize/{organization.slug}/members", flash=_("The invitation is withdrawn."))


async def remove_member(request: Request) -> Response:
    """Withdraw a role; whoever withdraws their own may no longer see this page."""
    organization = await _organization(request, "organization:member:edit")
    person = auth.current_person(request)
    given = await members.access_grant(organization, request.path_params["id"])
    try:
        await members.withdraw(given, by=person)
    except Conflict as error:
        return redirect(f"/organize/{organization.slug}/members", flash=error.message, kind="danger")
    still = await _may(person, organization, "organization:member:edit")
    target = f"/organize/{organization.slug}/members" if still else "/organize"
    return redirect(target, flash=_("The role is withdrawn."))


async def show_settings(request: Request) -> Response:
    """Name, accent colour and website."""
    return await _settings(request, await _organization(request, "organization:settings:edit"))


async def change_settings(request: Request) -> Response:
    """Save the settings; an accent that cannot be read is refused with its ratio."""
    organization = await _organization(request, "organization:settings:edit")
    try:
        data = await parse.form(request, OrganizationChangeIn)
        await organizations.change(organization, data, by=auth.current_person(request))
    except _REFUSALS as error:
        return await _settings(request, organization, error)
    return redirect(f"/organize/{organization.slug}/settings", flash=_("Saved."))


async def new_chapter(request: Request) -> Response:
    """A form for a chapter."""
    organization = await _organization(request, "organization:settings:edit")
    return await _page(request, "new_chapter", organization, {"form": form_state(request)}, current="overview")


async def create_chapter(request: Request) -> Response:
    """Create a chapter and own it."""
    organization = await _organization(request, "organization:settings:edit")
    try:
        data = await parse.form(request, ChapterForm)
        made = await organizations.create(
            data.name, parent=organization, by=auth.current_person(request), now=datetime.now(UTC)
        )
    except _REFUSALS as error:
        context = {"form": form_state(request, error=error)}
        return await _page(request, "new_chapter", organization, context, current="overview", error=error)
    return redirect(f"/organize/{made.slug}", flash=_("The chapter is there, and you own it."))


async def audit_log(request: Request) -> Response:
    """Who did what, the newest first."""
    organization = await _organization(request, "organization:audit:view")
    search = parse.query(request, AuditSearch)
    entries, cursor = await queries.audit_log(organization, search)
    actors, objects = await queries.names_of(entry.actor_id for entry in entries), await names_of_objects(entries)
    actions, zone = await queries.audit_actions(organization), auth.current_person(request).time_zone
    context = {
        "entries": [_audit_row(entry, actors, objects, zone) for entry in entries],
        "actions": [("", _("All acts"))] + [(one, role_names.act_name(one)) for one in actions],
        "search": search,
        "next_href": "?" + urlencode({"action": search.action or "", "cursor": cursor}) if cursor else None,
    }
    return await _page(request, "audit", organization, context)


def _audit_row(entry: AuditEntry, actors: dict[UUID, str], objects: dict[UUID, str], zone: str) -> dict[str, Any]:
    """One entry in words; ids say nothing to a reader and stay in the JSON."""
    before, after = entry.before or {}, entry.after or {}
    fields = [name for name in {**before, **after} if not name.endswith("_id")]
    changes = [(name.replace("_", " "), _text(before.get(name), zone), _text(after.get(name), zone)) for name in fields]
    return {
        "entry": entry,
        "who": (actors.get(entry.actor_id) or _("An erased person")) if entry.actor_id else "Confero",
        "act": role_names.act_name(entry.action),
        "kind": entry.object_kind.replace("_", " ").capitalize(),
        "name": objects.get(entry.object_id, ""),
        "changes": [change for change in changes if change[1] or change[2]],
    }


def _text(value: Any, zone: str) -> str:
    """A value of the audit log for reading: moments in the reader's `zone`, and nothing for an id."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_text(one, zone) for one in value)
    if isinstance(value, str) and _UUID.fullmatch(value):
        return ""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return format_datetime(datetime.fromisoformat(value), zone, "medium")
    return str(value)


async def show_jobs(request: Request) -> Response:
    """Background jobs that were given up, with the reason."""
    organization = await _platform(request)
    return await _page(request, "jobs", organization, {"jobs": await jobs.held_jobs()})


async def retry_job(request: Request) -> Response:
    """Queue a held job again."""
    organization = await _platform(request)
    await jobs.retry_held(job_id(request))
    return redirect(f"/organize/{organization.slug}/jobs", flash=_("The job is queued again."))


async def discard_job(request: Request) -> Response:
    """Give a held job up for good."""
    organization = await _platform(request)
    await jobs.discard_held(job_id(request))
    return redirect(f"/organize/{organization.slug}/jobs", flash=_("The job is discarded."))


async def accent_style(request: Request) -> Response:
    """The organization's accent as CSS custom properties, for both schemes."""
    organization = await Organization.get_or_none(slug=request.path_params["slug"])
    if organization is None:
        raise NotFound()
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(accent.style_sheet(organization.accent), headers=headers, media_type="text/css")


async def _members(request: Request, organization: Organization, error: AppError | None = None) -> Response:
    grants = await members.of(organization)
    events = await Event.filter(organization_id=organization.id).order_by("-starts_at", "id").limit(200)
    certifications = await Certification.filter(organization_id=organization.id).order_by("title", "id").limit(200)
    invited = await invitations.waiting(organization, InvitationKind.role)
    scopes = {one.scope_id for one in grants if one.scope_id} | {one.scope_id for one in invited if one.scope_id}
    titles = dict(await Event.filter(id__in=list(scopes)).values_list("id", "title"))
    titles |= dict(await Certification.filter(id__in=list(scopes)).values_list("id", "title"))
    context = {
        "grants": [
            {"grant": grant, "role": role_names.role_name(grant.role), "scope": titles.get(grant.scope_id)}
            for grant in grants
        ],
        "invited": [
            {"invitation": one, "role": role_names.role_name(one.role), "scope": titles.get(one.scope_id)}
            for one in invited
            if one.role is not None
        ],
        "roles": [(role.value, role_names.role_name(role), role_names.role_help(role)) for role in Role],
        "events": [("", _("All events"))] + [(event.slug, event.title) for event in events],
        "certifications": [("", _("All certifications"))] + [(one.slug, one.title) for one in certifications],
        "form": form_state(request, error=error),
    }
    return await _page(request, "members", organization, context, error=error)


async def _settings(request: Request, organization: Organization, error: AppError | None = None) -> Response:
    initial = {"name": organization.name, "accent": organization.accent, "website": organization.website}
    context = {"form": form_state(request, initial, error)}
    return await _page(request, "settings", organization, context, error=error)


async def _page(
    request: Request,
    name: str,
    organization: Organization,
    context: dict[str, Any],
    *,
    current: str | None = None,
    error: AppError | None = None,
) -> Response:
    facts = {
        "organization": organization,
        "sidebar": await organization_sidebar(organization, current or name, auth.current_person(request)),
        "sidebar_title": organization.name,
        "breadcrumbs": [(_("Organize"), "/organize"), (organization.name, None)],
        **context,
    }
    return render(request, f"pages/organizations/{name}.html", facts, status=error.status if error else 200)


async def _may(person: Person, organization: Organization, permission: str) -> bool:
    return await is_allowed(person, permission, organization_id=organization.id)


async def _organization(request: Request, permission: str) -> Organization:
    return await access_organization(request.path_params["slug"], auth.current_person(request), permission=permission)


async def _platform(request: Request) -> Organization:
    person = auth.current_person(request)
    return await access_platform(request.path_params["slug"], person, permission="organization:job:manage")
