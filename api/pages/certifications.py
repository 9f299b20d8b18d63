"""/certifications: finding a certification, and one certification's page with its rules and the way to start."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Person
from api import auth, parse
from api.pages.certification_place import next_href
from api.pages.words import language_name
from api.render import render
from certification.certificates.queries import held_by
from certification.certificates.verification import Standing, standing_of
from certification.exams.queries import Readiness, readiness
from certification.programs import permissions, queries
from certification.programs.impartiality import why_not
from certification.programs.models import (
    Certification,
    CertificationAccess,
    CertificationPolicy,
    CertificationStatus,
    Domain,
)
from certification.programs.schemas import CertificationSearch
from core.i18n import gettext as _
from core.i18n import listed, ngettext
from core.templating import format_datetime


@dataclass(frozen=True, slots=True)
class Step:
    """The one thing to do next: a way to go, or (without `href`) why there is none."""

    label: str
    sub: str = ""
    href: str | None = None


async def index(request: Request) -> Response:
    """The published certifications, with a search."""
    search = parse.query(request, CertificationSearch)
    found, cursor = await queries.published(search)
    context = {
        "search": search,
        "certifications": found,
        "next_href": next_href(request, cursor),
        "language_name": language_name,
    }
    return render(request, "pages/certifications/index.html", context)


async def show(request: Request) -> Response:
    """What a certification attests, its rules and domains, and the start of the exam."""
    person, now = auth.caller_of(request).person, datetime.now(UTC)
    certification = await permissions.access_public(request.path_params["slug"], person)
    policy = await queries.current_policy(certification.id)
    in_bank = await queries.count_items(certification.id)
    items = min(in_bank, policy.form_length or in_bank)
    ready = await readiness(certification, person, now=now) if person else None
    context = {
        "certification": certification,
        "policy": policy,
        "items": items,
        "domains": _shares(await queries.domains_of(certification.id)),
        "step": _step(certification, policy, items, ready, now, person.time_zone if person else "UTC"),
        "can": await permissions.permissions_of(person, certification),
        "certificate": await _held(certification, person, now) if person else None,
        "language_name": language_name,
    }
    return render(request, "pages/certifications/show.html", context)


def _step(
    certification: Certification,
    policy: CertificationPolicy,
    items: int,
    ready: Readiness | None,
    now: datetime,
    zone: str,
) -> Step:
    """What this reader may do next."""
    minutes = policy.time_limit_minutes
    start = f"/certifications/{certification.slug}/start"
    length = ngettext("{items} item", "{items} items", items).format(items=items)
    limit = ngettext("{minutes} minute", "{minutes} minutes", minutes).format(minutes=minutes)
    if certification.status is CertificationStatus.retired:
        return Step(_("This certification is retired"), _("No new attempts start. Certificates stay verifiable."))
    if certification.status is CertificationStatus.draft:
        return Step(_("This certification is a draft"), _("Only those who work on it see this page."))
    if ready is None:
        return Step(_("Sign in to start the exam"), listed((limit, length)), f"/sign-in?next={start}")
    if ready.running is not None:
        until = _("Your answers are saved. The time ends {moment}.")
        sub = until.format(moment=format_datetime(ready.running.deadline, zone))
        return Step(_("Continue your exam"), sub, f"/me/exams/{ready.running.id}")
    if ready.reads_as is not None:
        return Step(_("You cannot sit this exam"), why_not(ready.reads_as))
    if ready.is_result_pending:
        return Step(_("Your last attempt is being graded"), _("The result comes by mail."))
    if ready.retake.opens_at is None:
        return _without_entitlement(certification)
    if ready.retake.opens_at > now:
        moment = format_datetime(ready.retake.opens_at, zone)
        return Step(_("You can sit this exam again from {moment}").format(moment=moment))
    left = ready.retake.attempts_left
    label = ngettext(
        "Start exam: {limit}, one attempt left", "Start exam: {limit}, {attempts} attempts left", left
    ).format(limit=limit, attempts=left)
    return Step(label, _("Nothing starts yet: you see the rules and confirm your name first."), start)


def _without_entitlement(certification: Certification) -> Step:
    if certification.access is CertificationAccess.open:
        return Step(_("You have no attempts left"), _("Ask the organization that offers this certification."))
    return Step(
        _("You need an entitlement"),
        _("{organization} grants the right to sit this exam.").format(organization=certification.organization.name),
    )


def _shares(domains: list[Domain]) -> list[tuple[str, int, str]]:
    """(name, per cent, text) of every domain by its weight."""
    total = sum(domain.weight for domain in domains) or 1
    shares = [(domain.name, round(100 * domain.weight / total)) for domain in domains]
    return [(name, share, _("%(percent)s %%") % {"percent": share}) for name, share in shares]


async def _held(certification: Certification, person: Person, now: datetime) -> str | None:
    """The number of the person's valid certificate of this certification."""
    for certificate in await held_by(person.id):
        if certificate.certification_id == certification.id and standing_of(certificate, now=now) is Standing.valid:
            return certificate.number
    return None
