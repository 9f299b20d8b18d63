"""What badges point at, for programs everywhere: the issuer's document, achievements, status lists; and their files.

They are served to anybody and to pages of any site, since a badge is checked far from here.
"""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from accounts.models import Organization
from accounts.permissions import access_organization
from api import auth
from api.pages.sidebar import organization_sidebar
from api.render import redirect, render
from api.v1.badges import MEDIA, badge_file
from certification.badges import addresses, issuer
from certification.badges.models import StatusListPublication, StatusPurpose
from certification.badges.status_lists import SECONDS_FRESH
from certification.certificates import achievements, permissions
from certification.signing import keys
from core.errors import NotFound, Unavailable
from core.i18n import gettext as _
from core.i18n import speaking
from core.settings import get_settings

_HOUR = 3600


async def did_document(request: Request) -> Response:
    """Who an issuer is: the keys of an organization that has issued badges (did:web)."""
    organization = await Organization.get_or_none(slug=request.path_params["slug"])
    found = await keys.published(organization.id) if organization else []
    if organization is None or not found:
        raise NotFound()
    document = issuer.did_document(organization.slug, found)
    return _public(request, _json(document), "application/did+ld+json", seconds=SECONDS_FRESH)


async def achievement(request: Request) -> Response:
    """What was achieved: JSON-LD for programs; people are led to the page that describes it."""
    facts, organization = await achievements.find(request.path_params["id"])
    if _prefers_page(request):
        return RedirectResponse(facts.criteria_url, 303, {"Vary": "Accept"})
    from certification.badges import credential

    creator = credential.issuer_profile(organization.slug, organization.name, get_settings().public_url)
    with speaking(facts.language):
        document = credential.achievement_document(facts, creator=creator)
    answer = _public(request, _json(document), "application/ld+json", seconds=_HOUR)
    answer.headers["Vary"] = "Accept"
    return answer


async def achievement_png(request: Request) -> Response:
    """The picture of an achievement."""
    from certification.badges import pictures

    facts, organization = await achievements.find(request.path_params["id"])
    content = await asyncio.to_thread(pictures.png, organization.accent, facts.type)
    return _public(request, content, MEDIA["png"], seconds=_HOUR)


async def achievement_svg(request: Request) -> Response:
    """The picture of an achievement, sharp at every size."""
    from certification.badges import pictures

    facts, organization = await achievements.find(request.path_params["id"])
    return _public(request, pictures.svg(organization.accent, facts.type, facts.name), MEDIA["svg"], seconds=_HOUR)


async def status_list(request: Request) -> Response:
    """A status list as it was published last: the signed bits of all badges, for one purpose."""
    purpose = request.path_params["purpose"]
    found = (
        await StatusListPublication.get_or_none(status_list_id=request.path_params["id"], purpose=purpose)
        if purpose in set(StatusPurpose)
        else None
    )
    if found is None:
        raise NotFound()
    return _public(request, found.document.encode(), MEDIA["json"], seconds=SECONDS_FRESH, etag=found.etag)


async def badge(request: Request) -> Response:
    """A certificate's badge as JSON, JWT, or a picture that carries it; for the holder and for officers."""
    number, form = request.path_params["number"], request.path_params["form"]
    return await badge_file(await permissions.access_document(number, auth.current_person(request)), form)


async def show_keys(request: Request) -> Response:
    """The keys that sign the organization's badges, and a way to make a new one; for owners."""
    return await _keys(request, await _organization(request))


async def make_key(request: Request) -> Response:
    """Make a new key that signs from now on."""
    organization = await _organization(request)
    try:
        await keys.rotate(organization, by=auth.current_person(request), now=datetime.now(UTC))
    except Unavailable as error:
        return redirect(f"/organize/{organization.slug}/keys", flash=error.message, kind="danger")
    return redirect(f"/organize/{organization.slug}/keys", flash=_("The new key signs from now on."))


async def _keys(request: Request, organization: Organization) -> Response:
    found = await keys.published(organization.id)
    did = addresses.issuer_did(organization.slug)
    context: dict[str, Any] = {
        "organization": organization,
        "sidebar": await organization_sidebar(organization, "keys", auth.current_person(request)),
        "sidebar_title": organization.name,
        "breadcrumbs": [(_("Organize"), "/organize"), (organization.name, None)],
        "current": next((key for key in found if key.retired_at is None), None),
        "retired": [key for key in found if key.retired_at is not None],
        "did": did,
    }
    return render(request, "pages/organizations/keys.html", context)


async def _organization(request: Request) -> Organization:
    person = auth.current_person(request)
    return await access_organization(request.path_params["slug"], person, permission="organization:key:manage")


def _public(request: Request, content: bytes, media: str, *, seconds: int, etag: str | None = None) -> Response:
    """The content for everybody, kept for `seconds`; 304 where the reader has it already (RFC 9110, section 13.1.2)."""
    tag = f'"{etag or hashlib.sha256(content).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, 200, headers, media_type=media)


def _prefers_page(request: Request) -> bool:
    """Whether a person's browser asks: HTML is named, and no form of JSON before it."""
    asked = [one.split(";")[0].strip() for one in request.headers.get("accept", "").split(",")]
    first = next((one for one in asked if one == "text/html" or one.endswith("json")), "")
    return first == "text/html"


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
