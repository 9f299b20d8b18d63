"""/me/certificates/…: how a holder shows one certificate, what its public page says, and taking all of them along."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from api.render import redirect, render
from certification.certificates import holdings, permissions, queries, sharing
from certification.certificates.schemas import PrivacyIn, SharingOut
from certification.certificates.verification import standing_of
from certification.renewal.standing import has_renewal
from core.i18n import gettext as _


async def show(request: Request) -> Response:
    """Downloads, address, LinkedIn, badge for a web page, and what the public page shows."""
    certificate = await permissions.access_own(request.path_params["number"], auth.current_person(request))
    before, after = await queries.neighbours(certificate)
    context = {
        "certificate": certificate,
        "standing": standing_of(certificate, now=datetime.now(UTC)),
        "before": before,
        "after": after,
        "shared": SharingOut.of(certificate),
        "achievement_id": sharing.achievement_id(certificate),
        "has_renewal": has_renewal(certificate),
    }
    return render(request, "pages/certificates/show.html", context)


async def change_privacy(request: Request) -> Response:
    """Hide the name on the public page, or show it."""
    person = auth.current_person(request)
    certificate = await permissions.access_own(request.path_params["number"], person)
    data = await parse.form(request, PrivacyIn)
    await sharing.hide_name(certificate, is_hidden=data.is_name_hidden, by=person)
    flash = (
        _("Your name is hidden on the public page.") if data.is_name_hidden else _("The public page shows your name.")
    )
    return redirect(f"/me/certificates/{certificate.number}", flash=flash)


async def transcript(request: Request) -> Response:
    """Everything conferred, as one PDF in the holder's language."""
    content = await holdings.transcript(auth.current_person(request), now=datetime.now(UTC))
    return respond.file(content, "application/pdf", "transcript.pdf")


async def wallet(request: Request) -> Response:
    """Every certificate with its badge, for backpacks and wallets."""
    return respond.file(await holdings.wallet(auth.current_person(request)), "application/zip", "certificates.zip")
