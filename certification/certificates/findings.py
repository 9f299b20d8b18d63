"""The single checks behind an answer about a certificate, each with its outcome and in the reader's words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from certification.badges.verdicts import BadgeCheck, KeySource, Reason
from certification.certificates.models import Certificate, CertificateStatus
from certification.signing.inspection import PdfInspection, PdfProblem, SignatureState
from core.i18n import gettext as _
from core.templating import format_date


class Subject(StrEnum):
    """What was looked at."""

    file = "file"
    register = "register"
    bytes = "bytes"
    signature = "signature"
    time_stamp = "time_stamp"
    badge = "badge"
    issuer = "issuer"
    status = "status"
    dates = "dates"


class Outcome(StrEnum):
    """What came of it; `unchecked` is neither good nor bad, but an honest gap."""

    passed = "passed"
    failed = "failed"
    unchecked = "unchecked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `text` is a sentence in the language of the running task."""

    subject: Subject
    outcome: Outcome
    text: str


def passed(subject: Subject, text: str) -> Check:
    """A check that came out well."""
    return Check(subject, Outcome.passed, text)


def failed(subject: Subject, text: str) -> Check:
    """A check that speaks against it."""
    return Check(subject, Outcome.failed, text)


def unchecked(subject: Subject, text: str) -> Check:
    """What could not be checked, and why."""
    return Check(subject, Outcome.unchecked, text)


def of_register(certificate: Certificate, *, now: datetime) -> list[Check]:
    """What the register says: that it was issued, its status, its dates."""
    return [
        passed(
            Subject.register,
            _("Certificate %(number)s stands in the register of %(issuer)s.")
            % {"number": certificate.number, "issuer": certificate.issuer_name},
        ),
        _of_status(certificate),
        _of_dates(certificate, now=now),
    ]


def not_registered(number: str) -> Check:
    """The number is not known here."""
    return failed(
        Subject.register, _("No certificate with the number %(number)s was issued here.") % {"number": number}
    )


def achieved_on(certificate: Certificate) -> date:
    """The day as the document itself says it: of the event's zone for attendance, else of UTC."""
    written = certificate.facts.get("achieved_on")
    return date.fromisoformat(written) if isinstance(written, str) else certificate.achieved_at.date()


def _of_status(certificate: Certificate) -> Check:
    since = format_date(certificate.status_changed_at) if certificate.status_changed_at else ""
    match certificate.status:
        case CertificateStatus.valid:
            return passed(Subject.status, _("It was neither suspended nor revoked."))
        case CertificateStatus.suspended:
            return failed(Subject.status, _("It was suspended on %(date)s.") % {"date": since})
        case CertificateStatus.revoked:
            return failed(Subject.status, _("It was revoked on %(date)s.") % {"date": since})
        case CertificateStatus.superseded:
            return failed(Subject.status, _("A corrected certificate took its place on %(date)s.") % {"date": since})


def _of_dates(certificate: Certificate, *, now: datetime) -> Check:
    until = certificate.valid_until
    if until is None:
        return passed(Subject.dates, _("It does not expire."))
    if certificate.is_expired_at(now):
        return failed(Subject.dates, _("Its validity ended on %(date)s.") % {"date": format_date(until)})
    return passed(Subject.dates, _("Its validity lasts until %(date)s.") % {"date": format_date(until)})


def of_pdf(found: PdfInspection) -> list[Check]:
    """What a PDF's own signature says."""
    if found.problem is not None:
        return [failed(Subject.file, pdf_problem(found.problem))]
    signature = found.signature
    if signature is None:
        return [unchecked(Subject.signature, _("The PDF carries no signature of its own."))]
    named = {"signer": signature.signer or _("somebody unnamed")}
    match signature.state:
        case SignatureState.intact:
            checks = [passed(Subject.signature, _("It is signed by %(signer)s, and unchanged since.") % named)]
        case SignatureState.extended:
            text = _("It is signed by %(signer)s, but something was added to the file afterwards.")
            checks = [failed(Subject.signature, text % named)]
        case SignatureState.changed:
            text = _("Its signature is broken: the file was changed after it was signed.")
            checks = [failed(Subject.signature, text)]
        case SignatureState.unreadable:
            checks = [failed(Subject.signature, _("Its signature is damaged and cannot be read."))]
    if signature.state in (SignatureState.intact, SignatureState.extended):
        checks += _of_signer(found)
    return checks


def _of_signer(found: PdfInspection) -> list[Check]:
    signature = found.signature
    assert signature is not None  # for the type checker; the caller has looked
    checks = []
    if not signature.was_in_date:
        text = _("The signing certificate was not valid at the time of the signature.")
        checks.append(failed(Subject.signature, text))
    if signature.is_self_signed:
        text = _("The signing certificate is self-signed: it proves that nothing was changed, not who %(signer)s is.")
        checks.append(unchecked(Subject.signature, text % {"signer": signature.signer}))
    if signature.stamped_at is not None:
        text = _("%(service)s confirms that the signature existed on %(date)s.")
        values = {"service": signature.stamped_by, "date": format_date(signature.stamped_at)}
        checks.append(passed(Subject.time_stamp, text % values))
    return checks


def pdf_problem(problem: PdfProblem) -> str:
    """Why a PDF could not be looked into."""
    return {
        PdfProblem.not_pdf: _("The file is no PDF, although it is said to be one."),
        PdfProblem.encrypted: _("The PDF is encrypted and cannot be looked into."),
        PdfProblem.damaged: _("The PDF is damaged and cannot be looked into."),
        PdfProblem.too_slow: _("The PDF is so involved that it was given up."),
    }[problem]


def of_badge(found: BadgeCheck) -> list[Check]:
    """What an Open Badge's own signature, issuer, status and dates say."""
    reasons = set(found.reasons)
    checks = [_refused(reason) for reason in found.reasons if reason in _refusals()]
    if found.claims is None or found.suite is None or found.public_key is None:
        return checks or [unchecked(Subject.badge, _("The Open Badge could not be checked."))]
    issuer = found.claims.issuer_name or found.claims.issuer_id
    checks.insert(0, passed(Subject.badge, _("The Open Badge is signed, and says what was signed.")))
    if Reason.issuer_unconfirmed in reasons:
        text = _("Whether the key that signed it belongs to %(issuer)s was not confirmed.")
        checks.append(unchecked(Subject.issuer, text % {"issuer": issuer}))
    elif found.key_source is not None and found.key_source is not KeySource.file:
        text = _("The key that signed the badge is one that %(issuer)s publishes.")
        checks.append(passed(Subject.issuer, text % {"issuer": issuer}))
    if Reason.status_unavailable in reasons:
        text = _("Whether %(issuer)s has suspended or revoked the badge could not be learned.")
        checks.append(unchecked(Subject.status, text % {"issuer": issuer}))
    elif found.has_status and not reasons & {Reason.revoked, Reason.suspended}:
        checks.append(passed(Subject.status, _("It was neither suspended nor revoked.")))
    return checks


def _refused(reason: Reason) -> Check:
    subject, outcome, text = _refusals()[reason]
    return Check(subject, outcome, text)


def _refusals() -> dict[Reason, tuple[Subject, Outcome, str]]:
    bad, gap = Outcome.failed, Outcome.unchecked
    return {
        Reason.too_large: (Subject.badge, bad, _("It is larger than any Open Badge.")),
        Reason.malformed: (Subject.badge, bad, _("The Open Badge is malformed.")),
        Reason.not_a_badge: (Subject.badge, bad, _("There is no Open Badge in it.")),
        Reason.no_issuer: (Subject.issuer, bad, _("The badge names no issuer.")),
        Reason.no_proof: (Subject.badge, bad, _("The badge is not signed, so that anybody may have written it.")),
        Reason.wrong_purpose: (Subject.badge, bad, _("The badge's signature was made for another purpose.")),
        Reason.withdrawn_suite: (
            Subject.badge,
            bad,
            _("The badge is signed in a way that was withdrawn before it became a standard."),
        ),
        Reason.bad_signature: (
            Subject.badge,
            bad,
            _("The badge's signature is wrong: it was changed, or never signed by this issuer."),
        ),
        Reason.foreign_key: (Subject.issuer, bad, _("The issuer that the badge names publishes no such key.")),
        Reason.not_yet_valid: (Subject.dates, bad, _("The badge is not valid yet.")),
        Reason.expired: (Subject.dates, bad, _("The badge has expired.")),
        Reason.revoked: (Subject.status, bad, _("The issuer has revoked the badge.")),
        Reason.suspended: (Subject.status, bad, _("The issuer has suspended the badge.")),
        Reason.unsupported_suite: (Subject.badge, gap, _("The badge is signed in a way that cannot be checked here.")),
        Reason.unknown_context: (Subject.badge, gap, _("The badge uses a vocabulary that is not known here.")),
        Reason.key_unavailable: (Subject.badge, gap, _("The key that signed the badge could not be obtained.")),
    }
