"""The ticket of a registration: PDF, calendar entry and QR code."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import zxingcpp

from core.errors import Gone, NotFound
from core.i18n import N_, use_locale
from core.templating import format_span
from events.registration import calendar, queries
from events.registration.models import Registration


@dataclass(frozen=True, slots=True)
class TicketFile:
    """Bytes and the name to save them under."""

    filename: str
    content: bytes


class TicketVoid(Gone):
    """410: the registration was cancelled, so there is no ticket."""

    code = "ticket_void"
    message = N_("This registration was cancelled, so it has no ticket. Register again to get a new one.")


async def pdf_of(registration: Registration) -> TicketFile:
    """The ticket as PDF, made anew each time from what stands now. Raises `TicketVoid`."""
    facts = await _facts(registration)
    if not registration.status.takes_a_place:
        raise TicketVoid()
    return await pdf_from(facts)


async def pdf_from(facts: Mapping[str, Any]) -> TicketFile:
    """The same from a row of `queries.ticket`; a thread draws it, so that other requests go on."""
    return TicketFile(calendar.filename_of(facts, "pdf"), await asyncio.to_thread(_draw, facts))


async def calendar_entry_of(registration: Registration) -> TicketFile:
    """The registration as an .ics file; a cancelled one takes the entry out of the calendar again."""
    facts = await _facts(registration)
    return calendar_entry_from(facts, calendar.Method.publish)


def calendar_entry_from(facts: Mapping[str, Any], method: calendar.Method) -> TicketFile:
    """The same from a row of `queries.ticket`."""
    return TicketFile(calendar.filename_of(facts, "ics"), calendar.entry_of(facts, method))


@lru_cache(maxsize=256)
def qr_path(code: str) -> tuple[int, str]:
    """The QR code of a ticket for an SVG: its width in modules, quiet zone of 4 included, and the `d` of its path.

    Made without the PDF library, which web processes load only when somebody downloads a PDF.
    """
    barcode = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = barcode.to_image(scale=1, add_quiet_zones=False)  # Any: a buffer, which its stub does not say
    width = int(image.shape[0])
    flat = memoryview(image).tobytes()
    dark = (divmod(index, width) for index, value in enumerate(flat) if value == 0)
    return width + 8, "".join(f"M{x + 4} {y + 4}h1v1h-1z" for y, x in dark)


def shown_code(code: str) -> str:
    """A code in groups of four, as it is printed and read aloud."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _draw(facts: Mapping[str, Any]) -> bytes:
    from events.registration.pdf import TicketFacts, render_ticket  # the PDF library, only where a ticket is drawn

    use_locale(facts["locale"])  # of this thread's copy of the context
    return render_ticket(
        TicketFacts(
            event=facts["title"],
            when=when_of(facts),
            where=calendar.place_of(facts) or facts["join_url"],
            attendee_name=facts["attendee_name"],
            ticket_type=facts["ticket_type_name"],
            code=facts["code"],
            organization=facts["organization_name"],
            accent=facts["accent"],
            language=facts["locale"],
            printed_on=facts["created_at"].date(),
        )
    )


def when_of(facts: Mapping[str, Any]) -> str:
    """Start and end in the event's zone, in the running task's language; one day is named once."""
    return format_span(facts["starts_at"], facts["ends_at"], facts["time_zone"])


async def _facts(registration: Registration) -> Mapping[str, Any]:
    facts = await queries.ticket(registration.id)
    if facts is None:
        raise NotFound()
    return facts
