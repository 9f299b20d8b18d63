"""Issuing: a request is written with the decision, a job carries it out, and exactly one certificate comes of it.

Killed at any point (between rendering, storing, and the last commit) the job runs again: a stored file without a row is
harmless, and the row is unique by its request. See docs/decisions/0013-issue-request.md.
"""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from certification.certificates import emails
from certification.certificates.models import Certificate, IssueRequest, IssueState, SourceKind
from certification.certificates.numbers import new_number
from certification.programs.entitlements import months_later
from certification.programs.models import Certification, CertificationPolicy
from core import files
from core.database import new_id, transaction
from core.errors import Conflict
from core.jobs import enqueue
from core.settings import get_settings


class NotHeld(Conflict):
    """Only a request that is held can be tried again."""

    code, message = "not_held", "This certificate was issued in the meantime, or is about to be."


async def request(
    source_kind: SourceKind,
    source_id: UUID,
    *,
    certification: Certification,
    policy: CertificationPolicy,
    person: Person,
    holder_name: str,
    achieved_at: datetime,
    score: Decimal | None,
    locale: str,
) -> None:
    """Decide that `person` gets a certificate; a second decision about the same source changes nothing.

    Writes the request and enqueues the job in the caller's transaction. `score` is a percentage.
    """
    async with transaction() as connection:
        created = await connection.fetchval(
            """INSERT INTO issue_request (id, source_kind, source_id, certification_id, policy_id, person_id,
                   holder_name, achieved_at, score, locale, organization_id, state, problem, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', '', now())
               ON CONFLICT (source_kind, source_id) DO NOTHING RETURNING id""",
            new_id(),
            source_kind.value,
            source_id,
            certification.id,
            policy.id,
            person.id,
            holder_name,
            achieved_at,
            score,
            locale,
            certification.organization_id,
        )
        if created is not None:
            await enqueue("certificates.issue", {"request": str(created)}, key=f"certificates.issue {created}")


async def issue(request_id: UUID, *, now: datetime) -> Certificate | None:
    """Carry a request out; returns its certificate, or None where it is held because the name cannot be set.

    Renders the PDF in a thread, stores it by its digest, then commits certificate, audit entry and mail together.
    """
    from certification.certificates.pdf import render_certificate  # web processes never load the PDF engine
    from core.typesetting import UnsettableText

    wanted = await _load(request_id)
    if wanted.state is IssueState.issued:
        return await Certificate.get(issue_request_id=request_id)
    number = new_number()
    facts = _facts(wanted, number, now)
    try:
        pdf = await asyncio.to_thread(render_certificate, _typeset(facts))
    except UnsettableText as problem:
        await _hold(wanted, problem.message)
        return None
    digest = await files.put(pdf)
    return await _commit(wanted, number, facts, digest, len(pdf), now)


async def retry(held: IssueRequest, *, holder_name: str | None, by: Person, now: datetime) -> None:
    """Try a held request again, with the certificate name as an officer has corrected it. Raises `NotHeld`."""
    async with transaction():
        locked = await IssueRequest.select_for_update().get(id=held.id)
        if locked.state is not IssueState.held:
            raise NotHeld()
        locked.state, locked.problem = IssueState.waiting, ""
        locked.holder_name = holder_name or locked.holder_name
        await locked.save(update_fields=["state", "problem", "holder_name"])
        await audit.record(
            "issue_request.retried",
            by=by,
            object_kind="issue_request",
            object_id=held.id,
            after={"name_corrected": holder_name is not None},
        )
        await enqueue("certificates.issue", {"request": str(held.id)}, key=f"certificates.issue {held.id}")


async def _load(request_id: UUID) -> IssueRequest:
    return await IssueRequest.get(id=request_id).select_related("certification__organization", "policy", "person")


def _facts(wanted: IssueRequest, number: str, now: datetime) -> dict[str, Any]:
    """Everything that the PDF says, as it is frozen with the certificate."""
    organization: Organization = wanted.certification.organization
    months = wanted.policy.validity_months
    return {
        "number": number,
        "holder_name": wanted.holder_name,
        "achievement": wanted.certification.title,
        "statement": wanted.certification.statement,
        "organization": organization.name,
        "accent": organization.accent,
        "achieved_at": wanted.achieved_at.isoformat(),
        "issued_at": now.isoformat(),
        "valid_until": months_later(wanted.achieved_at, months).isoformat() if months else None,
        "policy_version": wanted.policy.version,
        "verify_url": f"{get_settings().public_url}/verify/{number}",
        "language": wanted.certification.language,
    }


def _typeset(facts: dict[str, Any]) -> Any:  # Any: CertificateFacts, which only the worker imports
    from certification.certificates.pdf import CertificateFacts

    valid_until = facts["valid_until"]
    return CertificateFacts(
        number=facts["number"],
        holder_name=facts["holder_name"],
        achievement=facts["achievement"],
        statement=facts["statement"],
        organization=facts["organization"],
        accent=facts["accent"],
        issued_on=datetime.fromisoformat(facts["issued_at"]).date(),
        passed_on=datetime.fromisoformat(facts["achieved_at"]).date(),
        valid_until=datetime.fromisoformat(valid_until).date() if valid_until else None,
        verify_url=facts["verify_url"],
        language=facts["language"],
    )


async def _hold(wanted: IssueRequest, problem: str) -> None:
    async with transaction():
        locked = await IssueRequest.select_for_update().get(id=wanted.id)
        if locked.state is not IssueState.waiting:
            return
        locked.state, locked.problem = IssueState.held, problem[:500]
        await locked.save(update_fields=["state", "problem"])
        await audit.record(
            "issue_request.held",
            by=None,
            object_kind="issue_request",
            object_id=wanted.id,
            organization_id=wanted.certification.organization_id,
        )


async def _commit(
    wanted: IssueRequest, number: str, facts: dict[str, Any], digest: str, size: int, now: datetime
) -> Certificate:
    async with transaction():
        locked = await IssueRequest.select_for_update().get(id=wanted.id)
        if locked.state is IssueState.issued:
            return await Certificate.get(issue_request_id=wanted.id)
        valid_until = facts["valid_until"]
        certificate = await Certificate.create(
            number=number,
            issue_request=wanted,
            organization=wanted.certification.organization,
            certification=wanted.certification,
            person=wanted.person,
            holder_name=wanted.holder_name,
            achievement=facts["achievement"],
            issuer_name=facts["organization"],
            achieved_at=wanted.achieved_at,
            issued_at=now,
            valid_until=datetime.fromisoformat(valid_until) if valid_until else None,
            facts=facts,
            pdf_sha256=digest,
            pdf_size=size,
        )
        locked.state = IssueState.issued
        await locked.save(update_fields=["state"])
        await audit.record(
            "certificate.issued",
            by=None,
            object_kind="certificate",
            object_id=certificate.id,
            organization_id=certificate.organization_id,
            after={"number": number, "pdf_sha256": digest},
        )
        await emails.tell_issued(certificate, wanted.person)
    return certificate
