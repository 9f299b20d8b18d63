"""What a certificate rests on, and how its badge tells so: an exam, credits, the organization's own list, attendance.

What is signed is true: evidence follows the source, in the language of the certificate.
"""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Organization
from certification.badges.facts import Evidence
from certification.certificates.models import Certificate, IssueRequest, SourceKind
from certification.layouts.facts import DocumentFacts, Source
from certification.programs.models import Certification
from core.i18n import gettext as _
from core.i18n import speaking
from core.settings import get_settings
from core.templating import format_number
from events.catalog.models import Event

_SOURCES: dict[SourceKind, Source] = {
    SourceKind.attempt: "exam",
    SourceKind.credits: "credits",
    SourceKind.bulk_line: "bulk",
    SourceKind.attendance: "attendance",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """The source; `renews` is the number of the certificate that credits renewed."""

    source: Source
    renews: str | None = None


async def origin_of(wanted: IssueRequest) -> Origin:
    """What a request rests on; a correction rests on what the first of the corrected certificates did."""
    kind, source_id = wanted.source_kind, wanted.source_id
    while kind is SourceKind.correction:
        corrected = await Certificate.get(id=source_id).select_related("issue_request")
        kind, source_id = corrected.issue_request.source_kind, corrected.issue_request.source_id
    return Origin(_SOURCES[kind], await _number_of(source_id) if kind is SourceKind.credits else None)


def of_attendance(event: Event, document: DocumentFacts) -> Evidence:
    """Attendance shows by the event's page and the hours that were attended."""
    with speaking(document.language):
        told = _("Checked in at this event.")
        if document.hours is not None:
            told += " " + _("Hours attended: %(hours)s.") % {"hours": format_number(document.hours)}
    return Evidence(event.title, told, f"{get_settings().public_url}/events/{event.slug}")


def of_certification(
    certification: Certification, organization: Organization, document: DocumentFacts, origin: Origin
) -> Evidence:
    """How the certification was earned, and the page with its rules."""
    with speaking(document.language):
        match origin.source:
            case "exam":
                told = _("Passed the exam under the rules published here.")
            case "credits":
                told = _("Renewed certificate %(number)s by credits under the rules published here, without an exam.")
                told %= {"number": origin.renews}
            case _:
                told = _("Conferred by %(organization)s from its own records; no exam was sat on this server.")
                told %= {"organization": organization.name}
    return Evidence(certification.title, told, f"{get_settings().public_url}/certifications/{certification.slug}")


async def _number_of(certificate_id: UUID) -> str:
    return (await Certificate.get(id=certificate_id)).number
