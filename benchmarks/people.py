"""People with API tokens, and an event for them to meet at, written in bulk."""

from datetime import UTC, datetime, timedelta

from accounts.models import ApiToken, Organization, Person, Role, RoleGrant
from accounts.tokens import fingerprint, new_secret
from core.database import new_id
from events.catalog.models import Event, EventFormat, EventStatus
from events.onsite.models import CheckInList
from events.registration.models import Quota, TicketType

SCOPES = ["read", "register", "learn", "organize", "certify", "account"]


async def with_tokens(count: int) -> list[tuple[Person, str]]:
    """`count` people and their bearer tokens."""
    guests = [Person(display_name=f"Guest {n}", email=f"guest-{new_id()}@example.org") for n in range(count)]
    await Person.bulk_create(guests, batch_size=1000)
    made = [(guest, new_secret()) for guest in guests]
    now = datetime.now(UTC)
    await ApiToken.bulk_create(
        [
            ApiToken(
                person_id=person.id,
                name="bench",
                prefix=secret[:10],
                token_hash=fingerprint(secret),
                scopes=SCOPES,
                last_used_at=now,
                expires_at=now + timedelta(days=1),
            )
            for person, secret in made
        ],
        batch_size=1000,
    )
    return made


async def event(places: int) -> Event:
    """A published event with so many places, one ticket type and one check-in list."""
    organization = await Organization.create(slug=f"bench-{new_id()}"[:60], name="Bench Foundation")
    now = datetime.now(UTC)
    created = await Event.create(
        organization=organization,
        slug=f"bench-{new_id()}",
        title="A conference of two days",
        summary="Talks and workshops.",
        description_html="<p>" + "Words about the conference. " * 60 + "</p>",
        format=EventFormat.online,
        status=EventStatus.published,
        published_at=now,
        starts_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=32),
        time_zone="Africa/Nairobi",
        languages=["en"],
    )
    quota = await Quota.create(event=created, name="Places", size=places)
    ticket_type = await TicketType.create(event=created, name="Standard")
    await ticket_type.quotas.add(quota)
    await CheckInList.create(event=created, name="Main entrance")
    return created


async def staff(of: Event) -> str:
    """The bearer token of an owner of the event's organization."""
    [(person, token)] = await with_tokens(1)
    await RoleGrant.create(organization_id=of.organization_id, person_id=person.id, role=Role.owner)
    return token
