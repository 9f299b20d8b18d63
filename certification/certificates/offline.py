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

from certification.badges.verdicts import BadgeClaims, Verdict
from certification.certificates import findings
from certification.certificates.examination import Examination, FileKind, examine
from certification.certificates.findings import Check, Outcome, Subject
from certification.certificates.numbers import any_number
from core.i18n import gettext as _
from core.templating import format_date

if TYPE_CHECKING:
    from certification.badges.issuer_keys import Fetch


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome for a file. `valid` alone says that its issuer issued it and stands by it; see `Verdict`."""

    verdict: Verdict
    statement: str
    sha256: str
    examination: Examination
    checks: tuple[Check, ...]

    @property
    def claims(self) -> BadgeClaims | None:
        """What the badge says, in the file or attached to it."""
        return self.examination.badge.claims if self.examination.badge else None


async def judge(content: bytes, *, now: datetime, fetch: "Fetch | None") -> Judgement:
    """Judge a file, which may be anything at all; `fetch` asks the issuer that it names, and None asks nobody."""
    examined = await examine(content, now=now, fetch=fetch, has_database=False)
    digest = hashlib.sha256(content).hexdigest()
    checks = findings.of_pdf(examined.pdf) if examined.pdf else []
    checks += findings.of_badge(examined.badge) if examined.badge else [_without_badge(examined)]
    if examined.kind is FileKind.pdf:
        checks.append(await _as_registered(examined, digest, fetch))
    checks += _validity(examined)
    verdict = _verdict(examined, checks)
    return Judgement(verdict, _statement(verdict, examined, checks), digest, examined, tuple(checks))


def _without_badge(examined: Examination) -> Check:
    if examined.kind is FileKind.other:
        return findings.failed(Subject.file, _("It is neither a PDF nor a picture nor a badge."))
    return findings.unchecked(Subject.badge, _("No Open Badge is attached that would tell which certificate it is."))


async def _as_registered(examined: Examination, digest: str, fetch: "Fetch | None") -> Check:
    """Whether the issuer's own register names these very bytes; the register of a Confero server does."""
    issuer = _issuer_of(examined)
    address = _register_address(examined)
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


def _issuer_of(examined: Examination) -> str:
    claims = examined.badge.claims if examined.badge else None
    return (claims.issuer_name or claims.issuer_id) if claims else _("the issuer")


def _statement(verdict: Verdict, examined: Examination, checks: list[Check]) -> str:
    claims = examined.badge.claims if examined.badge else None
    values = {
        "issuer": _issuer_of(examined),
        "achievement": claims.achievement if claims else "",
        "holder": claims.holder_name or _("its holder") if claims else "",
    }
    match verdict:
        case Verdict.valid:
            return _("%(issuer)s conferred “%(achievement)s” on %(holder)s, and it is valid.") % values
        case Verdict.intact:
            text = _(
                "It says that %(issuer)s conferred “%(achievement)s” on %(holder)s, and it is unchanged since it was"
                " signed, but not everything could be confirmed."
            )
            return text % values
        case Verdict.refused:
            reason = next(check.text for check in checks if check.outcome is Outcome.failed)
            return _("Do not rely on it: %(reason)s") % {"reason": reason}
    return _("Whether it is valid cannot be told.")
