"""/me/certificates/{number}/renewal: what renews a certificate, the holder's credits, and claiming further ones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from api.render import form_state, redirect, render
from certification.certificates import queries as certificates
from certification.certificates.models import Certificate
from certification.certificates.permissions import access_own
from certification.certificates.verification import standing_of
from certification.renewal import credits, evidence, permissions, queries, renewing, standing
from certification.renewal.models import Credit
from certification.renewal.schemas import ClaimIn
from core.errors import AppError, Conflict, InvalidInput
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """Until when and by what the certificate is renewed; the largest button is what renews it soonest."""
    return await _show(request, await access_own(request.path_params["number"], auth.current_person(request)))


async def renew(request: Request) -> Response:
    """Renew by credits; the page then shows the new certificate as soon as it is there."""
    person = auth.current_person(request)
    certificate = await access_own(request.path_params["number"], person)
    try:
        await renewing.renew(certificate, by=person, now=datetime.now(UTC))
    except Conflict as error:
        return await _show(request, certificate, error)
    return redirect(_path(certificate), flash=_("Renewed. Your new certificate is being issued."))


async def claim(request: Request) -> Response:
    """Claim credits with a file of evidence."""
    person, now = auth.current_person(request), datetime.now(UTC)
    certificate = await access_own(request.path_params["number"], person)
    try:
        data, file_name, content = await _claimed(request)
        await credits.claim(certificate, data, file_name=file_name, content=content, by=person, now=now)
    except (InvalidInput, Conflict) as error:
        return await _show(request, certificate, error)
    flash = _("Claimed. A certification officer looks at it, and you get a mail with the decision.")
    return redirect(f"{_path(certificate)}#credits", flash=flash)


async def withdraw(request: Request) -> Response:
    """Take a claim back before it is decided."""
    person = auth.current_person(request)
    certificate = await access_own(request.path_params["number"], person)
    credit = await permissions.access_own(request.path_params["id"], person)
    try:
        await credits.withdraw(credit, by=person, now=datetime.now(UTC))
    except Conflict as error:
        return redirect(f"{_path(certificate)}#credits", flash=error.message, kind="danger")
    return redirect(f"{_path(certificate)}#credits", flash=_("The claim is withdrawn, and its file removed."))


async def show_evidence(request: Request) -> Response:
    """The file of evidence of one's own credit."""
    return await evidence_file(await permissions.access_own(request.path_params["id"], auth.current_person(request)))


async def evidence_file(credit: Credit) -> Response:
    """The evidence as a download. Raises `NotFound` where there is none."""
    content = await evidence.content_of(credit.evidence_sha256 or "")
    kind = evidence.kind_of(content)
    return respond.file(content, kind.content_type, f"evidence-{credit.id}.{kind.suffix}")


async def _claimed(request: Request) -> tuple[ClaimIn, str, bytes]:
    """The form and its file; what is wrong with either is told at once."""
    wrong: dict[str, str] = {}
    data: ClaimIn | None = None
    file_name, content = "", b""
    try:
        data = await parse.form(request, ClaimIn)
    except InvalidInput as error:
        wrong |= error.fields
    try:
        file_name, content = await parse.upload(request, "file")
        evidence.kind_of(content)
    except InvalidInput as error:
        wrong |= error.fields
    if data is None or wrong:
        raise InvalidInput(wrong)
    return data, file_name, content


async def _show(request: Request, certificate: Certificate, error: AppError | None = None) -> Response:
    person, now = auth.current_person(request), datetime.now(UTC)
    found = await standing.of(certificate, now=now)
    before, after = await certificates.neighbours(certificate)
    rows = await queries.ledger(person.id, found.certification.id) if found.certification else []
    today = now.astimezone(ZoneInfo(person.time_zone)).date()
    context = {
        "certificate": certificate,
        "standing": standing_of(certificate, now=now),
        "found": found,
        "before": before,
        "after": after,
        "rows": rows,
        "path": _path(certificate),
        "latest_day": min(today, found.last_day or today),
        "zone": person.time_zone,
        "form": form_state(request, error=error),
    }
    return render(request, "pages/certificates/renewal.html", context, status=error.status if error else 200)


def _path(certificate: Certificate) -> str:
    return f"/me/certificates/{certificate.number}/renewal"
