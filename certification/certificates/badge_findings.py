"""The checks behind an answer about an Open Badge, each with its outcome and in the reader's words.

A name is a claim: sentences name the DID or the key that signed, and the issuer's name stands without reserve only
where the key is one of this server's issuers, or of one that the reader trusts. See docs/decisions/0031.
"""

from datetime import datetime
from typing import Final

from certification.badges.verdicts import UNDETERMINED, BadgeCheck, BadgeClaims, Finding, KeySource, Reason
from certification.certificates import findings
from certification.certificates.findings import Check, Outcome, Subject
from core.i18n import gettext as _
from core.outside import plain, quoted
from core.templating import format_date

_KINDS: Final = {
    "eddsa-rdfc-2022": "Ed25519 (eddsa-rdfc-2022)",
    "EdDSA": "Ed25519 (EdDSA)",
    "ES256": "ECDSA P-256 (ES256)",
    "RS256": "RSA (RS256)",
}

_SUBJECTS: Final = {
    Reason.too_large: Subject.badge,
    Reason.malformed: Subject.badge,
    Reason.not_a_badge: Subject.badge,
    Reason.no_issuer: Subject.issuer,
    Reason.no_proof: Subject.badge,
    Reason.wrong_purpose: Subject.badge,
    Reason.withdrawn_suite: Subject.badge,
    Reason.bad_signature: Subject.badge,
    Reason.bad_key_address: Subject.badge,
    Reason.foreign_key: Subject.issuer,
    Reason.stolen_key: Subject.issuer,
    Reason.signed_since_theft: Subject.issuer,
    Reason.theft_unclear: Subject.issuer,
    Reason.not_yet_valid: Subject.dates,
    Reason.expired: Subject.dates,
    Reason.revoked: Subject.status,
    Reason.suspended: Subject.status,
    Reason.unsupported_suite: Subject.badge,
    Reason.unknown_context: Subject.badge,
    Reason.key_unavailable: Subject.badge,
}
"""The reasons that are a sentence by themselves, and what each is about."""

_THEFTS: Final = frozenset({Reason.stolen_key, Reason.signed_since_theft, Reason.theft_unclear})


def of_badge(found: BadgeCheck) -> list[Check]:
    """What an Open Badge's own signature, issuer, status and dates say. They name who signed, not what it is called."""
    checks = [_of_finding(finding) for finding in found.findings if finding.reason in _SUBJECTS]
    if found.claims is None or found.suite is None or found.key_source is None:
        return checks or [findings.unchecked(Subject.badge, _("The Open Badge could not be checked."))]
    text = _("The Open Badge is signed with %(kind)s, and says what was signed.")
    checks.insert(0, findings.passed(Subject.badge, text % {"kind": _KINDS.get(found.suite, found.suite)}))
    checks += _of_theft(found) or [_of_issuer(found)]
    reasons, signer = set(found.reasons), {"signer": found.claims.issuer}
    if Reason.status_unavailable in reasons:
        text = _("Whether %(signer)s has suspended or revoked the badge could not be learned.")
        checks.append(findings.unchecked(Subject.status, text % signer))
    elif found.has_status and not reasons & {Reason.revoked, Reason.suspended}:
        checks.append(findings.passed(Subject.status, _("It was neither suspended nor revoked.")))
    if found.unjudged:
        text = _("What others have added to the badge was not judged: %(places)s.")
        checks.append(findings.unchecked(Subject.badge, text % {"places": plain(", ".join(found.unjudged), 200)}))
    return checks


def _of_theft(found: BadgeCheck) -> list[Check]:
    """That the key was stolen later, where the register vouches for what was signed before; its findings say the rest.

    Empty where the key is a good one.
    """
    since = found.key_stolen_since
    if since is None:
        return []
    if _THEFTS & set(found.reasons):
        return [findings.unchecked(Subject.issuer, _("Whoever stole the key signs as well with it as its owner."))]
    text = _("%(signer)s says that its key was stolen on %(date)s; its register tells that it issued this before.")
    return [findings.passed(Subject.issuer, text % {"signer": found.signer, "date": format_date(since)})]


def issuer_of(found: BadgeCheck) -> str:
    """What sentences call the issuer: by name where the name stands, else by what signed; a name is a claim."""
    name = found.claims.issuer_name if found.claims else ""
    return name if name and found.is_issuer_known else found.signer


def claimed_issuer(claims: BadgeClaims) -> str:
    """Whom a badge names as its issuer, said so that it is seen to be the badge's own word."""
    shown = {"name": quoted(claims.issuer_name), "issuer": claims.issuer}
    return _("“%(name)s” (%(issuer)s)") % shown if claims.issuer_name else shown["issuer"]


def _of_issuer(found: BadgeCheck) -> Check:
    claims = found.claims
    named = {"signer": found.signer, "name": quoted(claims.issuer_name) if claims else ""}
    if found.key_source is KeySource.database:
        text = _("The key that signed the badge is one of %(signer)s, an issuer of this server.")
        return findings.passed(Subject.issuer, text % named)
    if found.is_issuer_known:
        text = _("The key that signed the badge is one of %(signer)s, an issuer that is trusted here.")
        return findings.passed(Subject.issuer, text % named)
    if Reason.issuer_unconfirmed in found.reasons and claims is not None:
        text = _("Whether the key that signed the badge, %(signer)s, belongs to %(issuer)s was not confirmed.")
        return findings.unchecked(Subject.issuer, text % {**named, "issuer": claimed_issuer(claims)})
    if not named["name"]:
        text = _("The key that signed the badge is one of %(signer)s. Who that is, is not known here.")
        return findings.unchecked(Subject.issuer, text % named)
    text = _(
        "The key that signed the badge is one of %(signer)s. Who that is, is not known here; it calls itself"
        " “%(name)s”."
    )
    return findings.unchecked(Subject.issuer, text % named)


def _of_finding(finding: Finding) -> Check:
    outcome = Outcome.unchecked if finding.reason in UNDETERMINED else Outcome.failed
    if finding.reason in _THEFTS:
        return Check(_SUBJECTS[finding.reason], outcome, _of_stolen(finding))
    text = _particular(finding.reason) if finding.detail else None
    sentence = text % {"detail": plain(finding.detail, 200)} if text else _in_general(finding.reason)
    return Check(_SUBJECTS[finding.reason], outcome, sentence)


def _of_stolen(finding: Finding) -> str:
    text = {
        Reason.stolen_key: _(
            "It is forged: the key that signed it was stolen (%(date)s), and the issuer's register holds no such badge."
        ),
        Reason.signed_since_theft: _("It was signed when its key had been stolen already (%(date)s)."),
        Reason.theft_unclear: _(
            "Its key was stolen (%(date)s). Whether it was issued before, only the issuer's register can tell."
        ),
    }[finding.reason]
    return text % {"date": format_date(datetime.fromisoformat(finding.detail))}


def _particular(reason: Reason) -> str | None:
    """The sentence that says which type, context, key or member it is about; None where there is no more to say."""
    return {
        Reason.malformed: _("The Open Badge is malformed, or says more than was signed: %(detail)s."),
        Reason.not_a_badge: _("There is no Open Badge in it: %(detail)s."),
        Reason.wrong_purpose: _("The badge's signature was made for another purpose: %(detail)s."),
        Reason.withdrawn_suite: _(
            "The badge is signed in a way that was withdrawn before it became a standard: %(detail)s."
        ),
        Reason.bad_key_address: _("What the badge calls its key leads to no key: %(detail)s."),
        Reason.foreign_key: _("The issuer that the badge names lists no such key; it is forged: %(detail)s."),
        Reason.unsupported_suite: _("The badge is signed in a way that cannot be checked here: %(detail)s."),
        Reason.unknown_context: _("The badge uses a vocabulary that cannot be judged here: %(detail)s."),
        Reason.key_unavailable: _("The key that signed the badge could not be obtained: %(detail)s."),
    }.get(reason)


def _in_general(reason: Reason) -> str:
    return {
        Reason.too_large: _("It is larger than any Open Badge."),
        Reason.malformed: _("The Open Badge is malformed."),
        Reason.not_a_badge: _("There is no Open Badge in it."),
        Reason.no_issuer: _("The badge names no issuer."),
        Reason.no_proof: _("The badge is not signed, so that anybody may have written it."),
        Reason.wrong_purpose: _("The badge's signature was made for another purpose."),
        Reason.withdrawn_suite: _("The badge is signed in a way that was withdrawn before it became a standard."),
        Reason.bad_signature: _("The badge's signature is wrong: it was changed, or never signed by this issuer."),
        Reason.bad_key_address: _("What the badge calls its key leads to no key."),
        Reason.foreign_key: _("The issuer that the badge names lists no such key; it is forged."),
        Reason.not_yet_valid: _("The badge is not valid yet."),
        Reason.expired: _("The badge has expired."),
        Reason.revoked: _("The issuer has revoked the badge."),
        Reason.suspended: _("The issuer has suspended the badge."),
        Reason.unsupported_suite: _("The badge is signed in a way that cannot be checked here."),
        Reason.unknown_context: _("The badge uses a vocabulary that cannot be judged here."),
        Reason.key_unavailable: _("The badge does not say which key signed it."),
    }[reason]
