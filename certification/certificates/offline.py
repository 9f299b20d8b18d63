"""Verifying a file without this server's register: from the file alone, and by asking its issuer where one may.

What a PDF shows is vouched for by its issuer's register alone, which names the bytes that were issued: anybody can sign
a page of their own and attach somebody's genuine badge. So a PDF is `valid` only where that register was reached, and a
badge where its issuer's key and status list were.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from certification.badges.verdicts import BadgeClaims, Reason, Verdict
from certification.certificates import badge_findings, findings
from certification.certificates.examination import Examination, FileKind, examine
from certification.certificates.findings import Check, Outcome, Subject
from certification.certificates.numbers import any_number
from core.i18n import gettext as _
from core.outside import quoted
from core.templating import format_date

if TYPE_CHECKING:
    from certification.badges.issuer_keys import Fetch


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome for a file. `valid` alone says that an issuer whom the reader trusts issued it and stands by it."""

    verdict: Verdict
    statement: str
    sha256: str
    examination: Examination
    checks: tuple[Check, ...]

    @property
    def claims(self) -> BadgeClaims | None:
        """What the badge says, in the file or attached to it."""
        return self.examination.badge.claims if self.examination.badge else None

    @property
    def is_signer_unknown(self) -> bool:
        """Whether it is known which issuer signed the badge, but not who that is."""
        return self.examination.badge is not None and Reason.issuer_unknown in self.examination.badge.reasons


async def judge(
    content: bytes, *, now: datetime, fetch: "Fetch | None", trusted: frozenset[str] = frozenset()
) -> Judgement:
    """Judge a file, which may be anything at all; `fetch` asks the issuer that it names, and None asks nobody.

    `trusted` holds the DIDs of the issuers whom the reader trusts, or single keys of theirs.
    """
    examined = await examine(content, now=now, fetch=fetch, has_database=False, trusted=trusted)
    digest = hashlib.sha256(content).hexdigest()
    checks = findings.of_pdf(examined.pdf) if examined.pdf else []
    checks += badge_findings.of_badge(examined.badge) if examined.badge else [_without_badge(examined)]
    if examined.kind is FileKind.pdf:
        checks.append(await _as_registered(examined, digest, fetch))
    checks += _validity(examined)
    verdict = _verdict(examined, checks)
    return Judgement(verdict, _statement(verdict, examined, checks), digest, examined, tuple(checks))


def title_of(judged: Judgement) -> str:
    """The answer in a few words."""
    if judged.verdict is Verdict.intact and judged.is_signer_unknown:
        return _("Signed by somebody unknown")
    return {
        Verdict.valid: _("Valid"),
        Verdict.intact: _("Unchanged, but not confirmed"),
        Verdict.refused: _("Not valid"),
        Verdict.undetermined: _("Cannot be told"),
    }[judged.verdict]


def _without_badge(examined: Examination) -> Check:
    if examined.kind is FileKind.other:
        return findings.failed(Subject.file, _("It is neither a PDF nor a picture nor a badge."))
    return findings.unchecked(Subject.badge, _("No Open Badge is attached that would tell which certificate it is."))


async def _as_registered(examined: Examination, digest: str, fetch: "Fetch | None") -> Check:
    """Whether the issuer's own register names these very bytes; the register of a Confero server does."""
    address = _register_address(examined)
    issuer = urlsplit(address).netloc if address else _("the issuer")
    unknown = findings.unchecked(
        Subject.bytes, _("The bytes of the page were not compared with what %(issuer)s issued.") % {"issuer": issuer}
    )
    if fetch is None or address is None:
        return unknown
    try:
        told = json.loads(await fetch(address))
        issued = told["pdf_sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return unknown
    if not isinstance(issued, str):
        return findings.failed(Subject.bytes, _("%(issuer)s has not issued it.") % {"issuer": issuer})
    if issued != digest:
        text = _("The bytes are not those that %(issuer)s issued (SHA-256).")
        return findings.failed(Subject.bytes, text % {"issuer": issuer})
    return findings.passed(Subject.bytes, _("Every byte is as %(issuer)s issued it (SHA-256).") % {"issuer": issuer})


def _register_address(examined: Examination) -> str | None:
    """Where a Confero server tells about a certificate: on the host of the issuer's DID, and no other."""
    from certification.badges import addresses

    claims = examined.badge.claims if examined.badge else None
    number = any_number(claims.number) if claims else None
    document = addresses.did_document(claims.issuer_id) if claims else None
    if number is None or document is None:
        return None
    return f"https://{urlsplit(document).netloc}/api/v1/certificates/{quote(number)}"


def _validity(examined: Examination) -> list[Check]:
    """The dates of a badge that nothing speaks against; the others are among its findings."""
    badge = examined.badge
    if badge is None or badge.claims is None or badge.verdict in (Verdict.refused, Verdict.undetermined):
        return []
    until = badge.claims.valid_until
    if until is None:
        return [findings.passed(Subject.dates, _("It does not expire."))]
    return [
        findings.passed(Subject.dates, _("Its validity lasts until %(date)s.") % {"date": format_date(until)}),
    ]


def _verdict(examined: Examination, checks: list[Check]) -> Verdict:
    if Outcome.failed in {check.outcome for check in checks}:
        return Verdict.refused
    badge = examined.badge.verdict if examined.badge else Verdict.undetermined
    if examined.kind is not FileKind.pdf or badge is Verdict.undetermined:
        return badge
    if any(check.subject is Subject.bytes and check.outcome is Outcome.passed for check in checks):
        return badge
    # The page is as its signer left it, or else nothing at all is known of it.
    is_intact = examined.pdf is not None and examined.pdf.is_intact
    return Verdict.intact if is_intact else Verdict.undetermined


def _statement(verdict: Verdict, examined: Examination, checks: list[Check]) -> str:
    if verdict is Verdict.refused:
        reason = next(check.text for check in checks if check.outcome is Outcome.failed)
        return _("Do not rely on it: %(reason)s") % {"reason": reason}
    badge = examined.badge
    if verdict is Verdict.undetermined or badge is None or badge.claims is None:
        unclear = _("Whether it is valid cannot be told.")
        return f"{unclear} {findings.if_printed()}" if findings.is_unsigned(examined.pdf) else unclear
    claims = badge.claims
    values = {
        "signer": badge.signer,
        "issuer": claims.issuer_name or badge.signer,
        "achievement": claims.achievement,
        "holder": claims.holder_name or _("its holder"),
    }
    if not badge.is_issuer_known:
        values = {name: quoted(value) for name, value in values.items()}
    if verdict is Verdict.valid:
        text = _("%(issuer)s conferred “%(achievement)s” on %(holder)s, and it is valid.")
    elif badge.is_issuer_known:
        text = _(
            "It says that %(issuer)s conferred “%(achievement)s” on %(holder)s, and it is unchanged since it was"
            " signed, but not everything could be confirmed."
        )
    elif Reason.issuer_unknown in badge.reasons:
        text = _(
            "%(signer)s signed it, and it is unchanged since. It says that “%(issuer)s” conferred “%(achievement)s” on"
            " “%(holder)s”, but a name is only a claim: rely on it if you know who signed."
        )
    else:
        text = _(
            "It is unchanged since it was signed with the key %(signer)s. It says that “%(issuer)s” conferred"
            " “%(achievement)s” on “%(holder)s”, but whose key that is could not be confirmed."
        )
    return text % values
