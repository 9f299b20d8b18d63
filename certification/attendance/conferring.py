"""Conferring certificates of attendance: when an event is over, one run issues to everybody who was checked in."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from accounts.models import Person
from certification.attendance import hours, offers
from certification.attendance.models import AttendanceOffer
from certification.bulk import runs
from certification.bulk.effects import LineFailed, Outcome, effect, issued
from certification.bulk.models import BulkLine, BulkRun, RunKind
from certification.certificates import issuing
from certification.certificates.wording import language_of
from certification.programs.models import Certification
from certification.renewal import credits
from certification.renewal.models import CreditSource
from core.database import Connection, fetch, fetchval, new_id, transaction
from core.errors import Conflict
from core.i18n import N_, speaking
from core.i18n import gettext as _
from events.catalog.models import Event, EventStatus
from events.registration.models import Registration, RegistrationStatus


class NotOffered(Conflict):
    """The event offers no certificates of attendance."""

    code, message = "not_offered", N_("Switch certificates of attendance on first.")


class NotOver(Conflict):
    """The event or its last session has not ended yet; `ends_at` says when it will have."""

    code, message = "event_not_over", N_("The event is not over yet; certificates are issued by themselves when it is.")


_DUE = """
SELECT e.id FROM event e JOIN attendance_offer o ON o.event_id = e.id
WHERE o.is_on AND e.status = 'published'
  AND greatest(e.ends_at, (SELECT max(s.ends_at) FROM session s WHERE s.event_id = e.id)) <= $1
  AND NOT EXISTS (SELECT 1 FROM bulk_run b WHERE b.event_id = e.id AND b.kind = 'attendance')
  AND EXISTS (SELECT 1 FROM check_in c JOIN check_in_list l ON l.id = c.check_in_list_id WHERE l.event_id = e.id)
ORDER BY e.ends_at LIMIT 50"""

_MISSING = f"""
INSERT INTO bulk_line (id, run_id, position, given, person_id, state, problem)
SELECT gen_random_uuid(), $3, (SELECT coalesce(max(position), 0) FROM bulk_line WHERE run_id = $3)
           + row_number() OVER (ORDER BY t.registered_at, t.registration_id),
       jsonb_build_object('registration', t.registration_id, 'name', t.name, 'hours', t.hours::text), t.person_id,
       'ready', ''
FROM ({hours.CHECKED_IN}) t
WHERE NOT EXISTS (SELECT 1 FROM bulk_line b WHERE b.run_id = $3 AND b.given->>'registration' = t.registration_id::text)
  AND NOT EXISTS (SELECT 1 FROM issue_request q WHERE q.source_kind = 'attendance' AND q.source_id = t.registration_id)
"""


async def over_at(event: Event) -> datetime:
    """When the event is over: its end, or that of its last session, whichever is later."""
    found: datetime = await fetchval(
        """SELECT greatest(e.ends_at, (SELECT max(s.ends_at) FROM session s WHERE s.event_id = e.id))
           FROM event e WHERE e.id = $1""",
        event.id,
    )
    return found


async def confer_due(*, now: datetime) -> int:
    """Start the run of every event that is over, offers certificates and has none yet; returns how many."""
    due = await fetch(_DUE, now)
    for row in due:
        try:
            await confer(await Event.get(id=row["id"]), by=None, now=now)
        except (NotOver, NotOffered, runs.NothingToDo):  # changed by somebody at this moment
            continue
    return len(due)


async def confer(event: Event, *, by: Person | None, now: datetime) -> BulkRun:
    """Issue to everybody who was checked in and has no certificate yet, in the event's one run; see `hours`.

    Again it adds those who are missing, such as late check-ins, and tries no other line. Locks the event, so that a
    move or cancellation comes before or after. Raises `NotOffered`, `NotOver`, and `runs.NothingToDo`.
    """
    async with transaction() as connection:
        locked = await Event.select_for_update(no_key=True).get(id=event.id)
        offer = await offers.offer_of(locked)
        if not offer.is_on or locked.status is not EventStatus.published:
            raise NotOffered(_("Switch certificates of attendance on first."))
        ends_at = await over_at(locked)
        if ends_at > now:
            message = _("The event is not over yet; certificates are issued by themselves when it is.")
            raise NotOver(message, ends_at=ends_at.isoformat())
        run, is_new = await _run_of(connection, locked, by)
        basis = await hours.basis_of(locked)
        added = await connection.execute(_MISSING, locked.id, basis.hours_of_all, run.id)
        if added == "INSERT 0 0":
            raise runs.NothingToDo(_("Everybody who was checked in has a certificate, or is about to get one."))
        action = "bulk_run.started" if is_new else "bulk_run.continued"
        await runs.set_going(run, action, by=by, now=now)
    return run


async def run_of(event: Event) -> BulkRun | None:
    """The event's one run, once it was started."""
    return await BulkRun.get_or_none(event_id=event.id, kind=RunKind.attendance)


@dataclass(frozen=True, slots=True)
class Attending:
    """What all lines of an event's run share."""

    event: Event
    offer: AttendanceOffer
    over_at: datetime


async def attending(run: BulkRun) -> Attending:
    """The event of a run with its organization, and what it offers now."""
    event = await Event.get(id=run.event_id).select_related("organization")
    return Attending(event, await offers.offer_of(event), await over_at(event))


@effect(RunKind.attendance, prepare=attending, in_one_transaction=False)
async def confer_one(line: BulkLine, shared: Attending, now: datetime) -> Outcome:
    """Decide and issue the certificate of one registration, and add its credits. Raises `LineFailed`."""
    event, offer = shared.event, shared.offer
    registration = await Registration.get(id=UUID(line.given["registration"])).select_related("person")
    if registration.status is not RegistrationStatus.confirmed:
        raise LineFailed(_("The registration was cancelled."))
    if registration.person.erased_at is not None:
        raise LineFailed(_("The account was erased."))
    attended = Decimal(line.given["hours"])
    worth = hours.credits_for(attended, offer.credits_per_hour)
    request_id = await issuing.request_attendance(
        registration.id,
        organization=event.organization,
        event_id=event.id,
        person=registration.person,
        holder_name=registration.person.certificate_name or registration.attendee_name,
        achievement=event.title,
        statement=offer.statement or _usual_statement(language_of(event)),
        achieved_at=shared.over_at,
        hours=attended,
        credits=worth,
        layout_id=offer.layout_id,
        locale=language_of(event),
        by_job=False,
    )
    outcome = await issued(request_id, now=now)
    await _credit(registration.person, event, offer, worth, now=now)
    return outcome


async def _credit(person: Person, event: Event, offer: AttendanceOffer, worth: Decimal, *, now: datetime) -> None:
    """Let the hours count to the renewal of what the person holds; earned before a certificate they count to none."""
    counted = [one.id for one in offer.certifications]
    if not counted:
        return
    for certification in await Certification.filter(id__in=counted, certificates__person_id=person.id).distinct():
        await credits.earn(
            certification,
            person,
            source=CreditSource.event,
            source_id=event.id,
            amount=worth,
            title=event.title,
            earned_on=event.ends_at.astimezone(event.zone).date(),
            now=now,
        )


def _usual_statement(language: str) -> str:
    with speaking(language):
        return _("has attended this event")


async def _run_of(connection: Connection, event: Event, by: Person | None) -> tuple[BulkRun, bool]:
    """The event's run, locked, and whether it was made now; the unique index lets there be one."""
    made = await connection.fetchval(
        """INSERT INTO bulk_run (id, organization_id, event_id, kind, state, parameters, created_by_id, created_at)
           VALUES ($1, $2, $3, 'attendance', 'running', '{}', $4, now())
           ON CONFLICT (event_id) WHERE kind = 'attendance' DO NOTHING RETURNING id""",
        new_id(),
        event.organization_id,
        event.id,
        by.id if by else None,
    )
    run = await BulkRun.select_for_update().get(event_id=event.id, kind=RunKind.attendance)
    return run, made is not None
