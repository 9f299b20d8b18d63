"""What certification adds to the file with all of a person's data. Items stay secret: answers go by their position."""

import base64
from collections.abc import AsyncIterator
from typing import Any

from accounts.export import files, objects, section
from accounts.models import Person
from certification.bulk.models import BulkLine
from certification.certificates.models import Certificate, DirectoryEntry, IssueRequest
from certification.exams.models import Attempt, Response, Result
from certification.programs.models import Entitlement
from certification.renewal import evidence
from certification.renewal.models import Credit
from core.database import fetch
from core.errors import NotFound


@section("entitlements")
async def _entitlements(person: Person) -> list[dict[str, Any]]:
    names = (
        "created_at",
        "certification__title",
        "attempts_allowed",
        "attempts_used",
        "valid_until",
        "source",
        "source_reference",
    )
    rows = await Entitlement.filter(person_id=person.id).order_by("created_at").values(*names)
    return [{name.removesuffix("__title"): value for name, value in row.items()} for row in rows]


@section("attempts")
async def _attempts(person: Person) -> list[dict[str, Any]]:
    attempts = await Attempt.filter(person_id=person.id).order_by("started_at").select_related("certification")
    return [await _attempt(attempt) for attempt in attempts]


async def _attempt(attempt: Attempt) -> dict[str, Any]:
    answers = await Response.filter(attempt_id=attempt.id).order_by("position")
    results = await Result.filter(attempt_id=attempt.id).order_by("version")
    return {
        "certification": attempt.certification.title,
        "certificate_name": attempt.certificate_name,
        "status": attempt.status,
        "voided_reason": attempt.voided_reason,
        "regraded_reason": attempt.regraded_reason,
        "started_at": attempt.started_at,
        "submitted_at": attempt.submitted_at,
        "results": [{"score": str(r.score), "is_passed": r.is_passed, "at": r.created_at} for r in results],
        "responses": [
            {"position": a.position, "response": a.response, "saved_at": a.saved_at, "comment": a.comment}
            for a in answers
        ],
    }


@section("certificates")
async def _certificates(person: Person) -> list[dict[str, Any]]:
    names = (
        *("number", "holder_name", "achievement", "issuer_name", "issued_at", "valid_until", "hours", "credits"),
        *("status", "status_reason", "is_name_hidden", "facts", "badge__credential", "pdf_sha256"),
    )
    return [dict(row) for row in await Certificate.filter(person_id=person.id).order_by("issued_at").values(*names)]


@section("decisions")
async def _decisions(person: Person) -> list[dict[str, Any]]:
    names = ("source_kind", "holder_name", "achievement", "statement", "state", "problem", "reason", "created_at")
    return [dict(row) for row in await IssueRequest.filter(person_id=person.id).order_by("created_at").values(*names)]


@section("lines_of_runs")
async def _lines_of_runs(person: Person) -> list[dict[str, Any]]:
    # What an officer wrote about an address is its owner's, who has confirmed it.
    address = person.email if person.is_confirmed else None
    rows = await fetch(
        "SELECT id FROM bulk_line WHERE person_id = $1 OR lower(trim(given->>'email')) = $2", person.id, address
    )
    lines = await BulkLine.filter(id__in=[row["id"] for row in rows]).order_by("id").select_related("run")
    names = ("kind", "given", "state", "problem", "at")
    return [
        dict(zip(names, (one.run.kind, one.given, one.state, one.problem, one.run.created_at), strict=True))
        for one in lines
    ]


@section("credits")
async def _credits(person: Person) -> list[dict[str, Any]]:
    names = (
        *("certification__title", "amount", "claimed_amount", "source", "title", "description", "earned_on"),
        *("evidence_name", "evidence_sha256", "state", "reason", "created_at", "decided_at"),
    )
    rows = await Credit.filter(person_id=person.id).order_by("created_at").values(*names)
    return [{name.removesuffix("__title"): value for name, value in row.items()} for row in rows]


@section("directory")
async def _directory(person: Person) -> list[dict[str, Any]]:
    rows = await DirectoryEntry.filter(person_id=person.id).values("country", "listed_at")
    return [dict(row) for row in rows]


@files("evidence_files")
async def _evidence_files(person: Person) -> AsyncIterator[dict[str, Any]]:
    """The files that prove the person's claims, one at a time: each may have 5 MB."""
    for credit in await Credit.filter(person_id=person.id, evidence_sha256__not_isnull=True).order_by("created_at"):
        try:
            content = await evidence.content_of(credit.evidence_sha256 or "")
        except NotFound:  # removed meanwhile, with its claim
            continue
        yield {
            "credit": credit.id,
            "name": credit.evidence_name,
            "media_type": evidence.kind_of(content).content_type,
            "base64": base64.b64encode(content).decode(),
        }


objects("entitlement", "attempt", "certificate", "issue_request", "credit", "directory_entry")
