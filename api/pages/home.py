"""/: what Confero is for, and the way to events, certifications and verification."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api.render import render
from certification.programs.models import Certification, CertificationStatus
from events.catalog.models import Event, EventStatus


async def show(request: Request) -> Response:
    """The next events, the certifications on offer, a field to search and one to verify."""
    now = datetime.now(UTC)
    events = (
        await Event.filter(status=EventStatus.published, ends_at__gt=now)
        .order_by("starts_at", "id")
        .limit(4)
        .select_related("venue")
    )
    certifications = await Certification.filter(status=CertificationStatus.published).order_by("title").limit(3)
    return render(request, "pages/home.html", {"events": events, "certifications": certifications})
