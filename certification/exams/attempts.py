"""Attempts: starting one with a frozen form, handing it in, closing it at the deadline, voiding it."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from accounts import audit
from accounts.models import Person
from certification.exams import emails, queries
from certification.exams.contents import contents_of
from certification.exams.forms import Blueprint, FormItem, draw_form, largest_remainder
from certification.exams.grading import lock, mark
from certification.exams.models import GRACE, Attempt, AttemptStatus, Response, SubmittedBy
from certification.exams.permissions import OwnAttempt
from certification.exams.saving import AttemptClosed
from certification.programs import impartiality
from certification.programs.entitlements import take_attempt
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus
from certification.programs.queries import current_policy
from core.database import fetch, transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_, current_locale, use_locale
from core.i18n import gettext as _
from core.jobs import enqueue

log = logging.getLogger("confero.exams")


class NotOpen(Conflict):
    """The certification is a draft or retired."""

    code, message = "not_open", N_("This exam cannot be taken at present.")


class EmailNotConfirmed(Conflict):
    """An exam needs a confirmed address, for the result and the certificate."""

    code = "email_not_confirmed"
    message = N_(
        "Confirm your e-mail address first, by the link in the mail that we sent you. You can ask for a new link."
    )


class AttemptInProgress(Conflict):
    """One attempt at a time; `attempt_id` says which."""

    code, message = "attempt_in_progress", N_("You have an attempt in progress. Continue it.")


class ResultPending(Conflict):
    """A retake follows a failure, and the result of the last attempt is not known yet."""

    code, message = "result_pending", N_("Your last attempt is being graded. Wait for its result.")


class RetakeTooEarly(Conflict):
    """The wait after a failure is not over; `retake_from` says when it is."""

    code, message = "retake_too_early", N_("You cannot sit this exam again yet.")


class AlreadyVoided(Conflict):
    """A voided attempt stays voided."""

    code, message = "already_voided", N_("This attempt is voided already.")


async def start(
    certification: Certification, *, by: Person, certificate_name: str | None, now: datetime, locale: str
) -> Attempt:
    """Start an attempt: uses one of an entitlement, draws the form from a new seed and freezes it, all or nothing.

    `certificate_name` confirms or corrects the person's; it is kept on both. The deadline is the earlier of the time
    limit and the end of the entitlement. Raises `NotOpen`, `EmailNotConfirmed`, `InvalidInput`, `AttemptInProgress`,
    `NotEligible`, `NoAttemptsLeft`, `ResultPending`, `RetakeTooEarly`, `NotEnoughItems`, and `ReadsItems` for whoever
    can read the items.
    """
    await impartiality.refuse_reader(by, certification)
    if certification.status is not CertificationStatus.published:
        raise NotOpen()
    if not by.is_confirmed:
        raise EmailNotConfirmed()
    name = certificate_name or by.certificate_name
    if not name:
        raise InvalidInput({"certificate_name": _("Write your name as it stands in your identity document.")})
    running = await queries.running_attempt(certification.id, by.id)
    if running is not None:
        await close_if_overdue(running, now=now)
    async with transaction():
        attempt = await _begin(certification, by, name, now, locale)
        if name != by.certificate_name:
            await Person.filter(id=by.id).update(certificate_name=name)
            by.certificate_name = name
        await audit.record(
            "attempt.started",
            by=by,
            object_kind="attempt",
            object_id=attempt.id,
            organization_id=certification.organization_id,
            after={"deadline": attempt.deadline.isoformat()},
        )
        # A second later than needed, so that a worker whose clock is a little behind does not find it too early.
        at = attempt.deadline + GRACE + timedelta(seconds=1)
        await enqueue("exams.close", {"attempt": str(attempt.id)}, key=f"exams.close {attempt.id}", at=at)
    return attempt


async def _begin(certification: Certification, person: Person, name: str, now: datetime, locale: str) -> Attempt:
    async with transaction() as connection:
        key = f"attempt {person.id} {certification.id}"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        policy = await current_policy(certification.id)
        last = await queries.last_attempt(certification.id, person.id)
        if last is not None and last.status is AttemptStatus.in_progress:
            raise AttemptInProgress(attempt_id=str(last.id))
        entitlement = await take_attempt(certification, person, policy, now=now)
        if last is not None and last.status is AttemptStatus.submitted:
            raise ResultPending()
        opens_at = await queries.waits_until(last)
        if opens_at is not None and opens_at > now:
            raise RetakeTooEarly(retake_from=opens_at.isoformat())
        limit = now + timedelta(minutes=policy.time_limit_minutes)
        attempt = await Attempt.create(
            certification=certification,
            policy=policy,
            entitlement=entitlement,
            person=person,
            seed=secrets.randbits(63),
            certificate_name=name,
            locale=locale,
            started_at=now,
            deadline=min(limit, entitlement.valid_until),
        )
        await _freeze_form(attempt, policy)
    return attempt


async def _freeze_form(attempt: Attempt, policy: CertificationPolicy) -> None:
    """Draw the form from the attempt's seed and write it down as its responses."""
    rows = await fetch(
        """SELECT DISTINCT ON (v.item_id) v.id, d.name, d.weight
           FROM item i JOIN domain d ON d.id = i.domain_id JOIN item_version v ON v.item_id = i.id
           WHERE i.certification_id = $1 AND i.retired_at IS NULL ORDER BY v.item_id, v.version DESC""",
        attempt.certification_id,
    )
    if not rows:
        raise NotOpen()
    contents = await contents_of(row["id"] for row in rows)
    domains = {row["id"]: row["name"] for row in rows}
    pool = [FormItem(version_id, name, contents[version_id]) for version_id, name in domains.items()]
    blueprint = blueprint_for(pool, {row["name"]: row["weight"] for row in rows}, policy.form_length)
    await Response.bulk_create(
        [
            Response(
                attempt=attempt,
                position=entry.position,
                item_version_id=entry.item_version_id,
                domain_name=domains[entry.item_version_id],
                option_order=entry.option_order,
                right_order=entry.right_order,
            )
            for entry in draw_form(pool, blueprint, attempt.seed)
        ]
    )


def blueprint_for(pool: Sequence[FormItem], weights: Mapping[str, int], form_length: int | None) -> Blueprint:
    """How many items of each domain: by weight, and all of them where there is no `form_length`.

    A domain that holds fewer items than its share gives what it has, and the others make up for it by their weights:
    a learner is not turned away because an item was retired. `weights` names the domains that have items.
    """
    if form_length is None:
        return Blueprint(total=len(pool))
    available = {name: sum(item.domain == name for item in pool) for name in weights}
    counts: dict[str, int] = {}
    while True:
        others = {name: weight for name, weight in weights.items() if name not in counts}
        if not others:
            return Blueprint(total=form_length)  # too few in all: draw_form says how many are missing
        shares = largest_remainder(others, form_length - sum(counts.values()))
        short = {name: available[name] for name, share in shares.items() if share > available[name]}
        if not short:
            return Blueprint({**counts, **shares})
        counts |= short


async def submit(attempt: Attempt, *, by: Person, now: datetime) -> Attempt:
    """Hand the attempt in; handing in again changes nothing. Returns it as it then is: voided where its learner has
    become able to read the items meanwhile.

    Raises `AttemptClosed` where it is voided.
    """
    async with transaction():
        locked = await lock(attempt.id)
        if locked.status is AttemptStatus.voided:
            raise AttemptClosed()
        if locked.status is AttemptStatus.in_progress:
            in_time = locked.takes_answers_at(now)
            await _close(locked, SubmittedBy.learner if in_time else SubmittedBy.deadline, by=by, now=now)
    return locked


async def close_if_overdue(attempt: Attempt, *, now: datetime) -> Attempt:
    """The attempt as it is at `now`: one whose deadline and grace have passed is closed first, exactly once."""
    if attempt.status is not AttemptStatus.in_progress or attempt.takes_answers_at(now):
        return attempt
    async with transaction():
        locked = await lock(attempt.id)
        if locked.status is AttemptStatus.in_progress:
            await _close(locked, SubmittedBy.deadline, by=None, now=now)
    return locked


async def close_overdue(*, now: datetime, person_id: UUID | None = None, limit: int = 500) -> int:
    """Close every attempt (of one person) whose time is over; returns how many. One that fails stops no other."""
    overdue = Attempt.filter(status=AttemptStatus.in_progress, deadline__lt=now - GRACE)
    if person_id is not None:
        overdue = overdue.filter(person_id=person_id)
    failures: list[Exception] = []
    found = await overdue.order_by("deadline").limit(limit)
    for attempt in found:
        try:
            await close_if_overdue(attempt, now=now)
        except Exception as failure:
            log.exception("attempt %s could not be closed", attempt.id)
            failures.append(failure)
    if failures:
        raise failures[0]
    return len(found)


async def void(attempt: Attempt, *, reason: str, by: Person, now: datetime) -> Attempt:
    """Declare that an attempt does not count; the learner is told why. A certificate is revoked on its own.

    The attempt stays used up. Raises `OwnAttempt` and `AlreadyVoided`.
    """
    async with transaction():
        locked = await lock(attempt.id)
        if locked.person_id == by.id:
            raise OwnAttempt()
        if locked.status is AttemptStatus.voided:
            raise AlreadyVoided()
        await _void(locked, reason, by=by)
    return locked


async def void_of_reader(person: Person) -> int:
    """Void the person's running attempts at exams whose items they can read by now; returns how many."""
    running = Attempt.filter(person_id=person.id, status=AttemptStatus.in_progress)
    voided = 0
    for attempt in await running.order_by("started_at"):
        async with transaction():
            locked = await lock(attempt.id)
            if locked.status is AttemptStatus.in_progress:
                voided += await _void_for_reader(locked)
    return voided


async def _void_for_reader(attempt: Attempt) -> bool:
    """Void an attempt whose learner can read its items; whether that was so. The reason is in the learner's language.

    Source: ISO/IEC 17024:2012, 4.3 (management of impartiality).
    """
    role = await impartiality.role_that_reads(attempt.person_id, attempt.certification)
    if role is None:
        return False
    before = current_locale()
    use_locale(attempt.person.locale)
    try:
        await _void(attempt, impartiality.why_not(role), by=None)
    finally:
        use_locale(before)
    return True


async def _void(attempt: Attempt, reason: str, *, by: Person | None) -> None:
    before = attempt.status
    attempt.status, attempt.voided_reason = AttemptStatus.voided, reason
    await attempt.save(update_fields=["status", "voided_reason"])
    await audit.record(
        "attempt.voided",
        by=by,
        object_kind="attempt",
        object_id=attempt.id,
        organization_id=attempt.certification.organization_id,
        before={"status": before.value},
        after={"status": "voided"},
    )
    await emails.tell_voided(attempt)


async def _close(attempt: Attempt, submitted_by: SubmittedBy, *, by: Person | None, now: datetime) -> None:
    if await _void_for_reader(attempt):
        return
    attempt.status, attempt.submitted_by = AttemptStatus.submitted, submitted_by
    attempt.submitted_at = min(now, attempt.deadline)
    await attempt.save(update_fields=["status", "submitted_by", "submitted_at"])
    await audit.record(
        "attempt.submitted",
        by=by,
        object_kind="attempt",
        object_id=attempt.id,
        organization_id=attempt.certification.organization_id,
        after={"by": submitted_by.value},
    )
    await mark(attempt, now=now)
