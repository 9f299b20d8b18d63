"""/certificates/…/badge.*: a certificate's Open Badge in its four forms; and the keys that sign an organization's."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from accounts.permissions import access_organization
from api import auth, parse, respond
from certification.badges.models import Badge
from certification.badges.schemas import IssuerKeyOut
from certification.certificates import achievements, permissions
from certification.certificates.models import Certificate
from certification.signing import keys
from core.errors import NotFound
from core.pages import ListQuery, page_of

MEDIA = {"json": "application/vc", "jwt": "application/vc+jwt", "png": "image/png", "svg": "image/svg+xml"}
"""The forms of a badge. Sources: Verifiable Credentials 2.0, section 6.2; Securing VCs using JOSE and COSE, 6."""


async def badge_json(request: Request) -> Response:
    """The credential with its proof inside, for the holder and for officers."""
    return await _badge(request, "json")


async def badge_jwt(request: Request) -> Response:
    """The credential as a compact VC-JWT, for the holder and for officers."""
    return await _badge(request, "jwt")


async def badge_png(request: Request) -> Response:
    """A picture with the credential baked into it, for the holder and for officers."""
    return await _badge(request, "png")


async def badge_svg(request: Request) -> Response:
    """A drawing with the credential baked into it, for the holder and for officers."""
    return await _badge(request, "svg")


async def badge_file(certificate: Certificate, form: str) -> Response:
    """The badge of a certificate as a download. Raises `NotFound` where it has none, or there is no such form."""
    badge = await Badge.get_or_none(id=certificate.badge_id) if certificate.badge_id and form in MEDIA else None
    if badge is None:
        raise NotFound()
    if form in ("png", "svg"):
        content = await _baked(certificate, badge, form)
    else:
        content = (badge.credential if form == "json" else badge.jwt).encode()
    return respond.file(content, MEDIA[form], f"{certificate.number}.{form}")


async def list_keys(request: Request) -> Response:
    """The keys that sign the organization's badges, the one in use first."""
    organization = await _organization(request)
    found = [IssuerKeyOut.of(key, organization.slug) for key in await keys.published(organization.id)]
    query = parse.query(request, ListQuery)
    return respond.json(
        page_of(found, query, key=lambda one: (one.created_at, one.id), kinds=(datetime, UUID), descending=True)
    )


async def make_key(request: Request) -> Response:
    """Make a new key that signs from now on; the one before is retired and stays published."""
    organization = await _organization(request)
    made = await keys.rotate(organization, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(IssuerKeyOut.of(made, organization.slug), 201)


async def _badge(request: Request, form: str) -> Response:
    number = request.path_params["number"]
    return await badge_file(await permissions.access_document(number, auth.current_person(request)), form)


async def _baked(certificate: Certificate, badge: Badge, form: str) -> bytes:
    from certification.badges import baking, pictures

    organization = await Organization.get(id=certificate.organization_id)
    kind = achievements.type_of(certificate)
    if form == "png":
        picture = await asyncio.to_thread(pictures.png, organization.accent, kind)
        return await asyncio.to_thread(baking.bake_png, picture, badge.credential)
    drawing = pictures.svg(organization.accent, kind, certificate.achievement)
    return await asyncio.to_thread(baking.bake_svg, drawing, badge.credential)


async def _organization(request: Request) -> Organization:
    person = auth.current_person(request)
    return await access_organization(request.path_params["slug"], person, permission="organization:key:manage")
