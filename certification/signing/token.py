"""Ed25519 keys that are made in a PKCS#11 token (an HSM, or SoftHSM) and never leave it.

Source: PKCS#11 3.0, sections 2.3.5 (Edwards keys) and 2.3.14 (CKM_EDDSA). One session for each process is kept open,
since logging in takes far longer than signing; calls block and are serialised, so callers run them in a thread.
"""

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

from core.errors import Unavailable
from core.i18n import N_
from core.settings import KeysTokenSettings, get_settings

_T = TypeVar("_T")
_ED25519: Final = "1.3.101.112"
_lock = threading.Lock()
_sessions: dict[KeysTokenSettings, Any] = {}  # Any: pkcs11.Session, which only the worker and the commands load


class TokenAway(Unavailable):
    """The token cannot be reached, or does not hold the key."""

    code, message = "token_away", N_("The token that keeps the organization's key cannot be used at the moment.")


def make_key(label: str) -> bytes:
    """Make a key pair in the settings' token under `label`; returns the raw public key. Raises `TokenAway`."""
    return _with_session(lambda session: _make(session, label))


def sign(label: str, content: bytes) -> bytes:
    """The 64-byte Ed25519 signature of `content` by the key called `label`. Raises `TokenAway`."""
    return _with_session(lambda session: _sign(session, label, content))


def _make(session: Any, label: str) -> bytes:
    from pkcs11 import Attribute, KeyType, Mechanism
    from pkcs11.util.ec import encode_named_curve_parameters

    curve = session.create_domain_parameters(
        KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519)}, local=True
    )
    public, _ = curve.generate_keypair(mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=label)
    return bytes(public[Attribute.EC_POINT])[-32:]  # Some tokens wrap the point in a DER octet string.


def _sign(session: Any, label: str, content: bytes) -> bytes:
    from pkcs11 import KeyType, Mechanism, ObjectClass

    key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC_EDWARDS, label=label)
    return bytes(key.sign(content, mechanism=Mechanism.EDDSA))


def _with_session(act: Callable[[Any], _T]) -> _T:
    """Run `act` with the process's session; one that has ended (a token restarted) is opened once more."""
    from pkcs11.exceptions import NoSuchKey, PKCS11Error

    chosen = get_settings().keys_pkcs11
    if chosen is None:
        raise TokenAway()
    with _lock:
        kept = _sessions.get(chosen)
        if kept is not None:
            try:
                return act(kept)
            except NoSuchKey:
                raise TokenAway() from None
            except PKCS11Error:
                del _sessions[chosen]
        try:
            session = _sessions[chosen] = _open(chosen)
            return act(session)
        except (PKCS11Error, RuntimeError):  # RuntimeError: the module itself cannot be loaded
            raise TokenAway() from None  # The cause may quote the PIN.


def _open(chosen: KeysTokenSettings) -> Any:
    import pkcs11
    from pkcs11.exceptions import UserAlreadyLoggedIn

    token = pkcs11.lib(str(chosen.module)).get_token(token_label=chosen.token)
    try:
        return token.open(user_pin=chosen.pin.get_secret_value(), rw=True)
    except UserAlreadyLoggedIn:  # The PDF signer uses the same token; a log-in holds for the whole process.
        return token.open(rw=True)
