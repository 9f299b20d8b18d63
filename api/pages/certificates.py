"""/me/certificates: a holder's own; and the officers' page of one certification."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from accounts.models import Organization
from api import auth, parse
from api.pages.certification_place import certification_page, next_href
from api.pages.sidebar import organization_sidebar
from api.pages.words import countries
from api.render import form_state, redirect, render
from api.v1.certificates import pdf_of
from certification.certificates import corrections, directory, issuing, permissions, queries, statistics, statuses
from certification.certificates.models import Certificate, CertificateStatus
from certification.certificates.schemas import CertificateSearch, CorrectionIn, ReasonIn, RetryIn
from certification.certificates.verification import standing_of
from certification.programs.models import Certification
from certification.programs.permissions import access_certification
from certification.renewal.standing import has_renewal
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.i18n import gettext as _
from core.i18n import ngettext
from core.templating import format_month


async def mine(request: Request) -> Response:
    """The holder's certificates with status, download and the address to share."""
    now = datetime.now(UTC)
    held = await queries.held_by(auth.current_person(request).id)
    rows = [
        {"certificate": one, "standing": standing_of(one, now=now), "has_renewal": has_renewal(one)} for one in held
    ]
    context = {"rows": rows, "entry": await directory.entry_of(auth.current_person(request)), "countries": countries()}
    return render(request, "pages/certificates/mine.html", context)


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
    numbers = await statistics.of_certification(certification.id, now=now)
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
            "numbers": numbers,
            "months": [(format_month(month), count) for month, count in numbers.issued],
            "ending": [
                (ngettext("%(num)s day", "%(num)s days", days) % {"num": days}, count) for days, count in numbers.ending
            ],
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
    verbs = {"revoke": statuses.revoke, "suspend": statuses.suspend, "reinstate": statuses.reinstate}
    verb = verbs.get(request.path_params["verb"])
    if verb is None:
        raise NotFound()
    try:
        data = await parse.form(request, ReasonIn)
        await verb(certificate, reason=data.reason, by=person, now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return await _manage(request, certificate, error, acted=request.path_params["verb"])
    return redirect(f"/organize/certificates/{certificate.number}", flash=_("Saved. The holder is told by mail."))


async def correct(request: Request) -> Response:
    """Issue it again under the right name; the new one supersedes this one."""
    person = auth.current_person(request)
    certificate = await permissions.access_for_officer(request.path_params["number"], person, action="issue")
    try:
        data = await parse.form(request, CorrectionIn)
        await corrections.correct(
            certificate, holder_name=data.holder_name, reason=data.reason, by=person, now=datetime.now(UTC)
        )
    except (InvalidInput, Conflict) as error:
        return await _manage(request, certificate, error, acted="correct")
    return redirect(
        f"/organize/certificates/{certificate.number}",
        flash=_("The corrected certificate is being issued. It takes this one's place in a moment."),
    )


async def retry(request: Request) -> Response:
    """Issue a held certificate, with the name as corrected."""
    person = auth.current_person(request)
    held = await permissions.access_issue_request(request.path_params["id"], person)
    back = f"/organize/certifications/{held.certification.slug}/certificates" if held.certification else "/organize"
    try:
        data = await parse.form(request, RetryIn)
        await issuing.retry(held, holder_name=data.holder_name, by=person, now=datetime.now(UTC))
    except (InvalidInput, Conflict) as error:
        return redirect(back, flash=error.message, kind="danger")
    return redirect(back, flash=_("The certificate is being issued."))


async def _manage(
    request: Request, certificate: Certificate, error: AppError | None = None, *, acted: str = ""
) -> Response:
    """The page; `acted` names the form that was refused, since all of them ask for a reason."""
    before, after = await queries.neighbours(certificate)
    form = form_state(request, {"holder_name": certificate.holder_name}, error=error)
    context = {
        "certificate": certificate,
        "before": before,
        "after": after,
        "correction": await queries.correction_of(certificate),
        "standing": standing_of(certificate, now=datetime.now(UTC)),
        "form": form,
        "acted": acted,
        "summary": {f"{acted}-{name}": message for name, message in form.errors.items()},
    }
    certification = await Certification.get_or_none(id=certificate.certification_id).select_related("organization")
    if certification is not None:
        return await certification_page(request, certification, "certificate", "certificates", context, error=error)
    organization = await Organization.get(id=certificate.organization_id)
    around = {
        "sidebar": await organization_sidebar(organization, "", auth.current_person(request)),
        "sidebar_title": organization.name,
        "breadcrumbs": [(organization.name, f"/organize/{organization.slug}"), (certificate.achievement, None)],
    }
    return render(
        request,
        "pages/organize/certifications/certificate.html",
        {**around, **context},
        status=error.status if error else 200,
    )
