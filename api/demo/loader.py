"""Loading the demo, once, in one transaction: a load that is cut off leaves nothing and starts anew."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from accounts import members, organizations, passwords, people
from accounts.models import Organization, Person, Role
from accounts.schemas import OrganizationChangeIn
from api.demo import certifications, crowd, gatherings, layouts, renewals
from api.demo.people import ATTENDEE, LEARNER, PASSWORD, STAFF
from certification.attendance import offers
from certification.attendance.schemas import OfferIn
from core.database import transaction
from events.registration import registrations

ORGANIZATION = "Meridian Foundation"
_SLUG = "meridian-foundation"
_CROWD = 260
_STEPS = 6
_STAFF_EMAIL = {role: email for role, email, _ in STAFF}

Report = Callable[[int, int], None]


async def is_loaded() -> bool:
    """Whether the demo is in this database."""
    return await Organization.exists(slug=_SLUG)


async def load_demo(people: int | None = None, progress: Report | None = None) -> None:
    """Load the demo where it is missing; with `people`, let its crowd grow to that many and go to a congress.

    `progress` is called with how much is done and how much there is. The large crowd is written in batches, so that a
    load that is cut off goes on where it stopped.
    """
    now = datetime.now(UTC)
    total = _STEPS if people is None else _STEPS + people + 1

    def report(done: int) -> None:
        if progress:
            progress(done, total)

    if not await is_loaded():
        async with transaction():
            await _load(now, report)
    if people is not None:
        await crowd.add_people(people, now=now, report=lambda done, _: report(_STEPS + done))
        organization = await Organization.get(slug=_SLUG)
        owner = await Person.get(email=STAFF[0][1])
        congress = await gatherings.congress(organization, by=owner, now=now, places=people)
        await crowd.register_crowd(congress, 0.8, now=now, seed=people)
    report(total)


async def _load(now: datetime, report: Callable[[int], None]) -> None:
    report(0)
    organization, chapter, owner = await _foundation(now)
    learner, attendee = [await _person(email, name, now) for email, name in (LEARNER, ATTENDEE)]
    report(1)
    events = await gatherings.make_events(organization, chapter, by=owner, now=now)
    report(2)
    await crowd.add_people(_CROWD, now=now)
    for seed, (name, share) in enumerate((("conference", 0.31), ("meetup", 0.72), ("workshop", 1.0), ("past", 0.9))):
        await crowd.register_crowd(events[name], share, now=now, seed=seed)
    for person in (learner, attendee):
        await registrations.register(events["past"], by=person, now=now - timedelta(days=24))
    await crowd.check_in_crowd(events["past"], seed=7, certainly=[learner.id, attendee.id])
    report(3)
    for person in (learner, attendee):
        await registrations.register(events["conference"], by=person, now=now - timedelta(days=3))
    await registrations.register(events["meetup"], by=attendee, now=now - timedelta(days=1))
    report(4)
    opened_at = now - timedelta(days=380)
    associate, facilitator = await certifications.make(organization, by=owner, learner=learner, now=opened_at)
    await layouts.make(organization, associate, signed_by="Lars Bergström", by=owner, now=opened_at)
    offer = OfferIn(is_on=True, certifications=[associate.slug, facilitator.slug])
    await offers.save(events["conference"], offer, by=owner, now=opened_at)
    report(5)
    await certifications.let_crowd_sit(associate, facilitator, by=owner, now=now)
    grader, officer = [await Person.get(email=_STAFF_EMAIL[role]) for role in (Role.grader, Role.certification_officer)]
    await certifications.let_officer_act(associate, officer=officer, now=now)
    await certifications.let_learner_fail(associate, learner, now=now)
    await renewals.make(
        facilitator, learner=learner, attendee=attendee, event=events["past"], by=owner, officer=officer, now=now
    )
    await certifications.let_attendee_sit(associate, facilitator, attendee, by=owner, grader=grader, now=now)
    report(_STEPS)


async def _foundation(now: datetime) -> tuple[Organization, Organization, Person]:
    first = STAFF[0]
    owner, organization = await people.create_owner(
        first[1], password=PASSWORD, name=first[2], organization=ORGANIZATION, now=now
    )
    chapter = await organizations.create("Meridian Nairobi", parent=organization, by=owner, now=now)
    for one, accent in ((organization, "#0f5f5c"), (chapter, "#8a3b12")):
        await organizations.change(one, OrganizationChangeIn(accent=accent), by=owner)
    for role, email, name in STAFF[1:]:
        person = await _person(email, name, now)
        await members.grant(organization, person, Role(role), by=owner, now=now)
        if role in (Role.organizer, Role.check_in_staff):
            await members.grant(chapter, person, Role(role), by=owner, now=now)
    return organization, chapter, owner


async def _person(email: str, name: str, now: datetime) -> Person:
    return await Person.create(
        email=email,
        password_hash=await passwords.hash_password(PASSWORD),
        display_name=name,
        certificate_name=name,
        email_confirmed_at=now,
        time_zone="Africa/Nairobi" if email == LEARNER[0] else "Europe/Paris",
    )
