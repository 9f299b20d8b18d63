"""Who may see an attempt, grade its responses, and decide about it."""

from uuid import UUID

from accounts import roles
from accounts.models import Person
from certification.exams.models import Attempt, Response
from core.errors import Forbidden, NotFound
from core.i18n import N_


class OwnAttempt(Forbidden):
    """Nobody decides about an attempt of their own (ISO/IEC 17024)."""

    code, message = "own_attempt", N_("This is your own attempt. Somebody else has to grade it.")


async def access_attempt(attempt_id: UUID, person: Person) -> Attempt:
    """The person's own attempt, with certification and policy. Raises `NotFound` for anybody else's."""
    attempt = await Attempt.get_or_none(id=attempt_id, person_id=person.id).select_related(
        "certification__organization", "policy"
    )
    if attempt is None:
        raise NotFound()
    return attempt


async def access_attempt_for_officer(attempt_id: UUID, person: Person) -> Attempt:
    """An attempt for a certification officer. Raises `NotFound`, `Forbidden`, or `OwnAttempt`."""
    attempt = await Attempt.get_or_none(id=attempt_id).select_related("certification__organization", "policy")
    if attempt is None:
        raise NotFound()
    await roles.require(
        person,
        "certification:certificate:issue",
        organization_id=attempt.certification.organization_id,
        scope_id=attempt.certification_id,
    )
    if attempt.person_id == person.id:
        raise OwnAttempt()
    return attempt


async def access_response(response_id: UUID, person: Person) -> Response:
    """A response for a grader, with its attempt. Raises `NotFound`, `Forbidden`, or `OwnAttempt`."""
    response = await Response.get_or_none(id=response_id).select_related("attempt__certification", "item_version")
    if response is None:
        raise NotFound()
    certification = response.attempt.certification
    await roles.require(
        person,
        "certification:response:grade",
        organization_id=certification.organization_id,
        scope_id=certification.id,
    )
    if response.attempt.person_id == person.id:
        raise OwnAttempt()
    return response
