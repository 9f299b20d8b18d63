"""Deciding that a certificate is conferred: a request, written once for each source, in the decision's transaction."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import Organization, Person
from certification.certificates.models import SourceKind
from certification.programs.models import Certification, CertificationPolicy
from core.database import fetchval, new_id, transaction
from core.jobs import enqueue


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
    by_job: bool = True,
) -> UUID:
    """Decide that `person` gets a certificate, and return the request's id; deciding again changes nothing.

    Writes the request, and unless the caller carries it out itself the job that does, in the caller's transaction.
    `score` is a percentage.
    """
    return await decide(
        source_kind,
        source_id,
        by_job=by_job,
        organization_id=certification.organization_id,
        certification_id=certification.id,
        policy_id=policy.id,
        person_id=person.id,
        holder_name=holder_name,
        achieved_at=achieved_at,
        score=score,
        locale=locale,
    )


async def request_attendance(
    source_id: UUID,
    *,
    organization: Organization,
    event_id: UUID,
    person: Person,
    holder_name: str,
    achievement: str,
    statement: str,
    achieved_at: datetime,
    hours: Decimal,
    credits: Decimal | None,
    layout_id: UUID | None,
    locale: str,
    by_job: bool = True,
) -> UUID:
    """Decide that `person` gets a certificate of attendance for the registration `source_id`; see `request`."""
    return await decide(
        SourceKind.attendance,
        source_id,
        by_job=by_job,
        organization_id=organization.id,
        event_id=event_id,
        person_id=person.id,
        holder_name=holder_name,
        achievement=achievement,
        statement=statement,
        achieved_at=achieved_at,
        hours=hours,
        credits=credits,
        layout_id=layout_id,
        locale=locale,
    )


async def decide(source_kind: SourceKind, source_id: UUID, *, by_job: bool = True, **columns: Any) -> UUID:
    """Write the request of a source once, with the given columns of `issue_request`, and return its id."""
    values = {"id": new_id(), "source_kind": source_kind.value, "source_id": source_id, "state": "waiting", **columns}
    slots = ", ".join(f"${position}" for position in range(1, len(values) + 1))
    async with transaction():
        created: UUID | None = await fetchval(
            f"""INSERT INTO issue_request ({", ".join(values)}, created_at) VALUES ({slots}, now())
                ON CONFLICT (source_kind, source_id) DO NOTHING RETURNING id""",
            *values.values(),
        )
        if created is None:
            found: UUID = await fetchval(
                "SELECT id FROM issue_request WHERE source_kind = $1 AND source_id = $2", source_kind.value, source_id
            )
            return found
        if by_job:
            await carry_out(created)
    return created


async def carry_out(request_id: UUID) -> None:
    """Have a job issue what was decided."""
    await enqueue("certificates.issue", {"request": str(request_id)}, key=f"certificates.issue {request_id}")
