"""The side bars of the organizer's pages: the parts of one event or certification that a person may open."""

from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from accounts import roles
from accounts.models import Organization, Person, RoleGrant, ScopeKind
from certification.exams.statistics import waiting_for_grader
from certification.programs.models import Certification
from certification.programs.permissions import permissions_of
from certification.renewal.permissions import DECIDE
from certification.renewal.queries import count_waiting
from core.i18n import gettext as _
from events.catalog.models import Event


def _link(label: str, href: str, icon: str, key: str, current: str) -> dict[str, Any]:
    return {"label": label, "href": href, "icon": icon, "current": key == current}


async def certification_sidebar(certification: Certification, current: str, person: Person) -> list[dict[str, Any]]:
    """The parts of a certification that `person` may open, `current` marked, some with the number that waits."""
    base = f"/organize/certifications/{certification.slug}"
    allowed = await permissions_of(person, certification)
    grading = _("Grading")
    if "certification:response:grade" in allowed:
        waiting = await waiting_for_grader(certification.id, grader_id=person.id)
        grading = _("Grading ({count})").format(count=waiting) if waiting else grading
    credits = _("Credits")
    if DECIDE in allowed:
        claims = await count_waiting(certification.id, officer_id=person.id)
        credits = _("Credits ({count})").format(count=claims) if claims else credits
    parts = [
        ("overview", _("Overview"), base, "house", "certification:overview:view"),
        ("items", _("Items"), f"{base}/items", "list-check", "certification:item:edit"),
        ("domains", _("Domains and rules"), f"{base}/edit", "gear", "certification:certification:edit"),
        ("candidates", _("Candidates"), f"{base}/candidates", "people", "certification:certificate:view"),
        (
            "entitlements",
            _("Entitlements"),
            f"{base}/entitlements",
            "ticket-perforated",
            "certification:entitlement:grant",
        ),
        ("grading", grading, f"{base}/grading", "pencil", "certification:response:grade"),
        ("certificates", _("Certificates"), f"{base}/certificates", "patch-check", "certification:certificate:view"),
        ("credits", credits, f"{base}/credits", "mortarboard", DECIDE),
        ("runs", _("Many at once"), f"{base}/runs", "files", "certification:certificate:view"),
    ]
    return [
        _link(label, href, icon, key, current) for key, label, href, icon, permission in parts if permission in allowed
    ]


async def organization_sidebar(organization: Organization, current: str, person: Person) -> list[dict[str, Any]]:
    """The links that `person` may follow: overview, members, layouts, settings, keys, audit log, jobs."""
    base = f"/organize/{organization.slug}"
    links = [
        ("overview", _("Overview"), base, "house", "organization:overview:view"),
        ("members", _("Members"), f"{base}/members", "people", "organization:member:edit"),
        ("layouts", _("Layouts"), f"{base}/layouts", "palette", "certification:layout:edit"),
        ("settings", _("Settings"), f"{base}/settings", "gear", "organization:settings:edit"),
        ("keys", _("Keys"), f"{base}/keys", "key", "organization:key:manage"),
        ("audit", _("Audit log"), f"{base}/audit", "clock-history", "organization:audit:view"),
        ("refusals", _("Refusals"), f"{base}/refusals", "shield-check", "organization:audit:view"),
    ]
    if organization.parent_id is None:
        links.append(("jobs", _("Background jobs"), f"{base}/jobs", "arrow-repeat", "organization:job:manage"))
    return [
        _link(label, href, icon, name, current)
        for name, label, href, icon, permission in links
        if await roles.is_allowed(person, permission, organization_id=organization.id)
    ]


async def permissions_on(person: Person, organization_id: UUID, scope_id: UUID) -> frozenset[str]:
    """Everything that `person` may do on one event or certification; one query."""
    reach = Q(scope_kind=ScopeKind.organization) | Q(scope_id=scope_id)
    grants = await RoleGrant.filter(reach, person_id=person.id, organization_id=organization_id)
    return frozenset[str]().union(*(roles.PERMISSIONS[grant.role] for grant in grants))


async def event_sidebar(event: Event, current: str, person: Person) -> list[dict[str, Any]]:
    """The parts of an event that `person` may open, `current` marked."""
    base = f"/organize/events/{event.slug}"
    parts = [
        ("overview", _("Overview"), base, "house", "event:overview:view"),
        ("edit", _("Details"), f"{base}/edit", "pencil", "event:event:edit"),
        ("programme", _("Programme"), f"{base}/programme", "calendar-event", "event:programme:edit"),
        ("rooms", _("Rooms"), f"{base}/rooms", "door-open", "event:programme:edit"),
        ("speakers", _("Speakers"), f"{base}/speakers", "mic", "event:programme:edit"),
        ("tickets", _("Tickets and places"), f"{base}/tickets", "ticket-perforated", "event:registration:edit"),
        ("registrations", _("Registrations"), f"{base}/registrations", "people", "event:registration:view"),
        ("check-in", _("Check-in"), f"{base}/check-in", "qr-code-scan", "event:check_in:scan"),
        ("attendance", _("Attendance"), f"{base}/attendance", "award", "event:attendance:edit"),
    ]
    held = await permissions_on(person, event.organization_id, event.id)
    return [
        _link(label, href, icon, key, current) for key, label, href, icon, permission in parts if permission in held
    ]
