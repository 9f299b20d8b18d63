"""/organize/certifications/{slug}/credits: claims that wait for an officer, and what was decided."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.pages.renewal import evidence_file
from api.render import form_state, redirect
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from certification.renewal import credits, permissions, queries
from certification.renewal.models import Credit, CreditState
from certification.renewal.schemas import CreditSearch, DecisionIn
from core.errors import AppError, Conflict, Forbidden, InvalidInput, NotFound
from core.i18n import gettext as _


async def index(request: Request) -> Response:
    """The claims that wait, each with the form to decide; or what was approved or refused."""
    return await _index(request, await _decided_on(request))


async def decide(request: Request) -> Response:
    """Approve or refuse a claim; the holder is told by mail."""
    certification, credit = await _credit(request)
    try:
        data = await parse.form(request, DecisionIn)
        await credits.decide(
            credit,
            is_approved=data.is_approved,
            amount=data.amount,
            reason=data.reason,
            by=auth.current_person(request),
            now=datetime.now(UTC),
        )
    except (InvalidInput, Conflict, Forbidden) as error:
        return await _index(request, certification, error, acted=credit)
    flash = (
        _("Approved. The holder is told by mail.") if data.is_approved else _("Refused. The holder is told by mail.")
    )
    return redirect(_path(certification), flash=flash)


async def reopen(request: Request) -> Response:
    """Take a decision back; the claim waits again."""
    certification, credit = await _credit(request)
    try:
        await credits.reopen(credit, by=auth.current_person(request), now=datetime.now(UTC))
    except (Conflict, Forbidden) as error:
        return redirect(f"{_path(certification)}?state={credit.state.value}", flash=error.message, kind="danger")
    return redirect(_path(certification), flash=_("The decision is taken back. Decide anew; the holder is told then."))


async def show_evidence(request: Request) -> Response:
    """The file that proves a claim."""
    _certification, credit = await _credit(request)
    return await evidence_file(credit)


async def _decided_on(request: Request) -> Certification:
    person = auth.current_person(request)
    return await access_certification(request.path_params["slug"], person, permission=permissions.DECIDE)


async def _credit(request: Request) -> tuple[Certification, Credit]:
    certification = await _decided_on(request)
    credit = await permissions.access_for_officer(request.path_params["id"], auth.current_person(request))
    if credit.certification_id != certification.id:
        raise NotFound()
    return certification, credit


async def _index(
    request: Request, certification: Certification, error: AppError | None = None, *, acted: Credit | None = None
) -> Response:
    """The page; `acted` is the claim whose form was refused, since every claim has one."""
    person = auth.current_person(request)
    search = parse.query(request, CreditSearch)
    found, cursor = await queries.find(certification.id, search)
    form = form_state(request, error=error)
    context: dict[str, Any] = {
        "search": search,
        "rows": found,
        "tabs": _tabs(certification, search.state),
        "waiting": await queries.count_waiting(certification.id, officer_id=person.id),
        "next_href": next_href(request, cursor),
        "form": form,
        "acted": acted.id if acted else None,
        "summary": {f"{acted.id}-{name}": text for name, text in form.errors.items()} if acted else {},
    }
    return await certification_page(request, certification, "credits", "credits", context, error=error)


def _tabs(certification: Certification, state: CreditState) -> list[dict[str, Any]]:
    labels = {
        CreditState.claimed: _("Waiting"),
        CreditState.approved: _("Approved"),
        CreditState.refused: _("Refused"),
    }
    return [
        {"label": label, "href": f"{_path(certification)}?state={one.value}", "current": one is state}
        for one, label in labels.items()
    ]


def _path(certification: Certification) -> str:
    return f"/organize/certifications/{certification.slug}/credits"
