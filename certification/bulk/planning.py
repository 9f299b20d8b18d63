"""The dry run: a draft that says of each line what would come of it. Nothing is issued, sent or revoked by it."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from accounts import audit
from accounts.models import Person
from certification.bulk import csv_file
from certification.bulk.csv_file import Row
from certification.bulk.findings import Checker, Finding, judge
from certification.bulk.models import BulkRun, RunKind
from certification.bulk.schemas import CertificateFilter
from certification.certificates.numbers import searched
from certification.programs.models import Certification
from core.database import Connection, new_id, transaction
from core.errors import InvalidInput
from core.i18n import gettext as _

_PIECE = 500


async def plan_file(
    certification: Certification,
    kind: RunKind,
    raw: bytes,
    *,
    reason: str | None = None,
    invites: bool = False,
    source_name: str = "",
    by: Person,
    now: datetime,
) -> BulkRun:
    """A draft over the lines of a CSV file, each with what was found about it.

    Issuing reads the columns email, name, achieved_on (today where it is missing) and score; the others read number
    and, for revoking, reason. People are found by their confirmed address. With `invites` those without an account get
    one and a mail that says so; without it their lines are refused. Memory does not grow with the number of lines.
    Raises `InvalidInput` for a file that cannot be read.
    """
    if kind is RunKind.issue:
        file = await csv_file.read_confined(raw, key="email", optional=frozenset({"name", "achieved_on", "score"}))
    else:
        optional = frozenset({"reason"} if kind is RunKind.revoke else ())
        file = await csv_file.read_confined(raw, key="number", optional=optional)
    parameters: dict[str, Any] = {"reason": reason, "invites": invites or None, "ignored_columns": file.ignored or None}
    checker = Checker(certification, kind, by.id, invites, bool(reason), now)

    async def findings(_connection: Connection) -> AsyncIterator[list[Finding]]:
        for piece in _pieces(file.rows):
            yield await checker.check(piece)

    return await _draft(certification, kind, parameters, findings, source_name=source_name, by=by)


async def plan_filter(
    certification: Certification,
    kind: RunKind,
    wanted: CertificateFilter,
    *,
    reason: str | None = None,
    by: Person,
    now: datetime,
) -> BulkRun:
    """A draft over the certificates that a filter finds, oldest first; to send them again or to revoke them.

    Raises `InvalidInput` where a revocation has no reason, or the filter finds nothing.
    """
    if kind is RunKind.revoke and not reason:
        raise InvalidInput({"reason": _("Say why these certificates are revoked; their holders are told.")})
    chosen = wanted.model_dump(mode="json", exclude_none=True, include=set(CertificateFilter.model_fields))
    sql, arguments = _filtered(certification, wanted)

    async def findings(connection: Connection) -> AsyncIterator[list[Finding]]:
        cursor = await connection.cursor(sql, *arguments)
        while rows := await cursor.fetch(_PIECE):
            found = []
            for row in rows:
                given = {"number": row["number"], "holder": row["holder_name"]}
                finding = Finding(0, given, row["person_id"], row["id"])
                judge(finding, kind, row, now=now)
                found.append(finding)
            yield found

    return await _draft(certification, kind, {"reason": reason, "filter": chosen}, findings, by=by)


async def _draft(
    certification: Certification,
    kind: RunKind,
    parameters: dict[str, Any],
    findings: Any,  # Any: a function from the connection to the findings in pieces
    *,
    source_name: str = "",
    by: Person,
) -> BulkRun:
    async with transaction() as connection:
        run = await BulkRun.create(
            organization_id=certification.organization_id,
            certification=certification,
            kind=kind,
            parameters={name: value for name, value in parameters.items() if value is not None},
            source_name=source_name,
            created_by_id=by.id,
        )
        position = 0
        async for piece in findings(connection):
            await _write(connection, run, position, piece)
            position += len(piece)
        if position == 0:
            raise InvalidInput({"file" if "filter" not in parameters else "q": _("Nothing is left to do.")})
        await audit.record(
            "bulk_run.planned",
            by=by,
            object_kind="bulk_run",
            object_id=run.id,
            organization_id=run.organization_id,
            after={"kind": kind.value, "lines": position},
        )
    return run


async def _write(connection: Connection, run: BulkRun, position: int, piece: Sequence[Finding]) -> None:
    await connection.executemany(
        """INSERT INTO bulk_line (id, run_id, position, given, person_id, certificate_id, state, problem)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        [
            (
                new_id(),
                run.id,
                position + offset,
                json.dumps({**({"line": one.line} if one.line else {}), **one.given}),
                one.person_id,
                one.certificate_id,
                one.state.value,
                one.problem[:500],
            )
            for offset, one in enumerate(piece, start=1)
        ],
    )


def _part(text: str) -> str:
    """The pattern of whatever holds `text`."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while piece := list(islice(rows, _PIECE)):
        yield piece


def _filtered(certification: Certification, wanted: CertificateFilter) -> tuple[str, list[Any]]:
    conditions = ["c.certification_id = $1"]
    arguments: list[Any] = [certification.id]

    def add(condition: str, value: Any) -> None:
        arguments.append(value)
        conditions.append(condition.replace("?", f"${len(arguments)}"))

    if wanted.q:
        arguments += [_part(wanted.q), _part(searched(wanted.q))]
        conditions.append("(c.holder_name ILIKE $2 OR c.number ILIKE $3)")
    if wanted.status is not None:
        add("c.status = ?", wanted.status.value)
    for column, first, last in (
        ("issued_at", wanted.issued_from, wanted.issued_until),
        ("valid_until", wanted.expires_from, wanted.expires_until),
    ):
        if first is not None:
            add(f"c.{column} >= ?", datetime.combine(first, time(), UTC))
        if last is not None:
            add(f"c.{column} < ?", datetime.combine(last, time(), UTC) + timedelta(days=1))
    sql = f"""SELECT c.id, c.number, c.person_id, c.holder_name, c.status, c.valid_until, p.email IS NULL AS is_erased
        FROM certificate c JOIN person p ON p.id = c.person_id
        WHERE {" AND ".join(conditions)} ORDER BY c.issued_at, c.id"""
    return sql, arguments
