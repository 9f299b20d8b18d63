"""/api/v1: renewing a certificate by credits, claiming credits, and deciding about claims."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.certificates import queries as certificates
from certification.certificates.models import Certificate
from certification.certificates.permissions import access_own
from certification.programs.permissions import access_certification
from certification.renewal import credits, evidence, permissions, queries, renewing, standing
from certification.renewal.schemas import (
    ClaimIn,
    ClaimQuery,
    CreditOut,
    CreditSearch,
    DecisionIn,
    OfficerCreditOut,
    RenewalDecidedOut,
    RenewalOut,
)
from core.pages import ListQuery, PageOf, page_of

_FILE_MEDIA = frozenset({"application/octet-stream", "application/pdf", "image/png", "image/jpeg"})


async def show(request: Request) -> Response:
    """Until when and by what the holder's certificate is renewed, and what is missing."""
    certificate = await _own(request)
    found = await standing.of(certificate, now=datetime.now(UTC))
    before, after = await certificates.neighbours(certificate)
    numbers = {"predecessor": before.number if before else None, "successor": after.number if after else None}
    return respond.json(RenewalOut.of(found, **numbers))


async def renew(request: Request) -> Response:
    """Renew the holder's certificate by credits; the new one is issued in a moment."""
    certificate = await _own(request)
    decided = await renewing.renew(certificate, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(RenewalDecidedOut(request=decided, renews=certificate.number), 201)


async def ledger(request: Request) -> Response:
    """The holder's credits towards the certification of a certificate, the latest claimed first."""
    certificate = await _own(request)
    query = parse.query(request, ListQuery)
    rows = (
        await queries.ledger(certificate.person_id, certificate.certification_id)
        if certificate.certification_id
        else []
    )
    listed = page_of(rows, query, key=lambda row: (row.created_at, row.id), kinds=(datetime, UUID), descending=True)
    items = [CreditOut.of(row) for row in listed.items]
    return respond.json(PageOf[CreditOut](items=items, next_cursor=listed.next_cursor))


async def claim(request: Request) -> Response:
    """Claim credits towards renewing a certificate. The body is the file of evidence: PDF, PNG or JPEG up to 5 MB."""
    person = auth.current_person(request)
    certificate = await access_own(request.path_params["number"], person)
    query = parse.query(request, ClaimQuery)
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in _FILE_MEDIA:
        raise parse.UnsupportedMedia("Send the file itself, as a PDF, PNG or JPEG.")
    made = await credits.claim(
        certificate,
        ClaimIn(**query.model_dump(exclude={"file_name"})),
        file_name=query.file_name,
        content=await request.body(),
        by=person,
        now=datetime.now(UTC),
    )
    return respond.json(CreditOut.of(made), 201)


async def withdraw(request: Request) -> Response:
    """Take a claim of one's own back before it is decided."""
    person = auth.current_person(request)
    credit = await permissions.access_own(request.path_params["id"], person)
    await credits.withdraw(credit, by=person, now=datetime.now(UTC))
    return respond.empty()


async def show_evidence(request: Request) -> Response:
    """The file of evidence, for the holder and for officers."""
    credit = await permissions.access_evidence(request.path_params["id"], auth.current_person(request))
    content = await evidence.content_of(credit.evidence_sha256 or "")
    name = f"evidence-{credit.id}.{evidence.kind_of(content).suffix}"
    return respond.file(content, "application/octet-stream", name)


async def of_certification(request: Request) -> Response:
    """Credits of a certification for its officers: claims that wait, unless another state is asked for."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission=permissions.DECIDE
    )
    found, cursor = await queries.find(certification.id, parse.query(request, CreditSearch))
    items = [OfficerCreditOut.of(credit) for credit in found]
    return respond.json(PageOf[OfficerCreditOut](items=items, next_cursor=cursor))


async def decide(request: Request) -> Response:
    """Approve or refuse a claim; nobody decides about their own."""
    person = auth.current_person(request)
    credit = await permissions.access_for_officer(request.path_params["id"], person)
    data = await parse.body(request, DecisionIn)
    decided = await credits.decide(
        credit,
        is_approved=data.is_approved,
        amount=data.amount,
        reason=data.reason,
        by=person,
        now=datetime.now(UTC),
    )
    return respond.json(OfficerCreditOut.of(decided), 201)


async def reopen(request: Request) -> Response:
    """Take a decision back while no renewal rests on it; the claim waits again."""
    person = auth.current_person(request)
    credit = await permissions.access_for_officer(request.path_params["id"], person)
    await credits.reopen(credit, by=person, now=datetime.now(UTC))
    return respond.empty()


async def _own(request: Request) -> Certificate:
    return await access_own(request.path_params["number"], auth.current_person(request))
