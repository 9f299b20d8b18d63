"""/: what Confero is for, and the way to events, certifications and verification."""

from datetime import UTC, datetime

from babel import dates
from starlette.requests import Request
from starlette.responses import Response

from api.pages.words import country_name
from api.render import render
from certification.programs.models import Certification, CertificationStatus
from core.i18n import current_locale
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
    rows = [{"event": event, "date": _date(event)} for event in events]
    return render(
        request, "pages/home.html", {"events": rows, "certifications": certifications, "country_name": country_name}
    )


def _date(event: Event) -> tuple[str, str, str, str]:
    """Day, month and weekday in the event's zone and the reader's language, and the ISO date."""
    day = event.starts_at.astimezone(event.zone).date()
    month, weekday = (dates.format_date(day, pattern, locale=current_locale()) for pattern in ("MMM", "EEE"))
    return str(day.day), month, weekday, day.isoformat()
