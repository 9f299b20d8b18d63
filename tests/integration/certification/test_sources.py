"""What is signed is true: words and evidence follow the source and the language, and no certificate is half English."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pypdfium2
import pytest

from accounts.models import Organization, Person
from api.app import create_app
from api.worker import import_jobs
from certification.attendance import offers
from certification.attendance.schemas import OfferIn
from certification.badges.models import Badge
from certification.certificates import corrections, issuing
from certification.certificates.models import Certificate, IssueRequest, IssueState, SourceKind
from certification.layouts import layouts, words
from certification.layouts.definition import LayoutDefinition
from certification.layouts.facts import Source
from certification.layouts.models import Layout, LayoutVersion
from certification.layouts.shipping import ensure_shipped
from certification.programs import certifications
from certification.programs.models import Certification
from certification.programs.queries import current_policy
from certification.programs.schemas import CertificationChange
from core import files
from core.errors import InvalidInput
from core.i18n import SUPPORTED, speaking
from core.i18n import gettext as _
from core.job_runner import run_pending
from core.settings import Settings
from tests.factories import accounts, certification, events, renewal

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KINDS: dict[Source, SourceKind] = {
    "exam": SourceKind.attempt,
    "credits": SourceKind.credits,
    "bulk": SourceKind.bulk_line,
    "attendance": SourceKind.attendance,
}
import_jobs()


@dataclass
class Signed:
    """A certificate, its badge, and what its page says."""

    certificate: Certificate
    badge: dict[str, object]
    text: str

    @property
    def evidence(self) -> str:
        """How it was earned, as the badge tells it."""
        return str(self.badge["evidence"][0]["narrative"])  # type: ignore[index]  # JSON


async def signed(certificate: Certificate) -> Signed:
    badge = await Badge.get(id=certificate.badge_id)
    pdf = pypdfium2.PdfDocument(await files.get(certificate.pdf_sha256))
    text = " ".join(pdf[0].get_textpage().get_text_bounded().split())
    return Signed(certificate, json.loads(badge.credential), text)


async def issued(source: Source, language: str, organization: Organization | None = None) -> Certificate:
    """A certificate of this source in this language."""
    organization = organization or await accounts.organization()
    person = await accounts.person()
    if source == "attendance":
        event = await events.published_event(organization, languages=[language])
        wanted = await issuing.request_attendance(
            uuid4(),
            organization=organization,
            event_id=event.id,
            person=person,
            holder_name="Zoë Ångström",
            achievement=event.title,
            statement="",
            achieved_at=NOW,
            hours=Decimal("11.5"),
            credits=None,
            layout_id=None,
            locale=language,
            by_job=False,
        )
    else:
        program = await renewal.program(organization)
        program.language = language
        await program.save()
        before = await renewal.certificate(program, person)
        wanted = await issuing.request(
            KINDS[source],
            before.id,
            certification=program,
            policy=await current_policy(program.id),
            person=person if source == "credits" else await accounts.person(),
            holder_name="Zoë Ångström",
            achieved_at=NOW,
            score=None,
            locale=language,
            by_job=False,
        )
    made = await issuing.issue(wanted, now=NOW)
    assert made is not None, (await IssueRequest.get(id=wanted)).problem
    return made


def expected(source: Source, certificate: Certificate, organization: str) -> str:
    match source:
        case "exam":
            return _("Passed the exam under the rules published here.")
        case "credits":
            text = _("Renewed certificate %(number)s by credits under the rules published here, without an exam.")
            return text % {"number": certificate.facts["renews"]}
        case "bulk":
            text = _("Conferred by %(organization)s from its own records; no exam was sat on this server.")
            return text % {"organization": organization}
        case "attendance":
            hours = "11,5" if certificate.facts["language"] == "fr" else "11.5"
            return _("Checked in at this event.") + " " + _("Hours attended: %(hours)s.") % {"hours": hours}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("source", KINDS)
async def test_words_and_evidence_follow_the_source(database: str, source: Source, language: str) -> None:
    made = await signed(await issued(source, language))
    organization = (await made.certificate.organization).name
    if source == "credits":
        renewed = await IssueRequest.get(id=made.certificate.issue_request_id)
        made.certificate.facts["renews"] = (await Certificate.get(id=renewed.source_id)).number

    with speaking(language):
        wanted = {"exam": _("Passed on"), "attendance": _("has attended")}.get(source, _("Achieved on"))
        others = {_("Passed on"), _("Achieved on")} - {wanted}
        assert made.evidence == expected(source, made.certificate, organization)
    assert wanted.casefold() in made.text.casefold()
    assert not [other for other in others if other.casefold() in made.text.casefold()]
    assert made.certificate.facts["source"] == source
    assert made.badge["credentialSubject"]["achievement"]["inLanguage"] == language  # type: ignore[index]  # JSON


async def test_a_corrected_correction_rests_on_what_the_first_one_did(database: str) -> None:
    first = await issued("credits", "en")
    officer = await accounts.member(await first.organization)
    renewed = (await IssueRequest.get(id=first.issue_request_id)).source_id
    latest = first
    for name in ("Zoe Angstrom", "Zoë Ångstrom"):
        await corrections.correct(latest, holder_name=name, reason="A slip", by=officer, now=NOW)
        await run_pending()
        latest = await Certificate.get(holder_name=name)

    made = await signed(latest)

    assert (await Certificate.get(id=renewed)).number in made.evidence
    assert "Passed on" not in made.text


async def test_languages_are_those_whose_words_exist() -> None:
    assert words.languages() == SUPPORTED
    assert [words.has_words(tag) for tag in ("en-GB", "fr-CA", "de", "pt-BR")] == [True, True, False, False]


async def test_a_certification_is_written_in_a_language_that_certificates_have(
    database: str, settings: Settings
) -> None:
    organization = await accounts.organization()
    owner = await accounts.member(organization)
    body = {"title": "Linux", "statement": "knows Linux.", "language": "de"}
    async with accounts.with_token(create_app(settings), owner) as client:
        refused = await client.post(f"/api/v1/organizations/{organization.slug}/certifications", json=body)
    async with accounts.signed_in(create_app(settings), owner) as client:
        page = await client.get(f"/organize/{organization.slug}/certifications/new")

    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, ["language"])
    assert [f'value="{tag}"' in page.text for tag in ("en", "fr", "ar", "de")] == [True, True, True, False]


async def test_a_layout_is_not_saved_for_a_language_without_words(database: str) -> None:
    exam = await certification.certification(items={})
    organization = await exam.organization
    owner = await accounts.member(organization)
    await ensure_shipped(organization.id)
    layout = await Layout.get(organization_id=organization.id, origin="classic")
    stands = await LayoutVersion.get(layout_id=layout.id)
    changed = LayoutDefinition.model_validate(stands.definition).model_copy(update={"typeface": "sans"})
    await certifications.change(exam, CertificationChange(layout_id=layout.id), by=owner, now=NOW)
    await Certification.filter(id=exam.id).update(language="de")

    with pytest.raises(InvalidInput) as refused:
        await layouts.save(layout, changed, seen=1, by=owner, now=NOW)

    assert f"“{exam.title}” confers certificates in “de”" in refused.value.fields["definition"]
    await Certification.filter(id=exam.id).update(language="fr")
    assert (await layouts.save(layout, changed, seen=1, by=owner, now=NOW)).version == 2


async def test_an_event_in_no_such_language_offers_none_and_in_several_the_first_that_is(database: str) -> None:
    german = await events.published_event(languages=["de"])
    both = await events.published_event(languages=["sw", "fr", "en"])
    organizer: Person = await accounts.member(await german.organization)
    with pytest.raises(InvalidInput, match="layout"):
        await offers.save(german, OfferIn(is_on=True), by=organizer, now=NOW)
    await offers.save(both, OfferIn(is_on=True), by=await accounts.member(await both.organization), now=NOW)
    assert words.chosen_from(both.languages) == "fr"


async def test_what_was_decided_before_waits_for_an_officer_and_is_never_half_english(database: str) -> None:
    exam = await certification.certification(items={})
    await Certification.filter(id=exam.id).update(language="de")
    wanted = await issuing.request(
        SourceKind.attempt,
        uuid4(),
        certification=await Certification.get(id=exam.id),
        policy=await current_policy(exam.id),
        person=await accounts.person(),
        holder_name="Zoë Ångström",
        achieved_at=NOW,
        score=None,
        locale="de",
        by_job=False,
    )

    assert await issuing.issue(wanted, now=NOW) is None

    held = await IssueRequest.get(id=wanted)
    assert (held.state, held.problem) == (
        IssueState.held,
        "Certificates cannot be set in the language “de” yet.",
    )
