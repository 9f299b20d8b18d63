"""The one sentence that says what is true, in the reader's language; whoever reads nothing else is not misled."""

from enum import StrEnum

from certification.badges.verdicts import BadgeCheck, BadgeClaims, Reason, Verdict
from certification.certificates import badge_findings, findings
from certification.certificates.examination import FileKind
from certification.certificates.file_verification import (
    FileVerdict,
    FileVerification,
    is_refused,
    is_signer_unknown,
    is_vouched_for,
)
from certification.certificates.models import Certificate
from certification.certificates.verification import Standing, Verification
from certification.signing.inspection import SignatureState
from certification.signing.levels import SignatureLevel
from core.i18n import gettext as _
from core.outside import quoted
from core.own_documents import DocumentKind, OwnDocument
from core.templating import format_date


class Tone(StrEnum):
    """How good the news is; the words of `interface.md` for badges and alerts."""

    success = "success"
    info = "info"
    warning = "warning"
    danger = "danger"
    neutral = "neutral"


def title_of_number(found: Verification) -> str:
    """The answer in a word or two."""
    return title_of(found.standing)


def title_of(standing: Standing) -> str:
    """How a certificate stands, in a word."""
    return {
        Standing.valid: _("Valid"),
        Standing.expired: _("Expired"),
        Standing.suspended: _("Suspended"),
        Standing.revoked: _("Revoked"),
        Standing.superseded: _("Superseded"),
        Standing.unknown: _("Unknown"),
    }[standing]


def title_of_file(found: FileVerification) -> str:
    """The answer in a few words."""
    match found.verdict:
        case FileVerdict.genuine if found.verification is not None:
            return _genuine(found.verification.standing)
        case FileVerdict.other_certificate:
            return _("Another certificate")
        case FileVerdict.altered:
            return _("Not genuine")
        case FileVerdict.signed_since_theft:
            return _("Not to be relied on")
        case FileVerdict.foreign if is_refused(found):
            return _("Not to be relied on")
        case FileVerdict.foreign if is_vouched_for(found):
            return _("Valid, issued elsewhere")
        case FileVerdict.foreign if is_signer_unknown(found):
            return _("Signed by somebody unknown")
        case FileVerdict.foreign:
            return _("Issued elsewhere")
        case FileVerdict.own_document if found.document is not None:
            return _("A transcript") if found.document.kind is DocumentKind.transcript else _("A ticket")
        case FileVerdict.unreadable:
            return _("Cannot be verified")
    return _("Not issued here")


def _genuine(standing: Standing) -> str:
    return {
        Standing.valid: _("Genuine and valid"),
        Standing.expired: _("Genuine, but expired"),
        Standing.suspended: _("Genuine, but suspended"),
        Standing.revoked: _("Genuine, but revoked"),
        Standing.superseded: _("Genuine, but superseded"),
        Standing.unknown: _("Unknown"),
    }[standing]


def of_number(found: Verification) -> str:
    """What is true of a number."""
    certificate = found.certificate
    if certificate is None:
        return _("No certificate with this number was issued here. Check the number for typing errors.")
    return _conferred(found, certificate)


def of_file(found: FileVerification, *, asked: str | None = None) -> str:
    """What is true of a file; `asked` is the number that it was compared with."""
    verified = found.verification
    match found.verdict:
        case FileVerdict.genuine if verified is not None and verified.certificate is not None:
            is_withdrawn = verified.standing not in (Standing.valid, Standing.expired)
            text = _("This file is genuine, but %(truth)s") if is_withdrawn else _("This file is genuine: %(truth)s")
            return text % {"truth": _conferred(verified, verified.certificate)}
        case FileVerdict.other_certificate:
            text = _("This file is genuine, but it is certificate %(issued)s and not %(asked)s.")
            return text % {"issued": found.number, "asked": asked}
        case FileVerdict.altered if verified is not None and verified.certificate is not None:
            text = _(
                "This is not the file that %(issuer)s issued as certificate %(number)s: it was changed or made up."
            )
            text %= {"issuer": verified.certificate.issuer_name, "number": verified.number}
            return f"{text} {findings.if_printed()}" if findings.is_unsigned(found.pdf) else text
        case FileVerdict.altered if found.badge is not None and found.badge.claims is not None:
            text = _(
                "This badge was made up: it names %(issuer)s as its issuer, whose register is here and has none such."
            )
            return text % {"issuer": badge_findings.claimed_issuer(found.badge.claims)}
        case FileVerdict.signed_since_theft if verified is not None and verified.certificate is not None:
            return _of_stolen(verified, verified.certificate)
        case FileVerdict.own_document if found.document is not None:
            return _of_own(found.document)
        case FileVerdict.foreign:
            return _of_foreign(found)
        case FileVerdict.unreadable:
            return _("This file cannot be verified: it carries no certificate or badge that could be read.")
    text = _("Nothing in this file shows that it is a certificate. It was not issued here.")
    return f"{text} {findings.if_printed()}" if findings.is_unsigned(found.pdf) else text


def _of_stolen(found: Verification, certificate: Certificate) -> str:
    values = {"issuer": certificate.issuer_name, "number": certificate.number}
    if found.corrected_by is not None:
        text = _(
            "%(issuer)s issued this badge as certificate %(number)s, with a key that had been stolen by then, and has"
            " issued it again as %(successor)s: rely on that one."
        )
        return text % {**values, "successor": found.corrected_by}
    text = _(
        "%(issuer)s issued this badge as certificate %(number)s, but with a key that had been stolen by then: do not"
        " rely on the badge, but on the page of its number."
    )
    return text % values


def _of_own(document: OwnDocument) -> str:
    match document.kind, document.is_unchanged:
        case DocumentKind.transcript, True:
            return _("This is a transcript of this site, not a certificate. Verify the numbers in it: each has a page.")
        case DocumentKind.transcript, False:
            return _(
                "This says that it is a transcript of this site, but it is not as this site wrote it. Verify the"
                " numbers in it: only their pages tell."
            )
        case DocumentKind.ticket, True:
            return _("This is a ticket of this site, not a certificate. It is checked at the entrance of its event.")
    return _(
        "This says that it is a ticket of this site, but it is not as this site wrote it, and it is no certificate."
    )


def may_be_a_print(found: FileVerification) -> bool:
    """Whether a file that is not what was issued may be a print or a scan of it, whose number can be typed."""
    return found.verdict in (FileVerdict.not_issued, FileVerdict.altered) and findings.is_unsigned(found.pdf)


def tone_of_number(found: Verification) -> Tone:
    """How the answer about a number is shown."""
    return tone_of(found.standing)


def tone_of(standing: Standing) -> Tone:
    """How the answer about a certificate that stands so is shown."""
    return {
        Standing.valid: Tone.success,
        Standing.expired: Tone.warning,
        Standing.suspended: Tone.warning,
        Standing.revoked: Tone.danger,
        Standing.superseded: Tone.info,
        Standing.unknown: Tone.neutral,
    }[standing]


def tone_of_file(found: FileVerification) -> Tone:
    """How the answer about a file is shown; a foreign one is good news only where its issuer is trusted here."""
    match found.verdict:
        case FileVerdict.genuine if found.verification is not None:
            return tone_of_number(found.verification)
        case FileVerdict.altered | FileVerdict.signed_since_theft:
            return Tone.danger
        case FileVerdict.other_certificate:
            return Tone.warning
        case FileVerdict.foreign if is_refused(found):
            return Tone.danger
        case FileVerdict.foreign if is_vouched_for(found):
            return Tone.success
        case FileVerdict.foreign:
            return Tone.warning if is_signer_unknown(found) else Tone.info
        case FileVerdict.own_document if found.document is not None:
            return Tone.info if found.document.is_unchanged else Tone.warning
    return Tone.neutral


def signature_of(certificate: Certificate) -> str:
    """How the PDF is signed, in words."""
    return {
        SignatureLevel.none: _("None; its bytes are compared here"),
        SignatureLevel.b_b: _("PAdES B-B"),
        SignatureLevel.b_t: _("PAdES B-T, with a time stamp"),
    }[certificate.signature]


def _conferred(found: Verification, certificate: Certificate) -> str:
    values = {
        "issuer": certificate.issuer_name,
        "holder": found.holder or _("a holder who keeps their name private"),
        "achievement": certificate.achievement,
        "date": format_date(certificate.valid_until) if certificate.valid_until else "",
        "successor": found.successor.number if found.successor else "",
    }
    match found.standing:
        case Standing.valid if certificate.valid_until is not None:
            text = _("%(issuer)s conferred “%(achievement)s” on %(holder)s, and it is valid until %(date)s.")
        case Standing.valid:
            text = _("%(issuer)s conferred “%(achievement)s” on %(holder)s, and it is valid.")
        case Standing.expired if found.renewed_by is not None:
            text = _(
                "%(issuer)s conferred “%(achievement)s” on %(holder)s; it was valid until %(date)s and has been renewed"
                " by certificate %(successor)s."
            )
        case Standing.expired:
            text = _("%(issuer)s conferred “%(achievement)s” on %(holder)s, but it was valid only until %(date)s.")
        case Standing.suspended:
            text = _("%(issuer)s has suspended this certificate of “%(achievement)s”: do not rely on it for now.")
        case Standing.revoked:
            text = _("%(issuer)s has revoked this certificate of “%(achievement)s”: do not rely on it.")
        case _:
            text = _("%(issuer)s has replaced this certificate by a corrected one, %(successor)s: rely on that one.")
    return text % values


def _of_foreign(found: FileVerification) -> str:
    claims = found.badge.claims if found.badge else None
    if found.badge is not None and claims is not None:
        text = _of_foreign_badge(found, found.badge, claims)
        if found.kind is FileKind.pdf and not is_refused(found):
            text = _("%(badge)s The page around it may show anything: rely on the badge alone.") % {"badge": text}
        return text
    signature = found.pdf.signature if found.pdf else None
    if signature is not None and signature.state is SignatureState.intact:
        text = _("This PDF was not issued here; it is signed in the name of “%(signer)s”, and unchanged since.")
        return text % {"signer": signature.signer or _("somebody unnamed")}
    return _("This PDF was not issued here, and its signature does not hold.")


def _of_foreign_badge(found: FileVerification, badge: BadgeCheck, claims: BadgeClaims) -> str:
    values = {
        "claimed": badge_findings.claimed_issuer(claims),
        "issuer": badge_findings.issuer_of(badge),
        "name": quoted(claims.issuer_name or badge.signer),
        "signer": badge.signer,
    }
    if is_refused(found):
        text = _("This badge was not issued here, and it is not to be relied on; it names %(claimed)s as its issuer.")
    elif badge.verdict is Verdict.undetermined:
        text = _(
            "This badge was not issued here; it names %(claimed)s as its issuer, and its signature cannot be checked."
        )
    elif badge.verdict is Verdict.valid:
        text = _("This badge was not issued here; it is unchanged since %(issuer)s signed it.")
    elif badge.is_issuer_known:
        text = _(
            "This badge was not issued here; it is unchanged since %(issuer)s signed it, but whether %(issuer)s still"
            " stands by it is for %(issuer)s to say."
        )
    elif Reason.issuer_unknown in badge.reasons:
        text = _(
            "This badge was not issued here. %(signer)s signed it, and it is unchanged since. “%(name)s” is only what"
            " it calls its issuer: rely on it if you know who signed."
        )
    else:
        text = _(
            "This badge was not issued here; it names %(claimed)s as its issuer and is unchanged since it was signed,"
            " but whether that issuer signed it and still stands by it is for the issuer to say."
        )
    return text % values
