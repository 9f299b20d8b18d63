"""/certifications: the public list, and the organizer's calls."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Person
from api import auth, parse, respond
from certification.programs import certifications, permissions, queries
from certification.programs.models import Certification
from certification.programs.schemas import (
    CertificationCard,
    CertificationChange,
    CertificationIn,
    CertificationOut,
    CertificationSearch,
    DomainOut,
    DomainsIn,
    DomainsOut,
)
from core.pages import PageOf

EDIT = "certification:certification:edit"


async def index(request: Request) -> Response:
    """The published certifications by title; `q` searches title, summary, statement and organization."""
    found, cursor = await queries.published(parse.query(request, CertificationSearch))
    items = [CertificationCard.of(certification) for certification in found]
    return respond.json(PageOf[CertificationCard](items=items, next_cursor=cursor))


async def show(request: Request) -> Response:
    """A certification with its rules and domains; drafts are seen by those who work on them."""
    person = auth.caller_of(request).person
    certification = await permissions.access_public(request.path_params["slug"], person)
    return respond.json(await _full(certification))


async def create(request: Request) -> Response:
    """Create a draft with its rules and domains."""
    person = auth.current_person(request)
    organization = await permissions.access_new(request.path_params["slug"], person)
    data = await parse.body(request, CertificationIn)
    certification = await certifications.create(organization, data, by=person, now=datetime.now(UTC))
    return respond.json(await _full(certification), 201, location=f"/api/v1/certifications/{certification.slug}")


async def change(request: Request) -> Response:
    """Change what is given. Changed rules are a new version, and attempts that run keep theirs."""
    person, certification = await _edited(request)
    data = await parse.body(request, CertificationChange)
    await certifications.change(certification, data, by=person, now=datetime.now(UTC))
    return respond.json(await _full(certification))


async def set_domains(request: Request) -> Response:
    """Replace the domains and their weights. An `id` keeps a domain under another name."""
    person, certification = await _edited(request)
    data = await parse.body(request, DomainsIn)
    await certifications.set_domains(certification, data.domains, by=person, now=datetime.now(UTC))
    domains = [DomainOut.of(domain) for domain in await queries.domains_of(certification.id)]
    return respond.json(DomainsOut(domains=domains))


async def publish(request: Request) -> Response:
    """Open a draft to learners."""
    person, certification = await _edited(request)
    await certifications.publish(certification, by=person, now=datetime.now(UTC))
    return respond.json(await _full(certification), 201)


async def retire(request: Request) -> Response:
    """Stop new attempts for good; certificates stay verifiable."""
    person, certification = await _edited(request)
    await certifications.retire(certification, by=person, now=datetime.now(UTC))
    return respond.json(await _full(certification), 201)


async def _edited(request: Request) -> tuple[Person, Certification]:
    person = auth.current_person(request)
    return person, await permissions.access_certification(request.path_params["slug"], person, permission=EDIT)


async def _full(certification: Certification) -> CertificationOut:
    policy = await queries.current_policy(certification.id)
    return CertificationOut.full(certification, policy, await queries.domains_of(certification.id))
