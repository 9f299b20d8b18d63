"""Badges a second on one core: built, signed in both formats and written as JSON, as an issuing run makes them.

The bare limit is what no issuer can save: two Ed25519 signatures, two hashes, and the two JSON texts. Beside it stands
openbadgeslib's own way to add a proof, which canonicalizes each badge with a JSON-LD processor, and makes no JWT.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from time import process_time
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openbadgeslib import ob3

from certification.badges import addresses, credential
from certification.badges.facts import AchievementFacts, AchievementType, BadgeFacts, Evidence, StatusPlace
from certification.signing import multikey
from certification.signing.keys import SigningKey
from core.database import new_id

BUDGET = 0.25
_ROUNDS = 5
_BADGES = {"bare": 300, "confero": 300, "library": 15}
_NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_PRIVATE = Ed25519PrivateKey.generate()
_KEY = SigningKey(new_id(), multikey.encode(_PRIVATE.public_key().public_bytes_raw()), _PRIVATE.sign)


def run() -> dict[str, Any]:
    """Measure in turn in this process; all figures are badges per second of processor time (medians)."""
    works: dict[str, Callable[[int], None]] = {"bare": _bare, "confero": _confero, "library": _library()}
    for work in works.values():
        work(0)
    rounds = [{name: _rate(work, turn, _BADGES[name]) for name, work in works.items()} for turn in range(_ROUNDS)]
    rates = {name: median(each[name] for each in rounds) for name in works}
    times = median(each["confero"] / each["library"] for each in rounds)
    return {
        "name": "Open Badge, both formats",
        "bare": round(rates["bare"], 1),
        "confero": round(rates["confero"], 1),
        "ratio": round(median(each["confero"] / each["bare"] for each in rounds), 2),
        "budget": BUDGET,
        "library": round(rates["library"], 1),
        "note": f"{times:.0f} times openbadgeslib's own signing ({rates['library']:.0f} /s)",
    }


def _rate(work: Callable[[int], None], turn: int, amount: int) -> float:
    started = process_time()
    for index in range(amount):
        work(turn * amount + index + 1)
    return amount / (process_time() - started)


def _facts(index: int) -> BadgeFacts:
    return replace(_SAMPLE, certificate_id=new_id(), number=f"{index:08d}", holder_name=f"Amina Otieno {index}")


def _confero(index: int) -> None:
    credential.secure(credential.build(_facts(index)), _KEY, now=_NOW)


def _bare(index: int) -> None:
    document = {**_DOCUMENT, "id": f"urn:uuid:{new_id()}", "name": f"Amina Otieno {index}"}
    text = json.dumps(document, ensure_ascii=False).encode()
    _PRIVATE.sign(hashlib.sha256(text[:300]).digest() + hashlib.sha256(text).digest())
    _PRIVATE.sign(json.dumps(document, ensure_ascii=False).encode())


def _library() -> Callable[[int], None]:
    pem = _PRIVATE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    address = addresses.key_address(addresses.issuer_did("osf"), _KEY.public_key)

    def work(index: int) -> None:
        document = credential.build(_facts(index))
        ob3.add_data_integrity_proof(document, pem, address, created=_NOW)

    return work


_SAMPLE = BadgeFacts(
    certificate_id=UUID(int=1),
    number="0",
    achievement=AchievementFacts(
        id=UUID(int=2),
        name="Nairobi Systems Days",
        description="took part in the sessions",
        criteria="Attend the event; attendance is recorded at check-in.",
        criteria_url="http://localhost:8000/events/days",
        type=AchievementType.attendance,
        language="en",
    ),
    holder_name="",
    issuer_slug="osf",
    issuer_name="Open Systems Foundation",
    issuer_url="https://osf.example.org",
    achieved_at=_NOW,
    issued_at=_NOW,
    valid_until=None,
    place=StatusPlace(UUID(int=3), 94_567),
    credits=Decimal("6.5"),
    evidence=(Evidence("Nairobi Systems Days", "Checked in at this event.", "http://localhost:8000/events/days"),),
)
_DOCUMENT = credential.build(_SAMPLE)
