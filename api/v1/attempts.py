"""/api/v1: sitting an exam, its result, and the graders' and officers' calls."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.exams import attempts, grading, permissions, queries, saving
from certification.exams.models import Attempt, AttemptStatus
from certification.exams.schemas import (
    AttemptDetailOut,
    AttemptOut,
    GradedOut,
    GradeIn,
    ItemOut,
    RegradeIn,
    ResultOut,
    SavedOut,
    SaveIn,
    StartIn,
    VoidedOut,
    VoidIn,
    WaitingOut,
)
from certification.programs.permissions import access_certification, access_public
from core.i18n import current_locale
from core.pages import PageOf, PageQuery, encode_cursor


async def start(request: Request) -> Response:
    """Start an attempt of the signed-in person; the answer holds the frozen form."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certification = await access_public(request.path_params["slug"], person)
    data = await parse.body(request, StartIn)
    attempt = await attempts.start(
        certification, by=person, certificate_name=data.certificate_name, now=now, locale=current_locale()
    )
    return respond.json(await _detail(attempt, now), 201, location=f"/api/v1/attempts/{attempt.id}")


async def started(request: Request, location: str) -> Response:
    """The answer to a repeated `start`: the attempt as it is now, with its items only while it runs."""
    now = datetime.now(UTC)
    attempt = await permissions.access_attempt(UUID(location.rpartition("/")[2]), auth.current_person(request))
    detail = await _detail(await attempts.close_if_overdue(attempt, now=now), now)
    return respond.json(detail, 201, location=location)


async def show(request: Request) -> Response:
    """The person's own attempt: with the items and answers while it runs, with the result when graded."""
    now = datetime.now(UTC)
    attempt = await permissions.access_attempt(request.path_params["id"], auth.current_person(request))
    return respond.json(await _detail(await attempts.close_if_overdue(attempt, now=now), now))


async def mine(request: Request) -> Response:
    """The signed-in person's attempts, the latest in front."""
    person, now = auth.current_person(request), datetime.now(UTC)
    query = parse.query(request, PageQuery)
    await attempts.close_overdue(now=now, person_id=person.id)
    found = await queries.attempts_of(person.id, before=queries.sort_key(query.cursor), limit=query.limit + 1)
    shown = found[: query.limit]
    results = await queries.results_of([attempt.id for attempt in shown])
    items = [AttemptOut.of(a, ResultOut.of(results[a.id]) if a.id in results else None) for a in shown]
    more = encode_cursor(shown[-1].started_at, shown[-1].id) if len(found) > query.limit else None
    return respond.json(PageOf[AttemptOut](items=items, next_cursor=more))


async def save(request: Request) -> Response:
    """Save one answer. An older sequence changes nothing and answers with what is stored."""
    data = await parse.body(request, SaveIn)
    saved = await saving.save(
        request.path_params["id"],
        request.path_params["position"],
        sequence=data.sequence,
        response=data.response,
        by=auth.current_person(request),
        now=datetime.now(UTC),
    )
    return respond.json(SavedOut.of(saved))


async def submit(request: Request) -> Response:
    """Hand the attempt in; handing in again answers the same."""
    person, now = auth.current_person(request), datetime.now(UTC)
    attempt = await permissions.access_attempt(request.path_params["id"], person)
    return respond.json(await _detail(await attempts.submit(attempt, by=person, now=now), now))


async def to_grade(request: Request) -> Response:
    """Responses of a certification that wait for a grader, the longest waiting in front."""
    person = auth.current_person(request)
    certification = await access_certification(
        request.path_params["slug"], person, permission="certification:response:grade"
    )
    query = parse.query(request, PageQuery)
    found = await grading.waiting(
        certification.id, grader=person, after=queries.sort_key(query.cursor), limit=query.limit + 1
    )
    shown = found[: query.limit]
    more = encode_cursor(shown[-1].submitted_at, shown[-1].id) if len(found) > query.limit else None
    return respond.json(PageOf[WaitingOut](items=[WaitingOut.of(one) for one in shown], next_cursor=more))


async def grade(request: Request) -> Response:
    """Mark a response that waits; the last one of an attempt brings its result."""
    person = auth.current_person(request)
    response = await permissions.access_response(request.path_params["id"], person)
    data = await parse.body(request, GradeIn)
    attempt = await grading.grade_response(
        response, score=data.score, comment=data.comment, by=person, now=datetime.now(UTC)
    )
    return respond.json(GradedOut(attempt_status=attempt.status), 201)


async def regrade(request: Request) -> Response:
    """Supersede a result; a certificate is never changed by it."""
    person = auth.current_person(request)
    attempt = await permissions.access_attempt_for_officer(request.path_params["id"], person)
    data = await parse.body(request, RegradeIn)
    corrections = {one.position: one.score for one in data.corrections}
    now = datetime.now(UTC)
    result = await grading.regrade(attempt, corrections=corrections, reason=data.reason, by=person, now=now)
    return respond.json(ResultOut.of(result), 201)


async def void(request: Request) -> Response:
    """Declare that an attempt does not count."""
    person = auth.current_person(request)
    attempt = await permissions.access_attempt_for_officer(request.path_params["id"], person)
    data = await parse.body(request, VoidIn)
    voided = await attempts.void(attempt, reason=data.reason, by=person, now=datetime.now(UTC))
    return respond.json(VoidedOut(id=voided.id, status=voided.status, voided_reason=voided.voided_reason), 201)


async def _detail(attempt: Attempt, now: datetime) -> AttemptDetailOut:
    questions = await queries.questions_of(attempt) if attempt.status is AttemptStatus.in_progress else []
    certificate, _wanted = await queries.certificate_of(attempt.id)
    return AttemptDetailOut.of(
        attempt,
        await _result(attempt, now),
        server_time=now,
        certificate_name=attempt.certificate_name,
        certificate=certificate.number if certificate else None,
        items=[ItemOut.of(question) for question in questions],
        responses=[SavedOut.of(question) for question in questions if question.sequence > 0],
    )


async def _result(attempt: Attempt, now: datetime) -> ResultOut | None:
    result = await queries.result_of(attempt.id) if attempt.status is AttemptStatus.graded else None
    if result is None or result.is_passed:
        return ResultOut.of(result) if result else None
    retake = await queries.retake_of(attempt.certification, attempt.person_id, attempt.policy, attempt, now=now)
    return ResultOut.of(result, retake)
