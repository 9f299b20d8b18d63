"""What every page of one certification has around it: side bar, trail, accent, and what the person may do."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth
from api.pages.sidebar import certification_sidebar
from api.render import render
from certification.programs.models import Certification, CertificationStatus
from certification.programs.permissions import permissions_of
from core.errors import AppError
from core.i18n import gettext as _


async def certification_page(
    request: Request,
    certification: Certification,
    name: str,
    current: str,
    context: Mapping[str, Any] | None = None,
    *,
    error: AppError | None = None,
) -> Response:
    """The page `name` of a certification whose organization is loaded; `current` is its place in the side bar."""
    person = auth.current_person(request)
    organization = certification.organization
    around: dict[str, Any] = {
        "certification": certification,
        "base": f"/organize/certifications/{certification.slug}",
        "status": status_badge(certification.status),
        "can": await permissions_of(person, certification),
        "sidebar": await certification_sidebar(certification, current, person),
        "sidebar_title": certification.title,
        "breadcrumbs": [(organization.name, f"/organize/{organization.slug}"), (certification.title, None)],
    }
    return render(
        request,
        f"pages/organize/certifications/{name}.html",
        {**around, **(context or {})},
        status=error.status if error else 200,
    )


def status_badge(status: CertificationStatus) -> tuple[str, str]:
    """Kind and text of the badge."""
    return {
        CertificationStatus.draft: ("neutral", _("Draft")),
        CertificationStatus.published: ("success", _("Published")),
        CertificationStatus.retired: ("warning", _("Retired")),
    }[status]


def next_href(request: Request, cursor: str | None) -> str | None:
    """The address of the next page of a list, filters kept."""
    return f"{request.url.path}?{request.url.include_query_params(cursor=cursor).query}" if cursor else None
