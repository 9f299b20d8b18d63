"""Certificates of attendance of an event: what it offers, who was there, and the run that issues them."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse, respond
from certification.attendance import conferring, hours, offers
from certification.attendance.models import AttendanceOffer
from certification.attendance.schemas import AttendedOut, AttendedQuery, OfferIn, OfferOut
from certification.bulk import queries
from certification.bulk.models import BulkRun
from certification.bulk.schemas import RunOut
from core.errors import NotFound
from core.pages import PageOf, decode_cursor, encode_cursor
from events.catalog.models import Event
from events.catalog.permissions import access_event


async def show_offer(request: Request) -> Response:
    """What the event offers to those who attend, how hours are counted, and when certificates are issued."""
    event = await _event(request)
    return respond.json(await _offer_out(event, await offers.offer_of(event)))


async def save_offer(request: Request) -> Response:
    """Replace what the event offers. When it is over, everybody who was checked in gets a certificate by itself."""
    event = await _event(request)
    data = await parse.body(request, OfferIn)
    saved = await offers.save(event, data, by=auth.current_person(request), now=datetime.now(UTC))
    return respond.json(await _offer_out(event, saved))


async def attended(request: Request) -> Response:
    """Who was checked in, in the order of registering: hours and credits as they stand, certificates issued."""
    event = await _event(request)
    query = parse.query(request, AttendedQuery)
    rows, cursor = await attended_page(event, await offers.offer_of(event), query)
    return respond.json(PageOf[AttendedOut](items=[AttendedOut.of(row) for row in rows], next_cursor=cursor))


async def attended_page(
    event: Event, offer: AttendanceOffer, query: AttendedQuery
) -> tuple[list[hours.Attended], str | None]:
    """A page of those who were checked in, and the cursor to the next."""
    after: tuple[datetime, UUID] | None = None
    if query.cursor:
        registered_at, registration_id = decode_cursor(query.cursor, datetime, UUID)
        if isinstance(registered_at, datetime) and isinstance(registration_id, UUID):
            after = (registered_at, registration_id)
    found = await hours.attended(event, credits_per_hour=offer.credits_per_hour, after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    more = encode_cursor(shown[-1].registered_at, shown[-1].registration_id) if len(found) > query.limit else None
    return shown, more


async def show_run(request: Request) -> Response:
    """How far issuing is; 404 before it has begun."""
    run = await conferring.run_of(await _event(request))
    if run is None:
        raise NotFound()
    return await _run_out(run)


async def confer(request: Request) -> Response:
    """Issue to everybody who was checked in and has no certificate yet, such as late check-ins."""
    event = await _event(request)
    return await _run_out(await conferring.confer(event, by=auth.current_person(request), now=datetime.now(UTC)))


async def _event(request: Request) -> Event:
    return await access_event(request.path_params["slug"], auth.current_person(request), permission=offers.EDIT)


async def _offer_out(event: Event, offer: AttendanceOffer) -> OfferOut:
    basis = await hours.basis_of(event)
    return OfferOut.of(offer, rule=basis.rule, issued_from=await conferring.over_at(event))


async def _run_out(run: BulkRun) -> Response:
    await run.fetch_related("certification")
    return respond.json(RunOut.of(run, await queries.progress_of(run, now=datetime.now(UTC))))
