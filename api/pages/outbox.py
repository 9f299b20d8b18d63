"""/dev/outbox: the mails of a development server, as their readers would get them."""

from starlette.requests import Request
from starlette.responses import Response

from api import respond
from api.render import render
from core import mail
from core.errors import NotFound
from core.models import OutgoingMail

_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"


async def index(request: Request) -> Response:
    """The latest hundred mails, newest first."""
    return render(request, "pages/dev/outbox.html", {"mails": await mail.outbox()})


async def show(request: Request) -> Response:
    """One mail: its text part and its attachments."""
    return render(request, "pages/dev/mail.html", {"mail": await _access(request)})


async def html_part(request: Request) -> Response:
    """The HTML part alone, under a policy that lets it style itself and do nothing else."""
    found = await _access(request)
    return Response(found.html, headers={"Content-Security-Policy": _MAIL_POLICY}, media_type="text/html")


async def attachment(request: Request) -> Response:
    """One attached file."""
    found, index = await _access(request), request.path_params["index"]
    if not 0 <= index < len(found.attachments):
        raise NotFound()
    listed = found.attachments[index]
    return respond.file(await mail.content_of(listed), listed["content_type"], listed["filename"])


async def _access(request: Request) -> OutgoingMail:
    found = await OutgoingMail.get_or_none(id=request.path_params["id"])
    if found is None:
        raise NotFound()
    return found
