"""/organize/events/{slug}/attendance: certificates of attendance: what they say, who gets one, how far it is."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import next_href
from api.pages.organize_events import REFUSALS, find, page
from api.pages.runs import change, progress_context, progress_part
from api.render import form_state, redirect
from api.v1.attendance import attended_page
from api.v1.bulk_runs import csv_of
from certification.attendance import conferring, hours, offers
from certification.attendance.hours import HoursRule
from certification.attendance.models import AttendanceOffer
from certification.attendance.schemas import AttendedQuery, OfferIn
from certification.bulk.models import BulkRun
from certification.layouts.models import Layout
from certification.programs.models import Certification
from core.errors import AppError, Conflict, NotFound
from core.i18n import gettext as _
from events.catalog.models import Event


async def show(request: Request) -> Response:
    """How hours are counted, how far issuing is, and who was there."""
    event = await find(request, offers.EDIT)
    offer = await offers.offer_of(event)
    rows, cursor = await attended_page(event, offer, parse.query(request, AttendedQuery))
    run = await conferring.run_of(event)
    over_at, now = await conferring.over_at(event), datetime.now(UTC)
    context: dict[str, Any] = {
        "offer": offer,
        "rule": (await hours.basis_of(event)).rule.value,
        "rules": _rules(),
        "rows": rows,
        "summary": await hours.summary(event),
        "next_href": next_href(request, cursor),
        "over_at": over_at,
        "is_over": over_at <= now,
        "run": run,
        "may_change": True,
    }
    if run is not None:
        context |= await progress_context(run, _address(event))
    return await page(request, event, "attendance", context)


async def edit(request: Request) -> Response:
    """What the event offers."""
    return await _edit_page(request, await find(request, offers.EDIT))


async def save(request: Request) -> Response:
    """Save what the event offers."""
    event = await find(request, offers.EDIT)
    try:
        data = await parse.form(request, OfferIn)
        await offers.save(event, data, by=auth.current_person(request), now=datetime.now(UTC))
    except REFUSALS as error:
        return await _edit_page(request, event, error)
    return redirect(_address(event), flash=_("Saved."))


async def progress(request: Request) -> Response:
    """The part of the page that moves."""
    event = await find(request, offers.EDIT)
    run = await _run(event)
    return progress_part(request, run, await progress_context(run, _address(event)))


async def act(request: Request) -> Response:
    """Issue to those who are missing; stop, go on, or try failed ones again."""
    event = await find(request, offers.EDIT)
    by, now, verb = auth.current_person(request), datetime.now(UTC), request.path_params["verb"]
    try:
        if verb == "issue":
            await conferring.confer(event, by=by, now=now)
        else:
            await change(await _run(event), verb, by=by, now=now)
    except Conflict as error:
        return redirect(_address(event), flash=error.message, kind="danger")
    return redirect(_address(event))


async def report_file(request: Request) -> Response:
    """Everybody whose certificate was issued or failed."""
    return csv_of(await _run(await find(request, offers.EDIT)))


async def _edit_page(request: Request, event: Event, error: AppError | None = None) -> Response:
    offer = await offers.offer_of(event)
    layouts = await Layout.filter(organization_id=event.organization_id, archived_at=None).order_by("name")
    known = await Certification.filter(organization_id=event.organization_id).order_by("title")
    initial = _initial(offer)
    if error is not None:  # a box that was not ticked is not sent
        initial |= {"is_on": False, "certifications": []}
    form = form_state(request, initial, error)
    if isinstance(form.values["certifications"], str):
        form.values["certifications"] = [form.values["certifications"]]
    context = {
        "form": form,
        "layouts": [("", _("The organization's plain layout")), *((one.id, one.name) for one in layouts)],
        "certifications": [(one.slug, one.title) for one in known],
        "usual_statement": _("has attended this event"),
    }
    return await page(request, event, "attendance_settings", context, current="attendance", error=error)


def _initial(offer: AttendanceOffer) -> dict[str, Any]:
    is_new = not offer._saved_in_db
    return {
        "is_on": offer.is_on or is_new,
        "statement": offer.statement,
        "layout": offer.layout_id or "",
        "credits_per_hour": Decimal(offer.credits_per_hour).normalize(),
        "certifications": [one.slug for one in offer.certifications],
    }


async def _run(event: Event) -> BulkRun:
    run = await conferring.run_of(event)
    if run is None:
        raise NotFound()
    return run


def _rules() -> dict[str, str]:
    return {
        HoursRule.sessions.value: _(
            "Hours are those of the sessions a person was checked in at; sessions at the same time count once."
        ),
        HoursRule.programme.value: _(
            "Check-in is kept at no session, so everybody who was there has the hours of the programme without breaks."
        ),
        HoursRule.event.value: _(
            "The programme has no session with a time, so everybody who was there has the hours of the event."
        ),
    }


def _address(event: Event) -> str:
    return f"/organize/events/{event.slug}/attendance"
