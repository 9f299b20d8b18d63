"""Secrets handed to people and programs: made here, stored only as keyed hashes."""

import hashlib
import hmac
import secrets

from core.settings import get_settings

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a code can be read aloud and typed."""


def new_secret() -> str:
    """A URL-safe secret of 256 bits."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """The keyed hash (HMAC-SHA-256, 64 hex digits) under which a secret is stored and looked up."""
    return hmac.new(get_settings().signing_secret, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def new_code(length: int) -> str:
    """A random code of `length` Crockford base 32 characters, 5 bits each."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(length))
