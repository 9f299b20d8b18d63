"""The demo's certifications: an associate exam that anyone may sit, and one by entitlement with an essay to grade."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from accounts.models import Organization, Person
from certification.bank.content import (
    ItemContent,
    Matching,
    MultipleChoice,
    Numeric,
    ShortAnswer,
    SingleChoice,
    TrueFalse,
    parse_content,
)
from certification.bank.importing import import_gift
from certification.certificates import corrections, issuing, statuses
from certification.certificates.models import Certificate, IssueRequest
from certification.exams import attempts, grading, saving
from certification.exams.models import Attempt, Response
from certification.exams.responses import Response as Answer
from certification.programs import certifications, entitlements, queries
from certification.programs.models import Certification, CertificationAccess
from certification.programs.schemas import CertificationIn, DomainIn, PolicyIn

_HERE = Path(__file__).parent
_SITTERS = 36

_ASSOCIATE = CertificationIn(
    title="Certified Open Systems Associate",
    statement="has shown the knowledge that building on open systems asks for: licences, collaboration, systems, "
    "security and data.",
    summary="The foundation's first certification: 60 questions in five domains, for everyone who builds in the open.",
    description="The exam asks what a contributor meets in the first two years. **No product is preferred.** "
    "Prepare with the projects you use: read their licences, bisect a regression, rebuild an image.",
    policy=PolicyIn(cut_score=Decimal("66"), time_limit_minutes=90, form_length=60, attempts_allowed=2),
    domains=[
        DomainIn(name="Licences and governance", weight=12),
        DomainIn(name="Version control and collaboration", weight=12),
        DomainIn(name="Systems and containers", weight=12),
        DomainIn(name="Networking and security", weight=12),
        DomainIn(name="Data and reproducibility", weight=12),
    ],
)
_FACILITATOR = CertificationIn(
    title="Community Facilitator",
    statement="leads open meetings in which everybody is heard.",
    summary="For people who run meetups and working groups. An essay is read by a grader.",
    description="Offered to chapters: their organizers grant the entitlement.",
    access=CertificationAccess.by_entitlement,
    policy=PolicyIn(cut_score=Decimal("60"), time_limit_minutes=60, attempts_allowed=1, validity_months=36),
    domains=[DomainIn(name="Facilitation", weight=1)],
)


async def make(
    organization: Organization, *, by: Person, learner: Person, now: datetime
) -> tuple[Certification, Certification]:
    """Both certifications, published, with their items; `learner` may sit the second one."""
    made = []
    for data, file in ((_ASSOCIATE, "associate.gift"), (_FACILITATOR, "facilitator.gift")):
        certification = await certifications.create(organization, data, by=by, now=now)
        await import_gift(certification, (_HERE / file).read_bytes(), by=by, now=now)
        await certifications.publish(certification, by=by, now=now)
        made.append(certification)
    associate, facilitator = made
    policy = await queries.current_policy(facilitator.id)
    await entitlements.grant(facilitator, learner, policy, by=by, now=now)
    return associate, facilitator


async def let_crowd_sit(associate: Certification, facilitator: Certification, *, by: Person, now: datetime) -> None:
    """A year of history: attempts of every quality, certificates in every state, and essays that wait for a grader."""
    chance = Random(20)
    people = await Person.filter(email__startswith="crowd.").order_by("id").limit(_SITTERS)
    for number, person in enumerate(people):
        began = now - timedelta(days=2 + number * 3 + number * number * 0.18, hours=chance.randrange(9))
        skill = min(0.97, max(0.35, chance.gauss(0.74, 0.16)))
        await _sit(associate, person, skill, began, chance)
    policy = await queries.current_policy(facilitator.id)
    for number, person in enumerate(people[:3]):
        began = now - timedelta(days=3 + number)
        await entitlements.grant(facilitator, person, policy, by=by, now=began)
        await _sit(facilitator, person, 0.85, began, chance)


async def let_officer_act(associate: Certification, *, officer: Person, now: datetime) -> None:
    """One certificate is suspended, one revoked, and one issued again under the right name."""
    held = await Certificate.filter(certification_id=associate.id).order_by("issued_at").limit(3)
    suspended, revoked, misspelt = held
    await statuses.suspend(
        suspended, reason="The identity check is being repeated.", by=officer, now=now - timedelta(days=6)
    )
    await statuses.revoke(revoked, reason="Somebody else sat the exam.", by=officer, now=now - timedelta(days=20))
    decided_at = now - timedelta(days=9)
    request = await corrections.correct(
        misspelt,
        holder_name=f"{misspelt.holder_name}-Marín",
        reason="The second family name was missing.",
        by=officer,
        now=decided_at,
    )
    await issuing.issue(request, now=decided_at)


async def let_learner_fail(associate: Certification, learner: Person, *, now: datetime) -> None:
    """The learner has failed the exam once and may sit it again."""
    await _sit(associate, learner, 0.5, now - timedelta(days=33), Random(3))


async def let_attendee_sit(
    associate: Certification, facilitator: Certification, attendee: Person, *, by: Person, grader: Person, now: datetime
) -> None:
    """The attendee has failed the one exam and may sit it again, and passed the other once its essay was graded."""
    await _sit(associate, attendee, 0.5, now - timedelta(days=12), Random(4))
    policy = await queries.current_policy(facilitator.id)
    began = now - timedelta(days=40)
    await entitlements.grant(facilitator, attendee, policy, by=by, now=began)
    attempt = await _sit(facilitator, attendee, 1, began, Random(5))
    for response in await Response.filter(attempt_id=attempt.id, score=None):
        comment = "Names what happens before, during and after; says nothing about the regulars' own wishes."
        marked = began + timedelta(days=1)
        await grading.grade_response(response, score=Decimal("0.8"), comment=comment, by=grader, now=marked)
    await _issue(attempt, now=marked)


async def _sit(certification: Certification, person: Person, skill: float, began: datetime, chance: Random) -> Attempt:
    attempt = await attempts.start(certification, by=person, certificate_name=None, now=began, locale="en")
    responses = await Response.filter(attempt_id=attempt.id).order_by("position").select_related("item_version")
    for response in responses:
        content = parse_content(response.item_version.content)
        answer = _answer(content, chance) if chance.random() < skill else _wrong(content)
        moment = began + timedelta(seconds=40 * response.position)
        place = response.position
        await saving.save(attempt.id, place, sequence=place, response=answer, by=person, now=moment)
    ended = began + timedelta(minutes=chance.randrange(42, 88))
    submitted = await attempts.submit(attempt, by=person, now=ended)
    await _issue(submitted, now=ended)
    return submitted


async def _issue(attempt: Attempt, *, now: datetime) -> None:
    """Issue what the attempt earned on its own day; the job that waits for it then finds it done."""
    for request in await IssueRequest.filter(source_id=attempt.id):
        await issuing.issue(request.id, now=now)


def _answer(content: ItemContent, chance: Random) -> Answer:
    """A right answer to the item; for an essay, a sentence."""
    match content:
        case SingleChoice():
            return next(option.id for option in content.options if option.correct)
        case MultipleChoice():
            return [option.id for option in content.options if option.correct]
        case TrueFalse():
            return content.answer
        case Numeric():
            return str(content.answers[0].value)
        case ShortAnswer():
            return content.answers[0].text
        case Matching():
            return content.key()
    return chance.choice(
        (
            "Before: I talk to both of them and agree on a round at the start. During: I keep the round and thank the "
            "newcomers by name. After: I ask the newcomers how it was.",
            "I open with our rules, keep a list of speakers, and speak to the two regulars in private afterwards.",
        )
    )


def _wrong(content: ItemContent) -> Answer:
    """A wrong answer, or none."""
    match content:
        case SingleChoice():
            return next(option.id for option in content.options if not option.correct)
        case TrueFalse():
            return not content.answer
    return None
