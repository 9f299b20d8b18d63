"""/organize/certifications/{slug}/runs: many certificates at once, with a dry run first."""

from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from accounts.queries import names_of
from api import auth, parse, proof
from api.pages import words
from api.pages.certification_place import certification_page, next_href
from api.render import form_state, redirect, render
from api.v1.bulk_runs import csv_of
from certification.bulk import permissions, planning, queries, runs
from certification.bulk.models import BulkRun, LineState, RunKind, RunState
from certification.bulk.schemas import CertificateFilter, RunForm, RunPageQuery
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from core.pages import PageQuery

_KINDS = (RunKind.issue, RunKind.resend, RunKind.revoke)


async def index(request: Request) -> Response:
    """The runs of a certification, and what else can be done to many certificates."""
    certification = await _certification(request, permissions.VIEW)
    found, cursor = await queries.runs_of(certification.id, parse.query(request, PageQuery))
    progresses = await queries.progress_of_each(found, now=datetime.now(UTC))
    rows = [{"run": run, "progress": progresses[run.id]} for run in found]
    names = await names_of(run.created_by_id for run in found)
    context = {"rows": rows, "names": names, "words": words.run_words(), "next_href": next_href(request, cursor)}
    return await certification_page(request, certification, "runs", "runs", context)


async def new(request: Request) -> Response:
    """A form for a file or a filter."""
    kind = _kind(request.path_params["kind"])
    certification = await permissions.access_new(request.path_params["slug"], auth.current_person(request), kind)
    return await _new_page(request, certification, kind)


async def plan(request: Request) -> Response:
    """The dry run; its report is the run's page."""
    kind = _kind(request.path_params["kind"])
    person, now = auth.current_person(request), datetime.now(UTC)
    certification = await permissions.access_new(request.path_params["slug"], person, kind)
    try:
        data = await parse.form(request, RunForm)
        if data.source == "filter" and kind is not RunKind.issue:
            wanted = CertificateFilter(**data.model_dump(include=set(CertificateFilter.model_fields)))
            run = await planning.plan_filter(certification, kind, wanted, reason=data.reason, by=person, now=now)
        else:
            name, raw = await _file_or_text(request)
            run = await planning.plan_file(
                certification,
                kind,
                raw,
                reason=data.reason,
                invites=data.invites,
                source_name=name,
                by=person,
                now=now,
            )
    except InvalidInput as error:
        return await _new_page(request, certification, kind, error)
    return redirect(_address(certification, run))


async def show(request: Request) -> Response:
    """What a run would do, does or did, line by line."""
    run, certification = await _run(request, to_change=False)
    query = parse.query(request, RunPageQuery)
    found, cursor = await queries.lines_of(run, query, state=query.state)
    names = await names_of([run.created_by_id])
    context = {
        **await progress_context(run, _address(certification, run)),
        "lines": found,
        "query": query,
        "states": [state.value for state in LineState],
        "made_by": names.get(run.created_by_id) if run.created_by_id else None,
        "parameters": run.parameters,
        "next_href": next_href(request, cursor),
        "may_change": await _may_change(request, run),
    }
    return await certification_page(request, certification, "run", "runs", context)


async def progress(request: Request) -> Response:
    """The part of the page that moves, asked for every second; when the run has ended the whole page is."""
    run, certification = await _run(request, to_change=False)
    return progress_part(request, run, await progress_context(run, _address(certification, run)))


async def act(request: Request) -> Response:
    """Start, stop, try failed lines again, or discard a dry run."""
    run, certification = await _run(request, to_change=True)
    by, now, verb = auth.current_person(request), datetime.now(UTC), request.path_params["verb"]
    if run.kind is RunKind.revoke and verb in ("start", "retry"):
        await proof.require(request)
    try:
        if verb == "discard":
            await runs.discard(run, by=by)
            return redirect(f"/organize/certifications/{certification.slug}/runs", flash=_("Discarded."))
        await change(run, verb, by=by, now=now)
    except Conflict as error:
        return redirect(_address(certification, run), flash=error.message, kind="danger")
    return redirect(_address(certification, run))


async def report_file(request: Request) -> Response:
    """Every line with what came of it."""
    run, _certification = await _run(request, to_change=False)
    return csv_of(run)


async def change(run: BulkRun, verb: str, *, by: Any, now: datetime) -> None:  # Any: the person
    """Carry out one of the buttons that every run has. Raises `NotFound` for another one."""
    command = {"start": runs.start, "stop": runs.stop, "retry": runs.retry_failed}.get(verb)
    if command is None:
        raise NotFound()
    await command(run, by=by, now=now)


async def progress_context(run: BulkRun, address: str) -> dict[str, Any]:
    """What the moving part of a run's page shows."""
    now = datetime.now(UTC)
    return {
        "run": run,
        "run_address": address,
        "progress": await queries.progress_of(run, now=now),
        "waiting_until": await queries.waiting_until(run) if run.state is RunState.running else None,
        "words": words.run_words(),
    }


def progress_part(request: Request, run: BulkRun, context: dict[str, Any]) -> Response:
    """The moving part alone; the browser loads the page anew once the run has come to rest."""
    headers = {} if run.state is RunState.running else {"HX-Refresh": "true"}
    return render(request, "pages/organize/_run.html", context, headers=headers)


async def _new_page(
    request: Request, certification: Certification, kind: RunKind, error: AppError | None = None
) -> Response:
    context = {"kind": kind.value, "form": form_state(request, error=error), "words": words.run_words()}
    return await certification_page(request, certification, "new_run", "runs", context, error=error)


async def _certification(request: Request, permission: str) -> Certification:
    person = auth.current_person(request)
    return await access_certification(request.path_params["slug"], person, permission=permission)


async def _run(request: Request, *, to_change: bool) -> tuple[BulkRun, Certification]:
    """The run of the path and its certification."""
    person = auth.current_person(request)
    run = await permissions.access_run(request.path_params["id"], person, to_change=to_change)
    if run.certification is None or run.certification.slug != request.path_params["slug"]:
        raise NotFound()
    return run, run.certification


async def _may_change(request: Request, run: BulkRun) -> bool:
    try:
        await permissions.access_run(run.id, auth.current_person(request), to_change=True)
    except AppError:
        return False
    return True


async def _file_or_text(request: Request) -> tuple[str, bytes]:
    """Name and bytes of the uploaded file, or the pasted text. Raises `InvalidInput` where there is neither."""
    form = await parse.read_form(request)
    chosen = form.get("file")
    if isinstance(chosen, UploadFile) and chosen.filename:
        return chosen.filename[:200], await chosen.read()
    pasted = form.get("text")
    if isinstance(pasted, str) and pasted.strip():
        return "", pasted.encode()
    raise InvalidInput({"file": _("Choose a file, or paste its lines below.")})


def _kind(text: str) -> RunKind:
    if text not in {kind.value for kind in _KINDS}:
        raise NotFound()
    return RunKind(text)


def _address(certification: Certification, run: BulkRun) -> str:
    return f"/organize/certifications/{certification.slug}/runs/{run.id}"
