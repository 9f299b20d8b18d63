"""/api/v1: certificates, verification, and the officers' calls."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.badges.models import Badge
from certification.certificates import (
    corrections,
    file_verification,
    holdings,
    issuing,
    permissions,
    queries,
    sharing,
    statistics,
    statuses,
    verification,
)
from certification.certificates.models import Certificate
from certification.certificates.schemas import (
    CertificateOut,
    CertificateSearch,
    CertificateStatisticsOut,
    CorrectionIn,
    CorrectionOut,
    FileVerificationOut,
    IssueRequestOut,
    PrivacyIn,
    ReasonIn,
    RetryIn,
    SharingOut,
    VerificationOut,
    VerifyFileQuery,
)
from certification.programs.permissions import access_certification
from core import files
from core.pages import ListQuery, PageOf, page_of


async def mine(request: Request) -> Response:
    """The signed-in person's certificates, newest first."""
    query, now = parse.query(request, ListQuery), datetime.now(UTC)
    held = await queries.held_by(auth.current_person(request).id)
    newest_first = page_of(
        [CertificateOut.of(certificate, now=now) for certificate in held],
        query,
        key=lambda one: (one.issued_at, one.number),
        kinds=(datetime, str),
        descending=True,
    )
    return respond.json(newest_first)


async def show(request: Request) -> Response:
    """What anyone may learn about a certificate. An unknown number answers 200 with the status `unknown`."""
    found = await verification.verify(request.path_params["number"], now=datetime.now(UTC))
    answer = VerificationOut.of(found)
    if found.certificate is not None and found.certificate.badge_id is not None:
        from certification.badges import vouching

        badge = await Badge.get(id=found.certificate.badge_id)
        answer.badge_signatures = list(vouching.digests(badge.credential, badge.jwt))
    return respond.json(answer)


async def transcript(request: Request) -> Response:
    """Everything conferred on the signed-in person, as one PDF."""
    content = await holdings.transcript(auth.current_person(request), now=datetime.now(UTC))
    return respond.file(content, "application/pdf", "transcript.pdf")


async def wallet(request: Request) -> Response:
    """Every certificate of the signed-in person with its badge, as a ZIP."""
    return respond.file(await holdings.wallet(auth.current_person(request)), "application/zip", "certificates.zip")


async def show_sharing(request: Request) -> Response:
    """How the holder shows a certificate: addresses, and HTML for a web page."""
    certificate = await permissions.access_own(request.path_params["number"], auth.current_person(request))
    return respond.json(SharingOut.of(certificate))


async def change_privacy(request: Request) -> Response:
    """Hide the holder's name on the public page, or show it; for the holder."""
    person = auth.current_person(request)
    certificate = await permissions.access_own(request.path_params["number"], person)
    data = await parse.body(request, PrivacyIn)
    await sharing.hide_name(certificate, is_hidden=data.is_name_hidden, by=person)
    return respond.json(SharingOut.of(certificate))


async def show_statistics(request: Request) -> Response:
    """Certificates issued over time, renewed, and soon at their end, for officers."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission="certification:certificate:view"
    )
    found = await statistics.of_certification(certification.id, now=datetime.now(UTC))
    return respond.json(CertificateStatisticsOut.of(found))


async def document(request: Request) -> Response:
    """The PDF exactly as it was issued, for the holder and for officers."""
    certificate = await permissions.access_document(request.path_params["number"], auth.current_person(request))
    return await pdf_of(certificate)


async def pdf_of(certificate: Certificate) -> Response:
    """The frozen bytes as a download."""
    return respond.file(await files.get(certificate.pdf_sha256), "application/pdf", f"{certificate.number}.pdf")


async def verify_file(request: Request) -> Response:
    """What a PDF, PNG, SVG, JSON or JWT is, compared with what was issued. The body is the file itself."""
    query = parse.query(request, VerifyFileQuery)
    content = await request.body()
    found = await file_verification.verify_file(content, number=query.number, now=datetime.now(UTC))
    return respond.json(FileVerificationOut.of(found, asked=query.number))


async def revoke(request: Request) -> Response:
    """Withdraw a certificate for good; the holder is told why."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="revoke")
    data = await parse.body(request, ReasonIn)
    changed = await statuses.revoke(certificate, reason=data.reason, by=person, now=now)
    return respond.json(CertificateOut.of(changed, now=now), 201)


async def suspend(request: Request) -> Response:
    """Withdraw a certificate until it is reinstated."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="revoke")
    data = await parse.body(request, ReasonIn)
    changed = await statuses.suspend(certificate, reason=data.reason, by=person, now=now)
    return respond.json(CertificateOut.of(changed, now=now), 201)


async def reinstate(request: Request) -> Response:
    """End a suspension."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="revoke")
    data = await parse.body(request, ReasonIn)
    changed = await statuses.reinstate(certificate, reason=data.reason, by=person, now=now)
    return respond.json(CertificateOut.of(changed, now=now), 201)


async def correct(request: Request) -> Response:
    """Issue a certificate again under the right name; the new one supersedes it when it is issued."""
    person = auth.current_person(request)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="issue")
    data = await parse.body(request, CorrectionIn)
    decided = await corrections.correct(
        certificate, holder_name=data.holder_name, reason=data.reason, by=person, now=datetime.now(UTC)
    )
    return respond.json(CorrectionOut(request=decided, corrects=certificate.number), 201)


async def of_certification(request: Request) -> Response:
    """The certificates of a certification, for its officers."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission="certification:certificate:view"
    )
    now = datetime.now(UTC)
    found, cursor = await queries.find(certification.id, parse.query(request, CertificateSearch))
    items = [CertificateOut.of(certificate, now=now) for certificate in found]
    return respond.json(PageOf[CertificateOut](items=items, next_cursor=cursor))


async def held_requests(request: Request) -> Response:
    """Certificates that wait for an officer, with the reason."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission="certification:certificate:issue"
    )
    query = parse.query(request, ListQuery)
    held = [IssueRequestOut.of(one) for one in await queries.held_requests(certification.id)]
    return respond.json(page_of(held, query, key=lambda one: (one.created_at, one.id), kinds=(datetime, UUID)))


async def retry(request: Request) -> Response:
    """Try a held certificate again, with the name corrected or as it is."""
    person = auth.current_person(request)
    held = await permissions.access_issue_request(request.path_params["id"], person)
    data = await parse.body(request, RetryIn)
    await issuing.retry(held, holder_name=data.holder_name, by=person, now=datetime.now(UTC))
    return respond.empty()
