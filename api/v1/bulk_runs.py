"""Runs over many certificates: a dry run first, then started, watched, stopped, gone on with."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import auth, parse, proof, respond
from certification.bulk import permissions, planning, queries, report, runs
from certification.bulk.models import BulkRun, RunKind
from certification.bulk.schemas import FileRunQuery, FilterRunIn, LineOut, RunOut, RunPageQuery
from certification.programs.permissions import access_certification
from core.pages import PageOf, PageQuery


async def index(request: Request) -> Response:
    """The runs of a certification, the newest first."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission=permissions.VIEW
    )
    found, cursor = await queries.runs_of(certification.id, parse.query(request, PageQuery))
    progresses = await queries.progress_of_each(found, now=datetime.now(UTC))
    items = [RunOut.of(run, progresses[run.id]) for run in found]
    return respond.json(PageOf[RunOut](items=items, next_cursor=cursor))


async def plan_filter(request: Request) -> Response:
    """A dry run over the certificates that a filter finds, to send them again or to revoke them. Nothing is changed."""
    person = auth.current_person(request)
    await access_certification(request.path_params["slug"], person, permission=permissions.VIEW)
    data = await parse.body(request, FilterRunIn)
    certification = await permissions.access_new(request.path_params["slug"], person, RunKind(data.kind))
    run = await planning.plan_filter(
        certification, RunKind(data.kind), data, reason=data.reason, by=person, now=datetime.now(UTC)
    )
    return await _answer(run, 201)


async def plan_file(request: Request) -> Response:
    """A dry run over the lines of a CSV file in the body: the outcome of each line is foreseen, and nothing is changed.

    Issuing reads the columns `email`, `name`, `achieved_on` (2026-11-24) and `score`; the others read `number`, and
    revoking a `reason`.
    """
    person = auth.current_person(request)
    await access_certification(request.path_params["slug"], person, permission=permissions.VIEW)
    query = parse.query(request, FileRunQuery)
    certification = await permissions.access_new(request.path_params["slug"], person, RunKind(query.kind))
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media and not media.startswith("text/") and media != "application/octet-stream":
        raise parse.UnsupportedMedia("Send the file itself as text/csv.")
    run = await planning.plan_file(
        certification,
        RunKind(query.kind),
        await request.body(),
        reason=query.reason,
        invites=query.invites,
        source_name=query.source_name,
        by=person,
        now=datetime.now(UTC),
    )
    return await _answer(run, 201)


async def show(request: Request) -> Response:
    """How far a run is."""
    return await _answer(await _run(request, to_change=False))


async def lines(request: Request) -> Response:
    """The lines of a run in their order, with what is foreseen or what came of each."""
    run = await _run(request, to_change=False)
    query = parse.query(request, RunPageQuery)
    found, cursor = await queries.lines_of(run, query, state=query.state)
    items = [LineOut.of(line, number) for line, number in found]
    return respond.json(PageOf[LineOut](items=items, next_cursor=cursor))


async def report_file(request: Request) -> Response:
    """Every line with what came of it, as a file that is written while it is read."""
    return csv_of(await _run(request, to_change=False))


def csv_of(run: BulkRun) -> Response:
    """The report as a download."""
    headers = {"Content-Disposition": f'attachment; filename="{run.kind.value}-{run.created_at:%Y-%m-%d}.csv"'}
    return StreamingResponse(report.as_csv(run), media_type="text/csv; charset=utf-8", headers=headers)


async def start(request: Request) -> Response:
    """Carry a dry run out, or go on with a run that was stopped."""
    run = await _run(request, to_change=True)
    await _require_proof(request, run)
    await runs.start(run, by=auth.current_person(request), now=datetime.now(UTC))
    return await _again(request)


async def stop(request: Request) -> Response:
    """Stop after the lines in hand; what is done stays done."""
    run = await _run(request, to_change=True)
    await runs.stop(run, by=auth.current_person(request), now=datetime.now(UTC))
    return await _again(request)


async def retry(request: Request) -> Response:
    """Try the failed lines again."""
    run = await _run(request, to_change=True)
    await _require_proof(request, run)
    await runs.retry_failed(run, by=auth.current_person(request), now=datetime.now(UTC))
    return await _again(request)


async def discard(request: Request) -> Response:
    """Throw a dry run away that was not started."""
    await runs.discard(await _run(request, to_change=True), by=auth.current_person(request))
    return respond.empty()


async def _require_proof(request: Request, run: BulkRun) -> None:
    """Revoking many certificates asks for the password as revoking one does."""
    if run.kind is RunKind.revoke:
        await proof.require(request)


async def _run(request: Request, *, to_change: bool) -> BulkRun:
    return await permissions.access_run(request.path_params["id"], auth.current_person(request), to_change=to_change)


async def _again(request: Request) -> Response:
    return await _answer(await _run(request, to_change=False))


async def _answer(run: BulkRun, status: int = 200) -> Response:
    if status == 201:
        await run.fetch_related("certification")
        return respond.json(await _out(run), 201, location=f"/api/v1/bulk-runs/{run.id}")
    return respond.json(await _out(run), status)


async def _out(run: BulkRun) -> RunOut:
    return RunOut.of(run, await queries.progress_of(run, now=datetime.now(UTC)))
