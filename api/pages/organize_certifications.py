"""/organize/certifications/{slug}: overview, rules, domains, publishing and entitlements; and creating one."""

import re
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from accounts import invitations
from accounts.models import Invitation, InvitationKind, Person
from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.pages.organizations import invited
from api.pages.words import language_name
from api.render import form_state, redirect, render
from certification.bank import queries as bank
from certification.certificates import queries as certificates
from certification.exams import statistics
from certification.layouts import queries as layouts
from certification.layouts.permissions import can_edit
from certification.layouts.shipping import ensure_shipped
from certification.layouts.words import languages
from certification.programs import certifications, entitlements, permissions, queries
from certification.programs.impartiality import OwnEntitlement, ReadsItems
from certification.programs.invitations import grant_to_address
from certification.programs.models import Certification, CertificationStatus
from certification.programs.schemas import (
    MAX_DOMAINS,
    CertificationChange,
    CertificationIn,
    DomainsIn,
    EntitlementIn,
    EntitlementSearch,
    PolicyIn,
)
from core.errors import AppError, Conflict, InvalidInput, RateLimited
from core.i18n import gettext as _
from core.templating import format_number

EDIT = "certification:certification:edit"
GRANT = "certification:entitlement:grant"
_REFUSALS = (InvalidInput, Conflict)
_ROW = re.compile(r"domains\.(\d{1,3})\.name")
_MORE = 3


async def new(request: Request) -> Response:
    """A form for a new certification."""
    organization = await permissions.access_new(request.path_params["slug"], auth.current_person(request))
    return _new(request, organization)


async def create(request: Request) -> Response:
    """Create a draft and go to its overview, which says what comes next."""
    person = auth.current_person(request)
    organization = await permissions.access_new(request.path_params["slug"], person)
    try:
        data = await parse.form(request, CertificationIn)
        data = data.model_copy(update={"policy": _as_typed(data.policy)})
        made = await certifications.create(organization, data, by=person, now=datetime.now(UTC))
    except _REFUSALS as error:
        return _new(request, organization, error)
    return redirect(f"/organize/certifications/{made.slug}", flash=_("The draft is there. Add its items next."))


async def overview(request: Request) -> Response:
    """Where the certification stands: the next step, attempts, scores and certificates."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certification = await permissions.access_certification(
        request.path_params["slug"], person, permission="certification:overview:view"
    )
    policy = await queries.current_policy(certification.id)
    numbers = await statistics.of_certification(certification.id)
    is_draft = certification.status is CertificationStatus.draft
    context = {
        "policy": policy,
        "items": await queries.count_items(certification.id),
        "domains": await queries.domains_of(certification.id),
        "missing": await certifications.what_is_missing(certification) if is_draft else None,
        "numbers": numbers,
        "bands": _bands(numbers.bands),
        "domain_rows": [
            (one.name, float(one.percent), _("%(percent)s %%") % {"percent": format_number(one.percent)})
            for one in numbers.domains
        ],
        "counts": await certificates.counts(certification.id, now=now),
        "waiting": await statistics.waiting_for_grader(certification.id, grader_id=person.id),
    }
    return await certification_page(request, certification, "overview", "overview", context)


async def edit(request: Request) -> Response:
    """The certification's texts and rules in a form."""
    return await _edit(request, await _edited(request))


async def change(request: Request) -> Response:
    """Save texts and rules."""
    certification = await _edited(request)
    try:
        data = await parse.form(request, CertificationChange)
        typed = parse.typed(request)
        update: dict[str, Any] = {"policy": _as_typed(data.policy or PolicyIn())}
        # A form sends every field: an empty text means none, where a call that leaves it out means the old one.
        update |= {name: "" for name in ("summary", "description") if name in typed and getattr(data, name) is None}
        if "layout_id" in typed:
            update["layout_id"] = data.layout_id
        if data.title is None or data.statement is None:
            missing = [name for name in ("title", "statement") if getattr(data, name) is None]
            raise InvalidInput({name: _("This field is required.") for name in missing})
        changed = data.model_copy(update=update)
        await certifications.change(certification, changed, by=auth.current_person(request), now=datetime.now(UTC))
    except _REFUSALS as error:
        return await _edit(request, await _edited(request), error)
    return redirect(f"/organize/certifications/{certification.slug}/edit", flash=_("Saved."))


async def domains(request: Request) -> Response:
    """The domains with their weights in a form."""
    return await _domains(request, await _edited(request))


async def set_domains(request: Request) -> Response:
    """Save the domains, or show more rows; a row whose name is emptied is removed."""
    certification = await _edited(request)
    await parse.read_form(request)
    typed = parse.typed(request)
    if typed.get("action") == "more":
        return await _domains(request, certification)
    rows = [number for number in _rows(typed) if str(typed[f"domains.{number}.name"]).strip()]
    try:
        data = parse.validate(DomainsIn, {"domains": [_domain_of(typed, number) for number in rows]})
        by, now = auth.current_person(request), datetime.now(UTC)
        await certifications.set_domains(certification, data.domains, by=by, now=now)
    except InvalidInput as error:
        return await _domains(request, certification, InvalidInput(_by_row(error.fields, rows)))
    except Conflict as error:
        return await _domains(request, certification, error)
    return redirect(f"/organize/certifications/{certification.slug}/domains", flash=_("Saved."))


async def publish(request: Request) -> Response:
    """Open the certification to learners; where something is missing, the overview says what."""
    certification = await _edited(request)
    target = f"/organize/certifications/{certification.slug}"
    try:
        await certifications.publish(certification, by=auth.current_person(request), now=datetime.now(UTC))
    except Conflict as error:
        return redirect(target, flash=error.message, kind="danger")
    return redirect(target, flash=_("Published. Learners can find it now."))


async def retire(request: Request) -> Response:
    """Stop new attempts for good."""
    certification = await _edited(request)
    target = f"/organize/certifications/{certification.slug}"
    try:
        await certifications.retire(certification, by=auth.current_person(request), now=datetime.now(UTC))
    except Conflict as error:
        return redirect(target, flash=error.message, kind="danger")
    return redirect(target, flash=_("Retired. No new attempts start."))


async def show_entitlements(request: Request) -> Response:
    """Who holds the right to sit, and a form to grant it."""
    return await _entitlements(request, await _granted(request))


async def grant(request: Request) -> Response:
    """Give somebody with an account the right to sit."""
    certification = await _granted(request)
    by, now = auth.current_person(request), datetime.now(UTC)
    try:
        data = await parse.form(request, EntitlementIn)
        given = await grant_to_address(
            certification,
            data.email,
            await queries.current_policy(certification.id),
            note=data.note,
            attempts_allowed=data.attempts_allowed,
            valid_until=data.valid_until,
            by=by,
            now=now,
        )
    except (*_REFUSALS, ReadsItems, OwnEntitlement, RateLimited) as error:
        return await _entitlements(request, certification, error)
    target = f"/organize/certifications/{certification.slug}/entitlements"
    if isinstance(given, Invitation):
        return redirect(target, flash=invited(given))
    person = await Person.get(id=given.person_id)
    return redirect(target, flash=_("{name} may sit this exam now.").format(name=person.display_name))


async def withdraw_invitation(request: Request) -> Response:
    """Take back an entitlement that waits for its address to be confirmed."""
    slug, by = request.path_params["slug"], auth.current_person(request)
    await invitations.withdraw(await permissions.access_invitation(slug, request.path_params["id"], by), by=by)
    return redirect(f"/organize/certifications/{slug}/entitlements", flash=_("The invitation is withdrawn."))


async def revoke_entitlement(request: Request) -> Response:
    """End an entitlement."""
    slug, by = request.path_params["slug"], auth.current_person(request)
    entitlement = await permissions.access_entitlement(slug, request.path_params["id"], by)
    target = f"/organize/certifications/{slug}/entitlements"
    try:
        await entitlements.revoke(entitlement, by=by, now=datetime.now(UTC))
    except Conflict as error:
        return redirect(target, flash=error.message, kind="danger")
    return redirect(target, flash=_("The entitlement has ended."))


def _new(request: Request, organization: Any, error: AppError | None = None) -> Response:  # Any: an Organization
    defaults = {f"policy.{name}": field.default for name, field in PolicyIn.model_fields.items()}
    defaults |= {"policy.form_length": "", "policy.renewal_credits": ""}
    context = {
        "organization": organization,
        "breadcrumbs": [(organization.name, f"/organize/{organization.slug}"), (_("New certification"), None)],
        "languages": [(tag, language_name(tag)) for tag in languages()],
        "form": form_state(request, {"language": "en", "access": "open", **defaults}, error),
    }
    return render(request, "pages/organize/certifications/new.html", context, status=error.status if error else 200)


async def _edit(request: Request, certification: Certification, error: AppError | None = None) -> Response:
    policy = await queries.current_policy(certification.id)
    names = ("title", "statement", "summary", "description", "language")
    initial = {name: getattr(certification, name) for name in names} | {"access": certification.access.value}
    initial |= {f"policy.{name}": _blank(getattr(policy, name)) for name in PolicyIn.model_fields}
    initial["layout_id"] = _blank(certification.layout_id)
    if error is not None:
        initial["policy.shows_score"] = False  # an unticked box is not sent
    tags = dict.fromkeys((*languages(), certification.language))
    context = {
        "policy": policy,
        "languages": [(tag, language_name(tag)) for tag in tags],
        "layouts": await _layouts(certification),
        "can_design": await can_edit(auth.current_person(request), certification.organization),
        "form": form_state(request, initial, error),
    }
    return await certification_page(request, certification, "edit", "domains", context, error=error)


async def _layouts(certification: Certification) -> list[tuple[str, str]]:
    """The layouts to choose from, the default first; an archived one that is chosen still stands among them."""
    await ensure_shipped(certification.organization_id)
    rows = await layouts.layouts(certification.organization_id)
    rows += [
        row
        for row in await layouts.layouts(certification.organization_id, archived=True)
        if row.id == certification.layout_id
    ]
    usual = next(row.name for row in rows if row.origin == layouts.DEFAULTS["certification"])
    return [("", _("{name}, as everywhere by default").format(name=usual)), *((str(row.id), row.name) for row in rows)]


async def _domains(request: Request, certification: Certification, error: AppError | None = None) -> Response:
    rows = await queries.domains_of(certification.id)
    initial: dict[str, Any] = {}
    for number, domain in enumerate(rows):
        initial |= {f"domains.{number}.{name}": str(getattr(domain, name)) for name in ("id", "name", "weight")}
    typed = parse.typed(request)
    shown = max([*_rows(typed), *range(len(rows)), 2]) + 1
    if typed.get("action") == "more":
        shown += _MORE
    context = {
        "rows": range(min(shown, MAX_DOMAINS)),
        "items_by_domain": {str(key): count for key, count in (await bank.counts_by_domain(certification.id)).items()},
        "form": form_state(request, initial, error),
    }
    return await certification_page(request, certification, "domains", "domains", context, error=error)


async def _entitlements(request: Request, certification: Certification, error: AppError | None = None) -> Response:
    search, now = parse.query(request, EntitlementSearch), datetime.now(UTC)
    found, cursor = await queries.entitlements_for(certification.id, search, now=now)
    context = {
        "search": search,
        "entitlements": found,
        "invited": await invitations.waiting(certification.organization, InvitationKind.entitlement, certification.id),
        "now": now,
        "policy": await queries.current_policy(certification.id),
        "next_href": next_href(request, cursor),
        "form": form_state(request, error=error),
    }
    return await certification_page(request, certification, "entitlements", "entitlements", context, error=error)


async def _edited(request: Request) -> Certification:
    person = auth.current_person(request)
    return await permissions.access_certification(request.path_params["slug"], person, permission=EDIT)


async def _granted(request: Request) -> Certification:
    person = auth.current_person(request)
    return await permissions.access_certification(request.path_params["slug"], person, permission=GRANT)


def _as_typed(policy: PolicyIn) -> PolicyIn:
    """The rules as a form means them: what is empty or unticked there is none, not what it was before."""
    blank: dict[str, Any] = dict.fromkeys(("form_length", "validity_months", "renewal_credits"))
    blank |= {"grace_days": 0, "shows_score": False}
    return PolicyIn(**blank | policy.model_dump(exclude_unset=True))


def _blank(value: object) -> object:
    return "" if value is None else value


def _rows(typed: dict[str, Any]) -> list[int]:
    """The numbers of the rows that the form holds, in order."""
    return sorted(int(found[1]) for name in typed if (found := _ROW.fullmatch(name)) and int(found[1]) < MAX_DOMAINS)


def _domain_of(typed: dict[str, Any], number: int) -> dict[str, Any]:
    values = {name: typed.get(f"domains.{number}.{name}", "") for name in ("id", "name", "weight")}
    return {name: value for name, value in values.items() if value != ""}


def _by_row(fields: dict[str, str], rows: list[int]) -> dict[str, str]:
    """Errors by the row of the form instead of the place among the rows that are filled in."""
    named: dict[str, str] = {}
    for path, message in fields.items():
        parts = path.split(".")
        if len(parts) > 1 and parts[1].isdigit():
            parts[1] = str(rows[int(parts[1])])
        named[".".join(parts) if len(parts) > 1 else ""] = message
    return named


def _bands(bands: list[int]) -> list[tuple[str, int]]:
    return [(f"{index * 10}–{index * 10 + (10 if index == 9 else 9)} %", count) for index, count in enumerate(bands)]
