"""/me: what a signed-in person has before them: an exam that runs, the next event, the newest certificate."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from accounts.queries import memberships
from accounts.role_names import role_name
from api import auth
from api.render import render
from certification.certificates import queries as certificates
from certification.certificates.verification import standing_of
from certification.exams.models import Attempt, AttemptStatus
from events.catalog.models import EventStatus
from events.registration import queries as registrations
from events.registration.models import RegistrationStatus


async def home(request: Request) -> Response:
    """The next step first, then tickets, exams and certificates, each with a way to all of them."""
    person, now = auth.current_person(request), datetime.now(UTC)
    mine = await registrations.all_mine(person.id)
    running = Attempt.filter(person_id=person.id, status=AttemptStatus.in_progress, deadline__gt=now)
    held = await certificates.held_by(person.id)
    return render(
        request,
        "pages/me.html",
        {
            "attempts": await running.order_by("deadline").select_related("certification"),
            "tickets": [row for row in mine if row["event_ends_at"] > now and _is_on(row)],
            "certificates": [{"certificate": c, "standing": standing_of(c, now=now)} for c in held[:3]],
            "organizes": bool(await memberships(person)),
        },
    )


def _is_on(row: dict[str, Any]) -> bool:  # Any: columns of many types
    """Whether the person has a place, and the event takes place."""
    return row["event_status"] != EventStatus.cancelled and RegistrationStatus(row["status"]).takes_a_place


async def organize(request: Request) -> Response:
    """The organizations in which this person has a role, each with the roles."""
    found: dict[str, tuple[Organization, list[str]]] = {}
    for grant in await memberships(auth.current_person(request)):
        _, roles = found.setdefault(grant.organization.slug, (grant.organization, []))
        if (name := role_name(grant.role)) not in roles:
            roles.append(name)
    return render(request, "pages/organize.html", {"organizations": list(found.values())})
