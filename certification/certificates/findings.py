"""The single checks behind an answer about a certificate, each with its outcome and in the reader's words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

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


def is_unsigned(pdf: PdfInspection | None) -> bool:
    """Whether it is a PDF that could be read and carries no signature of its own, as prints and scans do."""
    return pdf is not None and pdf.problem is None and not pdf.signatures


def if_printed() -> str:
    """What to do with a print or a scan of a certificate."""
    return _("If this is a print or a scan of a certificate, type the number that stands on it.")


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
            text = _("It is signed in the name of “%(signer)s”, and unchanged since.")
            checks = [passed(Subject.signature, text % named)]
        case SignatureState.extended:
            text = _("It is signed in the name of “%(signer)s”, but something was added to the file afterwards.")
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
