"""What comes in and goes out about events, venues and rooms."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from core.i18n import gettext as _
from core.pages import PageQuery
from core.text import OneLine, SeveralLines
from events.catalog.models import Event, EventFormat, EventStatus, Room, Venue

LONGEST_EVENT = timedelta(days=60)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TERRITORIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha()) - {
    "EU", "EZ", "QO", "UN", "XA", "XB", "ZZ",
}  # fmt: skip
_ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_URL = TypeAdapter(AnyHttpUrl)


def text(longest: int, shortest: int = 1) -> StringConstraints:
    """A text of limited length, white space around it removed."""
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


def _known_language(tag: str) -> str:
    try:
        if not _TAG.fullmatch(tag):
            raise ValueError
        return str(Locale.parse(tag, sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(_("Use a language tag such as en, fr or pt-BR.")) from None


def _known_country(code: str) -> str:
    if code.upper() not in TERRITORIES:
        raise ValueError(_("Use a country code of two letters, such as KE or FR."))
    return code.upper()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError(_("Use a time zone such as Africa/Nairobi or Europe/Paris."))
    return name


def _web_address(url: str) -> str:
    if not url:
        return url
    try:
        _URL.validate_python(url)
    except ValidationError:
        raise ValueError(_("Give a web address that begins with https://.")) from None
    return url


LanguageTag = Annotated[str, text(16), AfterValidator(_known_language)]
CountryCode = Annotated[str, text(2, 2), AfterValidator(_known_country)]
TimeZone = Annotated[str, text(64), AfterValidator(_known_zone)]
WebAddress = Annotated[str, text(500, 0), AfterValidator(_web_address)]
Capacity = Annotated[int, Field(ge=1, le=1_000_000, description="Places.")]
Languages = Annotated[list[LanguageTag], Field(min_length=1, max_length=20, description="BCP 47 tags.")]
Markdown = Annotated[str, SeveralLines(20_000, 0), Field(description="Markdown.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


def to_utc(moment: datetime, zone: str) -> datetime:
    """`moment` in UTC; one without an offset is the wall clock's in `zone`, the earlier where the clock shows it twice.

    Raises `ValueError` for a time that the clocks skip, and outside the years 2000 to 2199.
    """
    try:
        if moment.tzinfo is None:
            local = moment.replace(tzinfo=ZoneInfo(zone), fold=0)
            moment = local.astimezone(UTC)
            if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
                raise ValueError(
                    _("The clocks in %(zone)s skip this time when summer time begins. Choose another.") % {"zone": zone}
                )
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = _LATEST
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(_("Choose a date between 2000 and 2199."))
    return moment


class VenueIn(_In):
    """Where an event happens."""

    name: Annotated[str, OneLine(200)]
    street: Annotated[str, OneLine(200, 0)] = ""
    postal_code: Annotated[str, OneLine(20, 0)] = ""
    city: Annotated[str, OneLine(100)]
    region: Annotated[str, OneLine(100, 0)] = ""
    country: Annotated[CountryCode, Field(description="ISO 3166-1 alpha-2.")]


class EventIn(_In):
    """An event as a whole. Times without an offset are local to `time_zone`; in the answer all are UTC."""

    time_zone: Annotated[TimeZone, Field(description="IANA name, such as Africa/Nairobi.")]
    title: Annotated[str, OneLine(200)]
    format: EventFormat
    starts_at: datetime
    ends_at: datetime
    languages: Languages
    capacity: Capacity
    venue: Annotated[VenueIn | None, Field(validate_default=True)] = None
    summary: Annotated[str, OneLine(300, 0)] = ""
    description: Markdown = ""
    online_url: Annotated[WebAddress, Field(description="Where people attend online.")] = ""
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None

    @field_validator("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
    @classmethod
    def _in_utc(cls, moment: datetime | None, info: Any) -> datetime | None:  # Any: pydantic's ValidationInfo
        zone = info.data.get("time_zone")
        return moment if moment is None or zone is None else to_utc(moment, zone)

    @field_validator("ends_at")
    @classmethod
    def _after_the_start(cls, ends_at: datetime, info: Any) -> datetime:  # Any: pydantic's ValidationInfo
        starts_at = info.data.get("starts_at")
        if starts_at is not None and starts_at.tzinfo is not None and ends_at.tzinfo is not None:
            if ends_at <= starts_at:
                raise ValueError(_("Choose an end after the start."))
            if ends_at - starts_at > LONGEST_EVENT:
                raise ValueError(_("An event lasts 60 days at most. Create one event for each part."))
        return ends_at

    @field_validator("registration_closes_at")
    @classmethod
    def _closes_after_it_opens(cls, closes_at: datetime | None, info: Any) -> datetime | None:  # Any: ValidationInfo
        opens_at = info.data.get("registration_opens_at")
        if closes_at and opens_at and closes_at.tzinfo and opens_at.tzinfo and closes_at <= opens_at:
            raise ValueError(_("Choose a moment after registration opens."))
        return closes_at

    @field_validator("languages")
    @classmethod
    def _each_once(cls, languages: list[str]) -> list[str]:
        return list(dict.fromkeys(languages))

    @field_validator("venue")
    @classmethod
    def _where_people_meet(cls, venue: VenueIn | None, info: Any) -> VenueIn | None:  # Any: pydantic's ValidationInfo
        """An online event has none: what a form still holds from before is left out."""
        if info.data.get("format") is EventFormat.online:
            return None
        if venue is None and "format" in info.data:
            raise ValueError(_("An event that people attend in person needs a venue."))
        return venue

    @classmethod
    def values_of(cls, event: Event, capacity: int) -> dict[str, Any]:  # Any: values of many types
        """The event as the document it would be created from; `event.venue` must be fetched."""
        plain = [name for name in cls.model_fields if name not in ("capacity", "venue")]
        venue = {name: getattr(event.venue, name) for name in VenueIn.model_fields} if event.venue else None
        return {**{name: getattr(event, name) for name in plain}, "capacity": capacity, "venue": venue}


class EventForm(EventIn):
    """The form for changing an event: `version` is the state that the person saw."""

    version: datetime | None = None


class EventChange(_In):
    """What may be changed about an event; what is left out stays. `version` refuses if somebody was faster."""

    time_zone: TimeZone | None = None
    title: Annotated[str | None, OneLine(200)] = None
    format: EventFormat | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    languages: Languages | None = None
    capacity: Capacity | None = None
    venue: VenueIn | None = None
    summary: Annotated[str | None, OneLine(300, 0)] = None
    description: Markdown | None = None
    online_url: WebAddress | None = None
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    version: Annotated[datetime | None, Field(description="`updated_at` of the state that was read.")] = None


class CancellationIn(_In):
    """Why an event does not take place; its attendees read it."""

    reason: Annotated[str, OneLine(500)]


class EventSearch(PageQuery):
    """Which published events to list. Without a date, those that are not over yet."""

    q: Annotated[str | None, text(200), Field(description="Words; accents and typos are forgiven.")] = None
    country: Annotated[CountryCode | None, Field(description="ISO 3166-1 alpha-2.")] = None
    city: Annotated[str | None, text(100)] = None
    language: LanguageTag | None = None
    online: Annotated[bool | None, Field(description="true: online or hybrid; false: in person only.")] = None
    after: Annotated[date | datetime | None, Field(description="Ends on or after; a date is a day in UTC.")] = None
    before: Annotated[date | datetime | None, Field(description="Starts before, or on this day.")] = None

    @field_validator("after", "before")
    @classmethod
    def _within_reason(cls, value: date | datetime | None) -> date | datetime | None:
        if value is not None and not 2000 <= value.year < 2200:
            raise ValueError(_("Choose a date between 2000 and 2199."))
        return value


class RoomIn(_In):
    """A room, or an online stage, of one event."""

    name: Annotated[str, OneLine(100)]
    capacity: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    features: Annotated[str, OneLine(300, 0), Field(description="Such as projector, step-free, induction loop.")] = ""
    position: Annotated[int, Field(ge=0, le=10_000, description="Order on the programme.")] = 0


class RoomChange(_In):
    """What may be changed about a room; what is left out stays."""

    name: Annotated[str | None, OneLine(100)] = None
    capacity: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    features: Annotated[str | None, OneLine(300, 0)] = None
    position: Annotated[int | None, Field(ge=0, le=10_000)] = None


class VenueOut(BaseModel):
    """Where an event happens."""

    name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str

    @classmethod
    def of(cls, venue: Venue) -> Self:
        """From the row."""
        return cls(**{name: getattr(venue, name) for name in cls.model_fields})


class EventCard(BaseModel):
    """An event in a list."""

    slug: str
    title: str
    summary: str
    format: EventFormat
    status: EventStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    languages: list[str]
    city: str | None
    country: str | None
    organization: str


class EventOut(BaseModel):
    """An event. `capacity` and `places_left` count the first quota; `online_url` is null for the public."""

    slug: str
    title: str
    summary: str
    description: str
    description_html: str
    format: EventFormat
    status: EventStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    languages: list[str]
    venue: VenueOut | None
    online_url: str | None
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    is_registration_open: bool
    capacity: int
    places_left: int
    organization: str
    published_at: datetime | None
    cancelled_at: datetime | None
    cancellation_reason: str
    updated_at: datetime

    @classmethod
    def of(cls, event: Event, *, capacity: int, taken: int, now: datetime, is_organizer: bool) -> Self:
        """From the row with organization and venue fetched, and its places."""
        given = {
            "venue": VenueOut.of(event.venue) if event.venue else None,
            "online_url": event.online_url if is_organizer else None,
            "is_registration_open": event.is_open_at(now),
            "capacity": capacity,
            "places_left": max(0, capacity - taken),
            "organization": event.organization.slug,
        }
        return cls(**given, **{name: getattr(event, name) for name in cls.model_fields if name not in given})


class RoomOut(BaseModel):
    """A room of an event."""

    id: UUID
    name: str
    capacity: int | None
    features: str
    position: int

    @classmethod
    def of(cls, room: Room) -> Self:
        """From the row."""
        return cls(**{name: getattr(room, name) for name in cls.model_fields})
