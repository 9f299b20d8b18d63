"""What certification adds to the file with all of a person's data. Items stay secret: answers go by their position."""

from typing import Any

from accounts.export import section
from accounts.models import Person
from certification.bulk.models import BulkLine
from certification.certificates.models import Certificate, DirectoryEntry
from certification.exams.models import Attempt, Response, Result
from certification.programs.models import Entitlement
from certification.renewal.models import Credit


@section("entitlements")
async def _entitlements(person: Person) -> list[dict[str, Any]]:
    names = ("certification__title", "attempts_allowed", "attempts_used", "valid_until", "source", "created_at")
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
        "started_at": attempt.started_at,
        "submitted_at": attempt.submitted_at,
        "results": [{"score": str(r.score), "is_passed": r.is_passed, "at": r.created_at} for r in results],
        "responses": [{"position": a.position, "response": a.response, "saved_at": a.saved_at} for a in answers],
    }


@section("certificates")
async def _certificates(person: Person) -> list[dict[str, Any]]:
    names = (
        *("number", "holder_name", "achievement", "issuer_name", "issued_at", "valid_until", "hours", "credits"),
        *("status", "status_reason", "is_name_hidden"),
    )
    return [dict(row) for row in await Certificate.filter(person_id=person.id).order_by("issued_at").values(*names)]


@section("lines_of_runs")
async def _lines_of_runs(person: Person) -> list[dict[str, Any]]:
    lines = await BulkLine.filter(person_id=person.id).order_by("id").select_related("run")
    return [
        {"kind": line.run.kind, "given": line.given, "state": line.state, "at": line.run.created_at} for line in lines
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
