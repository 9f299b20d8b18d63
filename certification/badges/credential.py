"""A badge: the AchievementCredential that says what the certificate says, secured in both formats.

openbadgeslib's model writes the credential; what it has no place for is added: the address of the criteria, the
language, the certificate's number, the day of the achievement. Source: 1EdTech Open Badges 3.0, section B.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from openbadgeslib import ob3
from openbadgeslib.ob3.credential import OB3_CONTEXT

from certification.badges import addresses, proofs
from certification.badges.facts import AchievementFacts, BadgeFacts, StatusPlace, score_band, score_bands
from certification.badges.linked_data import Document
from certification.badges.models import Badge, StatusPurpose
from certification.signing.keys import SigningKey, key_in_use, refuse_stolen
from core.i18n import gettext as _

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""Canonical N-Quads escape most controls, and engines differ in which; surrogates have no UTF-8."""


@dataclass(frozen=True, slots=True)
class MadeBadge:
    """A signed badge that is not stored yet: the credential as JSON text, the same as VC-JWT, and whose key signed."""

    credential: str
    jwt: str
    issuer_key_id: UUID


async def make(facts: BadgeFacts, organization_id: UUID, *, now: datetime) -> MadeBadge:
    """Build and sign the badge with the organization's key in use; nothing is stored but a first key.

    Raises `KeySealed` or `TokenAway` where the key cannot be used.
    """
    key = await key_in_use(organization_id)
    return await asyncio.to_thread(secure, build(facts), key, now=now)


async def save(made: MadeBadge, place: StatusPlace) -> Badge:
    """Write the badge's row in the caller's transaction.

    Raises `IntegrityError` where another badge took the place in the meantime; then it is made again with a new one.
    Raises `KeyStolen` where the key that signed was declared stolen meanwhile.
    """
    await refuse_stolen(made.issuer_key_id)
    return await Badge.create(
        status_list_id=place.list_id,
        status_index=place.index,
        issuer_key_id=made.issuer_key_id,
        credential=made.credential,
        jwt=made.jwt,
    )


def secure(document: Document, key: SigningKey, *, now: datetime) -> MadeBadge:
    """Sign a built credential in both formats; blocks for as long as the key's token does."""
    address = addresses.key_address(document["issuer"]["id"], key.public_key)
    return MadeBadge(
        credential=proofs.dump(proofs.prove(document, key, address=address, now=now)),
        jwt=proofs.jwt(document | proofs.registered_claims(document), key, address=address),
        issuer_key_id=key.id,
    )


def build(facts: BadgeFacts) -> Document:
    """The credential without a proof, its own words in the running task's language. Controls in texts become spaces."""
    achieved = facts.achievement
    credential = ob3.OpenBadgeCredential(
        id=addresses.credential(facts.certificate_id),
        issuer=_issuer(facts),
        recipient_id=None,
        achievement=_achievement(achieved),
        issuance_date=facts.issued_at,
        expiration_date=facts.valid_until,
        identifiers=[ob3.IdentityObject(_plain(facts.holder_name), identity_type="name", hashed=False)],
        results=_results(facts),
        credits_earned=float(facts.credits) if facts.credits is not None else None,
        evidence=[ob3.Evidence(one.url, _plain(one.narrative), _plain(one.name)) for one in facts.evidence],
        credential_status=[_status_entry(facts.place, purpose) for purpose in StatusPurpose],
    )
    document = credential.to_vc()
    document["type"] = ["VerifiableCredential", "AchievementCredential"]
    document["awardedDate"] = proofs.timestamp(facts.achieved_at)
    subject = document["credentialSubject"]
    subject["licenseNumber"] = facts.number
    _complete(subject["achievement"], achieved)
    return document


def achievement_document(facts: AchievementFacts, *, creator: ob3.Issuer) -> Document:
    """The achievement on its own, as it is served at its address: what the badges of it say, and who confers them."""
    document: Document = {"@context": OB3_CONTEXT[:2], **_achievement(facts).to_dict()}
    _complete(document, facts)
    document["creator"] = creator.to_dict()
    return document


def issuer_profile(slug: str, name: str, url: str) -> ob3.Issuer:
    """The organization as badges name it."""
    return ob3.Issuer(id=addresses.issuer_did(slug), name=_plain(name), url=url)


def _issuer(facts: BadgeFacts) -> ob3.Issuer:
    return issuer_profile(facts.issuer_slug, facts.issuer_name, facts.issuer_url)


def _achievement(facts: AchievementFacts) -> ob3.Achievement:
    return ob3.Achievement(
        id=addresses.achievement(facts.id),
        name=_plain(facts.name),
        description=_plain(facts.description) or _plain(facts.name),
        criteria_narrative=_plain(facts.criteria),
        image_url=addresses.achievement_image(facts.id),
        achievement_type=facts.type.value,
        result_descriptions=_result_descriptions(facts),
    )


def _complete(achievement: dict[str, Any], facts: AchievementFacts) -> None:
    """Add what openbadgeslib's model has no place for."""
    achievement["criteria"] = {"id": facts.criteria_url, **achievement["criteria"]}
    achievement["inLanguage"] = facts.language


def _result_descriptions(facts: AchievementFacts) -> list[ob3.ResultDescription]:
    if facts.cut_score is None:
        return []
    bands = score_bands(facts.cut_score)
    described = ob3.ResultDescription(
        id=_bands_address(facts),
        name=_("Score band (percent, rounded down)"),
        result_type="PerformanceLevel",
        allowed_values=bands,
        required_value=bands[0],
    )
    return [described]


def _results(facts: BadgeFacts) -> list[ob3.Result]:
    cut_score = facts.achievement.cut_score
    if facts.score is None or cut_score is None:
        return []
    return [ob3.Result(value=score_band(facts.score, cut_score), result_description=_bands_address(facts.achievement))]


def _bands_address(facts: AchievementFacts) -> str:
    return f"{addresses.achievement(facts.id)}#score-band"


def _status_entry(place: StatusPlace, purpose: StatusPurpose) -> Document:
    return dict(ob3.status_entry(addresses.status_list(place.list_id, purpose), purpose.value, place.index))


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()
