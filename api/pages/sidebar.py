"""The side bars of the organizer's pages: the parts of one event or certification that a person may open."""

from typing import Any

from accounts import roles
from accounts.models import Organization, Person
from certification.programs.models import Certification
from core.i18n import gettext as _


def _link(label: str, href: str, icon: str, key: str, current: str) -> dict[str, Any]:
    return {"label": label, "href": href, "icon": icon, "current": key == current}


async def certification_sidebar(certification: Certification, current: str, person: Person) -> list[dict[str, Any]]:
    """The parts of a certification that `person` may open, `current` marked."""
    base = f"/organize/certifications/{certification.slug}"
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
        ("grading", _("Grading"), f"{base}/grading", "pencil", "certification:response:grade"),
        ("certificates", _("Certificates"), f"{base}/certificates", "patch-check", "certification:certificate:view"),
    ]
    return [
        _link(label, href, icon, key, current)
        for key, label, href, icon, permission in parts
        if await roles.is_allowed(
            person, permission, organization_id=certification.organization_id, scope_id=certification.id
        )
    ]


async def organization_sidebar(organization: Organization, current: str, person: Person) -> list[dict[str, Any]]:
    """The links that `person` may follow: overview, members, settings, audit log, jobs."""
    base = f"/organize/{organization.slug}"
    links = [
        ("overview", _("Overview"), base, "house", "organization:overview:view"),
        ("members", _("Members"), f"{base}/members", "people", "organization:member:edit"),
        ("settings", _("Settings"), f"{base}/settings", "gear", "organization:settings:edit"),
        ("audit", _("Audit log"), f"{base}/audit", "clock-history", "organization:audit:view"),
    ]
    if organization.parent_id is None:
        links.append(("jobs", _("Background jobs"), f"{base}/jobs", "arrow-repeat", "organization:job:manage"))
    return [
        _link(label, href, icon, name, current)
        for name, label, href, icon, permission in links
        if await roles.is_allowed(person, permission, organization_id=organization.id)
    ]
