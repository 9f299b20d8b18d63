"""Mails about exams; each is sent once per attempt and occasion, and none to an erased person."""

from datetime import datetime

from accounts.models import Person, RoleGrant, ScopeKind
from accounts.roles import roles_with
from certification.exams import queries
from certification.exams.models import Attempt, Result
from core import mail
from core.settings import get_settings


async def tell_result(attempt: Attempt, result: Result, *, now: datetime) -> None:
    """Tell the learner the score, the domains, and what comes next. Needs the attempt with all its relations."""
    certification, policy = attempt.certification, attempt.policy
    retake = None
    if not result.is_passed:
        retake = await queries.retake_of(certification, attempt.person_id, policy, attempt, now=now)
    await _tell(
        "certification/result",
        attempt.person,
        key=f"attempt.result {attempt.id} {result.version}",
        attempt=attempt,
        certification=certification,
        result=result,
        retake=retake,
        zone=attempt.person.time_zone,
        now=now,
    )


async def tell_voided(attempt: Attempt) -> None:
    """Tell the learner that the attempt does not count, and why."""
    await _tell(
        "certification/result_voided",
        attempt.person,
        key=f"attempt.voided {attempt.id}",
        attempt=attempt,
        certification=attempt.certification,
    )


async def tell_officers(attempt: Attempt, old: Result, new: Result) -> None:
    """Tell the certification officers that a regrade has superseded a result, since its certificate stays as it is."""
    certification = attempt.certification
    certificate, _wanted = await queries.certificate_of(attempt.id)
    grants = await RoleGrant.filter(
        organization_id=certification.organization_id, role__in=roles_with("certification:certificate:revoke")
    ).select_related("person")
    officers = {
        grant.person_id: grant.person
        for grant in grants
        if grant.scope_kind is ScopeKind.organization or grant.scope_id == certification.id
    }
    for officer in officers.values():
        await _tell(
            "certification/result_regraded",
            officer,
            key=f"attempt.regraded {attempt.id} {new.version} {officer.id}",
            certification=certification,
            certificate=certificate,
            old=old,
            new=new,
        )


async def _tell(template: str, person: Person, *, key: str, **context: object) -> None:
    if person.email is None:
        return
    await mail.send(
        template,
        to=(person.display_name, person.email),
        context={**context, "exams_url": f"{get_settings().public_url}/me/exams"},
        locale=person.locale,
        key=key,
    )
