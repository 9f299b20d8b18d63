"""Certificate and time-stamp authorities of the tests: what an operator would buy, made here in a moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Authority:
    """A root that issues certificates for signing documents and for stamping time."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, name: str, key: PrivateKey, *, stamps_time: bool = False) -> x509.Certificate:
        """A certificate of `name` for `key`, a year long."""
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        builder = (
            _builder(name, name_of(self.certificate), key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
        )
        if stamps_time:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def root(self) -> asn1_x509.Certificate:
        """The root as pyHanko's validator takes it."""
        return as_asn1(self.certificate)


def authority(name: str = "Test Root") -> Authority:
    """A new root."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def container(root: Authority, name: str, *, passphrase: str | None, key: PrivateKey | None = None) -> bytes:
    """PKCS#12: key, certificate and the root that issued it."""
    chosen = key or ec.generate_private_key(ec.SECP256R1())
    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        b"signer", chosen, root.issue(name, chosen), [root.certificate], locked
    )


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The same certificate in asn1crypto's words."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def name_of(certificate: x509.Certificate) -> str:
    """The common name."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _builder(name: str, issuer: str, key: PrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )


@dataclass
class StampingService:
    """A time-stamp service (RFC 3161) on 127.0.0.1. `answer` replaces what it says; `requests` counts."""

    url: str
    root: Authority
    answer: tuple[int, str, bytes] | None = None
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def stamping_service() -> Iterator[StampingService]:
    """Run one until the block ends; its certificate is of a root of its own."""
    root = authority("Test Time Root")
    key = rsa.generate_private_key(65537, 2048)  # pyHanko's own authority knows no other kind
    secret = keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    certificate = as_asn1(root.issue("Test Time Stamps", key, stamps_time=True))
    stamper: Any = DummyTimeStamper(certificate, secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["content-length"]))
            service.requests.append(asked)
            status, media, content = service.answer or (
                200,
                "application/timestamp-reply",
                stamper.request_tsa_response(tsp.TimeStampReq.load(asked)).dump(),
            )
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = StampingService(f"http://127.0.0.1:{server.server_port}/", root)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
