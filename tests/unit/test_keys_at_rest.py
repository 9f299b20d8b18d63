"""How keys are written down: Multikeys, sealed private keys, and nothing of a secret in any text."""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certification.signing import multikey, sealing
from certification.signing.keys import SigningKey, signing_key
from certification.signing.models import IssuerKey
from core.database import new_id
from core.settings import get_settings, load_settings, use_settings

SECRET = "s" * 40


def test_multikey_of_a_published_key() -> None:
    """The public key of RFC 8037, appendix A.1 (and RFC 8032, 7.1, test 1), and its did:key."""
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

    assert multikey.encode(public) == "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
    assert multikey.decode("z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw") == public


@given(st.binary(max_size=64))
def test_base58_comes_back(content: bytes) -> None:
    assert multikey.from_base58(multikey.to_base58(content)) == content


@pytest.mark.parametrize(
    "text",
    ["", "z", "z0OIl", "m6MkrJVnaZ", "z6Mkr", "z" + "1" * 300, "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"],
)
def test_anything_else_is_no_multikey(text: str) -> None:
    with pytest.raises(multikey.NotAMultikey):
        multikey.decode(text)


@given(st.binary(min_size=32, max_size=32))
def test_sealed_key_opens_for_its_own_row_alone(private: bytes) -> None:
    mine, other = new_id(), new_id()

    sealed = sealing.seal(private, mine)

    assert private not in sealed
    assert sealing.unseal(sealed, mine) == private
    with pytest.raises(sealing.KeySealed):
        sealing.unseal(sealed, other)


def test_same_key_is_sealed_differently_each_time() -> None:
    key_id = new_id()

    assert sealing.seal(b"k" * 32, key_id) != sealing.seal(b"k" * 32, key_id)


@pytest.mark.parametrize("position", [0, 1, 12, 13, 40, -1])
def test_one_changed_byte_closes_it(position: int) -> None:
    key_id = new_id()
    sealed = bytearray(sealing.seal(b"k" * 32, key_id))
    sealed[position] ^= 1

    with pytest.raises(sealing.KeySealed):
        sealing.unseal(bytes(sealed), key_id)


def test_another_secret_closes_it() -> None:
    key_id = new_id()
    use_settings(get_settings().model_copy(update={"keys_secret": load_settings(keys_secret=SECRET).keys_secret}))
    sealed = sealing.seal(b"k" * 32, key_id)
    use_settings(get_settings().model_copy(update={"keys_secret": load_settings(keys_secret="t" * 40).keys_secret}))

    with pytest.raises(sealing.KeySealed, match="CONFERO_KEYS_SECRET"):
        sealing.unseal(sealed, key_id)


def test_nothing_shows_a_secret() -> None:
    token = {"module": "/usr/lib/token.so", "token": "badges", "pin": "4711-pin"}
    settings = load_settings(keys_secret=SECRET, keys_pkcs11=token)
    key_id = UUID(int=1)
    private = Ed25519PrivateKey.generate()
    row = IssuerKey(id=key_id, public_key="z6Mk", sealed=sealing.seal(private.private_bytes_raw(), key_id))
    key = signing_key(row)

    shown = " ".join([repr(settings), str(settings), repr(key), str(key), repr(row), settings.model_dump_json()])

    assert isinstance(key, SigningKey)
    assert SECRET not in shown
    assert "4711-pin" not in shown
    assert private.private_bytes_raw().hex() not in shown
    assert "sign" not in repr(key).replace("SigningKey", "")
