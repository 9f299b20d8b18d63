"""What a certificate says, gathered from its request: the facts that are set, signed, and frozen with it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from babel import Locale, UnknownLocaleError
from babel.dates import format_interval
from pydantic import TypeAdapter

from certification.certificates.models import Certificate, IssueRequest
from certification.layouts.facts import DocumentFacts, Source
from certification.layouts.words import chosen_from
from certification.programs.entitlements import months_later
from core.errors import NotFound
from core.settings import get_settings
from events.catalog.models import Event

_FACTS: TypeAdapter[DocumentFacts] = TypeAdapter(DocumentFacts)


def valid_until(wanted: IssueRequest) -> datetime | None:
    """When the validity ends under the policy that the request names; attendance never ends."""
    months = wanted.policy.validity_months if wanted.policy else None
    return months_later(wanted.achieved_at, months) if months else None


async def document_of(wanted: IssueRequest, number: str, *, source: Source, now: datetime) -> DocumentFacts:
    """Everything that the page says, for a request whose relations are loaded."""
    until = valid_until(wanted)
    facts = DocumentFacts(
        number=number,
        holder_name=wanted.holder_name,
        achievement=wanted.achievement,
        statement=wanted.statement,
        organization=wanted.organization.name,
        accent=wanted.organization.accent,
        language="en",
        achieved_on=wanted.achieved_at.astimezone(UTC).date(),
        issued_on=now.astimezone(UTC).date(),
        valid_until=until.astimezone(UTC).date() if until else None,
        verify_url=f"{get_settings().public_url}/verify/{number}",
        hours=wanted.hours,
        credits=wanted.credits,
        predecessor_number=await _number_of(wanted.predecessor_id),
        source=source,
    )
    return await _with_event(facts, wanted) if wanted.event_id is not None else _with_certification(facts, wanted)


def frozen(document: DocumentFacts, wanted: IssueRequest) -> dict[str, Any]:
    """The facts as JSON, with the version of the policy that they were decided under."""
    facts: dict[str, Any] = _FACTS.dump_python(document, mode="json")
    return {**facts, "policy_version": wanted.policy.version if wanted.policy else None}


def _with_certification(facts: DocumentFacts, wanted: IssueRequest) -> DocumentFacts:
    certification = wanted.certification
    if certification is None:
        raise NotFound()
    shows_score = wanted.policy is not None and wanted.policy.shows_score and wanted.score is not None
    return replace(
        facts,
        achievement=wanted.achievement or certification.title,
        statement=wanted.statement or certification.statement,
        language=certification.language,
        score=f"{wanted.score:f}" if shows_score else None,
    )


async def _with_event(facts: DocumentFacts, wanted: IssueRequest) -> DocumentFacts:
    event = await Event.get(id=wanted.event_id).select_related("venue")
    language = language_of(event)
    place = f"{event.venue.name}, {event.venue.city}" if event.venue else None
    return replace(
        facts,
        achievement=wanted.achievement or event.title,
        language=language,
        achieved_on=wanted.achieved_at.astimezone(event.zone).date(),
        event=event.title,
        event_place=place,
        event_dates=_dates(event, language),
        kind="attendance",
    )


def language_of(event: Event) -> str:
    """The language of an event's certificates: its first in which they can be set, else its first."""
    return chosen_from(event.languages) or (event.languages[0] if event.languages else "en")


def _dates(event: Event, language: str) -> str:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    starts, ends = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    return str(format_interval(starts, ends, "yMMMMd", locale=locale))


async def _number_of(certificate_id: UUID | None) -> str | None:
    if certificate_id is None:
        return None
    return (await Certificate.get(id=certificate_id)).number
