"""Badges that anybody can make: true signatures under other people's names."""

import base64
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import jwt
import pikepdf
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from reportlab.pdfgen.canvas import Canvas

from certification.badges import credential, proofs
from certification.badges.linked_data import Document
from certification.signing import multikey
from certification.signing.keys import SigningKey
from core.database import new_id
from tests.factories import badges

NAME = "Meridian Foundation"
HOLDER = "Mallory Example"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>Badge</title></svg>'


@dataclass(frozen=True, slots=True)
class Forger:
    """Somebody with a key, who is nobody."""

    key: SigningKey
    private: Ed25519PrivateKey

    @classmethod
    def anew(cls) -> "Forger":
        """With a new key."""
        private = Ed25519PrivateKey.generate()
        public = multikey.encode(private.public_key().public_bytes_raw())
        return cls(SigningKey(new_id(), public, private.sign), private)

    @property
    def did(self) -> str:
        """The key as an issuer."""
        return f"did:key:{self.key.public_key}"

    @property
    def did_address(self) -> str:
        """The key as a verification method."""
        return f"{self.did}#{self.key.public_key}"

    @property
    def jwk(self) -> Document:
        """The key as the header of a JWT brings it."""
        raw = self.private.public_key().public_bytes_raw()
        return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}

    def signs(self, document: Document, address: str) -> bytes:
        """The document with the forger's proof, the key said to be at `address`."""
        return proofs.dump(proofs.prove(document, self.key, address=address, now=badges.ISSUED_AT)).encode()

    def signs_jwt(self, document: Document, header: Document) -> bytes:
        """The document as a VC-JWT of the forger's, under any header."""
        payload = document | proofs.registered_claims(document)
        return jwt.encode(payload, self.private, algorithm="EdDSA", headers=header).encode()


def document(issuer: str, name: str = NAME, **changes: Any) -> Document:
    """What a badge of `issuer` says, who calls itself `name`; no status list unless given."""
    made = credential.build(badges.facts(holder_name=HOLDER))
    made["issuer"] = {"id": issuer, "type": ["Profile"], "name": name}
    del made["credentialStatus"]
    return made | changes


def signed_with_another_kind(made: Document, algorithm: str, header: Document | None = None) -> bytes:
    """The document as a VC-JWT that a new RSA or P-256 key signed, which its header brings along."""
    private: Any = (
        ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    )
    engine: Any = jwt.algorithms.get_default_algorithms()[algorithm]
    headers = {"jwk": json.loads(engine.to_jwk(private.public_key()))} | (header or {})
    return jwt.encode(made | proofs.registered_claims(made), private, algorithm=algorithm, headers=headers).encode()


def page_with(content: bytes) -> bytes:
    """A PDF of somebody's own making with the badge attached."""
    out = BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 700, f"{NAME} certifies {HOLDER}")
    canvas.save()
    with pikepdf.open(out) as pdf:
        pdf.attachments["badge.json"] = pikepdf.AttachedFileSpec(pdf, content, filename="badge.json")
        saved = BytesIO()
        pdf.save(saved)
    return saved.getvalue()
