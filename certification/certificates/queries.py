"""Reads of certificates used more than once."""

from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q

from certification.certificates.models import Certificate, CertificateStatus, IssueRequest, IssueState, SourceKind
from certification.certificates.numbers import searched
from certification.certificates.schemas import CertificateSearch
from core.pages import decode_cursor, encode_cursor


async def held_by(person_id: UUID) -> list[Certificate]:
    """A person's certificates, newest first."""
    return await Certificate.filter(person_id=person_id).order_by("-issued_at", "-id")


async def neighbours(certificate: Certificate) -> tuple[Certificate | None, Certificate | None]:
    """The certificate that it took the place of or renewed, and the one that did so to it."""
    before = await Certificate.get_or_none(successor_id=certificate.id)
    after = await Certificate.get_or_none(id=certificate.successor_id) if certificate.successor_id else None
    return before, after


async def correction_of(certificate: Certificate) -> IssueRequest | None:
    """The correction that was decided and is not issued yet."""
    return await IssueRequest.get_or_none(
        source_kind=SourceKind.correction, source_id=certificate.id, state__not=IssueState.issued
    )


async def of_source(source_id: UUID) -> Certificate | None:
    """The certificate that rests on an attempt or an attendance, once it is issued."""
    return await Certificate.get_or_none(issue_request__source_id=source_id)


async def find(certification_id: UUID, search: CertificateSearch) -> tuple[list[Certificate], str | None]:
    """A page of a certification's certificates, newest first, by holder, number or status."""
    rows = Certificate.filter(certification_id=certification_id)
    if search.q:
        rows = rows.filter(Q(holder_name__icontains=search.q) | Q(number__icontains=searched(search.q)))
    if search.status:
        rows = rows.filter(status=search.status)
    if search.cursor:
        issued_at, row_id = decode_cursor(search.cursor, datetime, UUID)
        rows = rows.filter(Q(issued_at__lt=issued_at) | Q(issued_at=issued_at, id__lt=row_id))
    found = await rows.order_by("-issued_at", "-id").limit(search.limit + 1)
    shown = found[: search.limit]
    more = len(found) > search.limit
    return shown, encode_cursor(shown[-1].issued_at, shown[-1].id) if more else None


async def held_requests(certification_id: UUID) -> list[IssueRequest]:
    """Requests that wait for an officer, oldest first."""
    return await IssueRequest.filter(certification_id=certification_id, state=IssueState.held).order_by("created_at")


async def counts(certification_id: UUID, *, now: datetime) -> dict[str, int]:
    """How many were issued, are valid, are revoked, and wait for an officer."""
    rows = Certificate.filter(certification_id=certification_id)
    current = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    return {
        "issued": await rows.count(),
        "valid": await rows.filter(current, status=CertificateStatus.valid).count(),
        "revoked": await rows.filter(status=CertificateStatus.revoked).count(),
        "held": await IssueRequest.filter(certification_id=certification_id, state=IssueState.held).count(),
    }
