"""Verifying a file: the PDF by its bytes, the badge by its signature, and both against the register.

A PDF is genuine when every byte is as it was issued, and a badge when it is the very one that was issued. Whatever else
a file is, it is said plainly: changed, another's, or nothing of the kind.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from certification.badges import addresses
from certification.badges.models import Badge
from certification.badges.verdicts import BadgeCheck, KeySource, Reason, Verdict
from certification.certificates import badge_findings, findings
from certification.certificates.examination import Examination, FileKind, examine
from certification.certificates.findings import Check, Outcome, Subject
from certification.certificates.models import Certificate
from certification.certificates.numbers import normalize_number
from certification.certificates.verification import Verification, of_certificate
from certification.signing.inspection import PdfInspection
from core.i18n import gettext as _
from core.own_documents import OwnDocument, mark_of
from core.settings import get_settings

_BADGES = frozenset({FileKind.png, FileKind.svg, FileKind.json, FileKind.jwt})
"""Kinds that are compared by the badge in them; a PDF is compared by its bytes."""


class FileVerdict(StrEnum):
    """What an uploaded file is, compared with what was issued."""

    genuine = "genuine"
    """It is what was issued here."""
    other_certificate = "other_certificate"
    """It was issued here, but is not the certificate that was asked about."""
    altered = "altered"
    """It says that it is a certificate of this register, and is not what was issued; or its issuer's register is here
    and has none such."""
    signed_since_theft = "signed_since_theft"
    """A badge that was issued here with a key that had been stolen by then: the register alone vouches for it."""
    foreign = "foreign"
    """A badge or a signed PDF of somebody else; `checks` say what could be told of it."""
    own_document = "own_document"
    """A transcript or a ticket, which is no certificate; `document` tells whether this server wrote it so."""
    not_issued = "not_issued"
    """Nothing in it says that it was issued here or by anybody."""
    unreadable = "unreadable"
    """It cannot be looked into: damaged, encrypted, or no certificate's kind of file."""


@dataclass(frozen=True, slots=True)
class FileVerification:
    """The answer about a file. `verification` is that of the certificate that it is, or says it is."""

    verdict: FileVerdict
    sha256: str
    kind: FileKind
    checks: tuple[Check, ...] = ()
    verification: Verification | None = None
    badge: BadgeCheck | None = None
    pdf: PdfInspection | None = None
    document: OwnDocument | None = None

    @property
    def number(self) -> str | None:
        """The number of the certificate that the file is, or says it is."""
        return self.verification.number if self.verification else None


async def verify_file(content: bytes, *, number: str | None, now: datetime) -> FileVerification:
    """What a file is, whatever it is: never raises for its content, and takes seconds at most.

    With `number` the file is also compared with that certificate. Other servers are not asked: a server must not be
    sent to addresses that strangers choose.
    """
    digest = hashlib.sha256(content).hexdigest()
    mark = await asyncio.to_thread(mark_of, content)
    if mark is not None and mark.is_unchanged:
        return _own(mark, digest)
    examined = await examine(content, now=now, trusted=get_settings().trusted_issuer_dids)
    issued = await Certificate.filter(pdf_sha256=digest).select_related("successor").first()
    named = issued or await _named(examined) or await _asked(number)
    if named is None:
        found = _foreign(examined, digest)
        return _own(mark, digest) if mark is not None and found.verdict is FileVerdict.not_issued else found
    checks = [] if examined.kind in _BADGES else [_bytes(is_same=issued is not None)]
    checks += findings.of_pdf(examined.pdf) if examined.pdf else []
    is_badge, of_badge = await _badge(examined, named)
    checks += of_badge
    is_genuine = issued is not None or (examined.kind in _BADGES and is_badge)
    verified = await of_certificate(named, now=now)
    return FileVerification(
        _verdict(examined, named, number) if is_genuine else FileVerdict.altered,
        digest,
        examined.kind,
        (*checks, *verified.checks),
        verified,
        examined.badge,
        examined.pdf,
    )


def _own(mark: OwnDocument, digest: str) -> FileVerification:
    """A document that is no certificate: whether this server wrote it so is a keyed hash's word, not the file's."""
    if mark.is_unchanged:
        check = findings.passed(Subject.bytes, _("Every byte is as this site wrote it."))
    else:
        check = findings.failed(
            Subject.bytes, _("The bytes are not as this site writes them; anybody may have made it.")
        )
    return FileVerification(FileVerdict.own_document, digest, FileKind.pdf, (check,), document=mark)


def _verdict(examined: Examination, certificate: Certificate, number: str | None) -> FileVerdict:
    if examined.kind in _BADGES and _is_signed_since_theft(examined):
        return FileVerdict.signed_since_theft
    asked = normalize_number(number) if number else None
    return FileVerdict.other_certificate if asked and asked != certificate.number else FileVerdict.genuine


def _is_signed_since_theft(examined: Examination) -> bool:
    return examined.badge is not None and Reason.signed_since_theft in examined.badge.reasons


async def _asked(number: str | None) -> Certificate | None:
    """The certificate that the file is said to be, where it says nothing itself."""
    asked = normalize_number(number) if number else None
    return await Certificate.get_or_none(number=asked).select_related("successor") if asked else None


async def _named(examined: Examination) -> Certificate | None:
    """The certificate of this register that the file says it is."""
    claims = examined.badge.claims if examined.badge else None
    if claims is not None and addresses.slug_of(claims.issuer_id) is not None:
        certificate_id = _uuid(claims.credential_id.removeprefix("urn:uuid:"))
        found = Certificate.filter(id=certificate_id) if certificate_id else None
        if found is not None and (certificate := await found.select_related("successor").first()):
            return certificate
    is_of_others = claims is not None and not addresses.is_here(claims.issuer_id)
    if examined.number is None or is_of_others:
        return None
    return await Certificate.get_or_none(number=examined.number).select_related("successor")


def _bytes(*, is_same: bool) -> Check:
    if is_same:
        return findings.passed(Subject.bytes, _("Every byte is as it was issued (SHA-256)."))
    return findings.failed(Subject.bytes, _("The bytes are not those of the file that was issued (SHA-256)."))


async def _badge(examined: Examination, certificate: Certificate) -> tuple[bool, list[Check]]:
    """Whether the file carries the very badge that was issued with the certificate, and what is said about it."""
    if examined.badge is None or examined.credential is None:
        return False, []
    # How it stands is said once, from the register.
    about = [
        check
        for check in badge_findings.of_badge(examined.badge)
        if check.subject not in (Subject.status, Subject.dates)
    ]
    issued = await Badge.get_or_none(id=certificate.badge_id) if certificate.badge_id else None
    is_signed = examined.badge.key_source is KeySource.database
    is_same = issued is not None and await asyncio.to_thread(_is_same, examined.credential, issued)
    if is_same and examined.kind is FileKind.pdf and _is_signed_since_theft(examined):
        # The register vouches for the PDF by its bytes; the badge in it is worth nothing by itself.
        about = [
            replace(check, outcome=Outcome.unchecked) if check.outcome is Outcome.failed else check for check in about
        ]
    if is_signed and not is_same:
        about.append(findings.failed(Subject.badge, _("It is not the badge that was issued with this certificate.")))
    return is_signed and is_same, about


def _is_same(presented: bytes, issued: Badge) -> bool:
    """Whether it says exactly what was issued, as JSON or JWT; how the JSON is spaced and ordered does not matter."""
    from certification.badges import reading

    try:
        found = reading.read(presented)
    except reading.Unreadable:
        return False
    if found.jws is not None:
        return found.jws.signed.decode() == issued.jwt.rpartition(".")[0]
    return bool(found.document == json.loads(issued.credential))


def _foreign(examined: Examination, digest: str) -> FileVerification:
    """What can be told of a file that names no certificate of this register."""
    checks = findings.of_pdf(examined.pdf) if examined.pdf else []
    checks += badge_findings.of_badge(examined.badge) if examined.badge else []
    if examined.kind is FileKind.other:
        checks.append(findings.failed(Subject.file, _("It is neither a PDF nor a picture nor a badge.")))
    found = FileVerification(
        FileVerdict.not_issued, digest, examined.kind, tuple(checks), badge=examined.badge, pdf=examined.pdf
    )
    claims = examined.badge.claims if examined.badge else None
    if claims is not None and addresses.is_here(claims.issuer_id):
        text = _("No badge with this identifier was issued here.")
        unknown = findings.failed(Subject.register, text)
        return replace(found, verdict=FileVerdict.altered, checks=(*found.checks, unknown))
    is_badge = claims is not None
    is_signed = examined.pdf is not None and bool(examined.pdf.signatures)
    if is_badge or is_signed:
        return replace(found, verdict=FileVerdict.foreign)
    is_damaged = examined.pdf is not None and examined.pdf.problem is not None
    if is_damaged or examined.kind is not FileKind.pdf:
        return replace(found, verdict=FileVerdict.unreadable)
    return found


def is_refused(found: FileVerification) -> bool:
    """Whether something speaks against a file of somebody else: its badge is refused, or its signature is broken."""
    if found.badge is not None and found.badge.verdict is Verdict.refused:
        return True
    return any(check.outcome is Outcome.failed for check in found.checks)


def is_vouched_for(found: FileVerification) -> bool:
    """Whether a badge of somebody else is valid, of an issuer that is trusted here; never a PDF, which shows more."""
    return found.kind in _BADGES and found.badge is not None and found.badge.verdict is Verdict.valid


def is_signer_unknown(found: FileVerification) -> bool:
    """Whether nobody here knows who signed a file of somebody else: a name in it is only a claim."""
    if found.badge is not None and found.badge.claims is not None:
        return found.badge.key_source is not None and not found.badge.is_issuer_known
    return found.pdf is not None and bool(found.pdf.signatures)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
