"""Private keys at rest: AES-256-GCM under a key derived from the settings' secret, bound to the row it belongs to.

Sources: NIST SP 800-38D (GCM, 96-bit random nonce); RFC 5869 (HKDF-SHA-256).
"""

import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Unavailable
from core.i18n import N_
from core.settings import get_settings

_FIRST_FORM: Final = b"\x01"
_NONCE_BYTES: Final = 12


class KeySealed(Unavailable):
    """The private key cannot be opened: the secret is another one, or what is stored was changed."""

    code = "key_sealed"
    message = N_(
        "The organization's key cannot be opened with CONFERO_KEYS_SECRET as it is set. Set the secret under which"
        " the key was made, or make a new key."
    )


def seal(private_key: bytes, key_id: UUID) -> bytes:
    """Encrypt under the settings' secret; only the same key id opens it. Raises `KeySealed` where no secret is set."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FIRST_FORM + nonce + _cipher().encrypt(nonce, private_key, key_id.bytes)


def unseal(sealed: bytes, key_id: UUID) -> bytes:
    """Decrypt what `seal` made for the same key id. Raises `KeySealed` for any other secret, id or changed byte."""
    form, nonce, content = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if form != _FIRST_FORM:
        raise KeySealed()
    try:
        return _cipher().decrypt(nonce, content, key_id.bytes)
    except InvalidTag:
        raise KeySealed() from None


def _cipher() -> AESGCM:
    secret = get_settings().sealing_secret
    if secret is None:
        raise KeySealed()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"confero issuer keys").derive(secret)
    return AESGCM(derived)
