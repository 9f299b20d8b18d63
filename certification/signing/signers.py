"""Whose certificate signs an organization's PDFs: from a PKCS#12 file, in a PKCS#11 token, or self-signed to develop.

Loads pyHanko; imported by the worker when it signs, never when a web process starts.
"""

import threading
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, tsp
from pkcs11 import PKCS11Error, Session
from pkcs11.exceptions import UserAlreadyLoggedIn
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import fields as sig_fields
from pyhanko.sign import signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper

from certification.signing import development
from certification.signing.levels import SignatureLevel
from core.settings import PdfSignerSettings, get_settings

FIELD_NAME = "Signature"
_TIMESTAMP_SECONDS = 10
_META = signers.PdfSignatureMetadata(field_name=FIELD_NAME, subfilter=sig_fields.SigSeedSubFilter.PADES)
_FIELD = sig_fields.SigFieldSpec(
    FIELD_NAME,
    # Printable, as PDF/A wants it, and outside the page, as PDF/UA wants it of what nobody sees.
    invis_sig_settings=sig_fields.InvisSigSettings(set_print_flag=True, box_out_of_bounds=True),
)


class CannotSign(Exception):
    """The PDF cannot be signed as configured; the job that wanted it fails, is retried, and is shown when given up."""


@dataclass(eq=False)
class LoadedSigner:
    """What signs, ready to use by any thread; `reserved` is the room for its signature in hexadecimal digits.

    The room is measured once: measuring it for each document would sign twice.
    """

    pdf_signer: signers.PdfSigner
    level: SignatureLevel
    lock: AbstractContextManager[Any]  # Any: what a lock yields is of no use
    reserved: int | None = field(default=None, repr=False)


class TimeStamper(RequestsHTTPTimeStamper):
    """A client of the time-stamp service that believes no token for another document."""

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token for the digest. Raises `TimestampRequestError`: the service is down, refuses or answers wrongly."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            wanted = tsp.MessageImprint(
                {"hash_algorithm": algos.DigestAlgorithm({"algorithm": md_algorithm}), "hashed_message": message_digest}
            )
            is_ours = (
                stamped["hashed_message"].native == wanted["hashed_message"].native
                and stamped["hash_algorithm"]["algorithm"].native == wanted["hash_algorithm"]["algorithm"].native
            )
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise TimestampRequestError("The time-stamp service answered what is no time stamp.") from problem
        if not is_ours:
            raise TimestampRequestError("The time-stamp service stamped another document.")
        return token


class TokenSigner(PKCS11Signer):
    """A PKCS#11 signer that one event loop after the other may use: signing waits for the token in its own thread."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign with the token; errors are pyHanko's and the token's own."""
        if not dry_run:
            await to_thread(self._load_objects)
        raw: bytes = await super().async_sign_raw(data, digest_algorithm, dry_run=dry_run)
        return raw


_loaded: dict[tuple[object, ...], LoadedSigner] = {}
_loading = threading.Lock()


def signer_for(organization_slug: str, *, organization_name: str) -> LoadedSigner | None:
    """What signs for an organization, loaded once per process; None where production has none configured.

    Raises `CannotSign` where the file or token that the settings name cannot be used. Side effect in development: the
    self-signed certificate is made at its first use.
    """
    settings = get_settings()
    chosen = settings.pdf_signers.get(organization_slug) or settings.pdf_signers.get("*")
    if chosen is None and settings.is_production:
        return None
    file = chosen.pkcs12 if chosen else development.signer_file(organization_slug, organization_name)
    try:
        changed_at = file.stat().st_mtime_ns if file else 0
    except OSError as problem:
        raise CannotSign(f"The PDF signer of {organization_slug}: {file} cannot be read.") from problem
    key = (chosen, file, changed_at, settings.timestamp_url)
    with _loading:
        if key not in _loaded:
            _loaded[key] = _load(chosen, file, organization_slug, settings.timestamp_url)
        return _loaded[key]


def check_dates(loaded: LoadedSigner, organization_slug: str, *, now: datetime) -> None:
    """Raise `CannotSign` where the certificate is not in its dates: whatever it signs would be refused by readers."""
    certificate: Any = loaded.pdf_signer.signer.signing_cert  # Any: asn1crypto is not annotated
    if not certificate.not_valid_before <= now <= certificate.not_valid_after:
        dates = f"{certificate.not_valid_before:%Y-%m-%d} to {certificate.not_valid_after:%Y-%m-%d}"
        raise CannotSign(f"The PDF signer of {organization_slug} is valid from {dates} only. Configure a new one.")


@contextmanager
def explained(loaded: LoadedSigner, organization_slug: str) -> Iterator[None]:
    """Turn what goes wrong while signing into `CannotSign`. Unless it was the time-stamp service, the signer is loaded
    anew at its next use: a token was unplugged, or a signature has outgrown its room."""
    try:
        yield
    except TimestampRequestError as problem:
        raise CannotSign(f"The time-stamp service gave no time stamp: {problem.__cause__ or problem}") from problem
    except (SigningError, PdfError, PKCS11Error, ValueError, OSError) as problem:
        _forget(loaded)
        raise CannotSign(
            f"The PDF of {organization_slug} cannot be signed: {str(problem) or type(problem).__name__}"
        ) from problem


def _forget(loaded: LoadedSigner) -> None:
    with _loading:
        for key in [key for key, one in _loaded.items() if one is loaded]:
            del _loaded[key]


def _load(chosen: PdfSignerSettings | None, file: Path | None, slug: str, timestamp_url: str | None) -> LoadedSigner:
    lock: AbstractContextManager[Any] = nullcontext()
    try:
        if file is not None:
            signer: Signer = _from_file(file, chosen)
        else:
            assert chosen is not None
            signer, lock = _from_token(chosen), threading.Lock()
    except (ValueError, OSError, PKCS11Error, SigningError) as problem:
        raise CannotSign(
            f"The PDF signer of {slug} cannot be loaded: {str(problem) or type(problem).__name__}."
        ) from problem
    stamper: Any = None  # Any: pyHanko's constructors are not annotated
    if timestamp_url:
        stamper = TimeStamper(timestamp_url, timeout=_TIMESTAMP_SECONDS)  # type: ignore[no-untyped-call]  # as above
    return LoadedSigner(
        signers.PdfSigner(_META, signer, timestamper=stamper, new_field_spec=_FIELD),
        SignatureLevel.b_t if stamper else SignatureLevel.b_b,
        lock,
    )


def _from_file(file: Path, chosen: PdfSignerSettings | None) -> signers.SimpleSigner:
    passphrase = chosen.passphrase.get_secret_value().encode() if chosen and chosen.passphrase else None
    signer: signers.SimpleSigner = signers.SimpleSigner.load_pkcs12_data(
        file.read_bytes(), other_certs=[], passphrase=passphrase
    )
    if signer.signing_cert is None or signer.signing_key is None:
        raise ValueError(f"{file} holds no certificate with its key")
    return signer


def _from_token(chosen: PdfSignerSettings) -> TokenSigner:
    pin = chosen.pin.get_secret_value() if chosen.pin else None
    try:
        session = _session(chosen, pin)
    except UserAlreadyLoggedIn:  # One sign-in counts for every session of a process, the badges' keys' too.
        session = _session(chosen, None)
    signer = TokenSigner(session, cert_label=chosen.certificate_label, key_label=chosen.key_label)
    # Loading is public as a coroutine only, which would tie the signer to one event loop.
    signer._load_objects()  # type: ignore[no-untyped-call]  # pyHanko's
    # Every token signs a digest with ECDSA; hashing as well is what some, SoftHSM 2.6 among them, leave to others.
    signer.use_raw_mechanism = signer.signing_cert.public_key.algorithm == "ec"
    return signer


def _session(chosen: PdfSignerSettings, pin: str | None) -> Session:
    return open_pkcs11_session(
        str(chosen.pkcs11_module), token_criteria=TokenCriteria(label=chosen.token), user_pin=pin
    )
