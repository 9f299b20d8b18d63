"""/organize/certifications/{slug}/candidates: the attempts, and declaring that one does not count."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.render import form_state, redirect
from certification.exams import attempts, statistics
from certification.exams.models import Attempt, AttemptStatus
from certification.exams.permissions import access_attempt_for_officer
from certification.exams.queries import certificate_of, result_of
from certification.exams.schemas import VoidIn
from certification.programs.permissions import access_certification
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from core.pages import PageQuery
from core.templating import format_number


class CandidateSearch(PageQuery):
    """Which attempts to list: by name or address, and by status."""

    q: Annotated[str | None, StringConstraints(strip_whitespace=True, max_length=200)] = None
    status: AttemptStatus | None = None


async def index(request: Request) -> Response:
    """The attempts, the latest in front."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission="certification:certificate:view"
    )
    search = parse.query(request, CandidateSearch)
    found, cursor = await statistics.candidates(
        certification.id, q=search.q or "", status=search.status, cursor=search.cursor, limit=search.limit
    )
    context = {
        "search": search,
        "candidates": found,
        "badges": _badges(),
        "next_href": next_href(request, cursor),
    }
    return await certification_page(request, certification, "candidates", "candidates", context)


async def show(request: Request) -> Response:
    """One attempt: what happened, its result, and the form to void it."""
    return await _show(request, await _attempt(request))


async def void(request: Request) -> Response:
    """Declare that an attempt does not count; the learner is told why."""
    attempt = await _attempt(request)
    try:
        data = await parse.form(request, VoidIn)
        await attempts.void(attempt, reason=data.reason, by=auth.current_person(request), now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return await _show(request, attempt, error)
    target = f"/organize/certifications/{attempt.certification.slug}/candidates/{attempt.id}"
    return redirect(target, flash=_("The attempt is voided. The learner is told."))


async def _attempt(request: Request) -> Attempt:
    attempt = await access_attempt_for_officer(request.path_params["id"], auth.current_person(request))
    if attempt.certification.slug != request.path_params["slug"]:
        raise NotFound()
    await attempt.fetch_related("person", "entitlement")
    return attempt


async def _show(request: Request, attempt: Attempt, error: AppError | None = None) -> Response:
    certificate, _wanted = await certificate_of(attempt.id)
    result = await result_of(attempt.id)
    context = {
        "attempt": attempt,
        "badge": _badges()[attempt.status],
        "result": result,
        "domain_rows": [
            (
                one["name"],
                float(one["percent"]),
                _("%(percent)s %%") % {"percent": format_number(float(one["percent"]))},
            )
            for one in (result.domains if result else ())
        ],
        "certificate": certificate,
        "form": form_state(request, error=error),
    }
    return await certification_page(request, attempt.certification, "candidate", "candidates", context, error=error)


def _badges() -> dict[AttemptStatus, tuple[str, str]]:
    """Kind and text of the badge of every status."""
    return {
        AttemptStatus.in_progress: ("info", _("In progress")),
        AttemptStatus.submitted: ("warning", _("Waits for a grader")),
        AttemptStatus.graded: ("success", _("Graded")),
        AttemptStatus.voided: ("danger", _("Voided")),
    }
