"""What badges attest, by its stable id: a certification under its rules, or the attendance of an event."""

from uuid import UUID

from accounts.models import Organization
from certification.badges.facts import AchievementFacts, AchievementType
from certification.certificates import wording
from certification.certificates.models import Certificate, IssueRequest
from certification.programs.models import Certification, CertificationPolicy, CertificationStatus
from certification.programs.queries import current_policy
from core.errors import NotFound
from core.i18n import gettext as _
from core.i18n import speaking
from core.settings import get_settings
from core.templating import format_number
from events.catalog.models import Event


def of_certification(certification: Certification, policy: CertificationPolicy) -> AchievementFacts:
    """What passing the exam of a certification under `policy` attests."""
    with speaking(certification.language):
        criteria = _("Pass the exam of this certification with a score of %(score)s percent or more.")
        if policy.renewal_credits is not None:
            criteria = _(
                "Pass the exam of this certification with a score of %(score)s percent or more, or renew it by credits."
            )
        criteria %= {"score": format_number(policy.cut_score)}
    return AchievementFacts(
        id=certification.id,
        name=certification.title,
        description=certification.statement,
        criteria=criteria,
        criteria_url=f"{get_settings().public_url}/certifications/{certification.slug}",
        type=AchievementType.certification,
        language=certification.language,
        cut_score=policy.cut_score if policy.shows_score else None,
    )


def of_attendance(event: Event, *, name: str, statement: str) -> AchievementFacts:
    """What having attended an event attests, as its organizers word it."""
    language = wording.language_of(event)
    with speaking(language):
        criteria = _("Attend the event; attendance is recorded at check-in.")
    return AchievementFacts(
        id=event.id,
        name=name or event.title,
        description=statement or event.summary or event.title,
        criteria=criteria,
        criteria_url=f"{get_settings().public_url}/events/{event.slug}",
        type=AchievementType.attendance,
        language=language,
    )


async def find(achievement_id: UUID) -> tuple[AchievementFacts, Organization]:
    """The achievement of an address that badges carry, with the organization that confers it.

    Certifications that were ever published have one, and events once a certificate of attendance was decided. Raises
    `NotFound`.
    """
    certification = await Certification.get_or_none(id=achievement_id).select_related("organization")
    if certification is not None and certification.status is not CertificationStatus.draft:
        return of_certification(certification, await current_policy(certification.id)), certification.organization
    decided = await IssueRequest.filter(event_id=achievement_id).order_by("-created_at").first()
    if decided is None:
        raise NotFound()
    event = await Event.get(id=achievement_id).select_related("organization")
    return of_attendance(event, name=decided.achievement, statement=decided.statement), event.organization


def type_of(certificate: Certificate) -> AchievementType:
    """What kind of achievement a certificate attests."""
    return AchievementType.certification if certificate.certification_id else AchievementType.attendance
