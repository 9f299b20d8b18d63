"""/organizations/…/keys/{id}: declaring a key stolen, what it signed since, and issuing that again; for owners."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from accounts.permissions import access_organization
from api import auth, parse, respond
from certification.badges import stolen_keys
from certification.badges.schemas import IssuerKeyOut, StolenIn
from certification.certificates import thefts
from certification.certificates.schemas import CertificateOut, IssuedAgainOut
from certification.signing import keys
from certification.signing.models import IssuerKey
from core.pages import PageOf, PageQuery, decode_cursor, encode_cursor


async def declare(request: Request) -> Response:
    """Declare a key stolen since a moment: it is retired, and trusted for nothing that is later."""
    organization, key = await _access(request)
    data = await parse.body(request, StolenIn)
    person, now = auth.current_person(request), datetime.now(UTC)
    declared = await stolen_keys.declare(organization, key.id, since=data.since.astimezone(UTC), by=person, now=now)
    return respond.json(IssuerKeyOut.of(declared, organization.slug), 201)


async def signed_since(request: Request) -> Response:
    """The certificates that a stolen key signed since it was stolen, in the order of issuing."""
    _organization, key = await _access(request)
    query, now = parse.query(request, PageQuery), datetime.now(UTC)
    [after] = decode_cursor(query.cursor, UUID) if query.cursor else [None]
    assert after is None or isinstance(after, UUID)  # for the type checker
    found = await thefts.signed_since(key, limit=query.limit + 1, after=after) if key.compromised_since else []
    shown = found[: query.limit]
    more = encode_cursor(shown[-1].id) if len(found) > query.limit else None
    return respond.json(PageOf(items=[CertificateOut.of(one, now=now) for one in shown], next_cursor=more))


async def issue_again(request: Request) -> Response:
    """Have every certificate that a stolen key signed since then be issued again, in place of the one before."""
    _organization, key = await _access(request)
    count = await thefts.issue_all_again(key, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(IssuedAgainOut(certificates=count), 202)


async def _access(request: Request) -> tuple[Organization, IssuerKey]:
    person = auth.current_person(request)
    organization = await access_organization(request.path_params["slug"], person, permission="organization:key:manage")
    return organization, await keys.one(organization.id, request.path_params["id"])
