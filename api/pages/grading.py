"""/organize/certifications/{slug}/grading: essays that wait, one at a time; whose they are stays unknown."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.render import form_state, redirect
from certification.bank.content import Essay, parse_content
from certification.exams import grading
from certification.exams.models import AttemptStatus
from certification.exams.models import Response as ResponseRow
from certification.exams.permissions import access_response
from certification.exams.statistics import waiting_for_grader
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from core.errors import AppError, InvalidInput, NotFound
from core.i18n import gettext as _
from core.pages import PageQuery, decode_cursor, encode_cursor
from core.text import SeveralLines

GRADE = "certification:response:grade"


class MarkForm(BaseModel):
    """A grader's mark as a form has it: per cent of the item's credit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
    comment: Annotated[str, SeveralLines(1000, 0)] = ""


async def index(request: Request) -> Response:
    """What waits, the longest waiting first."""
    person = auth.current_person(request)
    certification = await _graded(request)
    query = parse.query(request, PageQuery)
    after = _key(query.cursor) if query.cursor else None
    found = await grading.waiting(certification.id, grader=person, after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    cursor = encode_cursor(shown[-1].submitted_at, shown[-1].id) if len(found) > query.limit else None
    context = {
        "waiting": shown,
        "number": await waiting_for_grader(certification.id, grader_id=person.id),
        "zone": person.time_zone,
        "next_href": next_href(request, cursor),
    }
    return await certification_page(request, certification, "grading", "grading", context)


async def show(request: Request) -> Response:
    """One response with its prompt and guidance, and the form to mark it."""
    certification, response = await _response(request)
    if not _is_waiting(response):
        return redirect(f"/organize/certifications/{certification.slug}/grading", flash=_("That one is graded."))
    return await _show(request, certification, response)


async def mark(request: Request) -> Response:
    """Save the mark and go on to the next response that waits."""
    person = auth.current_person(request)
    certification, response = await _response(request)
    base = f"/organize/certifications/{certification.slug}/grading"
    try:
        data = await parse.form(request, MarkForm)
        await grading.grade_response(
            response, score=data.percent / 100, comment=data.comment, by=person, now=datetime.now(UTC)
        )
    except InvalidInput as error:
        return await _show(request, certification, response, error)
    except grading.NotWaiting as error:
        return redirect(base, flash=error.message, kind="danger")
    following = await grading.waiting(certification.id, grader=person, limit=1)
    if following:
        return redirect(f"{base}/{following[0].id}", flash=_("Saved. Here is the next one."))
    return redirect(base, flash=_("Saved. Nothing else waits."))


async def _graded(request: Request) -> Certification:
    return await access_certification(request.path_params["slug"], auth.current_person(request), permission=GRADE)


async def _response(request: Request) -> tuple[Certification, ResponseRow]:
    certification = await _graded(request)
    response = await access_response(request.path_params["id"], auth.current_person(request))
    if response.attempt.certification_id != certification.id:
        raise NotFound()
    return certification, response


def _is_waiting(response: ResponseRow) -> bool:
    return response.attempt.status is AttemptStatus.submitted and response.score is None


async def _show(
    request: Request, certification: Certification, response: ResponseRow, error: AppError | None = None
) -> Response:
    content = parse_content(response.item_version.content)
    if not isinstance(content, Essay):
        raise NotFound()
    context = {
        "response": response,
        "content": content,
        "number": await waiting_for_grader(certification.id, grader_id=auth.current_person(request).id),
        "form": form_state(request, error=error),
    }
    return await certification_page(request, certification, "grade", "grading", context, error=error)


def _key(cursor: str) -> tuple[datetime, UUID]:
    submitted_at, row_id = decode_cursor(cursor, datetime, UUID)
    if not isinstance(submitted_at, datetime) or not isinstance(row_id, UUID):
        raise InvalidInput({"cursor": _("Use the link to the next page.")})
    return submitted_at, row_id
