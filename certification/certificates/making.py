"""Making what is issued: the facts, frozen, and from them the badge, the page, and the signature over both."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from certification.certificates.models import IssueRequest
from certification.certificates.numbers import new_number
from certification.programs.entitlements import months_later
from certification.signing.levels import SignatureLevel
from core.database import new_id
from core.errors import AppError
from core.settings import get_settings


class Unmakeable(AppError):
    """The certificate cannot be set as it is, such as a name in a script that no font has; an officer acts."""

    code, status = "unmakeable", 422


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that one commit makes visible. `facts` is what the page says; the PDF holds the badge."""

    certificate_id: UUID
    number: str
    facts: dict[str, Any]
    valid_until: datetime | None
    layout_version_id: UUID | None
    badge: Any
    pdf: bytes
    pdf_sha256: str
    signature: SignatureLevel


async def make(wanted: IssueRequest, *, now: datetime) -> Made:
    """Make badge and PDF of a request whose relations are loaded. Raises `Unmakeable`; nothing is stored."""
    number = new_number()
    facts = _facts(wanted, number, now)
    pdf = await asyncio.to_thread(_set, facts)
    valid_until = facts["valid_until"]
    return Made(
        certificate_id=new_id(),
        number=number,
        facts=facts,
        valid_until=datetime.fromisoformat(valid_until) if valid_until else None,
        layout_version_id=None,
        badge=None,
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        signature=SignatureLevel.none,
    )


async def save_badge(made: Made) -> Any:
    """Write the badge's row in the caller's transaction."""
    return made.badge


def _facts(wanted: IssueRequest, number: str, now: datetime) -> dict[str, Any]:
    """Everything that the certificate says, as it is frozen with it."""
    certification, policy = wanted.certification, wanted.policy
    months = policy.validity_months if policy else None
    return {
        "number": number,
        "holder_name": wanted.holder_name,
        "achievement": wanted.achievement or (certification.title if certification else ""),
        "statement": wanted.statement or (certification.statement if certification else ""),
        "organization": wanted.organization.name,
        "accent": wanted.organization.accent,
        "achieved_at": wanted.achieved_at.isoformat(),
        "issued_at": now.isoformat(),
        "valid_until": months_later(wanted.achieved_at, months).isoformat() if months else None,
        "policy_version": policy.version if policy else None,
        "verify_url": f"{get_settings().public_url}/verify/{number}",
        "language": certification.language if certification else "en",
    }


def _set(facts: dict[str, Any]) -> bytes:
    from certification.certificates.pdf import CertificateFacts, render_certificate
    from core.typesetting import UnsettableText

    valid_until = facts["valid_until"]
    try:
        return render_certificate(
            CertificateFacts(
                number=facts["number"],
                holder_name=facts["holder_name"],
                achievement=facts["achievement"],
                statement=facts["statement"],
                organization=facts["organization"],
                accent=facts["accent"],
                issued_on=datetime.fromisoformat(facts["issued_at"]).date(),
                passed_on=datetime.fromisoformat(facts["achieved_at"]).date(),
                valid_until=datetime.fromisoformat(valid_until).date() if valid_until else None,
                verify_url=facts["verify_url"],
                language=facts["language"],
            )
        )
    except UnsettableText as problem:
        raise Unmakeable(problem.message) from problem
