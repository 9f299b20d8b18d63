"""Loading the demo, once, in one transaction: a load that is cut off leaves nothing and starts anew."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from accounts import members, organizations, passwords, people
from accounts.models import Organization, Person, Role
from accounts.schemas import OrganizationChangeIn
from api.demo import certifications, crowd, gatherings
from api.demo.people import ATTENDEE, LEARNER, PASSWORD, STAFF
from core.database import transaction
from events.registration import registrations

ORGANIZATION = "Meridian Foundation"
_SLUG = "meridian-foundation"
_CROWD = 260
_STEPS = 6

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
    if not await is_loaded():
        async with transaction():
            await _load(now, progress if people is None else None)
    if people is not None:
        await crowd.add_people(people, now=now, report=progress)
        organization = await Organization.get(slug=_SLUG)
        owner = await Person.get(email=STAFF[0][1])
        congress = await gatherings.congress(organization, by=owner, now=now, places=people)
        await crowd.register_crowd(congress, 0.8, now=now, seed=people)


async def _load(now: datetime, progress: Report | None) -> None:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, _STEPS)

    organization, owner = await _foundation(now)
    learner, attendee = [await _person(email, name, now) for email, name in (LEARNER, ATTENDEE)]
    step()
    events = await gatherings.make_events(organization, by=owner, now=now)
    step()
    await crowd.add_people(_CROWD, now=now)
    for seed, (name, share) in enumerate((("conference", 0.31), ("meetup", 0.72), ("workshop", 1.0), ("past", 0.9))):
        await crowd.register_crowd(events[name], share, now=now, seed=seed)
    await crowd.check_in_crowd(events["past"], seed=7)
    step()
    for person in (learner, attendee):
        await registrations.register(events["conference"], by=person, now=now - timedelta(days=3))
    await registrations.register(events["meetup"], by=attendee, now=now - timedelta(days=1))
    step()
    opened_at = now - timedelta(days=70)
    associate, facilitator = await certifications.make(organization, by=owner, learner=learner, now=opened_at)
    step()
    await certifications.let_crowd_sit(associate, facilitator, by=owner, now=now)
    step()


async def _foundation(now: datetime) -> tuple[Organization, Person]:
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
    return organization, owner


async def _person(email: str, name: str, now: datetime) -> Person:
    return await Person.create(
        email=email,
        password_hash=await passwords.hash_password(PASSWORD),
        display_name=name,
        certificate_name=name,
        email_confirmed_at=now,
        time_zone="Africa/Nairobi" if email == LEARNER[0] else "Europe/Paris",
    )
