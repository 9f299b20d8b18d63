"""A self-signed certificate for development and tests, one per organization, under `var/signing`. It says so."""

import fcntl
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID, ObjectIdentifier

from core.settings import get_settings

SAYS = "self-signed, for development"
_DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336, section 3.1
_YEARS = timedelta(days=3653)


def signer_file(organization_slug: str, organization_name: str) -> Path:
    """The PKCS#12 file of an organization, made under a lock where there is none yet; without a passphrase."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", organization_slug):
        raise ValueError(f"{organization_slug!r} is not an organization's slug.")
    folder = get_settings().var_dir.absolute() / "signing"
    file = folder / f"{organization_slug}.p12"
    if file.exists():
        return file
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _write(file, self_signed(organization_name))
    return file


def self_signed(organization_name: str) -> bytes:
    """A PKCS#12 container with a new ECDSA P-256 key and its certificate, whose subject says that it is self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    suffix = f" ({SAYS})"
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _shortened(organization_name, 64)),
            x509.NameAttribute(NameOID.COMMON_NAME, _shortened(organization_name, 64 - len(suffix)) + suffix),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Demonstrations and tests issue certificates of years ago.
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime.now(UTC) + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"confero", key, certificate, None, serialization.NoEncryption())


def _shortened(text: str, size: int) -> str:
    """At most `size` bytes of whole characters; a name's part holds 64 (RFC 5280, appendix A.1, read as bytes)."""
    return text.encode()[:size].decode(errors="ignore")


def _key_usage() -> x509.KeyUsage:
    """Signatures that commit to content, and nothing else."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and readable by this user alone."""
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    draft.replace(file)
