"""/me/certificates: a holder's own; and the officers' page of one certification."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.render import form_state, redirect, render
from api.v1.certificates import pdf_of
from certification.certificates import issuing, permissions, queries, statuses
from certification.certificates.models import Certificate, CertificateStatus
from certification.certificates.schemas import CertificateSearch, ReasonIn, RetryIn
from certification.certificates.verification import standing_of
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _
from core.settings import get_settings


async def mine(request: Request) -> Response:
    """The holder's certificates with status, download and the address to share."""
    now = datetime.now(UTC)
    held = await queries.held_by(auth.current_person(request).id)
    rows = [{"certificate": certificate, "standing": standing_of(certificate, now=now)} for certificate in held]
    return render(request, "pages/certificates/mine.html", {"rows": rows, "public_url": get_settings().public_url})


async def document(request: Request) -> Response:
    """The frozen PDF, for the holder and for officers."""
    return await pdf_of(await permissions.access_document(request.path_params["number"], auth.current_person(request)))


async def of_certification(request: Request) -> Response:
    """What was issued, searched and filtered; what waits for an officer comes first."""
    certification = await access_certification(
        request.path_params["slug"], auth.current_person(request), permission="certification:certificate:view"
    )
    search = parse.query(request, CertificateSearch)
    now = datetime.now(UTC)
    found, cursor = await queries.find(certification.id, search)
    return await certification_page(
        request,
        certification,
        "certificates",
        "certificates",
        {
            "search": search,
            "statuses": list(CertificateStatus),
            "rows": [{"certificate": row, "standing": standing_of(row, now=now)} for row in found],
            "next_href": next_href(request, cursor),
            "held": await queries.held_requests(certification.id),
            "counts": await queries.counts(certification.id, now=now),
        },
    )


async def manage(request: Request) -> Response:
    """One certificate, for officers: what it says and what may be done."""
    person = auth.current_person(request)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="view")
    return await _manage(request, certificate)


async def change_status(request: Request) -> Response:
    """Revoke, suspend or reinstate, with a reason."""
    person = auth.current_person(request)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="revoke")
    verb = {"revoke": statuses.revoke, "suspend": statuses.suspend, "reinstate": statuses.reinstate}[
        request.path_params["verb"]
    ]
    try:
        data = await parse.form(request, ReasonIn)
        await verb(certificate, reason=data.reason, by=person, now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return await _manage(request, certificate, error)
    return redirect(f"/organize/certificates/{certificate.number}", flash=_("Saved. The holder is told by mail."))


async def retry(request: Request) -> Response:
    """Issue a held certificate, with the name as corrected."""
    person = auth.current_person(request)
    held = await permissions.access_issue_request(request.path_params["id"], person)
    back = f"/organize/certifications/{held.certification.slug}/certificates"
    try:
        data = await parse.form(request, RetryIn)
        await issuing.retry(held, holder_name=data.holder_name, by=person, now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return redirect(back, flash=error.message, kind="danger")
    return redirect(back, flash=_("The certificate is being issued."))


async def _manage(request: Request, certificate: Certificate, error: AppError | None = None) -> Response:
    certification = await Certification.get(id=certificate.certification_id).select_related("organization")
    context = {
        "certificate": certificate,
        "standing": standing_of(certificate, now=datetime.now(UTC)),
        "form": form_state(request, error=error),
    }
    return await certification_page(request, certification, "certificate", "certificates", context, error=error)
