"""What an event offers to those who attend: certificates of attendance, their words, layout and worth."""

from datetime import datetime

from accounts import audit
from accounts.models import Person
from certification.attendance.models import AttendanceOffer
from certification.attendance.schemas import OfferIn
from certification.layouts import words
from certification.layouts.models import Layout
from certification.programs.models import Certification
from core.database import transaction
from core.errors import Conflict, InvalidInput
from core.i18n import N_
from core.i18n import gettext as _
from events.catalog import events
from events.catalog.models import Event, EventStatus

EDIT = "event:attendance:edit"


class EventNotHeld(Conflict):
    """A cancelled event confers nothing."""

    code, message = "event_not_held", N_("This event is cancelled, so nobody attends it.")


async def offer_of(event: Event) -> AttendanceOffer:
    """The event's offer with its certifications; one that is off and not saved yet where nobody has made any."""
    found = await AttendanceOffer.get_or_none(event_id=event.id).prefetch_related("certifications")
    if found is not None:
        return found
    blank = AttendanceOffer(event_id=event.id, is_on=False)
    blank.certifications.related_objects = []
    blank.certifications._fetched = True
    return blank


async def save(event: Event, data: OfferIn, *, by: Person, now: datetime) -> AttendanceOffer:
    """Say what the event offers; certificates that were issued stay as they are. Locks the event.

    Raises `InvalidInput` for a layout or certification of another organization, and where no language of the event has
    the fixed words of certificates; `EventNotHeld`.
    """
    async with transaction():
        locked = await events.lock(event)
        if locked.status is EventStatus.cancelled:
            raise EventNotHeld(_("This event is cancelled, so nobody attends it."))
        if data.is_on and words.chosen_from(locked.languages) is None:
            message = _("Certificates can be in {languages} so far. Give the event one of these languages first.")
            raise InvalidInput({"layout": message.format(languages=words.offered())})
        chosen = await _certifications(locked, data)
        if data.layout is not None and not await Layout.exists(
            id=data.layout, organization_id=locked.organization_id, archived_at=None
        ):
            raise InvalidInput({"layout": _("Choose one of this organization's layouts.")})
        values = {
            "is_on": data.is_on,
            "statement": data.statement,
            "layout_id": data.layout,
            "credits_per_hour": data.credits_per_hour,
        }
        offer, _created = await AttendanceOffer.update_or_create(defaults=values, event_id=locked.id)
        await offer.certifications.clear()
        if chosen:
            await offer.certifications.add(*chosen)
        await audit.record(
            "attendance_offer.saved",
            by=by,
            object_kind="event",
            object_id=locked.id,
            organization_id=locked.organization_id,
            after={**data.model_dump(mode="json"), "certifications": sorted(one.slug for one in chosen)},
        )
    return await offer_of(event)


async def _certifications(event: Event, data: OfferIn) -> list[Certification]:
    slugs = set(data.certifications)
    chosen = await Certification.filter(slug__in=list(slugs), organization_id=event.organization_id)
    if len(chosen) != len(slugs):
        raise InvalidInput({"certifications": _("Choose among this organization's certifications.")})
    return chosen
