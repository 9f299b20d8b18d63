"""Ed25519 public keys as Multikeys: `z6Mk…`, which did:key, DID documents and the fragments of our keys all use.

Source: W3C Controlled Identifiers 1.0, section 2.2.2 (Multikey) and 2.4 (Multibase, base58btc); multicodec 0xed.
"""

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_ED25519_PUBLIC: Final = b"\xed\x01"
LONGEST: Final = 200
"""Characters that are looked at; base 58 takes time that grows with the square of the length."""


class NotAMultikey(ValueError):
    """The text is not an Ed25519 public key in this form."""


def to_base58(content: bytes) -> str:
    """Bytes in base58btc; leading zero bytes become ones."""
    number, letters = int.from_bytes(content), ""
    while number:
        number, remainder = divmod(number, 58)
        letters = _ALPHABET[remainder] + letters
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + letters


def from_base58(text: str) -> bytes:
    """The bytes of a base58btc text. Raises `NotAMultikey` for other characters, and beyond 200 of them."""
    if len(text) > LONGEST:
        raise NotAMultikey("too long")
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise NotAMultikey("not base58btc")
        number = number * 58 + _VALUES[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def encode(public_key: bytes) -> str:
    """The Multikey of 32 raw bytes of an Ed25519 public key."""
    return "z" + to_base58(_ED25519_PUBLIC + public_key)


def decode(text: str) -> bytes:
    """The 32 raw bytes of an Ed25519 Multikey. Raises `NotAMultikey`."""
    if not text.startswith("z"):
        raise NotAMultikey("not base58btc multibase")
    content = from_base58(text[1:])
    if len(content) != 34 or not content.startswith(_ED25519_PUBLIC):
        raise NotAMultikey("not an Ed25519 public key")
    return content[2:]
