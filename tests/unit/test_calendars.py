"""Calendar files, read back by another parser, and held against what RFC 5546 asks of each method."""

from datetime import UTC, datetime, timedelta

import pytest
import vobject
from hypothesis import assume, given
from hypothesis import strategies as st

from core.settings import Settings, use_settings
from core.text import is_visible, one_line
from events.catalog.calendar import Attendee, Entry, Method, calendar_of

START = datetime(2027, 3, 27, 19, tzinfo=UTC)
AWKWARD = 'Tips; tricks, C:\\new & "more" — ملتقى, 日本語 🎉'
NEEDED = {
    Method.publish: {"DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID"},
    Method.request: {"ATTENDEE", "DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID"},
    Method.cancel: {"DTSTAMP", "ORGANIZER", "SEQUENCE", "UID"},
}
"""What occurs at least once in each VEVENT: RFC 5546 sections 3.2.1, 3.2.2 and 3.2.5."""
FORBIDDEN = {Method.publish: {"ATTENDEE", "REQUEST-STATUS"}, Method.request: {"REQUEST-STATUS"}, Method.cancel: set()}
ONCE = {"DTSTAMP", "DTSTART", "DTEND", "ORGANIZER", "SUMMARY", "UID", "SEQUENCE", "STATUS", "LOCATION", "URL"}


@pytest.fixture(autouse=True)
def _sender() -> None:
    use_settings(Settings(_env_file=None, mail_from="Confero <events@example.org>"))


def entry(title: str = AWKWARD, organizer: str = AWKWARD, name: str = AWKWARD, location: str = AWKWARD) -> Entry:
    return Entry(
        uid="event-1@example.org",
        sequence=3,
        starts_at=START,
        ends_at=START + timedelta(hours=2),
        summary=title,
        location=location,
        url="https://example.org/events/tips",
        description=f"{title}\n\n{title}",
        organizer=organizer,
        is_cancelled=False,
        changed_at=START,
        attendee=Attendee(name, "amina@example.org"),
    )


def read(content: bytes) -> vobject.base.Component:
    """The file through vobject, its lines checked for length and line ends first (RFC 5545 section 3.1)."""
    assert content.endswith(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in content.split(b"\r\n"))
    calendar = vobject.readOne(content.decode())
    calendar.validate(raiseException=True)
    return calendar


@pytest.mark.parametrize("method", list(Method))
def test_a_file_holds_what_its_method_asks_for_and_nothing_it_forbids(method: Method) -> None:
    calendar = read(calendar_of([entry()], name=AWKWARD, method=method))
    assert calendar.method.value == method.value
    names = [line.name for line in calendar.vevent.lines()]
    assert NEEDED[method] <= set(names)
    assert not FORBIDDEN[method] & set(names)
    assert [name for name in ONCE if names.count(name) > 1] == []
    assert calendar.vevent.status.value == ("CANCELLED" if method is Method.cancel else "CONFIRMED")


@pytest.mark.parametrize("method", list(Method))
def test_another_parser_reads_every_text_as_it_was_written(method: Method) -> None:
    calendar = read(calendar_of([entry()], name=AWKWARD, method=method))
    event = calendar.vevent
    assert (event.summary.value, event.location.value) == (AWKWARD, AWKWARD)
    assert event.description.value == f"{AWKWARD}\n\n{AWKWARD}"
    assert (event.organizer.value, event.organizer.params["CN"]) == ("mailto:events@example.org", [quoted(AWKWARD)])
    assert (event.dtstart.value, event.dtend.value) == (START, START + timedelta(hours=2))


def test_x_properties_are_escaped_like_any_text() -> None:
    """`Tips; tricks, C:\\new` was written as it stands, and a calendar program read three values and a line break."""
    content = calendar_of([entry()], name="Tips; tricks, C:\\new & more")
    assert b"X-WR-CALNAME:Tips\\; tricks\\, C:\\\\new & more\r\n" in content


def test_a_calendar_with_nothing_on_it_is_a_valid_file_without_a_method() -> None:
    calendar = read(calendar_of([], name="Confero"))
    assert [component.name for component in calendar.components()] == ["VTIMEZONE"]
    assert not hasattr(calendar, "method")


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_title_that_is_accepted_comes_back_the_same(title: str, name: str) -> None:
    try:
        title, name = one_line(title), one_line(name)
    except ValueError:
        return
    assume(is_visible(title) and is_visible(name))
    calendar = read(calendar_of([entry(title, name, name, title)], name=name, method=Method.request))
    assert calendar.vevent.summary.value == title
    assert calendar.vevent.attendee.params["CN"] == [quoted(name)]


def quoted(name: str) -> str:
    """A name as a parameter holds it: no double quote, and carets doubled (RFC 6868), which vobject leaves so."""
    return name.replace('"', "'").replace("^", "^^")
