"""Badges of no database: facts, a key, and what they come to."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certification.badges.facts import AchievementFacts, AchievementType, BadgeFacts, Evidence, StatusPlace
from certification.signing import multikey
from certification.signing.keys import SigningKey
from core.database import new_id

ISSUED_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
_numbers = count(1)


def signing_key() -> SigningKey:
    """An Ed25519 key that is stored nowhere."""
    private = Ed25519PrivateKey.generate()
    return SigningKey(new_id(), multikey.encode(private.public_key().public_bytes_raw()), private.sign)


def achievement(**changes: Any) -> AchievementFacts:
    """A certification whose policy shows scores."""
    facts = AchievementFacts(
        id=UUID("0190d8a5-0000-7000-8000-000000000001"),
        name="Certified System Associate",
        description="has shown the skills of a system associate",
        criteria="Pass the exam.",
        criteria_url="http://testserver/certifications/system-associate",
        type=AchievementType.certification,
        language="en",
        cut_score=Decimal("66.00"),
    )
    return replace(facts, **changes)


def facts(**changes: Any) -> BadgeFacts:
    """What a badge with every member says."""
    number = next(_numbers)
    made = BadgeFacts(
        certificate_id=new_id(),
        number=f"CFR-{number:04d}",
        achievement=achievement(),
        holder_name="Amina Otieno",
        issuer_slug="open-systems",
        issuer_name="Open Systems Foundation",
        issuer_url="https://open-systems.example.org",
        achieved_at=ISSUED_AT,
        issued_at=ISSUED_AT,
        valid_until=datetime(2028, 11, 24, 9, 30, tzinfo=UTC),
        place=StatusPlace(UUID("0190d8a5-0000-7000-8000-000000000002"), number),
        score=Decimal("86.67"),
        credits=Decimal("6.50"),
        evidence=(Evidence("Attendance", "6.5 hours attended.", "http://testserver/events/days"),),
    )
    return replace(made, **changes)
