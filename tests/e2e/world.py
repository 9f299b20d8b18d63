"""A small world for tests that visit every page and every operation: one object of each kind, all of one organization.

Built by the same commands as the application's, in the server's own database; its worker does the rest.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from accounts import links, people, sign_in
from accounts.models import LinkPurpose, Organization, Person, Role, RoleGrant
from certification.attendance import offers
from certification.attendance.schemas import OfferIn
from certification.badges.models import StatusList
from certification.bank.content import ItemType, parse_content
from certification.bank.models import Item
from certification.bulk import planning
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from certification.certificates import issuing
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.exams import attempts, queries, saving
from certification.exams.models import Attempt, Response
from certification.programs.models import Certification, Entitlement
from certification.programs.queries import current_policy
from certification.signing.models import IssuerKey
from core import database
from core.models import OutgoingMail
from core.settings import use_settings
from events.catalog.models import Event
from events.onsite import session_lists
from events.onsite.models import CheckIn, CheckInList
from events.programme import sessions
from events.registration import feeds, registrations
from events.registration.models import Quota, TicketType
from tests.e2e.live import LiveServer
from tests.factories import accounts, certification, events, layouts, renewal
from tests.patience import PATIENCE


@dataclass
class World:
    """What exists: `owner` may do everything with it, `learner` has attended, sat and passed.

    `token` is the owner's; `known` maps a path segment to the id or name that follows it.
    """

    organization: Organization
    owner: Person
    learner: Person
    event: Event
    certification: Certification
    token: str
    known: dict[str, str] = field(default_factory=dict)

    def parameters(self, path: str) -> dict[str, str]:
        """Values for the parameters of a path: those of the objects that exist, known by the segment before them.

        Where one segment names different things, what is done at the end of the path tells which.
        """
        found: dict[str, str] = {}
        segments = path.strip("/").split("/")
        for before, segment in zip(["", *segments], segments, strict=False):
            if "{" in segment:
                parameter = segment.split("{")[1].split("}")[0].split(":")[0]
                names = (parameter, f"{before}/{segments[-1]}", before)
                found[parameter] = next((self.known[name] for name in names if name in self.known), str(uuid4()))
        return found

    def path(self, template: str) -> str:
        """The path of an object that exists."""
        values = self.parameters(template)
        segments = []
        for segment in template.split("/"):
            start, brace, rest = segment.partition("{")
            parameter, _, end = rest.partition("}")
            segments.append(start + values[parameter.split(":")[0]] + end if brace else segment)
        return "/".join(segments)


async def world_on(server: LiveServer) -> World:
    """A world in the database of `server`, from outside any event loop's connection."""
    use_settings(server.settings)
    await database.connect(server.database_url, pool_size=4, application_name="confero-test")
    try:
        return await build_world()
    finally:
        await database.disconnect()


async def build_world() -> World:
    """Make the world and wait until the worker has issued its certificate."""
    now = datetime.now(UTC)
    organization = await accounts.organization(name="Open Systems Foundation")
    owner = await accounts.member(organization)
    learner = await accounts.person(name="Zoë Ångström")
    event = await events.published_event(
        organization, description="**Everything** about clusters.\n\n- talks\n- tables", title="Nairobi Systems Days"
    )
    exam = await certification.certification(
        organization,
        items=certification.EVERY_TYPE,
        domains={"Files": 2, "Shell": 1},
        policy={"renewal_credits": Decimal(20), "grace_days": 30},
    )
    _, token = await sign_in.create_token(
        owner, name="tests", scopes=accounts.EVERY_SCOPE, now=now, expires_at=now + timedelta(days=1)
    )
    world = World(organization, owner, learner, event, exam, token)
    world.known |= {
        "organizations": organization.slug,
        "organize": organization.slug,
        "events": event.slug,
        "certifications": exam.slug,
        "position": "1",
        "job_id": "1",
        "index": "0",
        "verb": "revoke",
        "version": "1",
        "achievements": str(exam.id),
        "purpose": "revocation",
        "form": "png",
        "kind": "issue",
    }
    await _add_people(world, now)
    await _add_programme(world)
    await _add_registrations(world, now)
    await _add_exams(world, now)
    await _add_certificates(world, now)
    await _add_layouts(world)
    await _add_runs(world, now)
    return world


async def _add_people(world: World, now: datetime) -> None:
    viewer = await accounts.member(world.organization, Role.viewer)
    newcomer = await accounts.person(name="Kofi Mensah", confirmed=False)
    await people.send_confirmation(newcomer, address="127.0.0.1", now=now)
    kept = await OutgoingMail.get(to_address=newcomer.email)
    address = kept.to_address
    world.known |= {
        "outbox": str(kept.id),
        "newcomer": address,
        "confirm": await links.create(newcomer, LinkPurpose.confirm_email, email=address, now=now),
        "keep-address": await links.create(newcomer, LinkPurpose.keep_email, email=address, now=now),
        "reset": await links.create(newcomer, LinkPurpose.reset_password, email=address, now=now),
        "members": str((await RoleGrant.get(person_id=viewer.id)).id),
    }


async def _add_programme(world: World) -> None:
    rooms = [await events.room(world.event, name, position=n) for n, name in enumerate(("Baobab", "Acacia"))]
    speaker = await events.speaker(world.organization)
    sessions = [
        await events.session(world.event, room, title=title, speakers=[speaker] if n == 0 else None)
        for n, (room, title) in enumerate(zip(rooms, ("Profiling in practice", "What a scheduler knows"), strict=True))
    ]
    world.known |= {"rooms": str(rooms[0].id), "speakers": str(speaker.id), "sessions": str(sessions[0].id)}


async def _add_registrations(world: World, now: datetime) -> None:
    mine = await registrations.register(world.event, by=world.learner, now=now)
    await registrations.register(world.event, by=world.owner, now=now)
    first_list = await CheckInList.get(event_id=world.event.id)
    scan = await CheckIn.create(check_in_list=first_list, registration=mine, checked_in_by_id=world.owner.id)
    ticket_type = await TicketType.get(event_id=world.event.id)
    quota = await Quota.get(event_id=world.event.id)
    world.known |= {
        "registrations": str(mine.id),
        "check-ins": str(scan.id),
        "ticket-types": str(ticket_type.id),
        "types": str(ticket_type.id),
        "quotas": str(quota.id),
        "calendars": (await feeds.renew(world.learner, now=now)).rpartition("/")[2].removesuffix(".ics"),
    }


async def _add_exams(world: World, now: datetime) -> None:
    """The learner has an attempt that waits for its grader and, at another certification, one in progress."""
    submitted = await sit(world.certification, world.learner, now=now)
    essay = await Response.get(attempt_id=submitted.id, item_version__type=ItemType.ESSAY.value)
    other = await certification.certification(world.organization)
    passed = await sit(await certification.certification(world.organization), world.learner, now=now)
    failed = await sit(await certification.certification(world.organization), world.learner, now=now, is_right=False)
    # Of another organization: whoever can read the items of an exam does not sit it.
    elsewhere = await certification.certification()
    owners = await attempts.start(elsewhere, by=world.owner, certificate_name=None, now=now, locale="en")
    running = await attempts.start(other, by=world.learner, certificate_name=None, now=now, locale="en")
    item = await Item.filter(certification_id=world.certification.id).order_by("id").first()
    entitlement = await Entitlement.get(certification_id=world.certification.id, person_id=world.learner.id)
    assert item is not None
    world.known |= {
        "attempts": str(owners.id),
        "attempts/regrading": str(submitted.id),
        "attempts/voiding": str(submitted.id),
        "submitted": str(submitted.id),
        "exams": str(running.id),
        "candidates": str(submitted.id),
        "passed": str(passed.id),
        "failed": str(failed.id),
        "items": str(item.id),
        "grading": str(essay.id),
        "responses": str(essay.id),
        "entitlements": str(entitlement.id),
    }


async def _add_layouts(world: World) -> None:
    layout = await layouts.layout(world.organization, by=world.owner)
    picture = await layouts.picture(world.organization)
    world.known |= {"layouts": str(layout.id), "pictures": str(picture.id), "layout-pictures": str(picture.id)}


async def _add_certificates(world: World, now: datetime) -> None:
    source = uuid4()
    await issuing.request(
        SourceKind.attempt,
        source,
        certification=world.certification,
        policy=await current_policy(world.certification.id),
        person=world.learner,
        holder_name="Zoë Ångström",
        achieved_at=now,
        score=Decimal("91.25"),
        locale="en",
    )
    certificate = await issued_certificate(world.learner, world.certification)
    wanted = await IssueRequest.get(source_id=source)
    world.known |= {
        "certificates": certificate.number,
        "verify": certificate.number,
        "issue-requests": str(wanted.id),
        "keys": str((await IssuerKey.get(organization_id=world.organization.id)).id),
        "status-lists": str((await StatusList.get(organization_id=world.organization.id)).id),
        "credits": str((await renewal.claim(certificate, on=now.date(), now=now)).id),
    }


async def _add_runs(world: World, now: datetime) -> None:
    """A dry run, a run that has ended, and that of the event's certificates of attendance."""
    raw = f"email,team\n{world.known['newcomer']},a\n{world.learner.email},b\nnobody@example.org,c".encode()
    draft = await planning.plan_file(world.certification, RunKind.issue, raw, by=world.owner, now=now)
    over: dict[str, Any] = {"state": RunState.finished, "started_at": now, "finished_at": now}
    over["organization"] = world.organization
    ended = await BulkRun.create(kind=RunKind.resend, certification=world.certification, **over)
    states = (LineState.done, LineState.failed, LineState.refused)
    for position, state in enumerate(states, start=1):
        given = {"number": world.known["certificates"], "holder": "Zoë Ångström"}
        problem = "" if state is LineState.done else "This certificate is no longer in force."
        await BulkLine.create(run=ended, position=position, given=given, state=state, problem=problem, done_at=now)
    attended = await BulkRun.create(kind=RunKind.attendance, event_id=world.event.id, **over)
    await BulkLine.create(run=attended, position=1, given={"name": "Zoë Ångström"}, state=LineState.done, done_at=now)
    offer = OfferIn(is_on=True, certifications=[world.certification.slug])
    await offers.save(world.event, offer, by=world.owner, now=now)
    session = await sessions.one(world.event, UUID(world.known["sessions"]))
    await session_lists.switch_on(world.event, session, by=world.owner)
    world.known |= {"runs": str(draft.id), "ended_run": str(ended.id), "bulk-runs": str(draft.id)}


async def sit(exam: Certification, person: Person, *, now: datetime, is_right: bool = True) -> Attempt:
    """A whole sitting of `person`, handed in, with every answer right or every answer wrong."""
    attempt = await attempts.start(exam, by=person, certificate_name=None, now=now, locale="en")
    for question in await queries.questions_of(attempt):
        answer = certification.right_response if is_right else certification.wrong_response
        row = await Response.get(attempt_id=attempt.id, position=question.position).select_related("item_version")
        value = answer(parse_content(row.item_version.content))
        await saving.save(attempt.id, question.position, sequence=1, response=value, by=person, now=now)
    return await attempts.submit(attempt, by=person, now=now)


async def issued_certificate(person: Person, exam: Certification) -> Certificate:
    """The certificate of `person` for `exam`, as soon as the server's worker has made it."""
    async with asyncio.timeout(PATIENCE):
        while (found := await Certificate.get_or_none(person_id=person.id, certification_id=exam.id)) is None:  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.05)
    return found
