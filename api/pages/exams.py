"""Pages of the learner: before the start, the exam itself, handing in, results."""

from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from accounts import people
from accounts.models import Person
from api import auth, parse
from api.render import form_state, redirect, render
from certification.bank.content import ItemType
from certification.exams import attempts, permissions, queries, saving
from certification.exams.models import Attempt, AttemptStatus
from certification.exams.queries import Question, Readiness
from certification.exams.schemas import StartIn
from certification.programs.impartiality import ReadsItems, why_not
from certification.programs.models import Certification, CertificationStatus, Entitlement
from certification.programs.permissions import access_public
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import current_locale, ngettext
from core.i18n import gettext as _
from core.pages import PageQuery, encode_cursor
from core.templating import format_number

NO_STORE = {"Cache-Control": "no-store"}


async def prepare(request: Request) -> Response:
    """The rules, the time, the attempts left and the certificate name, before the start."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certification = await access_public(request.path_params["slug"], person)
    return await _prepare(request, certification, person, now)


async def start(request: Request) -> Response:
    """Start the exam and lead to it; to the running attempt where there is one."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certification = await access_public(request.path_params["slug"], person)
    try:
        data = await parse.form(request, StartIn)
        attempt = await attempts.start(
            certification,
            by=person,
            certificate_name=data.certificate_name,
            now=now,
            locale=current_locale(),
        )
    except attempts.AttemptInProgress as running:
        return redirect(f"/me/exams/{running.facts['attempt_id']}")
    except (InvalidInput, Conflict, ReadsItems) as error:
        return await _prepare(request, certification, person, now, error)
    return redirect(f"/me/exams/{attempt.id}")


async def send_confirmation(request: Request) -> Response:
    """Send the link that confirms the address again, and come back."""
    person = auth.current_person(request)
    certification = await access_public(request.path_params["slug"], person)
    await people.send_confirmation(person, address=auth.client_address(request), now=datetime.now(UTC))
    flash = _("A mail with a new link is on its way. Use it, then come back here.")
    return redirect(f"/certifications/{certification.slug}/start", flash=flash, kind="info")


async def mine(request: Request) -> Response:
    """The person's attempts and what they are entitled to."""
    person, now = auth.current_person(request), datetime.now(UTC)
    query = parse.query(request, PageQuery)
    await attempts.close_overdue(now=now, person_id=person.id)
    found = await queries.attempts_of(person.id, before=queries.sort_key(query.cursor), limit=query.limit + 1)
    shown = found[: query.limit]
    more = encode_cursor(shown[-1].started_at, shown[-1].id) if len(found) > query.limit else None
    running = [attempt for attempt in shown if attempt.status is AttemptStatus.in_progress]
    held = Entitlement.filter(person_id=person.id, valid_until__gt=now).order_by("valid_until")
    sitting = {attempt.certification_id for attempt in running}
    context = {
        "running": running,
        "past": [attempt for attempt in shown if attempt.status is not AttemptStatus.in_progress],
        "results": await queries.results_of([attempt.id for attempt in shown]),
        "entitlements": [
            row
            for row in await held.select_related("certification")
            if row.attempts_left > 0
            and row.certification_id not in sitting
            and row.certification.status is CertificationStatus.published
        ],
        "next_href": f"/me/exams?cursor={more}" if more else None,
    }
    return render(request, "pages/exams/mine.html", context, headers=NO_STORE)


async def show(request: Request) -> Response:
    """The exam while it runs, its result afterwards."""
    attempt, person, now = await _mine(request)
    if attempt.status is AttemptStatus.in_progress:
        return await _run(request, attempt, now)
    result = await queries.result_of(attempt.id) if attempt.status is AttemptStatus.graded else None
    certificate, wanted = await queries.certificate_of(attempt.id)
    latest = await queries.last_attempt(attempt.certification_id, person.id)
    domains = result.domains if result else []
    context = {
        "attempt": attempt,
        "result": result,
        "certificate": certificate,
        "wanted": wanted,
        "now": now,
        "is_latest": latest is not None and latest.id == attempt.id,
        "domain_rows": [
            (
                one["name"],
                float(one["percent"]),
                _("%(percent)s %%") % {"percent": format_number(float(one["percent"]))},
            )
            for one in domains
        ],
        "retake": await queries.retake_of(attempt.certification, person.id, attempt.policy, attempt, now=now),
    }
    return render(request, "pages/exams/result.html", context, headers=NO_STORE)


async def certificate_state(request: Request) -> Response:
    """What has become of the certificate, for the result page to ask again."""
    attempt, _person, _now = await _mine(request)
    certificate, wanted = await queries.certificate_of(attempt.id)
    context = {"attempt": attempt, "certificate": certificate, "wanted": wanted}
    return render(request, "pages/exams/certificate.html", context, headers=NO_STORE)


async def save(request: Request) -> Response:
    """Save one answer from a browser without scripts, and go on with the next question."""
    attempt, person, now = await _mine(request)
    position: int = request.path_params["position"]
    questions = await queries.questions_of(attempt)
    question = next((one for one in questions if one.position == position), None)
    if question is None:
        raise NotFound()
    form = await parse.read_form(request)
    try:
        response = _typed_response(question, form)
        await saving.save_next(attempt.id, position, response=response, by=person, now=now)
    except saving.AttemptClosed as closed:
        return redirect(f"/me/exams/{attempt.id}", flash=closed.message, kind="warning")
    except InvalidInput as error:
        return await _run(request, attempt, now, position, error)
    following = min(position + 1, len(questions))
    flash = _("Question {position} is saved.").format(position=position)
    return redirect(f"/me/exams/{attempt.id}#q{following}", flash=flash)


async def confirm_submission(request: Request) -> Response:
    """Ask once more, with the questions that have no answer; for browsers without scripts."""
    attempt, _person, _now = await _mine(request)
    if attempt.status is not AttemptStatus.in_progress:
        return redirect(f"/me/exams/{attempt.id}")
    questions = await queries.questions_of(attempt)
    context = {
        "attempt": attempt,
        "count": len(questions),
        "unanswered": [one.position for one in questions if one.response is None],
    }
    return render(request, "pages/exams/submit.html", context, headers=NO_STORE)


async def submit(request: Request) -> Response:
    """Hand the attempt in and show its result; one that is closed already shows it too."""
    attempt, person, now = await _mine(request)
    try:
        await attempts.submit(attempt, by=person, now=now)
    except saving.AttemptClosed as closed:
        return redirect(f"/me/exams/{attempt.id}", flash=closed.message, kind="warning")
    return redirect(f"/me/exams/{attempt.id}")


async def _mine(request: Request) -> tuple[Attempt, Person, datetime]:
    """The person's own attempt as it is now, closed where its time is over."""
    person, now = auth.current_person(request), datetime.now(UTC)
    attempt = await permissions.access_attempt(request.path_params["id"], person)
    return await attempts.close_if_overdue(attempt, now=now), person, now


async def _run(
    request: Request, attempt: Attempt, now: datetime, position: int = 0, error: InvalidInput | None = None
) -> Response:
    questions = await queries.questions_of(attempt)
    message = error.fields.get("response", error.message) if error else ""
    context = {
        "attempt": attempt,
        "questions": questions,
        "sequence": max(question.sequence for question in questions),
        "now": now,
        "errors": {f"q{position}": f"{position}: {message}"} if error else {},
    }
    status = error.status if error else 200
    return render(request, "pages/exams/run.html", context, status=status, headers=NO_STORE)


async def _prepare(
    request: Request, certification: Certification, person: Person, now: datetime, error: AppError | None = None
) -> Response:
    await attempts.close_overdue(now=now, person_id=person.id)
    standing = await queries.readiness(certification, person, now=now)
    is_published = certification.status is CertificationStatus.published
    state = form_state(request, {"certificate_name": person.certificate_name}, error)
    context: dict[str, Any] = {
        "certification": certification,
        "standing": standing,
        "now": now,
        "minutes": standing.policy.time_limit_minutes,
        "is_published": is_published,
        "is_open": is_published and standing.is_open_at(now),
        "start_label": _start_label(standing),
        "why_not": why_not(standing.reads_as) if standing.reads_as else None,
        "values": state.values,
        "errors": state.errors,
        "message": state.message,
    }
    return render(request, "pages/exams/start.html", context, status=error.status if error else 200, headers=NO_STORE)


def _start_label(standing: Readiness) -> str:
    minutes, left = standing.policy.time_limit_minutes, standing.retake.attempts_left
    time = ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    attempts_left = ngettext("%(number)s attempt left", "%(number)s attempts left", left) % {"number": left}
    return _("Start exam: %(time)s, %(attempts)s") % {"time": time, "attempts": attempts_left}


def _typed_response(question: Question, form: FormData) -> object:
    """The response that a submitted form stands for; nothing typed or chosen is None."""
    values = [value for value in form.getlist("response") if isinstance(value, str)]
    match question.view["type"]:
        case ItemType.MULTIPLE_CHOICE:
            return values
        case ItemType.TRUE_FALSE:
            return {"true": True, "false": False}.get(values[0]) if values else None
        case ItemType.MATCHING:
            pairs = {left["id"]: form.get(f"response.{left['id']}") for left in question.view["left"]}
            return {left: right for left, right in pairs.items() if isinstance(right, str) and right}
        case ItemType.NUMERIC:
            return values[0].replace(",", ".") if values else None
        case ItemType.SINGLE_CHOICE | ItemType.SHORT_ANSWER | ItemType.ESSAY:
            return values[0] if values and values[0] else None
    raise ValueError(f"unknown type of item {question.view['type']}")
