"""Making what is issued: the facts, frozen, and from them the badge, the page that carries it, and the signature.

Only the worker makes certificates; the engines are imported when the first one is made.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from certification.badges import status_lists
from certification.badges.facts import AchievementFacts, BadgeFacts, Evidence, StatusPlace
from certification.badges.models import Badge
from certification.certificates import achievements, sources, wording
from certification.certificates.models import IssueRequest
from certification.certificates.numbers import new_number
from certification.layouts.facts import DocumentFacts
from certification.layouts.models import LayoutVersion
from certification.layouts.queries import DEFAULTS, current_version, pictures_of
from certification.layouts.words import has_words
from certification.signing import pades
from certification.signing.levels import SignatureLevel
from core.database import new_id
from core.errors import AppError, NotFound
from core.i18n import gettext as _
from core.i18n import speaking
from core.settings import get_settings
from events.catalog.models import Event

if TYPE_CHECKING:
    from certification.badges.credential import MadeBadge

BADGE_FILE = "open-badge.json"
"""Under this name every PDF carries its badge."""


class Unmakeable(AppError):
    """The certificate cannot be set as it is, such as a name in a script that no font has; an officer acts."""

    code, status = "unmakeable", 422


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that one commit makes visible. `facts` is what the page says; the PDF carries the badge."""

    certificate_id: UUID
    number: str
    facts: dict[str, Any]
    valid_until: datetime | None
    layout_version_id: UUID
    badge: "MadeBadge"
    place: StatusPlace
    pdf: bytes
    pdf_sha256: str
    signature: SignatureLevel


async def make(wanted: IssueRequest, *, now: datetime) -> Made:
    """Make badge and PDF of a request whose relations are loaded; nothing is stored.

    Raises `Unmakeable` where an officer has to act, and `signing.signers.CannotSign`, `signing.keys.KeySealed` and the
    like where the job has to be tried again.
    """
    from certification.badges import credential

    number, certificate_id = new_number(), new_id()
    origin = await sources.origin_of(wanted)
    document = await wording.document_of(wanted, number, source=origin.source, now=now)
    if not has_words(document.language):
        raise Unmakeable(_("Certificates cannot be set in the language “{tag}” yet.").format(tag=document.language))
    version = await _layout(wanted)
    place = await status_lists.allocate(wanted.organization_id, now=now)
    badge_facts = await _badge_facts(wanted, document, origin, certificate_id, place, now=now)
    with speaking(document.language):
        badge = await credential.make(badge_facts, wanted.organization_id, now=now)
    page = await _page(version, document, badge.credential, now=now)
    pdf, level = await pades.sign_pdf(
        page, wanted.organization.slug, organization_name=wanted.organization.name, now=now
    )
    return Made(
        certificate_id=certificate_id,
        number=number,
        facts=wording.frozen(document, wanted),
        valid_until=wording.valid_until(wanted),
        layout_version_id=version.id,
        badge=badge,
        place=place,
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        signature=level,
    )


async def save_badge(made: Made) -> Badge:
    """Write the badge's row in the caller's transaction, which takes its place in the status list."""
    from certification.badges import credential

    return await credential.save(made.badge, made.place)


async def _layout(wanted: IssueRequest) -> LayoutVersion:
    certification = wanted.certification
    chosen = wanted.layout_id or (certification.layout_id if certification else None)
    default = DEFAULTS["certification"] if certification else DEFAULTS["event"]
    return await current_version(wanted.organization_id, chosen, default_origin=default)


async def _page(version: LayoutVersion, document: DocumentFacts, credential: str, *, now: datetime) -> bytes:
    from certification.layouts import rendering
    from certification.layouts.definition import LayoutDefinition
    from core.typesetting import UnsettableText
    from core.typesetting.images import UnreadablePicture

    definition = LayoutDefinition.model_validate(version.definition)
    attached = rendering.AttachedFile(
        name=BADGE_FILE,
        content_type="application/vc",
        content=credential.encode(),
        description="Open Badge 3.0",
        relationship="Alternative",
    )
    try:
        return await asyncio.to_thread(
            rendering.render,
            definition,
            document,
            pictures=await pictures_of(definition),
            attachments=[attached],
            created_at=now,
        )
    except (UnsettableText, UnreadablePicture, rendering.MissingPicture) as problem:
        raise Unmakeable(problem.message) from problem


async def _badge_facts(
    wanted: IssueRequest,
    document: DocumentFacts,
    origin: sources.Origin,
    certificate_id: UUID,
    place: StatusPlace,
    *,
    now: datetime,
) -> BadgeFacts:
    achievement, evidence = await _achievement(wanted, document, origin)
    return BadgeFacts(
        certificate_id=certificate_id,
        number=document.number,
        achievement=achievement,
        holder_name=wanted.holder_name,
        issuer_slug=wanted.organization.slug,
        issuer_name=wanted.organization.name,
        issuer_url=get_settings().public_url,
        achieved_at=wanted.achieved_at,
        issued_at=now,
        valid_until=wording.valid_until(wanted),
        place=place,
        score=wanted.score if document.score is not None else None,
        credits=wanted.credits,
        evidence=(evidence,),
    )


async def _achievement(
    wanted: IssueRequest, document: DocumentFacts, origin: sources.Origin
) -> tuple[AchievementFacts, Evidence]:
    """What the badge attests, worded as the page words it, and the public page that shows how it was earned."""
    if wanted.event_id is not None:
        event = await Event.get(id=wanted.event_id)
        achieved = achievements.of_attendance(event, name=document.achievement, statement=document.statement)
        return achieved, sources.of_attendance(event, document)
    if wanted.certification is None or wanted.policy is None:
        raise NotFound()
    evidence = sources.of_certification(wanted.certification, wanted.organization, document, origin)
    return achievements.of_certification(wanted.certification, wanted.policy), evidence
