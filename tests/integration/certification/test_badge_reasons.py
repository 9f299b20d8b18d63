"""What is said of badges that cannot be relied on or judged: each reason with its own detail, everywhere the same."""

import json
from collections.abc import Callable
from html import unescape

import pytest

from api.app import create_app
from certification.badges.linked_data import Document
from certification.certificates import offline
from core.settings import Settings
from tests.factories import accounts, badges, forgeries
from tests.factories.forgeries import Forger
from tests.integration.certification.test_forgeries import terminal

FORGER = Forger.anew()
ISSUER = "https://meridian.example/1"
ADDRESS = f"{ISSUER}#{FORGER.key.public_key}"


def changed(**changes: object) -> bytes:
    """A badge whose members were changed after it was signed."""
    return json.dumps(json.loads(FORGER.signs(forgeries.document(ISSUER), ADDRESS)) | changes).encode()


def proof(**changes: object) -> bytes:
    """A badge whose proof was changed."""
    document: Document = json.loads(FORGER.signs(forgeries.document(ISSUER), ADDRESS))
    return json.dumps(document | {"proof": document["proof"] | changes}).encode()


def context(*entries: object) -> bytes:
    """A badge with more contexts than were signed."""
    document: Document = forgeries.document(ISSUER)
    return changed(**{"@context": [*document["@context"], *entries]})


JWT = forgeries.document(ISSUER)
RSA = "✓ The Open Badge is signed with RSA (RS256), and says what was signed."
P256 = "✓ The Open Badge is signed with ECDSA P-256 (ES256), and says what was signed."
ED25519 = "✓ The Open Badge is signed with Ed25519 (EdDSA), and says what was signed."

REASONS: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "RSA": (lambda: forgeries.signed_with_another_kind(JWT, "RS256"), 3, RSA),
    "P-256": (lambda: forgeries.signed_with_another_kind(JWT, "ES256"), 3, P256),
    "Ed25519 as JWT": (lambda: FORGER.signs_jwt(JWT, {"kid": ADDRESS}), 3, ED25519),
    "JWT without a key": (lambda: FORGER.signs_jwt(JWT, {}), 3, "? The badge does not say which key signed it."),
    "JWT with a kid that is no address": (
        lambda: FORGER.signs_jwt(JWT, {"kid": "key-1"}),
        3,
        "? The badge does not say which key signed it.",
    ),
    "key elsewhere": (
        lambda: FORGER.signs_jwt(JWT, {"kid": "https://meridian.example/key.json"}),
        3,
        "? The key that signed the badge could not be obtained: https://meridian.example/key.json.",
    ),
    "no badge": (
        lambda: changed(type=["VerifiableCredential", "DiplomaCredential"]),
        1,
        "✗ There is no Open Badge in it: VerifiableCredential, DiplomaCredential.",
    ),
    "elder suite": (
        lambda: proof(type="Ed25519Signature2020"),
        3,
        "? The badge is signed in a way that cannot be checked here: Ed25519Signature2020.",
    ),
    "other suite": (
        lambda: proof(cryptosuite="ecdsa-sd-2023"),
        3,
        "? The badge is signed in a way that cannot be checked here: ecdsa-sd-2023.",
    ),
    "withdrawn suite": (
        lambda: proof(cryptosuite="eddsa-2022"),
        1,
        "✗ The badge is signed in a way that was withdrawn before it became a standard: eddsa-2022.",
    ),
    "purpose": (
        lambda: proof(proofPurpose="authentication"),
        1,
        "✗ The badge's signature was made for another purpose: authentication.",
    ),
    "no scheme": (
        lambda: proof(verificationMethod="z6Mk1234"),
        1,
        "✗ What the badge calls its key leads to no key: z6Mk1234.",
    ),
    "unknown scheme": (
        lambda: proof(verificationMethod="xxx:1"),
        1,
        "✗ What the badge calls its key leads to no key: xxx:1.",
    ),
    "broken multibase": (
        lambda: proof(verificationMethod=f"{ISSUER}#z6MkBroken0"),
        1,
        f"✗ What the badge calls its key leads to no key: {ISSUER}#z6MkBroken0.",
    ),
    "unknown method": (
        lambda: proof(verificationMethod="did:ion:abc"),
        3,
        "? The key that signed the badge could not be obtained: did:ion:abc.",
    ),
    "unknown context": (
        lambda: context("https://meridian.example/context.json"),
        3,
        "? The badge uses a vocabulary that cannot be judged here: https://meridian.example/context.json.",
    ),
    "context written out": (
        lambda: context({"mood": "https://meridian.example/mood"}),
        3,
        '? The badge uses a vocabulary that cannot be judged here: {"mood": "https://meridian.example/mood"}.',
    ),
    "unsigned member": (
        lambda: changed(honours="summa cum laude"),
        1,
        "✗ The Open Badge is malformed, or says more than was signed: /honours.",
    ),
    "no proof": (
        lambda: json.dumps(forgeries.document(ISSUER)).encode(),
        1,
        "✗ The badge is not signed, so that anybody may have written it.",
    ),
}
MARKS = {"passed": "✓", "failed": "✗", "unchecked": "?"}


@pytest.mark.parametrize("name", REASONS)
async def test_reason_is_told_with_its_detail(database: str, settings: Settings, name: str) -> None:
    make, code, sentence = REASONS[name]
    content = make()

    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.post("/verify/file", files={"file": ("badge", content, "application/octet-stream")})
        api = (await client.post("/api/v1/verifications", content=content)).json()
    judged = await offline.judge(content, now=badges.ISSUED_AT, fetch=None)

    assert sentence in terminal(judged)
    assert sentence[2:] in unescape(page.text)
    assert sentence in [f"{MARKS[check['outcome']]} {check['text']}" for check in api["checks"]]
    assert {0: "valid", 1: "refused"}.get(code, judged.verdict.value) == judged.verdict.value
    assert (judged.verdict.value in ("intact", "undetermined")) == (code == 3)
