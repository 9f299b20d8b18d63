"""Takes a PDF apart with pyHanko: its signatures and the badges attached. See `inspection.py` for what it means."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import Any

from asn1crypto import cms, tsp, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation import generic_cms
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from certification.signing.inspection import PdfInspection, PdfProblem, PdfSignature, SignatureState

_MIB = 1024 * 1024
_LIMITS = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=16 * _MIB),
    document_budget=DocumentDecodeBudget(base_allowance=64 * _MIB, max_ratio=4),
)
_MAX_SIGNATURES = 5
_MAX_ATTACHMENTS = 20
_MAX_CREDENTIALS = 5
_MAX_CREDENTIAL_BYTES = _MIB
_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "shake256"})
"""Digests that can be relied on (ETSI TS 119 312); SHA-1 and MD5 cannot, whatever the mathematics say."""


def dissect(content: bytes) -> PdfInspection:
    """Read signatures and attached badges. Raises anything at all where `content` is no readable PDF: pyHanko lets
    zlib's and Python's own errors through, and no list of them would be complete."""
    reader = PdfFileReader(BytesIO(content), strict=False, decode_limits=_LIMITS)
    if reader.encrypted:
        return PdfInspection(PdfProblem.encrypted)
    signatures = tuple(_examine(signature, content) for signature in reader.embedded_signatures[:_MAX_SIGNATURES])
    credentials: list[bytes] = []
    with suppress(Exception):  # What was found before something unreadable counts.
        credentials.extend(_credentials(reader))
    return PdfInspection(signatures=signatures, subject=_subject(reader), credentials=tuple(credentials))


def _examine(signature: EmbeddedPdfSignature, content: bytes) -> PdfSignature:
    try:
        ends_at = _covered_until(signature, content)
        if ends_at is None:
            return PdfSignature(SignatureState.changed)
        certificate = signature.signer_cert
        is_right = _is_right(signature, content)
    except Exception:
        return PdfSignature(SignatureState.unreadable)
    state = SignatureState.changed
    if is_right:
        state = SignatureState.intact if ends_at == len(content) else SignatureState.extended
    stamp = _time_stamp(signature.signer_info)
    signed_at = _claimed_time(signature)
    return PdfSignature(
        state,
        **_names(certificate),
        certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
        signed_at=signed_at,
        stamped_at=stamp[0] if stamp else None,
        stamped_by=stamp[1] if stamp else "",
        was_in_date=_is_in_date(certificate, stamp[0] if stamp else signed_at),
    )


def _covered_until(signature: EmbeddedPdfSignature, content: bytes) -> int | None:
    """Where what is signed ends, or None unless it is everything from the first byte on but the signature itself.

    Stricter than a reader has to be: the gap must be the very string that holds the signature, and what fills the gap
    after the signature must be zeros, so that nothing can hide there.
    """
    numbers = [int(number) for number in signature.byte_range]
    if len(numbers) != 4 or not all(type(number) in (int, generic.NumberObject) for number in signature.byte_range):
        return None
    start, gap_from, gap_to, rest = numbers
    if start != 0 or not 0 < gap_from < gap_to or rest < 0 or gap_to + rest > len(content):
        return None
    gap = content[gap_from:gap_to]
    if gap[:1] != b"<" or gap[-1:] != b">":
        return None
    held = bytes.fromhex(gap[1:-1].decode("ascii"))
    message = cms.ContentInfo.load(held)
    used = len(message.dump())
    if len(gap) != 2 * len(held) + 2 or held != signature.pkcs7_content or held[used:].strip(b"\0"):
        return None
    return gap_to + rest


def _is_right(signature: EmbeddedPdfSignature, content: bytes) -> bool:
    """Whether the digest is that of the signed bytes, and the signature over it is the certificate's."""
    if signature.md_algorithm not in _DIGESTS:
        return False
    _, gap_from, gap_to, rest = (int(number) for number in signature.byte_range)
    digest = hashlib.new(signature.md_algorithm)
    digest.update(content[:gap_from])
    digest.update(content[gap_to : gap_to + rest])
    is_same, is_signed = generic_cms.validate_sig_integrity(
        signature.signer_info, signature.signer_cert, "data", digest.digest()
    )
    return bool(is_same and is_signed)


def _time_stamp(signer_info: cms.SignerInfo) -> tuple[datetime, str] | None:
    """When, and according to whom, the signature existed (RFC 3161); None without a token that fits."""
    try:
        for token in generic_cms.extract_tst_data_iter(signer_info, signed=False):
            stamped: tsp.TSTInfo = token["encap_content_info"]["content"].parsed
            certificate = generic_cms.extract_certs_for_validation(token).signer_cert
            imprint = stamped["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            stamper = extract_signer_info(token)
            digest_of_token = stamper["digest_algorithm"]["algorithm"].native
            if not {algorithm, digest_of_token} <= _DIGESTS:
                continue
            fits = hashlib.new(algorithm, signer_info["signature"].native).digest() == imprint["hashed_message"].native
            signed = hashlib.new(digest_of_token, bytes(token["encap_content_info"]["content"])).digest()
            if fits and all(generic_cms.validate_sig_integrity(stamper, certificate, "tst_info", signed)):
                return stamped["gen_time"].native, _name_of(certificate.subject)
    except Exception:
        return None
    return None


def _claimed_time(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        claimed: datetime | None = signature.self_reported_timestamp
    except Exception:
        return None
    return claimed.replace(tzinfo=UTC) if claimed is not None and claimed.tzinfo is None else claimed


def _is_in_date(certificate: x509.Certificate, moment: datetime | None) -> bool:
    if moment is None:
        return False
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    return bool(begins <= moment <= ends)


def _names(certificate: x509.Certificate) -> dict[str, Any]:  # Any: text and a flag
    subject = certificate.subject
    return {
        "signer": _name_of(subject),
        "organization": _text(subject.native.get("organization_name")),
        "issuer": _name_of(certificate.issuer),
        "is_self_signed": certificate.subject == certificate.issuer,
    }


def _name_of(name: x509.Name) -> str:
    """What a person would call it: the common name, else the organization, else everything."""
    parts = name.native
    return _text(parts.get("common_name") or parts.get("organization_name") or name.human_friendly)


def _text(value: Any) -> str:  # Any: a name's part is text, or a list of texts
    text = " · ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return "".join(character for character in text if character.isprintable())[:200]


def _subject(reader: PdfFileReader) -> str:
    try:
        return _text(reader.trailer_view["/Info"]["/Subject"])
    except Exception:  # no information, or none that can be read
        return ""


def _credentials(reader: PdfFileReader) -> Iterator[bytes]:
    """Attached files that begin like JSON or like a token, each file once."""
    seen: set[bytes] = set()
    for found, description in enumerate(_attachments(reader)):
        if found >= _MAX_ATTACHMENTS or len(seen) >= _MAX_CREDENTIALS:
            return
        content = _content(description)
        start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
        if len(content) <= _MAX_CREDENTIAL_BYTES and start.startswith((b"{", b"ey")) and content not in seen:
            seen.add(content)
            yield content


def _content(description: generic.DictionaryObject) -> bytes:
    """The file that is attached; nothing where it cannot be read, so that it does not hide the others."""
    try:
        embedded = description["/EF"]
        return bytes((embedded["/UF"] if "/UF" in embedded else embedded["/F"]).data)
    except Exception:
        return b""


def _attachments(reader: PdfFileReader) -> Iterator[generic.DictionaryObject]:
    """File specifications of the document: those associated with it, then those in its tree of names."""
    for one in _entry(reader.root, "/AF", ()):
        yield one.get_object()
    names = _entry(reader.root, "/Names", {})
    if "/EmbeddedFiles" in names:
        yield from _leaves(names["/EmbeddedFiles"])


def _entry(dictionary: generic.DictionaryObject, key: str, default: Any) -> Any:  # Any: what a PDF object holds
    """An entry wherever it stands: `get` would give no more than a reference where it is an object of its own."""
    try:
        return dictionary[key]
    except KeyError:
        return default


def _leaves(tree: generic.DictionaryObject) -> Iterator[generic.DictionaryObject]:
    """The values of a tree of names; a tree that is larger than any certificate's, or runs in a circle, is cut off."""
    waiting = [tree]
    for _ in range(_MAX_ATTACHMENTS):
        if not waiting:
            return
        node = waiting.pop(0)
        named = _entry(node, "/Names", ())
        for position in range(1, len(named), 2):
            yield named[position]
        waiting += [kid.get_object() for kid in islice(_entry(node, "/Kids", ()), _MAX_ATTACHMENTS)]
