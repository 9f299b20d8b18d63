"""What a dry run finds out about each line: whom or what it concerns, and whether it can be carried out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from certification.bulk.csv_file import Row
from certification.bulk.models import LineState, RunKind
from certification.bulk.schemas import IssueRow
from certification.certificates.numbers import normalize_number
from certification.programs.models import Certification
from core.complaints import sentence
from core.database import fetch
from core.i18n import gettext as _


@dataclass(slots=True)
class Finding:
    """One line of a dry run. `problem` is a remark where the line is ready, the reason where it is refused."""

    line: int
    given: dict[str, Any]
    person_id: UUID | None = None
    certificate_id: UUID | None = None
    problem: str = ""
    state: LineState = LineState.ready

    def refuse(self, problem: str) -> None:
        """Leave the line out, for this reason; the first reason counts."""
        if self.state is LineState.ready:
            self.state, self.problem = LineState.refused, problem


@dataclass(slots=True)
class Checker:
    """Checks the lines of one file in pieces; remembers what it saw, so that a second line about the same is found."""

    certification: Certification
    kind: RunKind
    by_id: UUID
    invites: bool
    has_reason: bool
    now: datetime
    seen: dict[str, int] = field(default_factory=dict)

    async def check(self, rows: Sequence[Row]) -> list[Finding]:
        """The findings about these lines; a fixed number of statements, however many they are."""
        if self.kind is RunKind.issue:
            return await self._people(rows)
        return await self._certificates(rows)

    async def _people(self, rows: Sequence[Row]) -> list[Finding]:
        findings, read = [], {}
        for row in rows:
            finding = Finding(row.line, dict(row.values))
            findings.append(finding)
            try:
                found = IssueRow.model_validate(row.values)
            except ValidationError as error:
                finding.refuse(complaint(error))
                continue
            finding.given = found.model_dump(mode="json", exclude_none=True)
            self._refuse_seen(finding, found.email)
            if found.achieved_on is not None and found.achieved_on > self.now.date():
                finding.refuse(_("The day lies in the future."))
            read[row.line] = found
        emails = [found.email for found in read.values()]
        known = {row["email"]: row for row in await fetch(_PEOPLE, emails, self.certification.id, self.now)}
        for finding in findings:
            if finding.line in read:
                self._match(finding, read[finding.line], known.get(read[finding.line].email))
        return findings

    def _match(self, finding: Finding, wanted: IssueRow, known: asyncpg.Record | None) -> None:
        if known is None:
            if not self.invites:
                finding.refuse(_("Nobody has an account with this address. Ask them to sign up, or invite them."))
            elif wanted.name is None:
                finding.refuse(_("Nobody has an account with this address; to invite them their name is needed."))
            elif finding.state is LineState.ready:
                finding.problem = _("New here: is invited by mail.")
            return
        finding.person_id = known["id"]
        finding.given["name"] = wanted.name or known["certificate_name"] or known["display_name"]
        if known["id"] == self.by_id:
            finding.refuse(_("Another officer has to issue your own certificate."))
        elif not known["is_safe"]:
            finding.refuse(_("The account with this address is not confirmed: it may be somebody else's. Ask them to."))
        elif known["held"]:
            finding.refuse(_("Holds certificate {number} of this certification.").format(number=known["held"]))
        elif known["is_waiting"]:
            finding.refuse(_("A certificate for this person is being issued already."))

    async def _certificates(self, rows: Sequence[Row]) -> list[Finding]:
        findings, numbers = [], {}
        for row in rows:
            finding = Finding(row.line, dict(row.values))
            findings.append(finding)
            number = normalize_number(row.values.get("number", ""))
            if number is None:
                finding.refuse(_("This is not a certificate number; they look like 7K3M-9QXT-2WBD."))
                continue
            numbers[row.line] = finding.given["number"] = number
            self._refuse_seen(finding, number)
            if (
                self.kind is RunKind.revoke
                and not self.has_reason
                and not 3 <= len(row.values.get("reason", "")) <= 500
            ):
                finding.refuse(_("Say why, in this line or for all of them: 3 to 500 characters."))
        known = {row["number"]: row for row in await fetch(_BY_NUMBER, list(numbers.values()), self.certification.id)}
        for finding in findings:
            if finding.line in numbers:
                self._look_at(finding, known.get(numbers[finding.line]))
        return findings

    def _look_at(self, finding: Finding, known: asyncpg.Record | None) -> None:
        if known is None:
            finding.refuse(_("No certificate of this certification has this number."))
            return
        finding.certificate_id, finding.person_id = known["id"], known["person_id"]
        finding.given["holder"] = known["holder_name"]
        judge(finding, self.kind, known, now=self.now)

    def _refuse_seen(self, finding: Finding, key: str) -> None:
        if key in self.seen:
            finding.refuse(_("Stands in line {line} already.").format(line=self.seen[key]))
        self.seen.setdefault(key, finding.line)


def judge(finding: Finding, kind: RunKind, known: asyncpg.Record, *, now: datetime) -> None:
    """Whether the certificate can be sent again or revoked as it stands."""
    status, ends_at = known["status"], known["valid_until"]
    if kind is RunKind.revoke:
        if status == "superseded":
            finding.refuse(_("Not in force: a corrected certificate has taken its place."))
        elif status == "revoked" and finding.state is LineState.ready:
            finding.problem = _("Is revoked already; nothing changes.")
        return
    if known["is_erased"]:
        finding.refuse(_("The holder's account was erased, so there is no address."))
    elif status != "valid":
        finding.refuse(_not_in_force(status))
    elif ends_at is not None and ends_at <= now:
        finding.refuse(_("Not in force: it expired on {day}.").format(day=ends_at.date().isoformat()))


def complaint(error: ValidationError) -> str:
    """The first of pydantic's complaints as a sentence that names its column."""
    first = error.errors()[0]
    column = str(first["loc"][0]) if first["loc"] else ""
    text = _("This column is empty.") if first["type"] == "missing" else sentence(first)
    return f"{column}: {text}"


def _not_in_force(status: str) -> str:
    return {
        "suspended": _("Not in force: it is suspended."),
        "revoked": _("Not in force: it is revoked."),
        "superseded": _("Not in force: a corrected certificate has taken its place."),
    }[status]


# An account that a stranger may have opened with somebody's address has a password and no confirmation.
_PEOPLE = """
SELECT p.id, p.email, p.certificate_name, p.display_name,
       p.email_confirmed_at IS NOT NULL OR p.password_hash IS NULL AS is_safe,
       (SELECT c.number FROM certificate c WHERE c.person_id = p.id AND c.certification_id = $2
        AND c.status IN ('valid', 'suspended') AND (c.valid_until IS NULL OR c.valid_until > $3)
        ORDER BY c.issued_at DESC LIMIT 1) AS held,
       EXISTS (SELECT 1 FROM issue_request r WHERE r.person_id = p.id AND r.certification_id = $2
               AND r.state IN ('waiting', 'held')) AS is_waiting
FROM person p WHERE p.email = ANY($1)"""

_BY_NUMBER = """
SELECT c.id, c.number, c.person_id, c.holder_name, c.status, c.valid_until, p.email IS NULL AS is_erased
FROM certificate c JOIN person p ON p.id = c.person_id WHERE c.number = ANY($1) AND c.certification_id = $2"""
