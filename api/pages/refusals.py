"""/organize/{org}/refusals: what was refused on the organization's objects and to its members."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from accounts import queries, refusals
from accounts.models import RefusalKind
from accounts.permissions import access_organization
from accounts.schemas import RefusalSearch
from api import auth, parse
from api.pages.sidebar import organization_sidebar
from api.render import render
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """The list, the newest first."""
    person = auth.current_person(request)
    organization = await access_organization(request.path_params["slug"], person, permission="organization:audit:view")
    search = parse.query(request, RefusalSearch)
    found, cursor = await refusals.of_organization(organization, search)
    context = {
        "organization": organization,
        "sidebar": await organization_sidebar(organization, "refusals", person),
        "sidebar_title": organization.name,
        "breadcrumbs": [(_("Organize"), "/organize"), (organization.name, None)],
        "refusals": found,
        "names": await queries.names_of(refusal.person_id for refusal in found),
        "kinds": names_of_kinds(),
        "search": search,
        "next_href": "?" + urlencode({"kind": search.kind or "", "cursor": cursor}) if cursor else None,
    }
    return render(request, "pages/organizations/refusals.html", context)


def names_of_kinds() -> dict[str, str]:
    """What each kind is called."""
    return {
        RefusalKind.sign_in_failed: _("Sign-in failed"),
        RefusalKind.slowed: _("Too many tries"),
        RefusalKind.forbidden: _("Not allowed"),
        RefusalKind.cross_origin: _("Asked by another site"),
    }
